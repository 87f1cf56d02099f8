"""Documents that share a key: equal texts, and bands of their sketches, found in partitions of all keys.

A partition, a range of the keys, is a slice of every run of the sketches; how many there are follows from
`memory_bytes` and decides nothing else. Who has a key in common lies in buckets: `members`, documents by ascending
number, bucket k being `members[bounds[k]:bounds[k + 1]]`.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from maslin.curation.dedup.near.sketches import TEXT, Sketches, band_name, work_path
from maslin.manifests.files import atomic_path, file_entry
from maslin.manifests.workspace import Mapper, ShardResult, run_shards

_ENTRY_BYTES = 64  # what a key of a partition takes while it is sorted


@dataclass(frozen=True)
class TextsTask:
    directory: Path
    output: Path
    sketches: Sketches
    part: int
    parts: int


@dataclass(frozen=True)
class BandsTask:
    """Of `bands`, each its own kind of key, one range."""

    directory: Path
    output: "Buckets"
    sketches: Sketches
    compared: Path
    bands: range
    part: int
    parts: int


@dataclass(frozen=True)
class Buckets:
    """Files of buckets: `members` and `bounds`."""

    members: Path
    bounds: Path

    def load(self) -> tuple[np.ndarray, np.ndarray]:
        return np.load(self.members, mmap_mode="r"), np.load(self.bounds, mmap_mode="r")

    def save(self, members: np.ndarray, bounds: np.ndarray) -> None:
        save(self.members, members)
        save(self.bounds, bounds)


def save(path: Path, values: np.ndarray) -> None:
    with atomic_path(path) as temporary, open(temporary, "wb") as sink:
        np.save(sink, values)


def equal_texts(
    directory: Path, stage: str, sketches: Sketches, documents: int, memory_bytes: int, mapper: Mapper, label: str,
) -> list[Path]:
    """Files (npy [2, copies] int64) of the documents whose text an earlier one has, and that one: the first by id."""
    parts = _parts(documents, memory_bytes)
    stage = f"{stage}-texts-{parts}"
    tasks = [
        TextsTask(directory, work_path(directory, stage, "copies", part, "npy"), sketches, part, parts)
        for part in range(parts)
    ]
    run_shards(directory, find_copies, tasks, mapper, f"{label}, equal texts", stage=stage)
    return [task.output for task in tasks]


def find_copies(task: TextsTask) -> ShardResult:
    sketches = task.sketches.open()
    high, documents = sketches.part(TEXT, task.part, task.parts)
    order, new = _grouped(high)
    order = order[_several(new)]
    high, documents = high[order], documents[order]
    low = sketches.values("text_low", documents)
    order = np.lexsort((low, high))
    high, low, documents = high[order], low[order], documents[order]
    new = np.ones(len(order), bool)
    new[1:] = (high[1:] != high[:-1]) | (low[1:] != low[:-1])
    several = _several(new)
    text, documents = np.cumsum(new)[several], documents[several]
    order = sketches.ordered(documents, text)
    text, documents = text[order], documents[order]
    new = np.ones(len(text), bool)
    new[1:] = text[1:] != text[:-1]
    first = documents[np.maximum.accumulate(np.where(new, np.arange(len(new)), 0))] if len(new) else documents
    save(task.output, np.stack([documents[~new], first[~new]]))
    return {"files": [file_entry(task.directory, task.output)]}


def shared_bands(
    directory: Path, stage: str, sketches: Sketches, documents: int, bands: int, compared: Path, memory_bytes: int,
    mapper: Mapper, label: str,
) -> tuple[list[Buckets], int]:
    """Buckets of the documents that share a band with another, and how many memberships those are in all.

    `compared` (uint8 by document): whether it is compared at all. Where there are references, only buckets
    with a document of either side count.
    """
    parts = _parts(documents, memory_bytes)
    together = max(1, memory_bytes // max(1, documents * _ENTRY_BYTES)) if parts == 1 else 1
    stage = f"{stage}-bands-{parts}-{together}"
    tasks = []
    for first in range(0, bands, together):
        for part in range(parts):
            named = [work_path(directory, stage, what, len(tasks), "npy") for what in ("members", "bounds")]
            its_bands = range(first, min(bands, first + together))
            tasks.append(BandsTask(directory, Buckets(*named), sketches, compared, its_bands, part, parts))
    results = run_shards(directory, find_buckets, tasks, mapper, f"{label}, shared bands", stage=stage)
    return [task.output for task in tasks], sum(result["memberships"] for result in results)


def find_buckets(task: BandsTask) -> ShardResult:
    sketches = task.sketches.open()
    compared = np.memmap(task.compared, np.uint8, "r") if len(sketches) else np.zeros(0, np.uint8)
    members, sizes = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for band in task.bands:
        keys, documents = sketches.part(band_name(band), task.part, task.parts)
        here = compared[documents] > 0
        keys, documents = keys[here], documents[here]
        order, new = _grouped(keys)
        several = _several(new)
        documents, new = documents[order][several], new[several]
        begins = np.flatnonzero(new)
        its_sizes = np.diff([*begins, len(documents)])
        if task.sketches.reference_shards:
            referred = (documents < sketches.references).astype(np.int64)
            of_references = np.add.reduceat(referred, begins) if len(begins) else begins
            useful = (of_references > 0) & (of_references < its_sizes)
            documents, its_sizes = documents[np.repeat(useful, its_sizes)], its_sizes[useful]
        members.append(documents)
        sizes.append(its_sizes)
    every = np.concatenate(members)
    task.output.save(every, np.concatenate([np.zeros(1, np.int64), np.cumsum(np.concatenate(sizes))]))
    return {"files": [file_entry(task.directory, path) for path in (task.output.members, task.output.bounds)],
            "memberships": len(every)}


def _parts(documents: int, memory_bytes: int) -> int:
    return max(1, -(-documents * _ENTRY_BYTES // memory_bytes))


def _grouped(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(the order that sorts the keys, equal ones as they lie; which of them then begin a group)."""
    order = np.argsort(keys, kind="stable")  # sorted pieces, which this merges
    ordered = keys[order]
    new = np.ones(len(order), bool)
    new[1:] = ordered[1:] != ordered[:-1]
    return order, new


def _several(new: np.ndarray) -> np.ndarray:
    """Which are in a group of more than one, from which of them begin one."""
    last = np.ones(len(new), bool)
    last[:-1] = new[1:]
    return ~(new & last)
