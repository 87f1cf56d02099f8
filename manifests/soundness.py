"""Whether what lies in a workspace is as it was written: of a file when it is opened, of all of it when it is asked.

Every module that opens a file of a step directory asks `checked` for it first: never is anything made of damaged bytes.
A file is known by its place: the manifest of the directory it lies in says how many bytes it has and what their
checksum is. It is read once for that, in blocks, so memory does not grow with it; the bytes that are parsed or mapped
next come from the system's cache. A file that stays as it is (by size, times, inode) is read for that once a process,
so once a command for each worker.

Where damage is found, `.damaged` is left in the directory: whichever command next needs it builds it anew.
"""

import contextlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from maslin.manifests.errors import DamagedError
from maslin.manifests.files import checksum
from maslin.manifests.manifest import FileEntry
from maslin.manifests.workspace import (
    DAMAGED_NAME,
    INDEX_FOLDER,
    MANIFEST_NAME,
    MEASURED_NAME,
    SHARD_MARKERS,
    OtherVersionError,
    is_complete,
    is_of_another,
    mark_damaged,
    read_manifest,
    read_measured,
    rebuilt_by,
    verify,
)

_DEEPEST = 3  # folders between a step directory and a file of it, itself included: `s0/checkpoints/`

_TICK_NS = 50_000_000  # times of files advance in steps of some ms: one as young as that may change and keep its time

_Fingerprint = tuple[int, ...]  # device, inode, size, time of the last change of content, and of any change
_checksums: dict[_Fingerprint, str] = {}
_entries: dict[Path, tuple[_Fingerprint, dict[str, FileEntry]]] = {}

# What may lie in a step directory without being in its manifest: it decides nothing (docs/architecture.md).
_UNLISTED = (
    MANIFEST_NAME, MEASURED_NAME, DAMAGED_NAME, f"{SHARD_MARKERS}/", f"{INDEX_FOLDER}/", "timing.jsonl", "tensorboard/")


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


@dataclass(frozen=True)
class Verified:
    """What a check of step directories found: how many, their bytes, and what is wrong, a line each.

    `others`: directories of another Maslin, which nothing is taken from and which were not checked.
    """

    directories: int
    bytes: int
    problems: tuple[str, ...]
    others: tuple[Path, ...]


def verify_all(directories: Sequence[Path]) -> Verified:
    """Check step directories: their manifests, sizes, checksums and counts, and what they were made from.

    Those whose files are damaged are marked, so that the command that next needs them builds them anew.
    """
    problems: list[str] = []
    others = [directory for directory in directories if is_of_another(directory)]
    total_bytes = 0
    for directory in directories:
        if directory in others:
            continue
        try:
            manifest = read_manifest(directory)
        except DamagedError as error:
            problems.append(str(error))
            continue
        if damaged := verify(directory):
            mark_damaged(directory)
            problems += damaged
            problems.append(f"{directory}: the command that made it builds it anew when it is run again")
        problems += _strays(directory, {entry.path for entry in manifest.files})
        problems += _gone(directory, manifest.inputs.values())
        try:
            read_measured(directory)
        except DamagedError as error:
            problems.append(str(error))
        total_bytes += manifest.bytes
        if (counts := manifest.counts) and (missing := counts.missing):
            problems.append(f"{directory}: {missing:,} of {counts.read:,} {counts.unit} are not accounted for")
    return Verified(len(directories) - len(others), total_bytes, tuple(problems), tuple(others))


def lineage(directory: Path) -> list[Path]:
    """A step directory and all step directories it was made from, as far as they are still there."""
    root = directory.resolve().parent.parent
    found: dict[Path, None] = {}
    waiting = [directory.resolve()]
    while waiting:
        path = waiting.pop()
        if path in found or not is_complete(path):
            continue
        found[path] = None
        with contextlib.suppress(DamagedError, OtherVersionError):  # `verify_all` tells of it
            waiting.extend(root / value for value in read_manifest(path).inputs.values() if "@" in value)
    return list(found)


def _strays(directory: Path, named: set[str]) -> Iterator[str]:
    """Files that the step did not write: whoever reads a folder by a pattern (`documents/*.parquet`) would take them.
    """
    for path in sorted(directory.rglob("*")):
        inside = path.relative_to(directory).as_posix()
        if path.is_dir() or inside in named or any(
                inside == each or (each.endswith("/") and inside.startswith(each)) for each in _UNLISTED):
            continue
        yield f"{path}: not of this step, whose manifest does not name it: move it elsewhere"


def _gone(directory: Path, inputs: Sequence[str]) -> Iterator[str]:
    """Steps it was made from that are no longer there: where its content comes from cannot be followed or checked."""
    for value in sorted({value for value in inputs if "@" in value}):
        if not is_complete(directory.parent.parent / value):
            yield (f"{directory}: made from {value}, which is not there (any more): run the command that made it "
                   "again, or put it back")
