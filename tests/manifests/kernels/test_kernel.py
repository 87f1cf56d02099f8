"""Kernels that are found do what compiled ones do, and can be compiled into others."""

import subprocess
import sys

import pytest

_MODULE = """
from maslin.manifests.kernels.kernel import njit

@njit(cache=True)
def inner(values):
    total = 0
    for value in values:
        if value < 0:
            raise ValueError("below nothing")
        total += value
    return total

@njit(cache=True)
def outer(values):
    return inner(values) + 1
"""
_RUN = """
import sys
from pathlib import Path
from maslin.manifests.kernels import store
store.folders = lambda: (Path("kept"), Path("kept"))
store.code_digest = lambda module: "0" * 16
import numpy as np
import module
for name in sys.argv[1:]:
    print(getattr(module, name)(np.arange(4)))
try:
    module.inner(-np.arange(4))
except ValueError as error:
    print(error)
print(sum(map(lambda kernel: sum(kernel.stats.cache_misses.values()), (module.inner, module.outer))))
"""


@pytest.fixture
def run(tmp_path):
    (tmp_path / "module.py").write_text(_MODULE)
    (tmp_path / "run.py").write_text(_RUN)

    def answer(*names: str) -> list[str]:
        done = subprocess.run([sys.executable, "run.py", *names], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.split("\n")[:-1]

    return answer


def test_a_kernel_compiles_once(run):
    assert run("inner") == ["6", "below nothing", "1"]
    assert run("inner") == ["6", "below nothing", "0"]


def test_one_that_was_found_is_compiled_into_another(run):
    run("inner")
    assert run("inner", "outer") == ["6", "7", "below nothing", "1"]
    assert run("outer", "inner") == ["7", "6", "below nothing", "0"]
