"""Documents of equal keys, of which one stays: keys are cut into partitions by their hash, and come together there.

In three acts: every shard's keys, by partition; in every partition who leaves for whom, by shard; and every shard's
rows in its own order. What a partition holds is bounded, the number of partitions is not, and neither the order of
shards nor their number changes who stays.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from maslin.curation.dedup.equal.batches import partitions, read_batches, rows_at_most, write_arrow, write_batches
from maslin.curation.dedup.near.outcome import LARGEST, count_sizes, size_classes
from maslin.curation.dedup.near.search import Found, Search
from maslin.curation.dedup.near.sketches import text_hashes, work_path
from maslin.curation.stages import StageShard, iter_surviving
from maslin.manifests.files import file_entry
from maslin.manifests.progress import advance
from maslin.manifests.workspace import ShardResult, run_shards

Earlier = Mapping[str, Sequence[StageShard]]  # shards whose documents all stay, by the name of what they are of

# `low`, `high`: of the key; `date`: of rules that keep the newest; `key`: where the ledger shall tell it.
_KEYS = pa.schema([
    ("high", pa.uint64()), ("low", pa.uint64()), ("id", pa.string()), ("row", pa.int64()), ("date", pa.string()),
    ("key", pa.string())])
_LEAVING = pa.schema([
    ("row", pa.int64()), ("id", pa.string()), ("survivor_id", pa.string()), ("key", pa.string()),
    ("earlier", pa.int64())])
EQUAL = pa.schema([
    ("id", pa.string()), ("survivor_id", pa.string()), ("similarity", pa.float64()), ("equal_text", pa.bool_()),
    ("detail", pa.string()), ("where", pa.string())])


@dataclass(frozen=True)
class Keys:
    """What is compared of a document, and which of those that are equal stays.

    `read(table)` gives the keys of documents of these `columns`, null where a document has none and stays. `words`:
    what the ledger tells of those that are equal, None for the key itself. `newest`: of the documents the one with the
    last `date` stays, of equally new ones the first in the order of the shards; else the one with the smallest id.
    """

    columns: tuple[str, ...]
    read: Callable[[pa.Table], pa.ChunkedArray]
    words: str | None = None
    newest: bool = False


@dataclass(frozen=True)
class KeysTask:
    directory: Path
    output: Path
    shard: StageShard
    keys: Keys
    count: int  # of partitions


@dataclass(frozen=True)
class PartitionTask:
    directory: Path
    output: Path
    partition: int
    inputs: tuple[Path, ...]  # of earlier corpora first
    places: tuple[int, ...]  # for each of these the number of the earlier corpus, and −1 for a shard
    newest: bool
    among: bool


@dataclass(frozen=True)
class GatherTask:
    directory: Path
    output: Path
    number: int
    partitions: tuple[Path, ...]
    earlier: tuple[str, ...]
    words: str | None


def find_by_keys(
    search: Search, shards: Sequence[StageShard], keys: Keys, earlier: Earlier, among: bool = True,
) -> Found:
    """Documents of `shards` to drop, one file (EQUAL) a shard in its order; those of `earlier` all stay.

    A document leaves for one of `earlier`, if there is any; else, `among`, for one of the shards. The summary says how
    many leave (`equal`), and whom most leave for.
    """
    names = tuple(earlier)
    references = [(number, shard) for number, name in enumerate(names) for shard in earlier[name]]
    sources = [*(shard for _, shard in references), *shards]
    count = partitions(rows_at_most(sources))

    def path(what: str, index: int) -> Path:
        return work_path(search.directory, search.stage, what, index, "arrow")

    cut = [KeysTask(search.directory, path("keys", index), shard, keys, count) for index, shard in enumerate(sources)]
    run_shards(search.directory, write_keys, cut, search.mapper, search.label, stage=f"{search.stage}-keys",
               total=search.total, unit="documents")
    compared = [
        PartitionTask(search.directory, path("leaving", partition), partition, tuple(task.output for task in cut),
                      (*(number for number, _ in references), *([-1] * len(shards))), keys.newest, among)
        for partition in range(count)]
    results = run_shards(search.directory, compare_partition, compared, search.mapper, f"{search.label}, compared",
                         stage=f"{search.stage}-leaving")
    gathered = [
        GatherTask(search.directory, path("equal", index), index, tuple(task.output for task in compared), names,
                   keys.words)
        for index in range(len(shards))]
    run_shards(search.directory, gather_shard, gathered, search.mapper, f"{search.label}, gathered",
               stage=f"{search.stage}-equal")
    largest = sorted((each for result in results for each in result["largest"]), key=_by_size)[:LARGEST]
    sizes = sum((np.array(result["sizes"]) for result in results), count_sizes(np.zeros(0, np.int64)))
    return Found([task.output for task in gathered], {
        "equal": sum(result["leaving"] for result in results), "cluster_sizes": size_classes(sizes),
        "largest_clusters": largest})


def _by_size(cluster: Mapping[str, Any]) -> tuple[int, str]:
    return -cluster["documents"], cluster["survivor_id"]


def write_keys(task: KeysTask) -> ShardResult:
    """The keys of a shard, by partition."""
    parts, first = [_KEYS.empty_table()], 0
    for table in iter_surviving(task.shard, ["id", *task.keys.columns, *(["date"] * task.keys.newest)]):
        rows = pa.array(np.arange(first, first + table.num_rows))
        first += table.num_rows
        advance(table.num_rows)
        keys = task.keys.read(table)
        nothing = pa.repeat(pa.scalar(None, pa.string()), table.num_rows)
        found = pa.table([
            *map(pa.array, text_hashes(keys)), table["id"], rows,
            pc.fill_null(table["date"], "") if task.keys.newest else nothing, nothing if task.keys.words else keys,
        ], schema=_KEYS)
        parts.append(found.filter(pc.is_valid(keys)) if keys.null_count else found)
    table = pa.concat_tables(parts)
    write_batches(task.output, table, (table["high"].to_numpy() % np.uint64(task.count)).astype(np.int64), task.count)
    return {"files": [file_entry(task.directory, task.output)]}


def compare_partition(task: PartitionTask) -> ShardResult:
    """Of the keys of a partition that several documents have: who leaves for whom, a batch a shard."""
    tables = [read_batches([path], task.partition, _KEYS) for path in task.inputs]
    rows = pa.concat_tables(tables)
    sizes = [table.num_rows for table in tables]
    source = np.repeat(np.arange(len(sizes)), sizes)
    several = np.flatnonzero(_shared(rows["high"].to_numpy(), rows["low"].to_numpy()))
    rows, source = rows.take(pa.array(several)), source[several]
    earlier = np.array(task.places, np.int64)[source] if len(source) else np.zeros(0, np.int64)
    rows = rows.append_column("source", pa.array(source)).append_column("new", pa.array((earlier < 0).astype(np.int8)))
    turn = [("date", "descending"), ("source", "ascending"), ("row", "ascending")] if task.newest else [
        ("id", "ascending"), ("source", "ascending"), ("row", "ascending")]
    order = pc.sort_indices(rows, [(name, "ascending") for name in ("high", "low", "new")] + turn).to_numpy()
    high, low = (rows[name].to_numpy()[order] for name in ("high", "low"))
    survivor = order[_first_of_equal(high, low)] if len(order) else order
    leaves = (earlier[order] < 0) & (survivor != order)
    if not task.among:
        leaves &= earlier[survivor] >= 0
    left, stays = order[leaves], survivor[leaves]
    names = rows["id"].take(pa.array(stays))
    leaving = pa.table(
        [rows["row"].take(pa.array(left)), rows["id"].take(pa.array(left)), names, rows["key"].take(pa.array(left)),
         earlier[stays]], schema=_LEAVING)
    shards = task.places.count(-1)
    write_batches(task.output, leaving, source[left] - (len(task.places) - shards), shards)
    counted = pc.value_counts(names.combine_chunks())
    clusters = [{"survivor_id": each["values"], "documents": each["counts"]} for each in counted.to_pylist()]
    return {"files": [file_entry(task.directory, task.output)], "leaving": len(left),
            "sizes": count_sizes(counted.field("counts").to_numpy() + 1).tolist(),
            "largest": sorted(clusters, key=_by_size)[:LARGEST]}


def _shared(high: np.ndarray, low: np.ndarray) -> np.ndarray:
    """bool: which of these keys (two uint64 arrays) are there more than once."""
    order = np.argsort(high, kind="stable")
    ordered = high[order]
    same = ordered[1:] == ordered[:-1]
    if same.any():  # few: the other half decides among them
        order = np.lexsort((low, high))
        same = (high[order[1:]] == high[order[:-1]]) & (low[order[1:]] == low[order[:-1]])
    shared = np.zeros(len(high), bool)
    shared[order[1:][same]] = True
    shared[order[:-1][same]] = True
    return shared


def _first_of_equal(high: np.ndarray, low: np.ndarray) -> np.ndarray:
    """For each place in sorted keys the first place of the same key."""
    new = np.ones(len(high), bool)
    new[1:] = (high[1:] != high[:-1]) | (low[1:] != low[:-1])
    return np.maximum.accumulate(np.where(new, np.arange(len(high)), 0))


def gather_shard(task: GatherTask) -> ShardResult:
    """Who leaves a shard, in its order."""
    found = read_batches(task.partitions, task.number, _LEAVING)
    found = found.take(pc.sort_indices(found["row"]))
    rows = found.num_rows
    names = pa.array([*task.earlier, None], pa.string())  # −1 is the last one
    where = names.take(pa.array(found["earlier"].to_numpy() % len(names)))
    words = pc.fill_null(found["key"], task.words) if task.words else found["key"]
    write_arrow(task.output, pa.table(
        [found["id"], found["survivor_id"], np.ones(rows), np.ones(rows, bool), words, where], schema=EQUAL))
    return {"files": [file_entry(task.directory, task.output)]}
