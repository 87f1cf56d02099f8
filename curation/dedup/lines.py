"""Lines (or spans of three sentences) that stand on several pages, or twice on one: where each of them goes.

Every line of a corpus has one page that keeps it: the one whose URL has the smallest MD5, of equal ones the first in
the order of the shards; there its first occurrence stays. Source: TFDS 4.9.10 `remove_duplicate_text`. The lines'
hashes are split by value into buckets of about `BUCKET_UNITS`, so that memory does not grow with the corpus.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xxhash

from maslin.curation.dedup.sketches import work_path
from maslin.curation.stages import StageShard, iter_surviving
from maslin.curation.text import punkt
from maslin.curation.text.c4_urls import page_digests
from maslin.manifests.files import atomic_path, file_entry
from maslin.manifests.progress import advance
from maslin.manifests.steps.c4 import C4LineDedup
from maslin.manifests.workspace import Mapper, ShardResult, run_shards

BUCKET_UNITS = 1 << 22
SPAN_SENTENCES = 3
# A line (or span) of a shard: hash, row of its document among the shard's survivors, and which of the document's it is.
_UNIT = np.dtype([("high", "<u8"), ("low", "<u8"), ("row", "<u4"), ("unit", "<u4")])
# One that goes; `local`: its page keeps an earlier occurrence.
REPEAT = np.dtype([("shard", "<u4"), ("row", "<u4"), ("unit", "<u4"), ("local", "u1")])


@dataclass(frozen=True)
class HashTask:
    directory: Path
    index: int
    shard: StageShard
    parameters: C4LineDedup


@dataclass(frozen=True)
class BucketTask:
    directory: Path
    index: int
    buckets: int
    shards: int


def find_repeats(
    directory: Path, shards: Sequence[StageShard], parameters: C4LineDedup, mapper: Mapper, label: str,
    total: int | None = None,
) -> list[Path]:
    """Files (npy of REPEAT, by shard, row and unit) of all lines to remove, one a bucket; see `read_repeats`."""
    results = run_shards(
        directory, hash_units, [HashTask(directory, index, shard, parameters) for index, shard in enumerate(shards)],
        mapper, f"{label}, hashes", stage="units", total=total, unit="documents")
    buckets = max(1, -(-sum(result["units"] for result in results) // BUCKET_UNITS))
    tasks = [BucketTask(directory, index, buckets, len(shards)) for index in range(buckets)]
    run_shards(directory, find_bucket_repeats, tasks, mapper, f"{label}, repeats", stage="repeats")
    return [_path(directory, "repeats", index) for index in range(buckets)]


def read_repeats(paths: Sequence[Path], shard: int) -> np.ndarray:
    """The lines of one shard that go (REPEAT), by row and line."""
    parts = [np.zeros(0, REPEAT)]
    for path in paths:
        repeats = np.load(path, mmap_mode="r")
        parts.append(repeats[slice(*np.searchsorted(repeats["shard"], [shard, shard + 1]))])
    found = np.concatenate(parts)
    return found[np.lexsort((found["unit"], found["row"]))]


def hash_units(task: HashTask) -> ShardResult:
    """Write the shard's units (npy of _UNIT, by hash) and the digests of its pages' URLs (npy, rows x 2)."""
    split = UNITS[task.parameters.unit]
    parts, pages, row = [np.zeros(0, _UNIT)], [np.zeros((0, 2), np.uint64)], 0
    for table in iter_surviving(task.shard, ["id", "url", "text"]):
        pages.append(page_digests(table, task.parameters.url == "normalised"))
        units = [split(text or "") for text in table["text"].to_pylist()]
        numbers = np.array([len(lines) for lines in units], np.int64)
        digests = b"".join(xxhash.xxh3_128_digest(line.encode()) for lines in units for line in lines)
        part = np.zeros(numbers.sum(), _UNIT)
        halves = np.frombuffer(digests, ">u8").reshape(-1, 2)
        part["high"], part["low"] = halves[:, 0], halves[:, 1]
        part["row"] = np.repeat(np.arange(row, row + len(units)), numbers)
        part["unit"] = np.arange(len(part)) - np.repeat(np.cumsum(numbers) - numbers, numbers)
        parts.append(part)
        row += len(units)
        advance(len(units))
    found = np.concatenate(parts)
    found = found[np.argsort(found["high"], kind="stable")]
    paths = _path(task.directory, "units", task.index), _path(task.directory, "pages", task.index)
    _save(paths[0], found)
    _save(paths[1], np.concatenate(pages))
    return {"files": [file_entry(task.directory, path) for path in paths], "units": len(found)}


def find_bucket_repeats(task: BucketTask) -> ShardResult:
    """Of one range of hashes: every occurrence but the one that stays."""
    low, high = (-(-(index << 64) // task.buckets) for index in (task.index, task.index + 1))
    units, shard, pages = [np.zeros(0, _UNIT)], [], [np.zeros((0, 2), np.uint64)]
    for index in range(task.shards):
        every = np.load(_path(task.directory, "units", index), mmap_mode="r")
        begin = np.searchsorted(every["high"], np.uint64(low))
        end = len(every) if high > 2**64 - 1 else np.searchsorted(every["high"], np.uint64(high))
        units.append(every[begin:end])
        shard.append(np.full(end - begin, index, np.uint32))
        pages.append(np.load(_path(task.directory, "pages", index), mmap_mode="r")[units[-1]["row"]])
    unit, page = np.concatenate(units), np.concatenate(pages)
    shard_of = np.concatenate([np.zeros(0, np.uint32), *shard])
    order = np.lexsort((
        unit["unit"], unit["row"], shard_of, page[:, 1], page[:, 0], unit["low"], unit["high"]))
    unit, shard_of = unit[order], shard_of[order]
    new = np.ones(len(unit), bool)
    new[1:] = (unit["high"][1:] != unit["high"][:-1]) | (unit["low"][1:] != unit["low"][:-1])
    keeper = np.maximum.accumulate(np.where(new, np.arange(len(unit)), 0))
    repeats = np.zeros(len(unit), REPEAT)
    repeats["shard"], repeats["row"], repeats["unit"] = shard_of, unit["row"], unit["unit"]
    repeats["local"] = (shard_of == shard_of[keeper]) & (unit["row"] == unit["row"][keeper])
    repeats = repeats[~new]
    path = _path(task.directory, "repeats", task.index)
    _save(path, repeats[np.lexsort((repeats["unit"], repeats["row"], repeats["shard"]))])
    return {"files": [file_entry(task.directory, path)]}


def _lines(text: str) -> list[str]:
    """The lines as they compare: stripped, in lower case."""
    return [line.strip().lower() for line in text.split("\n")]


def _spans(text: str) -> list[str]:
    """Every three consecutive sentences as they compare: in lower case, with single blanks."""
    sentences = [" ".join(sentence.lower().split()) for sentence in punkt.english().sentences(text)]
    return [" ".join(sentences[i : i + SPAN_SENTENCES]) for i in range(len(sentences) - SPAN_SENTENCES + 1)]


UNITS: dict[str, Callable[[str], list[str]]] = {"line": _lines, "span": _spans}


def _path(directory: Path, what: str, index: int) -> Path:
    return work_path(directory, "lines", what, index, "npy")


def _save(path: Path, values: np.ndarray) -> None:
    with atomic_path(path) as temporary, open(temporary, "wb") as file:
        np.save(file, values)
