"""Units of documents (lines, spans, windows of words) that stand several times in a corpus, found by their hashes.

The units of a shard are written in *pieces* of about `PIECE_UNITS`, each sorted by hash. *Buckets* of about
`BUCKET_UNITS`, a range of hashes each, say which units are repeated, and where each stands first. A bucket takes from a
piece one entry a hash, so that a unit that stands a million times costs it as many entries as it is in pieces. Nothing
found depends on pieces, buckets or shards: the first is the first in the order of documents that the caller gives.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from maslin.curation.dedup.sketches import work_path
from maslin.manifests.files import atomic_path, file_entry
from maslin.manifests.workspace import Mapper, ShardResult, run_shards

PIECE_UNITS = 1 << 22
BUCKET_UNITS = 1 << 21
# A unit of a shard: hash, row of its document among the shard's survivors, and which of the document's it is.
UNIT = np.dtype([("high", "<u8"), ("low", "<u8"), ("row", "<u4"), ("unit", "<u4")])
# The first of a piece's equal units: the shard and the number of the piece among all, where it is in the piece, and how
# many of them follow one another there.
_HEAD = np.dtype([*UNIT.descr, ("shard", "<u4"), ("piece", "<u4"), ("begin", "<u4"), ("count", "<u4")])
_PLACE = [("first_shard", "<u4"), ("first_row", "<u4"), ("first_unit", "<u4")]
_REPEATED = np.dtype([("piece", "<u4"), ("begin", "<u4"), ("count", "<u4"), *_PLACE])
# A unit that stands several times, and where it does so first, which may be here.
OCCURRENCE = np.dtype([("row", "<u4"), ("unit", "<u4"), *_PLACE])


class UnitWriter:
    """Writes the units of a shard, and the order of its documents."""

    def __init__(self, directory: Path, stage: str, shard: int) -> None:
        self._directory, self._stage, self._shard = directory, stage, shard
        self._waiting: list[np.ndarray] = []
        self._orders: list[np.ndarray] = []  # of documents in no piece yet
        self._finished: list[np.ndarray] = []  # orders of those that are
        self._rows = self._written = 0
        self._files: list[Path] = []
        self._pieces: list[int] = []

    def add(self, units: np.ndarray, order: np.ndarray) -> None:
        """Units (UNIT) of the shard's next documents, by row, counted from the first of these, and by unit.

        `order` uint64 (documents, columns): what documents are ordered by; equal ones by shard and row.
        """
        units["row"] += np.uint32(self._rows)
        self._waiting.append(units)
        self._orders.append(order)
        self._rows += len(order)
        if sum(map(len, self._waiting)) >= PIECE_UNITS:
            self._write_piece()

    def finish(self) -> ShardResult:
        """Write what is left; what `find_repeats` wants of the shard."""
        if self._waiting:
            self._write_piece()
        path = _order_path(self._directory, self._stage, self._shard)
        save_array(path, np.concatenate(self._finished) if self._finished else np.zeros((0, 0), np.uint64))
        return {"files": [file_entry(self._directory, each) for each in (*self._files, path)], "pieces": self._pieces}

    def _write_piece(self) -> None:
        units, order = np.concatenate(self._waiting), np.concatenate(self._orders)
        # Documents in their order, then units as they lie: a stable sort by hash leaves equal ones in that order.
        documents = np.lexsort(order.T[::-1]) if order.shape[1] else np.arange(len(order))
        numbers = np.bincount(units["row"] - np.uint32(self._rows - len(order)), minlength=len(order))
        begins, sizes = np.cumsum(numbers) - numbers, numbers[documents]
        arranged = np.repeat(begins[documents] - (np.cumsum(sizes) - sizes), sizes) + np.arange(len(units))
        arranged = arranged[np.argsort(units["high"][arranged], kind="stable")]
        units = units[arranged]
        if np.any((units["high"][1:] == units["high"][:-1]) & (units["low"][1:] != units["low"][:-1])):
            units = units[np.lexsort((units["low"], units["high"]))]
        path = _piece_path(self._directory, self._stage, self._shard, len(self._pieces))
        save_array(path, units)
        self._files.append(path)
        self._pieces.append(len(units))
        self._finished += self._orders
        self._waiting, self._orders = [], []


@dataclass(frozen=True)
class Repeats:
    """What was found; `pieces`: how many each shard has."""

    directory: Path
    stage: str
    pieces: tuple[int, ...]
    buckets: int

    def of_shard(self, shard: int) -> Iterator[np.ndarray]:
        """Of each piece of a shard, one after the other, every repeated unit (OCCURRENCE, by row and unit)."""
        for piece in range(self.pieces[shard]):
            units = np.load(_piece_path(self.directory, self.stage, shard, piece), mmap_mode="r")
            number = sum(self.pieces[:shard]) + piece
            parts = [np.zeros(0, _REPEATED)]
            for bucket in range(self.buckets):
                repeated = np.load(_bucket_path(self.directory, self.stage, bucket), mmap_mode="r")
                parts.append(repeated[begin_of(repeated["piece"], number):begin_of(repeated["piece"], number + 1)])
            repeated = np.concatenate(parts)
            count = repeated["count"].astype(np.int64)
            before = np.repeat(repeated["begin"] - (np.cumsum(count) - count), count)
            here = units[before + np.arange(len(before))]
            order = np.argsort(here["row"].astype(np.uint64) << np.uint64(32) | here["unit"])
            found = np.empty(len(here), OCCURRENCE)
            found["row"], found["unit"] = here["row"][order], here["unit"][order]
            for name, _ in _PLACE:
                found[name] = np.repeat(repeated[name], count)[order]
            yield found

    def order(self, shard: int) -> np.ndarray:
        """uint64 (documents, columns): what the documents of a shard are ordered by."""
        return np.load(_order_path(self.directory, self.stage, shard), mmap_mode="r")


@dataclass(frozen=True)
class BucketTask:
    directory: Path
    stage: str
    index: int
    buckets: int
    pieces: tuple[int, ...]


def find_repeats(
    directory: Path, stage: str, shards: Sequence[ShardResult], mapper: Mapper, label: str,
) -> Repeats:
    """The units that stand several times in `shards`, as `UnitWriter.finish` told of each."""
    pieces = tuple(len(shard["pieces"]) for shard in shards)
    buckets = max(1, -(-sum(sum(shard["pieces"]) for shard in shards) // BUCKET_UNITS))
    tasks = [BucketTask(directory, stage, index, buckets, pieces) for index in range(buckets)]
    run_shards(directory, find_bucket_repeats, tasks, mapper, label, stage=f"{stage}-repeats")
    return Repeats(directory, stage, pieces, buckets)


def find_bucket_repeats(task: BucketTask) -> ShardResult:
    """Write which units of one range of hashes are repeated (npy of _REPEATED, by piece)."""
    low, high = (-(-(index << 64) // task.buckets) for index in (task.index, task.index + 1))
    heads, number = [np.zeros(0, _HEAD)], 0
    for shard, pieces in enumerate(task.pieces):
        for piece in range(pieces):
            units = np.load(_piece_path(task.directory, task.stage, shard, piece), mmap_mode="r")
            heads.append(_heads(units, begin_of(units["high"], low), begin_of(units["high"], high), shard, number))
            number += 1
    found = np.concatenate(heads)
    by_hash = np.argsort(found["high"])
    found = found[by_hash[_several(found["high"][by_hash], found["count"][by_hash])]]
    order = _orders(task, found)
    found = found[np.lexsort((
        found["unit"], found["row"], found["shard"], *order.T[::-1], found["low"], found["high"]))]
    new = np.ones(len(found), bool)
    new[1:] = (found["high"][1:] != found["high"][:-1]) | (found["low"][1:] != found["low"][:-1])
    first = found[np.maximum.accumulate(np.where(new, np.arange(len(found)), 0))]
    alone = new & np.append(new[1:], True) & (found["count"] == 1)  # only the upper halves of two hashes are equal
    repeated = np.zeros(len(found), _REPEATED)
    for name in ("piece", "begin", "count"):
        repeated[name] = found[name]
    for name in ("shard", "row", "unit"):
        repeated[f"first_{name}"] = first[name]
    repeated = repeated[~alone]
    path = _bucket_path(task.directory, task.stage, task.index)
    save_array(path, repeated[np.lexsort((repeated["begin"], repeated["piece"]))])
    return {"files": [file_entry(task.directory, path)]}


def _heads(units: np.ndarray, begin: int, end: int, shard: int, number: int) -> np.ndarray:
    """The first of each equal ones of a piece between two places."""
    high, low = units["high"][begin:end], units["low"][begin:end]
    new = np.ones(len(high), bool)
    new[1:] = (high[1:] != high[:-1]) | (low[1:] != low[:-1])
    places = np.flatnonzero(new)
    heads = np.empty(len(places), _HEAD)
    for name in UNIT.names or ():
        heads[name] = units[name][begin:end][places]
    heads["shard"], heads["piece"], heads["begin"] = shard, number, places + begin
    heads["count"] = np.diff(places, append=len(high))
    return heads


def _several(hashes: np.ndarray, count: np.ndarray) -> np.ndarray:
    """bool: which of these, by hash, stand for more than one unit or are beside an equal one."""
    several = count > 1
    same = hashes[1:] == hashes[:-1]
    several[1:] |= same
    several[:-1] |= same
    return several


def _orders(task: BucketTask, heads: np.ndarray) -> np.ndarray:
    """uint64 (heads, columns): what their documents are ordered by."""
    orders = np.zeros((len(heads), 0), np.uint64)
    for shard in np.unique(heads["shard"]).tolist():
        order = np.load(_order_path(task.directory, task.stage, shard), mmap_mode="r")
        if orders.shape[1] != order.shape[1]:
            orders = np.zeros((len(heads), order.shape[1]), np.uint64)
        mine = np.flatnonzero(heads["shard"] == shard)
        orders[mine] = order[heads["row"][mine]]
    return orders


def begin_of(values: np.ndarray, value: int) -> int:
    """Where values from this one on begin in a file of ascending ones, of which only a few pages are read."""
    return bisect_left(range(len(values)), value, key=lambda place: int(values[place]))


def save_array(path: Path, values: np.ndarray) -> None:
    with atomic_path(path) as temporary, open(temporary, "wb") as file:
        np.save(file, values)


def _piece_path(directory: Path, stage: str, shard: int, piece: int) -> Path:
    return work_path(directory, stage, f"units-{shard:05d}", piece, "npy")


def _order_path(directory: Path, stage: str, shard: int) -> Path:
    return work_path(directory, stage, "order", shard, "npy")


def _bucket_path(directory: Path, stage: str, bucket: int) -> Path:
    return work_path(directory, stage, "repeated", bucket, "npy")
