"""Shingle sets of the candidates: read again from their texts, shard by shard, and laid out for comparison."""

import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from maslin.curation.dedup import minhash
from maslin.curation.dedup.sketches import Sketches, work_path
from maslin.curation.dedup.words import split_words
from maslin.curation.stages import StageShard, iter_surviving
from maslin.manifests.files import atomic_path, file_entry
from maslin.manifests.progress import advance
from maslin.manifests.steps.dedup import NearDedup
from maslin.manifests.workspace import Mapper, ShardResult, run_shards


@dataclass(frozen=True)
class SetsTask:
    directory: Path
    rows: Path  # .npy: ascending row numbers of the shard's candidates
    sets: Path  # flat little-endian uint64
    sizes: Path  # .npy: elements of each candidate's set
    shard: StageShard
    near: dict[str, Any]


def candidate_sets(
    directory: Path, stage: str, sketches: Sketches, shards: Sequence[StageShard], candidates: np.ndarray,
    near: NearDedup, mapper: Mapper, label: str,
) -> tuple[np.ndarray, np.ndarray]:
    """Shingle sets of the candidate positions, as (flat uint64, starts and ends int64 [candidates, 2]).

    The flat array is a memory map of a working file of 8 bytes a shingle: the sets need not fit in memory.
    """
    if not len(candidates):
        return np.zeros(0, np.uint64), np.zeros((0, 2), np.int64)
    pieces = sketches.by_shard(candidates)
    tasks = []
    for index, (shard, (_, rows)) in enumerate(zip(shards, pieces, strict=True)):
        named = [work_path(directory, stage, *end) for end in (
            ("rows", index, "npy"), ("sets", index, "bin"), ("sizes", index, "npy"))]
        with atomic_path(named[0]) as temporary, open(temporary, "wb") as sink:
            np.save(sink, rows)
        tasks.append(SetsTask(directory, *named, shard, asdict(near)))
    run_shards(directory, shard_sets, tasks, mapper, f"{label}, candidates", stage=f"{stage}-sets",
               total=len(candidates), unit="documents")

    bounds = np.empty((len(candidates), 2), np.int64)
    joined = work_path(directory, stage, "sets", len(tasks), "all")
    end = 0
    with open(joined, "wb") as sink:
        for task, (which, _) in zip(tasks, pieces, strict=True):
            ends = end + np.cumsum(np.load(task.sizes), dtype=np.int64)
            bounds[which, 0] = np.concatenate([[end], ends[:-1]])[:len(ends)]
            bounds[which, 1] = ends
            end = int(ends[-1]) if len(ends) else end
            with open(task.sets, "rb") as source:
                shutil.copyfileobj(source, sink, 1 << 20)
            task.sets.unlink()
            task.sizes.unlink()
    # A candidate has a shingle, so the file is not empty. Writable, as an array is that a kernel compiles for.
    return np.asarray(np.memmap(joined, np.uint64, "c")), bounds


def shard_sets(task: SetsTask) -> ShardResult:
    near = NearDedup(**task.near)
    rows = np.load(task.rows)
    sizes = []
    start = 0
    with atomic_path(task.sets) as temporary, open(temporary, "wb") as sink:
        for table in iter_surviving(task.shard, ["text"]) if len(rows) else ():
            end = start + table.num_rows
            here = rows[np.searchsorted(rows, start):np.searchsorted(rows, end)] - start
            texts = table["text"].take(pa.array(here))
            sets, bounds = minhash.shingle_sets(
                *minhash.shingle_hashes(split_words(texts, near.words), near.shingle_words))
            sink.write(sets.astype("<u8", copy=False).data)
            sizes.append(np.diff(bounds))
            advance(len(here))
            start = end
    with atomic_path(task.sizes) as temporary, open(temporary, "wb") as sink:
        np.save(sink, np.concatenate([np.zeros(0, np.int64), *sizes]))
    return {"files": [file_entry(task.directory, path) for path in (task.sets, task.sizes)]}
