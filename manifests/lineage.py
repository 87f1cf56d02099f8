"""A step directory with all it was made from, and whether all of it is sound."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from maslin.manifests.workspace import is_current, read_manifest, verify


@dataclass(frozen=True)
class Verified:
    """What a check of step directories found: how many, their bytes, and what is wrong, a line each."""

    directories: int
    bytes: int
    problems: tuple[str, ...]


def verify_all(directories: Sequence[Path]) -> Verified:
    """Check sizes and checksums of step directories, and that their counts add up."""
    problems: list[str] = []
    total_bytes = 0
    for directory in directories:
        problems.extend(verify(directory))
        manifest = read_manifest(directory)
        total_bytes += manifest.bytes
        if (counts := manifest.counts) and (missing := counts.missing):
            problems.append(f"{directory}: {missing:,} of {counts.read:,} {counts.unit} are not accounted for")
    return Verified(len(directories), total_bytes, tuple(problems))


def lineage(directory: Path) -> list[Path]:
    """A step directory and all step directories it was made from, as far as they are still there."""
    root = directory.resolve().parent.parent
    found: dict[Path, None] = {}
    waiting = [directory.resolve()]
    while waiting:
        path = waiting.pop()
        if path in found or not is_current(path):
            continue
        found[path] = None
        waiting.extend(root / value for value in read_manifest(path).inputs.values() if "@" in value)
    return list(found)
