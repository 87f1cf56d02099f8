"""How many documents left as duplicates of each that stays, over all stages of a corpus, from their ledgers.

Who left for one that left itself, in a later stage, is counted for the one that stayed in the end. Rows are cut by the
hash of the id they have to meet, so that a part of them is in memory at a time: stage by stage, what each document that
leaves stood for goes to whom it leaves for; then every count goes to the part that its document lies in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from maslin.curation.dedup.equal.batches import partition_of, partitions, read_batches, write_batches
from maslin.manifests.counts import add
from maslin.manifests.files import file_entry
from maslin.manifests.manifest import Manifest
from maslin.manifests.recipe.earlier import IN_EARLIER
from maslin.manifests.steps.dedup import COUNTED, NEAR_DEDUP
from maslin.manifests.tables import iter_tables
from maslin.manifests.workspace import SHARD_MARKERS, Mapper, ShardResult, run_shards

_EDGES = pa.schema([
    ("id", pa.string()), ("survivor_id", pa.string()), ("duplicates", pa.int64()), ("others", pa.int64())])
_NUMBERS = pa.schema([("id", pa.string()), ("duplicates", pa.int64()), ("others", pa.int64())])
_IDS = pa.schema([("id", pa.string()), ("part", pa.int64())])


@dataclass(frozen=True)
class Counted:
    """What is counted for the documents of a part: `read_counts`."""

    paths: tuple[Path, ...]
    part: int


@dataclass(frozen=True)
class _Task:
    directory: Path
    output: Path
    index: int  # of the part or the partition
    inputs: tuple[Path, ...]
    before: tuple[Path, ...] = ()
    batches: int = 1
    against: bool = False


def count_duplicates(
    directory: Path, ledgers: Sequence[Manifest], documents: Sequence[Path], mapper: Mapper, label: str,
) -> list[Counted]:
    """For every part of `documents` what is counted of them; `ledgers`: of the dedup stages, in their order."""
    count = partitions(sum(manifest.counted().dropped_in_all for manifest in ledgers))

    def path(stage: str, index: int) -> Path:
        return directory / SHARD_MARKERS / f"{stage}-{index:05d}.arrow"

    def run(function, stage: str, tasks: list[_Task]) -> tuple[Path, ...]:
        run_shards(directory, function, tasks, mapper, label, stage=stage)
        return tuple(task.output for task in tasks)

    numbers: tuple[Path, ...] = ()
    for number, manifest in enumerate(ledgers):
        against = any("against" in entry["parameters"] for entry in manifest.parameters["steps"])
        cut, summed = f"left-{number}", f"stands-for-{number}"
        edges = run(_edges, cut, [
            _Task(directory, path(cut, index), index, (part,), (), count, against)
            for index, part in enumerate(manifest.parts("ledger"))])
        numbers += run(_hand_on, summed, [
            _Task(directory, path(summed, index), index, edges, numbers, count) for index in range(count)])
    ids = run(_ids, "counted-ids", [
        _Task(directory, path("counted-ids", index), index, (part,), (), count)
        for index, part in enumerate(documents)])
    found = run(_to_parts, "counted", [
        _Task(directory, path("counted", index), index, ids, numbers, len(documents)) for index in range(count)])
    return [Counted(found, part) for part in range(len(documents))]


def read_counts(counted: Counted, ids: pa.ChunkedArray) -> tuple[pa.ChunkedArray, pa.ChunkedArray]:
    """`duplicates` and `cluster_size` (int64) of documents of the part."""
    table = read_batches(counted.paths, counted.part, _NUMBERS)
    places = pc.index_in(ids, value_set=table["id"])
    duplicates, others = (pc.fill_null(table[name].take(places), 0) for name in ("duplicates", "others"))
    return duplicates, pc.add(others, 1)


def _edges(task: _Task) -> ShardResult:
    """Who left for whom in a part, by the hash of who left."""
    parts = [_EDGES.empty_table()]
    for rows in iter_tables(task.inputs, ["id", "survivor_id", "step", "detail"]):
        there = pc.is_valid(rows["survivor_id"])
        if task.against:
            there = pc.and_(there, pc.invert(pc.fill_null(pc.match_substring_regex(
                rows["detail"], IN_EARLIER), False)))  # the one that stays is not among ours
        rows = rows.filter(there)
        counted = pc.is_in(rows["step"], value_set=pa.array(COUNTED))
        other = pc.and_(pc.equal(rows["step"], NEAR_DEDUP.name),
                        pc.fill_null(pc.not_equal(rows["detail"], "equal text"), True))
        parts.append(pa.table([
            rows["id"], rows["survivor_id"], pc.cast(counted, pa.int64()), pc.cast(other, pa.int64())], schema=_EDGES))
    table = pa.concat_tables(parts)
    write_batches(task.output, table, partition_of(table["id"], task.batches), task.batches)
    return {"files": [file_entry(task.directory, task.output)]}


def _hand_on(task: _Task) -> ShardResult:
    """What each that left stood for, itself and those that had left for it, for the one it left for."""
    edges = read_batches(task.inputs, task.index, _EDGES)
    before = _summed(read_batches(task.before, task.index, _NUMBERS))
    places = pc.index_in(edges["id"], value_set=before["id"])
    handed = [pc.add(edges[name], pc.fill_null(before[name].take(places), 0)) for name in ("duplicates", "others")]
    table = _summed(pa.table([edges["survivor_id"], *handed], schema=_NUMBERS))
    write_batches(task.output, table, partition_of(table["id"], task.batches), task.batches)
    return {"files": [file_entry(task.directory, task.output)]}


def _ids(task: _Task) -> ShardResult:
    ids = pa.concat_tables([pa.schema([("id", pa.string())]).empty_table(), *iter_tables(task.inputs, ["id"])])["id"]
    table = pa.table([ids, pa.repeat(pa.scalar(task.index), len(ids))], schema=_IDS)
    write_batches(task.output, table, partition_of(ids, task.batches), task.batches)
    return {"files": [file_entry(task.directory, task.output)]}


def _to_parts(task: _Task) -> ShardResult:
    """The numbers of a partition, by the part that their documents lie in."""
    numbers = _summed(read_batches(task.before, task.index, _NUMBERS))
    ids = read_batches(task.inputs, task.index, _IDS)
    ids = ids.filter(pc.is_in(ids["id"], value_set=numbers["id"]))
    table = numbers.take(pc.index_in(ids["id"], value_set=numbers["id"]))
    write_batches(task.output, table, ids["part"].to_numpy(), task.batches)
    return {"files": [file_entry(task.directory, task.output)]}


def _summed(numbers: pa.Table) -> pa.Table:
    """One row an id, in ascending ids."""
    found = numbers.group_by("id").aggregate([("duplicates", "sum"), ("others", "sum")]).sort_by("id")
    return pa.table([found["id"], found["duplicates_sum"], found["others_sum"]], schema=_NUMBERS)


def note_in(histogram: dict[str, int], duplicates: np.ndarray) -> None:
    """Add how many of these counts are 0, 1, 2 to 3, 4 to 7 and so on: `{"0": 90, "1": 5, "2-3": 1}`."""
    bits = np.ceil(np.log2(duplicates + 1)).astype(np.int64)  # 0 for 0, 1 for 1, 2 for 2 and 3
    for number, count in zip(*map(np.ndarray.tolist, np.unique(bits, return_counts=True)), strict=True):
        add(histogram, str(number) if number < 2 else f"{1 << (number - 1)}-{(1 << number) - 1}", count)
