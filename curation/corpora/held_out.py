"""Held-out documents: chosen once per source by duplicate group, then made into one evaluation domain per corpus.

A group (equal texts and verified near-duplicates, connected) is held out as a whole, so that no training document
resembles one it is scored on. The draw is a hash of (seed, group), before any corpus's steps: all arms are scored on
the same documents. Each says which site or repository it is of, since these rise and fall together in a score; where
the recipe asks for it, whole sites or repositories are drawn in the place of groups (units.py).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from maslin.curation.corpora.segment import check_answers, curate_table, measured, signals_schema, sum_own
from maslin.curation.corpora.units import MEASURED, draw, measure, site_of, unit_of
from maslin.curation.dedup.build import ledger_rows
from maslin.curation.dedup.near.outcome import GROUPS
from maslin.curation.dedup.near.search import Search, find_groups, read_found
from maslin.curation.stages import StageShard, iter_surviving, surviving
from maslin.manifests.counts import add, sum_counts
from maslin.manifests.identity import hash_unit
from maslin.manifests.manifest import Manifest
from maslin.manifests.progress import advance
from maslin.manifests.steps.dedup import NEAR_DEDUP
from maslin.manifests.steps.spec import Origins
from maslin.manifests.tables import (
    DOCUMENTS,
    EDITS,
    LEDGER,
    SPLIT,
    SPLIT_PATH,
    UNITS_PATH,
    TableWriter,
    iter_tables,
    part_name,
    read_table,
    write_table,
)
from maslin.manifests.workspace import SHARD_MARKERS, Mapper, ShardResult, Step, Workspace, commit, run_shards

HELD_OUT_DOCUMENTS = pa.schema([*DOCUMENTS, SPLIT.field("split"), SPLIT.field("group"), ("site", pa.string())])
_TABLES = ("documents", "ledger", "signals", "edits")


def build_split(step: Step, workspace: Workspace, mapper: Mapper) -> Manifest:
    """Build `split/part-00000.parquet`: id, group and part (validation or test) of every held-out document, by id.

    With the parameter `by`, site or repository, `units/part-00000.parquet` beside it tells what was drawn. Both parts
    are then of the same units: who confirms a choice on the test part does so on other documents of them.
    """
    directory = workspace.path(step)
    documents = step.inputs["documents"]
    assert isinstance(documents, Step)
    total = workspace.manifest(documents).counted().kept
    search = Search(
        directory, "split", mapper, f"{step.name}: duplicate groups", total, memory_bytes=workspace.task_memory_bytes)
    shards = surviving(documents, workspace)
    found = find_groups(
        search, shards, NEAR_DEDUP.decode(step.parameters["near_dedup"]).near,
        step.parameters.get("variants", False))
    seed, fraction, test_share = (step.parameters[key] for key in ("seed", "fraction", "test_share"))
    by, drawn = step.parameters.get("by"), None
    if by is not None:
        its = pa.concat_tables([MEASURED.empty_table(), *measure(
            directory, shards, by, mapper, f"{step.name}: {by} of each document", total)])
        groups = pa.concat_tables([GROUPS.empty_table(), *map(read_found, found.paths)])["group"]
        drawn = draw(its["unit"], its["bytes"].to_numpy(), groups, by, seed, fraction, step.parameters["least_units"])
    parts, first = [], 0
    for path in found.paths:
        rows = read_found(path)
        held_out = np.array([hash_unit(seed, group) < fraction for group in rows["group"].to_pylist()], np.bool_)
        if drawn is not None and drawn.why_not is None:
            of = drawn.of[first:first + rows.num_rows]
            held_out = np.where(of >= 0, drawn.held_out[of], held_out)
        first += rows.num_rows
        rows = rows.filter(pa.array(held_out))
        split = ["test" if hash_unit(seed, group, "test") < test_share else "validation"
                 for group in rows["group"].to_pylist()]
        parts.append(pa.table([rows["id"], rows["group"], pa.array(split, pa.string())], schema=SPLIT))
    table = pa.concat_tables([SPLIT.empty_table(), *parts]).sort_by("id")
    held_out_counts = {}
    for name in ("validation", "test"):
        part = table.filter(pc.equal(table["split"], name))
        held_out_counts[name] = {"documents": part.num_rows, "groups": len(pc.unique(part["group"]))}
    files = [write_table(directory, SPLIT_PATH, table)]
    summary = found.summary | {"documents": total, "held_out": held_out_counts}
    if drawn is not None:
        files.append(write_table(directory, UNITS_PATH, drawn.table()))
        summary["held_out_by"] = drawn.summary(by)
    return commit(directory, step, files, sizes={"documents": table.num_rows}, summary=summary)


@dataclass(frozen=True)
class DomainTask:
    directory: Path
    index: int
    shard: StageShard
    split: Path
    units: Path | None
    by: str | None
    steps: tuple[dict[str, Any], ...]
    source: str
    origins: Origins


def build_held_out(step: Step, workspace: Workspace, mapper: Mapper, origins: Origins | None = None) -> Manifest:
    """Build one evaluation domain: held-out documents after the corpus's per-document steps, one of each group.

    `documents/part-00000.parquet` has the columns of documents and `split`, `group`, `site`; ledger, signals and edits
    lie beside it. Of a group's documents that the steps keep, the one with the smallest id stays (`duplicate_group`).
    """
    directory = workspace.path(step)
    documents, split = step.inputs["documents"], step.inputs["split"]
    assert isinstance(documents, Step) and isinstance(split, Step)
    steps, shards, origins = tuple(step.parameters["steps"]), surviving(documents, workspace), origins or {}
    check_answers(directory, shards, steps, 0, origins, mapper)
    tasks = [
        DomainTask(
            directory, index, shard, workspace.path(split) / SPLIT_PATH,
            workspace.path(split) / UNITS_PATH if "by" in split.parameters else None, split.parameters.get("by"),
            steps, documents.name, origins)
        for index, shard in enumerate(shards)
    ]
    results = run_shards(
        directory, curate_held_out, tasks, mapper, f"{step.name}: held-out documents",
        total=workspace.manifest(documents).counted().kept, unit="documents")
    counts = sum_counts(result["counts"] for result in results)
    paths = {name: [directory / _work_name(name, task.index) for task in tasks] for name in _TABLES}
    chosen = _smallest_of_groups(paths["documents"])
    text_bytes = 0
    with (
        TableWriter(directory, f"documents/{part_name(0)}", HELD_OUT_DOCUMENTS) as kept,
        TableWriter(directory, f"ledger/{part_name(0)}", LEDGER) as ledger,
        TableWriter(directory, f"signals/{part_name(0)}", signals_schema(steps, 0)) as signals,
        TableWriter(directory, f"edits/{part_name(0)}", EDITS) as edits,
    ):
        for writer, name in ((ledger, "ledger"), (signals, "signals"), (edits, "edits")):
            for table in iter_tables(paths[name]):
                writer.write(table)
        for table in iter_tables(paths["documents"]):
            survivors = chosen["id"].take(pc.index_in(table["group"], value_set=chosen["group"]))
            stays = pc.equal(survivors, table["id"])
            copies, left = table.filter(pc.invert(stays)), pc.invert(stays)
            ledger.write(ledger_rows(
                copies, len(steps), "held_out", "duplicate_group", survivor_id=survivors.filter(left)))
            add(counts.dropped, "duplicate_group", copies.num_rows)
            counts.kept -= copies.num_rows
            table = table.filter(stays)
            kept.write(table)
            text_bytes += pc.sum(pc.binary_length(table["text"])).as_py() or 0
    counts.check_conservation(step.directory)
    summary: dict[str, Any] = {"held_out": {
        name: int(pc.sum(pc.equal(chosen["split"], name)).as_py() or 0) for name in ("validation", "test")}}
    if "by" in split.parameters:
        summary["held_out_by"] = workspace.manifest(split).summary["held_out_by"]
    return commit(
        directory, step, [writer.entry for writer in (kept, ledger, signals, edits)], counts=counts,
        sizes={"bytes": text_bytes, "documents": counts.kept}, summary=summary,
        measured=measured(results))


def curate_held_out(task: DomainTask) -> ShardResult:
    """Held-out documents of one shard through the per-document steps, as working tables."""
    split = read_table(task.split)
    parts, own_rules = [], []
    writers = {
        name: TableWriter(task.directory, _work_name(name, task.index), schema) for name, schema in zip(
            _TABLES, (HELD_OUT_DOCUMENTS, LEDGER, signals_schema(task.steps, 0), EDITS), strict=True)
    }
    with (writers["documents"] as documents, writers["ledger"] as ledger, writers["signals"] as signals,
          writers["edits"] as edits):
        for table in iter_surviving(task.shard):
            advance(table.num_rows)
            table = table.filter(pc.is_in(table["id"], value_set=split["id"]))
            output = curate_table(table, task.steps, 0, task.source, origins=task.origins)
            rows = split.take(pc.index_in(output.documents["id"], value_set=split["id"]))
            documents.write(pa.table([
                *output.documents.columns, rows["split"], rows["group"], _cluster(output.documents["url"], task)],
                schema=HELD_OUT_DOCUMENTS))
            ledger.write(output.ledger)
            signals.write(output.signals)
            edits.write(output.edits)
            parts.append(output.counts.to_json())
            own_rules.append(output.own_rules)
    return {
        "files": [writer.entry for writer in writers.values()], "counts": sum_counts(parts).to_json(),
        "own_rules": sum_own(own_rules),
    }


def _cluster(urls: pa.ChunkedArray, task: DomainTask) -> pa.ChunkedArray:
    """What documents rise and fall with: the unit that they are held out with, or their site."""
    if task.units is None or task.by is None:
        return site_of(urls)
    units = read_table(task.units)
    places = pc.index_in(unit_of(urls, task.by), value_set=units["unit"])
    return pc.coalesce(units["goes_with"].take(places), site_of(urls))


def _work_name(name: str, index: int) -> str:
    return f"{SHARD_MARKERS}/held-out-{name}-{index:05d}.parquet"


def _smallest_of_groups(paths: list[Path]) -> pa.Table:
    """For each group with documents in `paths`, its smallest id; columns id, group, split."""
    schema = pa.schema([SPLIT.field("id"), SPLIT.field("group"), SPLIT.field("split")])
    rows = pa.concat_tables([schema.empty_table(), *(read_table(path, schema.names) for path in paths)])
    rows = rows.sort_by([("group", "ascending"), ("id", "ascending")])
    groups = rows["group"].to_numpy()
    return rows.filter(pa.array(np.concatenate([[True], groups[1:] != groups[:-1]])[:len(groups)], pa.bool_()))
