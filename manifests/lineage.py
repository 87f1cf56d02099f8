"""A step directory with all it was made from, and whether all of it is sound."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from maslin.manifests.errors import DamagedError
from maslin.manifests.files import read_sealed
from maslin.manifests.recipe.inputs import DIGEST_CACHE
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
    read_lock,
    read_manifest,
    read_measured,
    verify,
)

# What may lie in a step directory without being in its manifest: it decides nothing (docs/architecture.md).
_UNLISTED = (
    MANIFEST_NAME, MEASURED_NAME, DAMAGED_NAME, f"{SHARD_MARKERS}/", f"{INDEX_FOLDER}/", "timing.jsonl", "tensorboard/")


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
        if (directory / INDEX_FOLDER).is_dir():
            from maslin.manifests.lookup import damaged_indexes  # numpy and Arrow: only where there are any

            problems += [f"{path}: damaged, and not used: it is made anew when it is next needed"
                         for path in damaged_indexes(directory)]
        problems += _gone(directory, manifest.inputs.values())
        try:
            read_measured(directory)
        except DamagedError as error:
            problems.append(str(error))
        total_bytes += manifest.bytes
        if (counts := manifest.counts) and (missing := counts.missing):
            problems.append(f"{directory}: {missing:,} of {counts.read:,} {counts.unit} are not accounted for")
    return Verified(len(directories) - len(others), total_bytes, tuple(problems), tuple(others))


def verify_beside(workspace: Path) -> list[str]:
    """Problems of what lies beside the step directories of a workspace: lock files and remembered digests."""
    problems = []
    for path in sorted((workspace / "recipes").glob("*.lock.json")):
        try:
            read_lock(path)
        except DamagedError as error:
            problems.append(str(error))
    if (digests := workspace / DIGEST_CACHE).is_file():
        try:
            read_sealed(digests, "It is made anew by the next command on a recipe.")
        except DamagedError as error:
            problems.append(str(error))
    return problems


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
