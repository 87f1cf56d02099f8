"""The kernels that work calls, with the signatures it calls them with: compiled at set-up, loaded before workers begin.

`kernels.json` names them, by module and function; `python -m tests.every_kernel` records them from work itself. What
only other kernels call is compiled with these.
"""

import json
from collections.abc import Iterable, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from maslin.flows.engine.contract import Engine
from maslin.manifests import progress
from maslin.manifests.kernels import store
from maslin.manifests.workspace import ShardResult

RECORD = Path(__file__).with_name("kernels.json")


@cache
def recorded() -> dict[str, list[str]]:
    """`module:kernel` → the types of its arguments, each as numba writes them."""
    return json.loads(RECORD.read_text(encoding="utf-8"))


def are_compiled() -> bool:
    """Whether some were compiled since the code last changed, so that work need not wait for them. Without numba."""
    return any(store.names(_stem(name)) for name in recorded())


def missing() -> list[tuple[str, int]]:
    """Those that are not there for this processor: a name, and the number of a signature."""
    return [(name, number) for name, signatures in recorded().items() for number in range(len(signatures))
            if not _is_kept(name, number)]


def compile_all(wanted: Sequence[tuple[str, int]], engine: Engine) -> None:
    """Compile kernels, each in a worker."""
    engine.map(_compile, wanted, "compile kernels", total=len(wanted), unit="kernels")


def load(modules: Iterable[str]) -> None:
    """Take the machine code of kernels of these modules, imported here, into this process; what is not there compiles
    when it is called."""
    wanted = set(modules)
    for name, signatures in recorded().items():
        if name.partition(":")[0] in wanted:
            for number in range(len(signatures)):
                if _is_kept(name, number):
                    _ready(name, number)


def _compile(task: tuple[str, int]) -> ShardResult:
    _ready(*task)
    progress.advance(1)
    return {}


def _ready(name: str, number: int) -> None:
    _kernel(name).compile(_types(recorded()[name][number]))


def _is_kept(name: str, number: int) -> bool:
    kernel = _kernel(name)
    return kernel._cache.is_kept(_types(recorded()[name][number]), kernel.targetctx)


def _kernel(name: str) -> Any:
    from maslin.manifests.kernels.kernel import KERNELS  # here, and below: numba

    import_module(name.partition(":")[0])
    return KERNELS[name]


def _types(written: str) -> tuple[Any, ...]:
    from numba import types

    return eval(written, {**vars(types), "bool": types.boolean})


def _stem(name: str) -> str:
    module, _, function = name.partition(":")
    return store.stem(module, function)
