"""Where compiled kernels and derived tables are kept, and under which names. Imports nothing heavy.

A name is a digest of all that a file's content depends on, so nothing in here is ever out of date: what no name leads
to any more is removed by `maslin setup` after a while.
"""

import os
import platform
import re
import sys
import tempfile
import time
import unicodedata
from contextlib import suppress
from functools import cache
from hashlib import sha256
from pathlib import Path

import xxhash

_ROOT = Path(__file__).parents[2]  # where curation, trainer and manifests lie, in a checkout and installed alike
_IMPORTS = re.compile(r"^\s*from maslin\.([\w.]+) import (\([^)]*\)|.*)|^\s*import maslin\.([\w.]+)", re.MULTILINE)
_UNUSED_DAYS = 60
_FORMAT = 1  # of what is kept, raised when this package writes it in another way


def folders() -> tuple[Path, Path]:
    """Where files are looked for: those of this Python environment, then those of this user."""
    return Path(sys.prefix) / "share" / "maslin" / "kernels", Path.home() / ".cache" / "maslin" / "kernels"


def has(name: str) -> bool:
    return any((folder / name).is_file() for folder in folders())


def read(name: str) -> bytes | None:
    """A file's content; None where there is none that is whole. A content begins with its own digest."""
    for folder in folders():
        try:
            kept = (folder / name).read_bytes()
        except OSError:
            continue
        if kept[:16] == xxhash.xxh3_128_digest(kept[16:]):
            return kept[16:]
    return None


def write(name: str, content: bytes) -> None:
    """Keep a file with the environment, or with the user where the environment is read-only; or not, where both are.

    Whoever reads finds the whole file or none, and several processes may write the same one.
    """
    for folder in folders():
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            descriptor, temporary = tempfile.mkstemp(dir=folder, suffix=".partial")
            with os.fdopen(descriptor, "wb") as handle:
                handle.write(xxhash.xxh3_128_digest(content) + content)
            os.chmod(temporary, 0o644)
            os.replace(temporary, folder / name)
            return


def stem(module: str, function: str) -> str:
    """How the names of a kernel's files begin as long as its code is what it is."""
    return f"{module.removeprefix('maslin.')}.{function}-{code_digest(module)[:16]}"


def names(stem: str) -> list[str]:
    """The files whose names begin so."""
    return [path.name for folder in folders() for path in folder.glob(f"{stem}-*")]


def remove_unused(now: float | None = None) -> int:
    """Remove what has not been read for two months; returns how many files."""
    limit = (time.time() if now is None else now) - 86_400 * _UNUSED_DAYS
    removed = 0
    for path in (path for folder in folders() for path in folder.glob("*")):
        with suppress(OSError):
            if max(path.stat().st_atime, path.stat().st_mtime) < limit:
                path.unlink()
                removed += 1
    return removed


@cache
def code_digest(module: str) -> str:
    """Of a module of ours, of all of ours that it imports, all the way down, of the data beside them, of this Python.

    A kernel holds the constants and the kernels of other modules, and tables made of data files and of Python's own.
    """
    found: set[Path] = set()
    waiting = [_source(module.removeprefix("maslin."))]
    while waiting:
        path = waiting.pop()
        if path is not None and path not in found:
            found.add(path)
            waiting += _imported(path)
    data = {path for folder in {parent for source in found for parent in source.parents if _ROOT in parent.parents}
            for path in _data(folder)}
    python = f"{sys.implementation.cache_tag} {platform.machine()} {unicodedata.unidata_version}"
    state = sha256(f"{_FORMAT} {python}".encode())
    for path in sorted((found | data) - set(Path(__file__).parent.iterdir())):
        state.update(f"{path.relative_to(_ROOT).as_posix()}\0".encode() + _digest(path))
    return state.hexdigest()


@cache
def _source(module: str) -> Path | None:
    path = _ROOT / module.replace(".", "/")
    found = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return found if found.is_file() else None


@cache
def _imported(path: Path) -> list[Path | None]:
    """The modules of ours that one imports, anywhere in it."""
    found = []
    for module, names, whole in _IMPORTS.findall(path.read_text(encoding="utf-8")):
        found.append(_source(module or whole))
        found += [_source(f"{module}.{name}") for name in re.findall(r"\w+", names)]
    return found


@cache
def _data(folder: Path) -> list[Path]:
    """The files of the folder `data` in a package, where that is no package itself."""
    beside = folder / "data"
    return [] if (beside / "__init__.py").is_file() else [path for path in beside.rglob("*") if path.is_file()]


@cache
def _digest(path: Path) -> bytes:
    return sha256(path.read_bytes()).digest()
