"""After `maslin setup` no work compiles a kernel: the record names all that is called, as it is called."""

import io
import subprocess
import sys

import pytest

from maslin.flows.engine import kernels
from maslin.flows.engine.local import LocalEngine
from maslin.flows.engine.progress import ProgressBoard
from tests.every_kernel import called, write_inputs


@pytest.mark.slow
def test_a_curate_after_set_up_compiles_nothing(tmp_path):
    with ProgressBoard(io.StringIO()) as board, LocalEngine(None, board) as engine:
        kernels.compile_all(kernels.missing(), engine)
    assert kernels.missing() == [] and kernels.are_compiled()
    curate, *_ = write_inputs(tmp_path)
    signatures, compiled = called([curate], tmp_path / "ws")
    hint = "new or changed kernels: `python -m tests.every_kernel` records them"
    assert not compiled, hint
    assert all(set(how) <= set(kernels.recorded().get(name, ())) for name, how in signatures.items()), hint
    assert len(signatures) > 30


def test_whether_kernels_are_compiled_is_told_without_numba():
    code = ("import sys; from maslin.flows.engine import kernels; kernels.are_compiled()\n"
            "assert not {'numba', 'numpy'} & set(sys.modules)")
    subprocess.run([sys.executable, "-c", code], check=True)
