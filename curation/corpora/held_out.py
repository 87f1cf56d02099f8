"""Held-out documents: chosen once per source by duplicate group, then made into one evaluation domain per corpus.

A group (equal texts and verified near-duplicates, connected) is held out as a whole, so that no training document
resembles one it is scored on. The draw is a hash of (seed, group), before any corpus's steps: all arms are scored on
the same documents. Each says which site or repository it is of, since these rise and fall together in a score.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from maslin.curation.corpora.segment import check_answers, curate_table, measured, signals_schema, sum_own
from maslin.curation.dedup.build import ledger_rows
from maslin.curation.dedup.near import Search, find_groups, read_found
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
    TableWriter,
    iter_tables,
    part_name,
    read_table,
    write_table,
)
from maslin.manifests.workspace import SHARD_MARKERS, Mapper, ShardResult, Step, Workspace, commit, run_shards

HELD_OUT_DOCUMENTS = pa.schema([*DOCUMENTS, SPLIT.field("split"), SPLIT.field("group"), ("site", pa.string())])
# The host of a URL; of a path its first part: the archive or the folder of a repository.
_SITE = r"^(?:[a-zA-Z][a-zA-Z0-9+.-]*://(?:[^/?#@]*@)?(?P<host>\[[^\]/]*\]|[^/?#:]+)|(?P<top>[^/:]+)/)"
_TABLES = ("documents", "ledger", "signals", "edits")


def build_split(step: Step, workspace: Workspace, mapper: Mapper) -> Manifest:
    """Build `split/part-00000.parquet`: id, group and part (validation or test) of every held-out document, by id."""
    directory = workspace.path(step)
    documents = step.inputs["documents"]
    assert isinstance(documents, Step)
    total = workspace.manifest(documents).counted().kept
    search = Search(directory, "split", mapper, f"{step.name}: duplicate groups", total)
    found = find_groups(
        search, surviving(documents, workspace), NEAR_DEDUP.decode(step.parameters["near_dedup"]),
        step.parameters.get("variants", False))
    seed, fraction, test_share = (step.parameters[key] for key in ("seed", "fraction", "test_share"))
    parts = []
    for path in found.paths:
        rows = read_found(path)
        groups = rows["group"].to_pylist()
        held_out = pa.array([hash_unit(seed, group) < fraction for group in groups], pa.bool_())
        rows = rows.filter(held_out)
        split = ["test" if hash_unit(seed, group, "test") < test_share else "validation"
                 for group in rows["group"].to_pylist()]
        parts.append(pa.table([rows["id"], rows["group"], pa.array(split, pa.string())], schema=SPLIT))
    table = pa.concat_tables([SPLIT.empty_table(), *parts]).sort_by("id")
    held_out_counts = {}
    for name in ("validation", "test"):
        part = table.filter(pc.equal(table["split"], name))
        held_out_counts[name] = {"documents": part.num_rows, "groups": len(pc.unique(part["group"]))}
    return commit(
        directory, step, [write_table(directory, SPLIT_PATH, table)], sizes={"documents": table.num_rows},
        summary=found.summary | {"documents": total, "held_out": held_out_counts})


@dataclass(frozen=True)
class DomainTask:
    directory: Path
    index: int
    shard: StageShard
    split: Path
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
        DomainTask(directory, index, shard, workspace.path(split) / SPLIT_PATH, steps, documents.name, origins)
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
    return commit(
        directory, step, [writer.entry for writer in (kept, ledger, signals, edits)], counts=counts,
        sizes={"bytes": text_bytes, "documents": counts.kept},
        summary={"held_out": {
            name: int(pc.sum(pc.equal(chosen["split"], name)).as_py() or 0) for name in ("validation", "test")}},
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
                *output.documents.columns, rows["split"], rows["group"], site_of(output.documents["url"])],
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


def site_of(urls: pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """The site or repository of each URL or path, lower case; null where there is none to tell."""
    found = pc.extract_regex(urls, _SITE)
    host, top = (pc.struct_field(found, name) for name in ("host", "top"))
    site = pc.if_else(pc.equal(host, ""), top, host)
    return pc.utf8_lower(pc.if_else(pc.equal(site, ""), pa.scalar(None, pa.string()), site))


def _work_name(name: str, index: int) -> str:
    return f"{SHARD_MARKERS}/held-out-{name}-{index:05d}.parquet"


def _smallest_of_groups(paths: list[Path]) -> pa.Table:
    """For each group with documents in `paths`, its smallest id; columns id, group, split."""
    schema = pa.schema([SPLIT.field("id"), SPLIT.field("group"), SPLIT.field("split")])
    rows = pa.concat_tables([schema.empty_table(), *(read_table(path, schema.names) for path in paths)])
    rows = rows.sort_by([("group", "ascending"), ("id", "ascending")])
    groups = rows["group"].to_numpy()
    return rows.filter(pa.array(np.concatenate([[True], groups[1:] != groups[:-1]])[:len(groups)], pa.bool_()))
