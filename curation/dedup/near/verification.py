"""Shingle sets of the documents to compare: read again from their texts, shard by shard, and laid out side by side."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from maslin.curation.dedup.near import minhash
from maslin.curation.dedup.near.sketches import mapped, work_path
from maslin.curation.dedup.words import split_words
from maslin.curation.stages import StageShard, iter_surviving
from maslin.manifests.files import atomic_path, file_entry
from maslin.manifests.kernels.kernel import njit
from maslin.manifests.progress import advance
from maslin.manifests.steps.dedup import NearDedup
from maslin.manifests.workspace import Mapper, ShardResult, run_shards


@dataclass(frozen=True)
class SetsTask:
    """The sets of those rows of a shard whose `families` (int64 by document of all shards) is not 0."""

    directory: Path
    families: Path
    first: int  # document of all shards
    documents: int
    rows: Path  # .npy: their documents, ascending
    sets: Path  # flat little-endian uint64
    ends: Path  # .npy: int64 [rows + 1] into `sets`
    shard: StageShard
    near: dict[str, Any]


def write_sets(
    directory: Path, stage: str, families: Path, shards: Sequence[StageShard], begins: np.ndarray, compared: int,
    near: NearDedup, mapper: Mapper, label: str,
) -> list[SetsTask]:
    """Write the shingle sets of the `compared` documents: 8 bytes a shingle on disk, a batch of texts in memory.

    Where containment is asked for, all shingles in the order of the text in their place.
    """
    tasks = []
    for index, (shard, (first, end)) in enumerate(zip(shards, pairwise(begins.tolist()), strict=True)):
        named = [work_path(directory, stage, *what) for what in (
            ("set-rows", index, "npy"), ("sets", index, "bin"), ("set-ends", index, "npy"))]
        tasks.append(SetsTask(directory, families, first, end - first, *named, shard, asdict(near)))
    run_shards(directory, shard_sets, tasks, mapper, f"{label}, candidates", stage=f"{stage}-sets", total=compared,
               unit="documents")
    return tasks


def shard_sets(task: SetsTask) -> ShardResult:
    near = NearDedup(**task.near)
    family = np.memmap(task.families, np.int64, "r")[task.first:task.first + task.documents] if task.documents else ()
    rows = np.flatnonzero(family)
    sizes = [np.zeros(1, np.int64)]
    start = 0
    with atomic_path(task.sets) as temporary, open(temporary, "wb") as sink:
        for table in iter_surviving(task.shard, ["text"]) if len(rows) else ():
            end = start + table.num_rows
            here = rows[np.searchsorted(rows, start):np.searchsorted(rows, end)] - start
            texts = table["text"].take(pa.array(here))
            sets, bounds = minhash.shingle_hashes(split_words(texts, near.words), near.shingle_words)
            if near.verify == "jaccard":
                sets, bounds = minhash.shingle_sets(sets, bounds)
            sink.write(sets.astype("<u8", copy=False).data)
            sizes.append(np.diff(bounds))
            advance(len(here))
            start = end
    for path, values in ((task.rows, rows + task.first), (task.ends, np.cumsum(np.concatenate(sizes)))):
        with atomic_path(path) as temporary, open(temporary, "wb") as sink:
            np.save(sink, values)
    return {"files": [file_entry(task.directory, path) for path in (task.rows, task.sets, task.ends)]}


def gather_sets(tasks: Sequence[SetsTask], documents: np.ndarray, scratch: Path) -> tuple[np.ndarray, np.ndarray]:
    """The sets of `documents` (ascending), in their order: (flat uint64, where each begins int64 [documents + 1]).

    The flat array lies in the working file `scratch`: the sets need not fit in memory.
    """
    cuts = np.searchsorted(documents, [*(task.first for task in tasks), np.iinfo(np.int64).max])
    starts, begins = np.zeros(len(documents), np.int64), np.zeros(len(documents) + 1, np.int64)
    for task, (first, end) in zip(tasks, pairwise(cuts), strict=True):
        if first < end:
            ends = np.load(task.ends, mmap_mode="r")
            at = np.searchsorted(np.load(task.rows, mmap_mode="r"), documents[first:end])
            starts[first:end], begins[first + 1:end + 1] = ends[at], ends[at + 1] - ends[at]
    begins = np.cumsum(begins)
    flat = mapped(scratch, np.uint64, int(begins[-1]))
    for task, (first, end) in zip(tasks, pairwise(cuts), strict=True):
        if first < end:  # a document that is compared has a shingle, so the file is not empty
            _copy(np.asarray(np.memmap(task.sets, np.uint64, "r")), starts[first:end], begins[first:end + 1], flat)
    return flat, begins


@njit(cache=True)
def _copy(source, starts, begins, target):
    for k in range(len(starts)):
        size = begins[k + 1] - begins[k]
        target[begins[k]:begins[k] + size] = source[starts[k]:starts[k] + size]
