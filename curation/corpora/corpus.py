"""The corpus: what the last stage left, less held-out documents and duplicates of earlier corpora, with its history.

Ledger, signals and edits of all stages are merged part by part, in an order that does not depend on where the segments
were cut: by step, then by the documents' own order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from maslin.curation.stages import StageShard, chain, iter_surviving, surviving
from maslin.manifests.counts import Counts, add, sum_counts
from maslin.manifests.manifest import Manifest
from maslin.manifests.progress import advance
from maslin.manifests.soundness import checked
from maslin.manifests.steps.dedup import NEAR_DEDUP, NearDedup
from maslin.manifests.tables import (
    DOCUMENTS,
    EDITS,
    LEDGER,
    SPLIT,
    SPLIT_PATH,
    TableWriter,
    part_name,
    read_table,
    write_table,
)
from maslin.manifests.workspace import Mapper, ShardResult, Step, Workspace, commit, run_shards

if TYPE_CHECKING:  # the kernels' compiler is imported where there is something to search for
    from maslin.curation.dedup.near import Found


@dataclass(frozen=True)
class Removal:
    """A search whose matches leave the corpus: the found file of one shard, and how the ledger speaks of it."""

    matches: Path
    step_index: int
    step: str
    rule: str
    threshold: float


@dataclass(frozen=True)
class CorpusTask:
    directory: Path
    index: int
    documents: Path  # of the documents step: every row the corpus answers for
    last: StageShard
    ledgers: tuple[Path, ...]
    signals: tuple[Path, ...]
    edits: tuple[Path, ...]
    split: Path | None
    held_out_index: int
    removals: tuple[Removal, ...]


def build_corpus(step: Step, workspace: Workspace, mapper: Mapper) -> Manifest:
    """Build a corpus: `documents/`, and `ledger/`, `signals/` and `edits/` of the whole way from the documents step.

    Rules of its own: `held_out` (held out of its own source) and `held_out_overlap` (duplicate of a held-out document
    of any domain, the survivor), both of step `held_out`, number len(steps); then `dedup_across` (duplicate of a
    document of an earlier corpus). `edited` and `lines_removed` count over the documents kept.
    """
    directory = workspace.path(step)
    documents = step.inputs["documents"]
    assert isinstance(documents, Step)
    last = step.via.get("last", documents)
    stages = chain(last)[1:]
    own_index = len(step.parameters["steps"])
    shards = surviving(last, workspace)
    searches = _searches(step, workspace, mapper, shards)
    split = step.inputs.get("split")
    tasks = [
        CorpusTask(
            directory, index, document_shard.path, shard,
            ledgers=_parts(workspace, stages, "ledger", index),
            signals=_parts(workspace, stages, "signals", index), edits=_parts(workspace, stages, "edits", index),
            split=workspace.path(split) / SPLIT_PATH if isinstance(split, Step) else None, held_out_index=own_index,
            removals=tuple(
                Removal(found.paths[index], own_index + offset, name, rule, near.threshold)
                for offset, name, rule, near, found in searches),
        )
        for index, (document_shard, shard) in enumerate(zip(surviving(documents, workspace), shards, strict=True))
    ]
    total = workspace.manifest(documents).counted().kept
    results = run_shards(
        directory, assemble_shard, tasks, mapper, f"corpus {step.name}", stage="assemble", total=total,
        unit="documents")
    counts = sum_counts(result["counts"] for result in results)
    counts.check_conservation(step.directory)
    if counts.read != total:
        raise AssertionError(f"{step.directory}: read {counts.read} documents of {total}")
    summary = {
        "dedup": {
            f"{stage.parameters['start']}:{stage.parameters['steps'][-1]['step']}": workspace.manifest(stage).summary
            for stage in stages if stage.kind == "dedup"
        },
        **{rule: found.summary for _, _, rule, _, found in searches},
    }
    return commit(
        directory, step, [entry for result in results for entry in result["files"]], counts=counts,
        sizes={"bytes": sum(result["bytes"] for result in results), "documents": counts.kept}, summary=summary)


def _searches(
    step: Step, workspace: Workspace, mapper: Mapper, shards: list[StageShard],
) -> list[tuple[int, str, str, NearDedup, "Found"]]:
    """Search for duplicates of held-out documents and of earlier corpora: (steps after the last, step, rule, …)."""
    total = workspace.manifest(step.via.get("last") or step.inputs["documents"]).counted().kept  # type: ignore[arg-type]
    searches = []
    for offset, role, name, rule, parameters in (
        (0, "held_out:", "held_out", "held_out_overlap", step.parameters["overlap"]),
        (1, "across:", "dedup_across", "dedup_across", step.parameters["across"]),
    ):
        references = [
            shard for input_role, value in sorted(step.inputs.items()) if input_role.startswith(role)
            for shard in surviving(value, workspace)  # type: ignore[arg-type]  # these roles are steps
        ]
        if references:
            from maslin.curation.dedup.near import Search, find_overlaps

            near = NEAR_DEDUP.decode(parameters)
            search = Search(workspace.path(step), rule, mapper, f"corpus {step.name}: {rule}", total)
            searches.append((offset, name, rule, near, find_overlaps(search, shards, references, near)))
    return searches


def _parts(workspace: Workspace, stages: Sequence[Step], folder: str, index: int) -> tuple[Path, ...]:
    paths = (workspace.path(stage) / folder / part_name(index) for stage in stages)
    return tuple(path for path in paths if path.is_file())


def assemble_shard(task: CorpusTask) -> ShardResult:
    """Write one part of every table of the corpus."""
    from maslin.curation.dedup.near import read_found

    name = part_name(task.index)
    ids = read_table(task.documents, ["id"])["id"]
    own_ledger: list[pa.Table] = []
    text_bytes = 0
    kept_ids = []
    split = read_table(task.split) if task.split else SPLIT.empty_table()
    removals = [(removal, read_found(removal.matches)) for removal in task.removals]
    with TableWriter(task.directory, f"documents/{name}", DOCUMENTS) as documents:
        for table in iter_surviving(task.last):
            table, left = _remove(table, split, task.held_out_index, removals)
            own_ledger += left
            documents.write(table)
            kept_ids += table["id"].chunks
            text_bytes += pc.sum(pc.binary_length(table["text"])).as_py() or 0
            advance(table.num_rows, table.num_rows, sum(rows.num_rows for rows in left))
    ledger = _merge(LEDGER, [read_table(path) for path in task.ledgers] + own_ledger, ids)
    edits = _merge(EDITS, [read_table(path) for path in task.edits], ids)
    counts = Counts()
    counts.read, counts.kept = len(ids), documents.rows
    for group, action in ((counts.dropped, "drop"), (counts.failed, "fail")):
        rows = ledger.filter(pc.equal(ledger["action"], action))
        for item in pc.value_counts(rows["rule"]).to_pylist():
            add(group, item["values"], item["counts"])
    _count_edits(counts, edits.filter(pc.is_in(edits["id"], value_set=pa.chunked_array(kept_ids, pa.string()))))
    counts.check_conservation(f"{task.directory}, part {task.index}")
    files = [
        documents.entry, write_table(task.directory, f"ledger/{name}", ledger),
        write_table(task.directory, f"signals/{name}", _join_signals(task.signals, ids)),
        write_table(task.directory, f"edits/{name}", edits),
    ]
    return {"files": files, "counts": counts.to_json(), "bytes": text_bytes}


def _remove(
    table: pa.Table, split: pa.Table, held_out_index: int, removals: list[tuple[Removal, pa.Table]],
) -> tuple[pa.Table, list[pa.Table]]:
    """Take held-out documents and duplicates away; the first rule that names a document counts."""
    from maslin.curation.dedup.build import duplicate_rows, ledger_rows

    places = pc.index_in(table["id"], value_set=split["id"])
    left = [ledger_rows(
        table.filter(pc.is_valid(places)), held_out_index, "held_out", "held_out",
        detail=split["split"].take(pc.drop_null(places)))]
    table = table.filter(pc.is_null(places))
    for removal, matches in removals:
        left.append(duplicate_rows(
            table, matches, removal.step_index, removal.step, removal.rule, removal.threshold))
        table = table.filter(pc.invert(pc.is_in(table["id"], value_set=left[-1]["id"])))
    return table, left


def _merge(schema: pa.Schema, tables: list[pa.Table], ids: pa.ChunkedArray) -> pa.Table:
    """Rows of all stages by step, then in the order of the documents; a document's rows of one step stay in theirs."""
    table = pa.concat_tables([schema.empty_table(), *tables])
    rows = pc.index_in(table["id"], value_set=ids).to_numpy()
    return table.take(pa.array(np.lexsort((rows, table["step_index"].to_numpy()))))


def _join_signals(paths: tuple[Path, ...], ids: pa.ChunkedArray) -> pa.Table:
    """All signals, one row a document of the documents step; null where it had left or the signal was not measured."""
    table = pa.table({"id": ids})
    for path in paths:
        signals = read_table(path)
        rows = pc.index_in(ids, value_set=signals["id"])
        for field in pq.read_schema(checked(path)):
            if field.name != "id":
                table = table.append_column(field, signals[field.name].take(rows))
    return table


def _count_edits(counts: Counts, edits: pa.Table) -> None:
    """Documents each step edited, and lines each rule removed."""
    pairs = edits.group_by(["step", "id"]).aggregate([])
    for item in pc.value_counts(pairs["step"]).to_pylist():
        add(counts.edited, item["values"], item["counts"])
    removed = edits.filter(pc.is_null(edits["replacement"]))
    lines = pa.table({"rule": removed["rule"], "lines": pc.subtract(removed["line_end"], removed["line_start"])})
    for item in lines.group_by("rule").aggregate([("lines", "sum")]).to_pylist():
        add(counts.lines_removed, item["rule"], item["lines_sum"])
