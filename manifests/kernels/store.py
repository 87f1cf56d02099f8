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
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from hashlib import sha256
from pathlib import Path

import xxhash

_ROOT = Path(__file__).parents[2]  # where curation, trainer and manifests lie, in a checkout and installed alike
_IMPORTS = re.compile(r"^\s*from maslin\.([\w.]+) import (\([^)]*\)|.*)|^\s*import maslin\.([\w.]+)", re.MULTILINE)
_THIS_PACKAGE = "manifests/kernels/"
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
    This package itself is left out: `_FORMAT` speaks for it.
    """
    found: set[str] = set()
    waiting = [_source(module.removeprefix("maslin."))]
    while waiting:
        path = waiting.pop()
        if path is not None and path not in found:
            found.add(path)
            waiting += _read(path)[1]
    python = f"{sys.implementation.cache_tag} {platform.machine()} {unicodedata.unidata_version}"
    state = sha256(f"{_FORMAT} {python}".encode())
    for path in sorted(found):
        if not path.startswith(_THIS_PACKAGE):
            state.update(f"{path}\0".encode() + _read(path)[0])
    folders = {folder for path in found for folder in _folders_above(path)}
    for digest in filter(None, map(_data, sorted(folders))):
        state.update(digest)
    return state.hexdigest()


@cache
def _source(module: str) -> str | None:
    """Where the source of a module lies; None: it is none of ours."""
    path = module.replace(".", "/")
    return next((each for each in (f"{path}.py", f"{path}/__init__.py") if os.path.isfile(f"{_ROOT}/{each}")), None)


@cache
def _read(path: str) -> tuple[bytes, list[str | None]]:
    """The digest of a source, and the modules of ours that it imports, anywhere in it."""
    content = Path(_ROOT, path).read_bytes()
    imported = []
    for module, names, whole in _IMPORTS.findall(content.decode()):
        imported.append(_source(module or whole))
        imported += [_source(f"{module}.{name}") for name in re.findall(r"\w+", names)]
    return sha256(content).digest(), imported


def _folders_above(path: str) -> Iterator[str]:
    while path := path.rpartition("/")[0]:
        yield path


@cache
def _data(folder: str) -> bytes:
    """The digest of the files of the folder `data` in a package; nothing where that is not there, or a package."""
    beside = Path(_ROOT, folder, "data")
    if not beside.is_dir() or (beside / "__init__.py").is_file():
        return b""
    state = sha256()
    for path in sorted(path for path in beside.rglob("*") if path.is_file()):
        state.update(f"{path.relative_to(_ROOT)}\0".encode() + sha256(path.read_bytes()).digest())
    return state.digest()
