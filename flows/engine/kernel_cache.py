"""Compiled kernels that may be older than the code they are made of: numba looks only at a kernel's own file."""

from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

PACKAGES = ("maslin.curation", "maslin.trainer")  # where kernels are, each made of its own package's code alone


def drop_stale_kernels(roots: Iterable[Path] | None = None) -> int:
    """Remove the kernels that were compiled before the newest source file of their package; returns how many.

    A kernel holds the constants and the kernels it uses of other modules, and numba does not see these change: after an
    update it would go on with the old ones, and bytes would be wrong without a word. What is removed compiles anew.
    """
    dropped = 0
    for root in roots if roots is not None else map(_root, PACKAGES):
        newest = max((path.stat().st_mtime_ns for path in root.rglob("*.py")), default=0)
        for index in root.rglob("__pycache__/*.nbi"):
            if index.stat().st_mtime_ns < newest:
                for path in (index, *index.parent.glob(f"{index.stem}.*.nbc")):
                    path.unlink(missing_ok=True)
                dropped += 1
    return dropped


def kernels_are_compiled() -> bool:
    """Whether curation has compiled before, so that its kernels need not be: the first work after an update waits."""
    newest = max(path.stat().st_mtime_ns for path in _root(PACKAGES[0]).rglob("*.py"))
    return any(index.stat().st_mtime_ns >= newest for index in _root(PACKAGES[0]).rglob("__pycache__/*.nbi"))


def _root(package: str) -> Path:
    spec = find_spec(package)  # nothing of it is imported
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent
