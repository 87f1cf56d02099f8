"""Passages of words that stand several times in a corpus, and the document that each stands in first.

In five acts over all shards. Anchors of windows (windows.py) say where repeats can be; there every window of
`min_words` words is hashed; windows that follow one another, and whose first occurrences do, too, are a *run*. The
words of every run are then compared with those of its first occurrence, by 128 bits of BLAKE2b: two passages that
differ pass for one with a probability of 2^-128, whatever was done to their hashes. First is the document with the
smallest id, and there the first occurrence. Source: Lee et al. 2022, "Deduplicating Training Data Makes Language Models
Better" (ExactSubstr, 50 tokens, by a suffix array of all text).
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from maslin.curation.dedup.near.sketches import work_path
from maslin.curation.dedup.repeats.units import (
    Occurrences,
    Repeats,
    UnitWriter,
    find_repeats,
    places,
    rows_of,
    save_array,
    units_of,
)
from maslin.curation.dedup.repeats.windows import Windows
from maslin.curation.dedup.words import split_words
from maslin.curation.stages import StageShard, iter_surviving
from maslin.manifests.files import atomic_path, file_entry
from maslin.manifests.progress import advance
from maslin.manifests.steps.dedup import PassageDedup
from maslin.manifests.workspace import Mapper, ShardResult, run_shards

ID_BYTES = 32  # of an id, as maslin.manifests.identity makes them
_DIGEST_BYTES = 16
# Words of a document that stand elsewhere: `begin` to `end`, in the document of that row among the shard's survivors.
# `first_id`: the document where they stand first; empty where that is here.
PASSAGE = np.dtype([("row", "<u4"), ("begin", "<u4"), ("end", "<u4"), ("first_id", f"S{ID_BYTES}")])
# Words that stand earlier, too: where they do, and a digest of them.
_SIDE = [("first_row", "<u4"), ("first_begin", "<u4"), ("words", "<u4")]
_RUN = np.dtype([("row", "<u4"), ("begin", "<u4"), ("first_shard", "<u4"), *_SIDE, ("digest", f"V{_DIGEST_BYTES}")])


@dataclass(frozen=True)
class WindowTask:
    """Hash anchors of a shard or, where it is known which `anchors` are repeated, its windows."""

    directory: Path
    index: int
    shard: StageShard
    min_words: int
    memory_bytes: int
    anchors: Repeats | None = None


@dataclass(frozen=True)
class RunTask:
    directory: Path
    index: int
    shard: StageShard
    shards: int
    min_words: int
    windows: Repeats


def find(
    directory: Path, shards: Sequence[StageShard], parameters: PassageDedup, memory_bytes: int, mapper: Mapper,
    label: str, total: int | None = None,
) -> list[Path]:
    """A file a shard (npy of PASSAGE, by row): the passages that stand several times in the corpus."""
    def work(function: Callable[[Any], ShardResult], tasks: Sequence[Any], what: str, stage: str) -> list[ShardResult]:
        return run_shards(
            directory, function, tasks, mapper, f"{label}, {what}", stage=stage, total=total, unit="documents")

    size = parameters.min_words
    tasks = [WindowTask(directory, index, shard, size, memory_bytes) for index, shard in enumerate(shards)]
    hashed = work(hash_anchors, tasks, "anchors", "anchors")
    anchors = find_repeats(directory, "anchors", hashed, memory_bytes, mapper, f"{label}, repeated anchors")
    tasks = [WindowTask(directory, index, shard, size, memory_bytes, anchors) for index, shard in enumerate(shards)]
    hashed = work(hash_windows, tasks, "windows", "windows")
    windows = find_repeats(directory, "windows", hashed, memory_bytes, mapper, f"{label}, repeated windows")
    runs = [RunTask(directory, index, shard, len(shards), size, windows) for index, shard in enumerate(shards)]
    work(find_runs, runs, "passages", "runs")
    work(compare_runs, runs, "comparison", "compared")
    run_shards(directory, take_passages, runs, mapper, f"{label}, places", stage="passages")
    return [_path(task, "passages") for task in runs]


def hash_anchors(task: WindowTask) -> ShardResult:
    writer = UnitWriter(task.directory, "anchors", task.index, task.memory_bytes)
    for table in iter_surviving(task.shard, ["id", "text"]):
        words = split_words(table["text"])
        begins, hashes = Windows(words, task.min_words).distinct_anchors()
        writer.add(hashes, np.zeros_like(hashes), _places(words.documents, begins),
                   np.zeros((table.num_rows, 0), np.uint64))
        advance(table.num_rows)
    return writer.finish()


def hash_windows(task: WindowTask) -> ShardResult:
    """Hash the windows whose anchor is repeated."""
    assert task.anchors is not None
    found = [each.places for each in task.anchors.of_shard(task.index)]
    repeated, first = np.concatenate([np.zeros(0, np.uint64), *found]), 0
    writer = UnitWriter(task.directory, "windows", task.index, task.memory_bytes)
    for table in iter_surviving(task.shard, ["id", "text"]):
        end = first + table.num_rows
        here = repeated[slice(*np.searchsorted(repeated, places(np.array([first, end]), np.zeros(2))))]
        units = (np.zeros(0, np.uint64),) * 3
        if len(here):
            words = split_words(table["text"])
            windows = Windows(words, task.min_words)
            marked = np.zeros(len(windows.anchors) + 1, bool)  # and one for the windows that are none
            marked[words.documents[rows_of(here) - first] + units_of(here)] = True
            begins = np.flatnonzero(marked[windows.anchors])
            units = *windows.hashes(begins), _places(words.documents, begins)
        writer.add(*units, id_order(table["id"]))
        first = end
        advance(table.num_rows)
    return writer.finish()


def id_order(ids: pa.ChunkedArray) -> np.ndarray:
    """uint64 (documents, 4): the bytes of ids, which they are ordered by."""
    return np.array([id.encode() for id in ids.to_pylist()], f"S{ID_BYTES}").view(">u8").reshape(-1, 4).astype("<u8")


def _places(documents: np.ndarray, begins: np.ndarray) -> np.ndarray:
    """Words (ascending) as places in the documents that begin at these words."""
    rows = np.repeat(np.arange(len(documents) - 1), np.diff(np.searchsorted(begins, documents)))
    return places(rows, begins - documents[rows])


def find_runs(task: RunTask) -> ShardResult:
    """Write the shard's runs (npy of _RUN, by the shard of their first occurrence) with digests of their words."""
    runs = np.concatenate([np.zeros(0, _RUN), *(
        _runs(found, task.index, task.min_words) for found in task.windows.of_shard(task.index))])
    for rows, digests in _digests(task, runs["row"], runs["begin"], runs["words"]):
        runs["digest"][rows] = digests
    save_array(_path(task, "runs"), runs[np.argsort(runs["first_shard"], kind="stable")])
    return {"files": [file_entry(task.directory, _path(task, "runs"))], "runs": len(runs)}


def _runs(found: Occurrences, shard: int, min_words: int) -> np.ndarray:
    """Windows that stand earlier, too, put together where they and their first ones follow one another."""
    later = (found.first_shards != shard) | (found.first_places != found.places)
    columns = np.stack([found.places[later], found.first_places[later], found.first_shards[later]])
    steps = np.diff(columns, axis=1)
    begins = np.flatnonzero(np.append(True, (steps != np.array([[1], [1], [0]], np.uint64)).any(axis=0)))
    runs = np.zeros(len(begins) if columns.size else 0, _RUN)
    if len(runs):
        place, first_place, runs["first_shard"] = columns[:, begins]
        runs["row"], runs["begin"] = rows_of(place), units_of(place)
        runs["first_row"], runs["first_begin"] = rows_of(first_place), units_of(first_place)
        runs["words"] = np.diff(begins, append=columns.shape[1]) + min_words - 1
    return runs


def _digests(
    task: RunTask, row: np.ndarray, begin: np.ndarray, words: np.ndarray,
) -> Iterator[tuple[slice, np.ndarray]]:
    """Which of the passages (by row) are next, and the digests of their words."""
    first = 0
    for table in iter_surviving(task.shard, ["id", "text"]):
        end = first + table.num_rows
        here = slice(*np.searchsorted(row, [first, end]).tolist())
        rows = _distinct(row[here])
        split = split_words(table["text"].take(pa.array(rows - first)))
        from_word = split.documents[np.searchsorted(rows, row[here])] + begin[here]
        froms, tos = split.starts[from_word], split.starts[from_word + words[here]]
        digests = b"".join([
            hashlib.blake2b(split.data[at:to], digest_size=_DIGEST_BYTES).digest()
            for at, to in zip(froms.tolist(), tos.tolist(), strict=True)])
        yield here, np.frombuffer(digests, f"V{_DIGEST_BYTES}")
        first = end
        advance(table.num_rows)


def compare_runs(task: RunTask) -> ShardResult:
    """Of all runs that stand first in this shard: whether their words are the same there.

    Writes (npz) `same`, bool of the runs of one shard after the other, which begin at `bounds`; and `kept`, int64
    (passages, 3), row, begin and words of those that stay in this shard.
    """
    sides, bounds = _sides(np.zeros(0, _RUN)), [0]
    for runs in _runs_to(task):
        sides = _distinct(np.concatenate([sides, _sides(runs)]))
        bounds.append(bounds[-1] + len(runs))
    passages = sides.view(">u4").reshape(-1, 3).astype(np.int64)
    digests = np.zeros(len(sides), f"V{_DIGEST_BYTES}")
    for here, found in _digests(task, *passages.T):
        digests[here] = found
    same, real = [np.zeros(0, bool)], np.zeros(len(sides), bool)
    for runs in _runs_to(task):
        side = np.searchsorted(sides, _sides(runs))
        same.append(digests[side] == runs["digest"])
        real[side[same[-1]]] = True
    path = _path(task, "compared")
    with atomic_path(path) as temporary, open(temporary, "wb") as sink:
        np.savez(sink, same=np.concatenate(same), bounds=np.array(bounds), kept=passages[real])
    return {"files": [file_entry(task.directory, path)]}


def _runs_to(task: RunTask) -> Iterator[np.ndarray]:
    """The runs of each shard that stand first in this one."""
    for shard in range(task.shards):
        runs = np.load(_path(task, "runs", shard), mmap_mode="r")
        yield runs[slice(*np.searchsorted(runs["first_shard"], [task.index, task.index + 1]))]


def _sides(runs: np.ndarray) -> np.ndarray:
    """Where runs stand first, each as bytes that are in the order of rows, places and lengths."""
    columns = np.stack([runs[name] for name, _ in _SIDE], axis=1).astype(">u4")
    return columns.view(f"S{columns.itemsize * len(_SIDE)}").reshape(-1)


def _distinct(values: np.ndarray) -> np.ndarray:
    """Each once, ascending."""
    values = np.sort(values)
    return values[:1] if len(values) < 2 else values[np.append(True, values[1:] != values[:-1])]


def take_passages(task: RunTask) -> ShardResult:
    """Write the passages of a shard, those that it keeps and those that stand earlier."""
    with np.load(_path(task, "compared")) as compared:
        parts = [_passages(*compared["kept"].T)]
    runs = np.load(_path(task, "runs"), mmap_mode="r")
    for shard in sorted(set(runs["first_shard"].tolist())):
        its = runs[slice(*np.searchsorted(runs["first_shard"], [shard, shard + 1]))]
        with np.load(_path(task, "compared", shard)) as compared:
            its = its[compared["same"][slice(*compared["bounds"][task.index:task.index + 2])]]
        # What overlaps its own first occurrence leaves that whole.
        here = (its["first_row"] == its["row"]) & (shard == task.index)
        least = np.where(here, its["first_begin"] + np.uint32(task.min_words), 0)
        begin = np.maximum(its["begin"], least)
        passages = _passages(its["row"], begin, its["begin"] + its["words"] - begin)
        order = task.windows.order(shard)[its["first_row"]].astype(">u8")
        passages["first_id"] = np.frombuffer(order.tobytes(), f"S{ID_BYTES}")
        parts.append(passages)
    found = np.concatenate(parts)
    save_array(_path(task, "passages"), found[np.lexsort((found["first_id"], found["begin"], found["row"]))])
    return {"files": [file_entry(task.directory, _path(task, "passages"))]}


def _passages(row: np.ndarray, begin: np.ndarray, words: np.ndarray) -> np.ndarray:
    passages = np.zeros(len(row), PASSAGE)
    passages["row"], passages["begin"], passages["end"] = row, begin, begin + words
    return passages


def _path(task: RunTask, what: str, shard: int | None = None) -> Path:
    return work_path(task.directory, "passages", what, task.index if shard is None else shard,
                     "npz" if what == "compared" else "npy")
