"""Units of documents (lines, spans, windows of words) that stand several times in a corpus, found by their hashes.

The units of a shard are written in *pieces*, each sorted by hash; *buckets*, a range of hashes each, say which units
are repeated, and where each stands first. Both are as large as a task may hold at once. A bucket takes from a piece one
entry a hash, so that a unit that stands a million times costs it as many entries as it is in pieces. Nothing found
depends on pieces, buckets or shards: the first is the first in the order of documents that the caller gives.

Units are columns, uint64 (3, units): the upper and the lower half of the hash, and the *place*, `places`. numpy sorts
plain numbers ten times as fast as it finds the order of some, so numbers are sorted with where they were in their low
bits.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from maslin.curation.dedup.near.sketches import work_path
from maslin.manifests.files import atomic_path, file_entry
from maslin.manifests.identity import digest
from maslin.manifests.workspace import Mapper, ShardResult, run_shards

UNIT_BYTES, HEAD_BYTES = 128, 256  # about what a task holds at once for each unit of a piece, or of a bucket
_HALF = np.uint64(32)


def places(rows: np.ndarray, units: np.ndarray) -> np.ndarray:
    """uint64: the row of a document among the shard's survivors, and which of the document's units it is."""
    return rows.astype(np.uint64) << _HALF | units.astype(np.uint64)


def rows_of(places: np.ndarray) -> np.ndarray:
    """int64."""
    return (places >> _HALF).astype(np.int64)


def units_of(places: np.ndarray) -> np.ndarray:
    """int64."""
    return (places & np.uint64(0xFFFFFFFF)).astype(np.int64)


@dataclass(frozen=True)
class Occurrences:
    """Units that stand several times, by place, and where each does so first, which may be there: uint64 (units)."""

    places: np.ndarray
    first_shards: np.ndarray
    first_places: np.ndarray


class UnitWriter:
    """Writes the units of a shard, and the order of its documents."""

    def __init__(self, directory: Path, stage: str, shard: int, memory_bytes: int) -> None:
        self._directory, self._stage, self._shard = directory, stage, shard
        self._most = memory_bytes // UNIT_BYTES
        self._waiting: list[np.ndarray] = []
        self._orders: list[np.ndarray] = []  # of documents in no piece yet
        self._finished: list[np.ndarray] = []  # orders of those that are
        self._rows = self._units = 0
        self._files: list[Path] = []
        self._pieces: list[int] = []

    def add(self, high: np.ndarray, low: np.ndarray, places: np.ndarray, order: np.ndarray) -> None:
        """Units of the shard's next documents, by place, with rows counted from the first of these.

        `order` uint64 (documents, columns): what documents are ordered by; equal ones by shard and row.
        """
        self._waiting.append(np.stack([high, low, places + (np.uint64(self._rows) << _HALF)]))
        self._orders.append(order)
        self._rows += len(order)
        self._units += len(high)
        if self._units >= self._most:
            self._write_piece()

    def finish(self) -> ShardResult:
        """Write what is left; what `find_repeats` wants of the shard."""
        if self._waiting:
            self._write_piece()
        path = _order_path(self._directory, self._stage, self._shard)
        save_array(path, np.concatenate(self._finished) if self._finished else np.zeros((0, 0), np.uint64))
        return {"files": [file_entry(self._directory, each) for each in (*self._files, path)], "pieces": self._pieces}

    def _write_piece(self) -> None:
        units, order = np.concatenate(self._waiting, axis=1), np.concatenate(self._orders)
        # Documents in their order, then units as they lie: sorted by hash, equal ones stay in that order.
        numbers = np.bincount(rows_of(units[2]) - (self._rows - len(order)), minlength=len(order))
        documents = np.lexsort(order.T[::-1]) if order.shape[1] else np.arange(len(order))
        begins, sizes = np.cumsum(numbers) - numbers, numbers[documents]
        arranged = np.repeat(begins[documents] - (np.cumsum(sizes) - sizes), sizes) + np.arange(units.shape[1])
        arranged = arranged[_by_hash(units[0][arranged], units[1][arranged])]
        path = _piece_path(self._directory, self._stage, self._shard, len(self._pieces))
        save_array(path, np.stack([column[arranged] for column in units]))
        self._files.append(path)
        self._pieces.append(units.shape[1])
        self._finished += self._orders
        self._waiting, self._orders, self._units = [], [], 0


@dataclass(frozen=True)
class Repeats:
    """What was found; `pieces`: how many each shard has; `cut`: a digest of how units were cut."""

    directory: Path
    stage: str
    pieces: tuple[int, ...]
    buckets: int
    cut: str

    def of_shard(self, shard: int) -> Iterator[Occurrences]:
        """Every repeated unit of each piece of a shard; documents of one piece come before those of the next."""
        for piece in range(self.pieces[shard]):
            units = np.load(_piece_path(self.directory, self.stage, shard, piece), mmap_mode="r")
            number = sum(self.pieces[:shard]) + piece
            parts = [np.zeros((5, 0), np.uint64)]
            for bucket in range(self.buckets):
                repeated = np.load(_bucket_path(self.directory, self.stage, self.cut, bucket), mmap_mode="r")
                parts.append(repeated[:, slice(*np.searchsorted(repeated[0], np.array([number, number + 1], "<u8")))])
            _, begin, count, first_shard, first_place = np.concatenate(parts, axis=1)
            count = count.astype(np.int64)
            heads = np.repeat(np.arange(len(count)), count)
            before = begin.astype(np.int64) - (np.cumsum(count) - count)
            found = units[2][before[heads] + np.arange(len(heads))]
            order = _by_place(found)
            heads = heads[order]
            yield Occurrences(found[order], first_shard[heads], first_place[heads])

    def order(self, shard: int) -> np.ndarray:
        """uint64 (documents, columns): what the documents of a shard are ordered by."""
        return np.load(_order_path(self.directory, self.stage, shard), mmap_mode="r")


@dataclass(frozen=True)
class BucketTask:
    directory: Path
    stage: str
    index: int
    buckets: int
    cut: str
    pieces: tuple[int, ...]


def find_repeats(
    directory: Path, stage: str, shards: Sequence[ShardResult], memory_bytes: int, mapper: Mapper, label: str,
) -> Repeats:
    """The units that stand several times in `shards`, as `UnitWriter.finish` told of each.

    `memory_bytes` is about what a task may hold at once; work that went on with another is not mixed up.
    """
    pieces = [shard["pieces"] for shard in shards]
    buckets = max(1, -(-sum(map(sum, pieces)) * HEAD_BYTES // memory_bytes))
    repeats = Repeats(directory, stage, tuple(map(len, pieces)), buckets, digest([pieces, buckets]))
    tasks = [BucketTask(directory, stage, index, buckets, repeats.cut, repeats.pieces) for index in range(buckets)]
    run_shards(directory, find_bucket_repeats, tasks, mapper, label, stage=f"{stage}-repeats-{repeats.cut}")
    return repeats


def find_bucket_repeats(task: BucketTask) -> ShardResult:
    """Write which units of one range of hashes are repeated.

    Uint64 (5, heads), by piece: the piece, where in it equal units begin, how many follow one another there, and the
    shard and the place where they stand first.
    """
    edges = [-(-(index << 64) // task.buckets) for index in (task.index, task.index + 1)]
    heads, number = [np.zeros((6, 0), np.uint64)], 0
    for shard, pieces in enumerate(task.pieces):
        for piece in range(pieces):
            units = np.load(_piece_path(task.directory, task.stage, shard, piece), mmap_mode="r")
            begin, end = (_begin(units[0], edge) for edge in edges)
            heads.append(_heads(units[:, begin:end], begin, number))
            number += 1
    high, low, place, piece, begin, count = np.concatenate(heads, axis=1)
    order = _by_hash((high - np.uint64(edges[0])) << np.uint64(task.buckets.bit_length() - 1), low)
    new = _begins(high[order], low[order])
    starts = np.flatnonzero(new)
    several = (np.diff(starts, append=len(order)) > 1) | (count[order[starts]] > 1)
    order, new = order[several[np.cumsum(new) - 1]], new[several[np.cumsum(new) - 1]]
    first_shard, first_place = np.zeros(len(high), np.uint64), np.zeros(len(high), np.uint64)
    if len(order):
        shard = np.repeat(np.arange(len(task.pieces)), task.pieces)[piece[order].astype(np.int64)]
        firsts = _firsts(task, shard, place[order], np.flatnonzero(new))
        of = np.cumsum(new) - 1
        first_shard[order], first_place[order] = (each[of] for each in firsts)
    chosen = np.sort(order)  # as they came, by piece
    path = _bucket_path(task.directory, task.stage, task.cut, task.index)
    save_array(path, np.stack([each[chosen] for each in (piece, begin, count, first_shard, first_place)]))
    return {"files": [file_entry(task.directory, path)]}


def _heads(units: np.ndarray, begin: int, number: int) -> np.ndarray:
    """The first of equal ones in a part of a piece: uint64 (6, heads), the unit, the piece, where in it, how many."""
    heads = np.flatnonzero(_begins(units[0], units[1]))
    numbers = np.diff(heads, append=units.shape[1])
    # Apart from the hashes: numbers with and without signs together become floats, which hold no hash.
    told = np.stack([np.full(len(heads), number), heads + begin, numbers]).astype(np.uint64)
    return np.concatenate([units[:, heads], told])


def _begins(high: np.ndarray, low: np.ndarray) -> np.ndarray:
    """bool: of sorted hashes, which differ from the one before."""
    new = np.ones(len(high), bool)
    new[1:] = (high[1:] != high[:-1]) | (low[1:] != low[:-1])
    return new


def _firsts(task: BucketTask, shard: np.ndarray, place: np.ndarray, starts: np.ndarray) -> tuple[np.ndarray, ...]:
    """(shards, places) of the first of each group of units, which begin at `starts`."""
    keys = places(shard, rows_of(place))
    distinct = np.sort(keys)
    distinct = distinct[np.append(True, distinct[1:] != distinct[:-1])]
    ranked = np.lexsort(_orders(task, distinct).T[::-1])
    rank = np.empty(len(distinct), np.uint64)
    rank[ranked] = np.arange(len(distinct))
    first = np.minimum.reduceat(places(rank[np.searchsorted(distinct, keys)], units_of(place)), starts)
    document = distinct[ranked[rows_of(first)]]
    return rows_of(document), places(units_of(document), units_of(first))


def _orders(task: BucketTask, documents: np.ndarray) -> np.ndarray:
    """uint64 (documents, columns): what documents (shard and row as a place, ascending) are ordered by.

    The last column is their place in the order of shards and rows.
    """
    shards, parts = rows_of(documents), []
    for shard in sorted(set(shards.tolist())):
        mine = documents[slice(*np.searchsorted(shards, [shard, shard + 1]))]
        parts.append(np.load(_order_path(task.directory, task.stage, shard), mmap_mode="r")[units_of(mine)])
    return np.column_stack([np.concatenate(parts), np.arange(len(documents), dtype=np.uint64)])


def _begin(values: np.ndarray, value: int) -> int:
    """Where values from this one on begin among ascending ones."""
    return len(values) if value >> 64 else int(np.searchsorted(values, np.uint64(value)))


def _by_place(places: np.ndarray) -> np.ndarray:
    """The order of different places."""
    rows, units = rows_of(places), units_of(places)
    if not len(places):
        return np.zeros(0, np.int64)
    least, width = rows.min(), int(units.max()) + 1
    if (int(rows.max() - least) + 1) * width >> 64 - len(places).bit_length():
        return np.argsort(places)
    return _sorted_with_places(((rows - least) * width + units).astype(np.uint64))


def _by_hash(high: np.ndarray, low: np.ndarray) -> np.ndarray:
    """The order of hashes; equal ones as they lie."""
    bits = np.uint64(len(high).bit_length())
    order = _sorted_with_places(high >> bits)
    high, low = high[order], low[order]
    alike = high[1:] >> bits == high[:-1] >> bits
    unlike = np.flatnonzero(alike & ((high[1:] != high[:-1]) | (low[1:] != low[:-1])))
    if len(unlike):  # a few, whose upper bits alone were equal
        starts = np.flatnonzero(np.append(True, ~alike))
        for start in dict.fromkeys((np.searchsorted(starts, unlike, side="right") - 1).tolist()):
            part = slice(starts[start], starts[start + 1] if start + 1 < len(starts) else len(high))
            order[part] = order[part][np.lexsort((low[part], high[part]))]
    return order


def _sorted_with_places(values: np.ndarray) -> np.ndarray:
    """The order of numbers, equal ones as they lie, whose upper bits leave room for where each lies."""
    bits = np.uint64(len(values).bit_length())
    joined = np.sort(values << bits | np.arange(len(values), dtype=np.uint64))
    return (joined & (np.uint64(1) << bits) - np.uint64(1)).astype(np.int64)


def save_array(path: Path, values: np.ndarray) -> None:
    with atomic_path(path) as temporary, open(temporary, "wb") as file:
        np.save(file, values)


def _piece_path(directory: Path, stage: str, shard: int, piece: int) -> Path:
    return work_path(directory, stage, f"units-{shard:05d}", piece, "npy")


def _order_path(directory: Path, stage: str, shard: int) -> Path:
    return work_path(directory, stage, "order", shard, "npy")


def _bucket_path(directory: Path, stage: str, cut: str, bucket: int) -> Path:
    return work_path(directory, stage, f"repeated-{cut}", bucket, "npy")
