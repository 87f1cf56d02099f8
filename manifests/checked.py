"""Files of step directories are checked when they are opened: never is anything made of damaged bytes.

Every module that opens a file of a step directory asks `checked` for it first. A file is known by its place: the
manifest of the directory it lies in says how many bytes it has and what their checksum is. It is read once for that,
in blocks, so memory does not grow with it; the bytes that are parsed or mapped next come from the system's cache. A
file that stays as it is (by size, times, inode) is read for that once a process, so once a command for each worker.

Where damage is found, `.damaged` is left in the directory: whichever command next needs it builds it anew.
"""

import contextlib
import time
from pathlib import Path

from maslin.manifests.errors import DamagedError
from maslin.manifests.files import checksum
from maslin.manifests.manifest import FileEntry
from maslin.manifests.workspace import MANIFEST_NAME, mark_damaged, read_manifest, rebuilt_by

_DEEPEST = 3  # folders between a step directory and a file of it, itself included: `s0/checkpoints/`

_TICK_NS = 50_000_000  # times of files advance in steps of some ms: one as young as that may change and keep its time

_Fingerprint = tuple[int, ...]  # device, inode, size, time of the last change of content, and of any change
_checksums: dict[_Fingerprint, str] = {}
_entries: dict[Path, tuple[_Fingerprint, dict[str, FileEntry]]] = {}


def checked(path: Path) -> Path:
    """`path` itself, once its bytes are seen to be those that the manifest of its step directory names.

    A file of no finished step directory has nobody to say what it should be, and is left alone. Raises DamagedError.
    """
    directory = next((each for each in list(path.parents)[:_DEEPEST] if (each / MANIFEST_NAME).is_file()), None)
    if directory is None:
        return path
    entry = _named(directory).get(path.relative_to(directory).as_posix())
    if entry is None:
        raise DamagedError(
            path, f"not among the files that {MANIFEST_NAME} names", "It is not of this step: move it elsewhere.")
    if what := _difference(path, entry):
        mark_damaged(directory)
        raise DamagedError(path, what, rebuilt_by(directory), directory)
    return path


def checksum_once(path: Path) -> str:
    """xxh3-128 hex of a file's bytes, read once a process while size, times and inode stay."""
    fingerprint = _fingerprint(path)
    if fingerprint in _checksums:
        return _checksums[fingerprint]
    settled = time.time_ns() - fingerprint[-1] > _TICK_NS
    found = checksum(path)
    if settled:
        _checksums[fingerprint] = found
    return found


def _difference(path: Path, entry: FileEntry) -> str | None:
    """What a file has otherwise than its manifest says, in words."""
    if not path.is_file():
        return "missing"
    if (size := path.stat().st_size) != entry.bytes:
        return f"{size:,} bytes, the manifest says {entry.bytes:,}"
    if (found := checksum_once(path)) != entry.xxh3_128:
        return f"xxh3-128 {found}, the manifest says {entry.xxh3_128}"
    return None


def _named(directory: Path) -> dict[str, FileEntry]:
    """The files of a step directory by path; the manifest is parsed once a process while it stays."""
    fingerprint = _fingerprint(directory / MANIFEST_NAME)
    with contextlib.suppress(KeyError):
        known, entries = _entries[directory]
        if known == fingerprint:
            return entries
    entries = {entry.path: entry for entry in read_manifest(directory).files}
    _entries[directory] = fingerprint, entries
    return entries


def _fingerprint(path: Path) -> _Fingerprint:
    status = path.stat()
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
