"""Sketches kept beside a finished corpus: the index that later crawls are deduplicated against.

They lie in `.index/` of the corpus, derived, as the indexes of `maslin explain` do: not in the manifest, no part of any
identity. Beside each a sealed note says of which part of the documents it is and what its own bytes are; what is
missing, damaged or of another part is made anew, and where nothing can be written nothing is kept.
"""

import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from maslin.curation.stages import StageShard
from maslin.manifests.errors import DamagedError, StorageError, UsageError
from maslin.manifests.files import atomic_path, checksum, read_sealed, sealed, write_json
from maslin.manifests.identity import digest
from maslin.manifests.steps.dedup import NEAR_DEDUP, NearDedup
from maslin.manifests.workspace import INDEX_FOLDER, read_manifest


def kept_sketches(shards: Sequence[StageShard], near: NearDedup | None) -> list[Path] | None:
    """The sketch of each shard, where all are kept and sound."""
    found = [_sound(_place(shard, near), shard) for shard in shards]
    return None if None in found else [path for path in found if path is not None]


def keep_sketches(shards: Sequence[StageShard], near: NearDedup | None, sketches: Sequence[Path]) -> None:
    """Keep the sketches of those shards that are parts of a finished corpus."""
    for shard, sketch in zip(shards, sketches, strict=True):
        place = _place(shard, near)
        if place is None:
            continue
        with suppress(OSError, StorageError):  # of a workspace that may only be read
            with atomic_path(place) as temporary:
                temporary.unlink()
                try:
                    os.link(sketch, temporary)
                except OSError:  # on another disk
                    shutil.copyfile(sketch, temporary)
            write_json(_note(place), sealed({"part": _part(shard), "sketch": checksum(place)}))


def _place(shard: StageShard, near: NearDedup | None) -> Path | None:
    """Where its sketch would be kept; None for what is no part of a finished corpus as it lies."""
    directory = shard.path.parent.parent
    if shard.done or directory.parent.name != "corpus" or _part(shard) is None:
        return None
    made_by = {
        "near": asdict(near) if near else None, "version": NEAR_DEDUP.version, "datasketch": version("datasketch")}
    return directory / INDEX_FOLDER / f"sketch-{digest(made_by)}-{shard.path.stem}.arrow"


def _part(shard: StageShard) -> str | None:
    """The checksum that the manifest has of the shard's documents."""
    directory = shard.path.parent.parent
    try:
        entries = read_manifest(directory).files
    except (UsageError, DamagedError):  # whoever reads the documents says so
        return None
    name = shard.path.relative_to(directory).as_posix()
    return next((entry.xxh3_128 for entry in entries if entry.path == name), None)


def _sound(place: Path | None, shard: StageShard) -> Path | None:
    if place is None or not place.is_file():
        return None
    with suppress(OSError, DamagedError):
        note = read_sealed(_note(place), "")
        if note == {"part": _part(shard), "sketch": checksum(place)}:
            return place
    return None


def _note(place: Path) -> Path:
    return place.with_suffix(".json")
