"""Atomic files, their checksums, and errors of the disk in words."""

import contextlib
import errno
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import xxhash

from maslin.manifests.errors import DamagedError, StorageError
from maslin.manifests.identity import canonical_json

TEMPORARY_SUFFIX = ".partial"
_READ_BYTES = 1 << 20


@contextlib.contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; on success flush it to disk and rename it, on failure remove it.

    Raises StorageError, naming the file, when the disk is full or not writable.
    """
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=TEMPORARY_SUFFIX)
        os.close(descriptor)
        temporary = Path(name)
        yield temporary
        with open(temporary, "rb") as handle:
            os.fsync(handle.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except OSError as error:
        if refused := storage_error(error, path):
            raise refused from error
        raise
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def storage_error(error: OSError, path: str | Path) -> StorageError | None:
    """What the disk refused while `path` was written, in words; None for an error of another kind."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return StorageError(
            f"{path}: no space left on the disk while writing; nothing unfinished was kept. "
            "Free some space and run the same command again: it goes on from the last finished shard.")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return StorageError(f"{path}: cannot be written ({error.strerror}).")
    return None


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text atomically."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: Path, value: Any) -> None:
    """Write indented JSON with sorted keys atomically: stable to diff, pleasant to read."""
    write_text(path, json_text(value))


def json_text(value: Any) -> str:
    """JSON as `write_json` writes it."""
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def disk_bytes(directory: Path) -> int:
    """What the files below a directory take."""
    return sum(path.lstat().st_size for path in directory.rglob("*") if path.is_file())


def read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def sealed(value: dict[str, Any]) -> dict[str, Any]:
    """A JSON object with `checksum`, the xxh3-128 of the canonical JSON of the rest: it protects itself."""
    return value | {"checksum": xxhash.xxh3_128(canonical_json(value).encode()).hexdigest()}


def is_sealed(value: Any) -> bool:
    """Whether a JSON value is an object that holds what it held when it was sealed."""
    if not isinstance(value, dict):
        return False
    try:
        return sealed({key: each for key, each in value.items() if key != "checksum"}) == value
    except (ValueError, RecursionError):  # numbers without end, half characters: nothing that was ever sealed
        return False


def read_sealed(path: Path, remedy: str) -> dict[str, Any]:
    """The JSON object in a file, without its checksum. Raises DamagedError, with `remedy`, unless it is as sealed."""
    try:
        value = read_json(path)
    except (ValueError, RecursionError) as error:
        raise DamagedError(path, f"not readable as JSON ({error})", remedy) from error
    if not is_sealed(value):
        raise DamagedError(path, "its content differs from its own `checksum`", remedy)
    del value["checksum"]
    return value


def checksum(path: Path) -> str:
    """xxh3-128 hex of a file's bytes."""
    state = xxhash.xxh3_128()
    with open(path, "rb") as handle:
        while block := handle.read(_READ_BYTES):
            state.update(block)
    return state.hexdigest()


def file_entry(root: Path, path: Path, rows: int | None = None) -> dict[str, Any]:
    """What a manifest says of a file: path relative to `root`, bytes, xxh3-128 checksum, and rows for a table."""
    entry: dict[str, Any] = {
        "path": path.relative_to(root).as_posix(), "bytes": path.stat().st_size, "xxh3_128": checksum(path),
    }
    if rows is not None:
        entry["rows"] = rows
    return entry
