"""Shingle sets of the documents to compare: read again from their texts, shard by shard, and laid out side by side."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from maslin.curation.dedup import minhash
from maslin.curation.dedup.sketches import mapped, work_path
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
    """Write the shingle sets of the `compared` documents: 8 bytes a shingle on disk, a batch of texts in memory."""
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
            sets, bounds = minhash.shingle_sets(
                *minhash.shingle_hashes(split_words(texts, near.words), near.shingle_words))
            sink.write(sets.astype("<u8", copy=False).data)
            sizes.append(np.diff(bounds))
            advance(len(here))
            start = end
    for path, values in ((task.rows, rows + task.first), (task.ends, np.cumsum(np.concatenate(sizes)))):
        with atomic_path(path) as temporary, open(temporary, "wb") as sink:
            np.save(sink, values)
    return {"files": [file_entry(task.directory, path) for path in (task.rows, task.sets, task.ends)]}


def gather_sets(tasks: Sequence[SetsTask], documents: np.ndarray, scratch: Path) -> tuple[np.ndarray, np.ndarray]:
    """The sets of `documents`, in their order: (flat uint64, starts and ends int64 [documents, 2]).

    The flat array lies in the working file `scratch`: the sets need not fit in memory.
    """
    order = np.argsort(documents)
    cuts = np.searchsorted(documents[order], [*(task.first for task in tasks), np.iinfo(np.int64).max])
    starts, sizes = np.zeros(len(documents), np.int64), np.zeros(len(documents), np.int64)
    for task, (first, end) in zip(tasks, pairwise(cuts), strict=True):
        if first < end:
            mine, ends = order[first:end], np.load(task.ends)
            at = np.searchsorted(np.load(task.rows), documents[mine])
            starts[mine], sizes[mine] = ends[at], ends[at + 1] - ends[at]
    ends = np.cumsum(sizes)
    flat = mapped(scratch, np.uint64, int(ends[-1]) if len(ends) else 0)
    for task, (first, end) in zip(tasks, pairwise(cuts), strict=True):
        if first < end:  # a document that is compared has a shingle, so the file is not empty
            mine = order[first:end]
            source = np.asarray(np.memmap(task.sets, np.uint64, "r"))
            _copy(source, starts[mine], sizes[mine], flat, (ends - sizes)[mine])
    return flat, np.stack([ends - sizes, ends], axis=1)


@njit(cache=True)
def _copy(source, starts, sizes, target, places):
    for k in range(len(starts)):
        target[places[k]:places[k] + sizes[k]] = source[starts[k]:starts[k] + sizes[k]]
