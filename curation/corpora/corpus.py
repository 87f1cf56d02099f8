"""The corpus: what the last stage left, less held-out documents, duplicates of earlier corpora and what holds items of
evaluation sets, with its history.

Ledger, signals and edits of all stages are merged part by part, in an order that does not depend on where the segments
were cut: by step, then by the documents' own order.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from maslin.curation.stages import StageShard, chain, iter_surviving, surviving
from maslin.curation.survivors import to_ids
from maslin.manifests.counts import Counts, add, sum_counts, sum_numbers
from maslin.manifests.manifest import Manifest
from maslin.manifests.progress import advance
from maslin.manifests.recipe.earlier import EarlierCorpus, where_they_lay
from maslin.manifests.recipe.evaluation_sets import ROLE
from maslin.manifests.steps.decontamination import Decontamination
from maslin.manifests.steps.dedup import COUNTED, NEAR_DEDUP, HeldOutOverlap
from maslin.manifests.steps.known import DECONTAMINATION, decode
from maslin.manifests.tables import (
    CONTAMINATION,
    COUNTED_DOCUMENTS,
    DOCUMENTS,
    EDITS,
    ITEMS_FOUND_PATH,
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
    from maslin.curation.corpora.duplicates import Counted
    from maslin.curation.decontamination.search import Contamination
    from maslin.curation.dedup.containment import Containment
    from maslin.curation.dedup.near.search import Found


MOST_FOUND = 5  # items that are named in the summary, those in most documents


@dataclass(frozen=True)
class Removal:
    """What of a shard leaves the corpus: the file that a search found."""

    found: Path
    step_index: int
    # Of the similarity, of the share of a held-out document, or of what small parts make up; None: what is equal.
    threshold: float | None
    run_words: int = 0
    hits: Path | None = None  # where n-grams of held-out documents stand
    ngram_words: int = 0


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
    contained: Removal | None
    parts: Removal | None
    across: Removal | None
    items: Removal | None
    counted: "Counted | None"  # what left for the documents, where stages deduplicated


def build_corpus(
    step: Step, workspace: Workspace, mapper: Mapper, earlier: Mapping[str, EarlierCorpus] = MappingProxyType({}),
) -> Manifest:
    """Build a corpus: `documents/`, and `ledger/`, `signals/` and `edits/` of the whole way from the documents step.

    Rules of its own: `held_out` (held out of its own source), `held_out_overlap` (contains too much of a held-out
    document of any domain) and `held_out_parts` (is among those that hold most small parts of held-out documents, where
    these add up to too much), of step `held_out`, number len(steps); then `dedup_across` (duplicate of a document of
    an earlier corpus); then `decontamination` (holds items of evaluation sets), with `contamination/`, every document
    and text that it holds, and `items_found/`. `edited` and `lines_removed` count over the documents kept. The summary
    says by domain how many of the held-out n-grams stand in the corpus all the same, and by set what was found.
    `earlier`: the corpora of earlier runs, by their digests, that stages were held against.
    """
    directory = workspace.path(step)
    documents = step.inputs["documents"]
    assert isinstance(documents, Step)
    last = step.via.get("last", documents)
    stages = chain(last)[1:]
    own_index = len(step.parameters["steps"])
    shards = surviving(last, workspace)
    contained, across = _contained(step, workspace, mapper, shards), _across(step, workspace, mapper, shards)
    items = _items(step, workspace, mapper, shards)
    counted = _counted(step, workspace, mapper, documents, stages)
    split = step.inputs.get("split")
    tasks = [
        CorpusTask(
            directory, index, document_shard.path, shard,
            ledgers=_parts(workspace, stages, "ledger", index),
            signals=_parts(workspace, stages, "signals", index), edits=_parts(workspace, stages, "edits", index),
            split=workspace.path(split) / SPLIT_PATH if isinstance(split, Step) else None, held_out_index=own_index,
            contained=None if contained is None else Removal(
                contained.paths[index], own_index, step.parameters["overlap"]["share"],
                step.parameters["overlap"]["run_words"], contained.hits[index]),
            parts=None if contained is None else Removal(
                contained.parts[index], own_index, contained.parts_threshold,
                ngram_words=step.parameters["overlap"]["ngram_words"]),
            counted=None if counted is None else counted[index],
            across=None if across is None else Removal(
                across.paths[index], own_index + 1, step.parameters["across"].get("threshold")),
            items=None if items is None else Removal(
                items.paths[index], own_index + 2, step.parameters["decontamination"]["share"]),
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
    }
    if contained is not None:
        summary["held_out_overlap"] = {**contained.summary, "remaining": contained.remaining()}
    if counted is not None:
        summary["duplicates"] = sum_numbers(result["duplicates"] for result in results)
    if across is not None:
        summary["dedup_across"] = across.summary
    files = [entry for result in results for entry in result["files"]]
    if items is not None:
        entry, summary[DECONTAMINATION] = _tell_of_items(step, workspace, items, directory, len(shards))
        files.append(entry)
    return commit(
        directory, step, files, counts=counts,
        sizes={"bytes": sum(result["bytes"] for result in results), "documents": counts.kept}, summary=summary,
        measured=where_they_lay(
            corpus for corpus in earlier.values()
            if any(corpus.digest in decode(entry).against for entry in step.parameters["steps"])))


def _total(step: Step, workspace: Workspace) -> int:
    return workspace.manifest(step.via.get("last") or step.inputs["documents"]).counted().kept  # type: ignore[arg-type]


def _references(step: Step, workspace: Workspace, role: str) -> list[tuple[str, StageShard]]:
    """(name, shard) of all inputs of a role."""
    return [
        (input_role.removeprefix(role), shard) for input_role, value in sorted(step.inputs.items())
        if input_role.startswith(role) for shard in surviving(value, workspace)]  # type: ignore[arg-type]


def _contained(
    step: Step, workspace: Workspace, mapper: Mapper, shards: list[StageShard],
) -> "Containment | None":
    """Documents that contain too much of a held-out one."""
    references = _references(step, workspace, "held_out:")
    if not references:
        return None
    from maslin.curation.dedup.containment import find_contained

    split = step.inputs.get("split")
    return find_contained(
        workspace.path(step), "held_out", shards, references, HeldOutOverlap(**step.parameters["overlap"]), mapper,
        f"corpus {step.name}: held_out_overlap", _total(step, workspace),
        workspace.path(split) / SPLIT_PATH if isinstance(split, Step) else None)


def _across(step: Step, workspace: Workspace, mapper: Mapper, shards: list[StageShard]) -> "Found | None":
    """Duplicates of documents of earlier corpora."""
    references = [shard for _, shard in _references(step, workspace, "across:")]
    if not references:
        return None
    from maslin.curation.dedup.near.search import Search, find_overlaps

    search = Search(workspace.path(step), "dedup_across", mapper, f"corpus {step.name}: dedup_across",
                    _total(step, workspace), memory_bytes=workspace.task_memory_bytes)
    if "step" not in (entry := step.parameters["across"]):
        return find_overlaps(search, shards, references, NEAR_DEDUP.decode(entry).near)
    from maslin.curation.dedup.equal.exact import find_equal

    earlier: dict[str, list[StageShard]] = {}
    for name, shard in _references(step, workspace, "across:"):
        earlier.setdefault(f"corpus {name}", []).append(shard)
    return find_equal(search, shards, decode(entry).parameters, earlier, among=False)


def _counted(
    step: Step, workspace: Workspace, mapper: Mapper, documents: Step, stages: Sequence[Step],
) -> "list[Counted] | None":
    """What left for each document, where a stage deduplicated."""
    ledgers = [workspace.manifest(stage) for stage in stages if stage.kind == "dedup"]
    if not any(entry["step"] in COUNTED for entry in step.parameters["steps"]):
        return None
    from maslin.curation.corpora.duplicates import count_duplicates

    return count_duplicates(
        workspace.path(step), ledgers, workspace.manifest(documents).parts("documents"), mapper,
        f"corpus {step.name}: duplicates")


def _items(
    step: Step, workspace: Workspace, mapper: Mapper, shards: list[StageShard],
) -> "Contamination | None":
    """Documents that hold items of evaluation sets."""
    sets = _evaluation_sets(step)
    if not sets:
        return None
    from maslin.curation.decontamination.search import find_items

    tables = [(name, read_table(workspace.manifest(each).parts("items")[0])) for name, each in sets.items()]
    return find_items(
        workspace.path(step), DECONTAMINATION, shards, tables, Decontamination(**step.parameters[DECONTAMINATION]),
        mapper, f"corpus {step.name}: {DECONTAMINATION}", _total(step, workspace))


def _evaluation_sets(step: Step) -> dict[str, Step]:
    return {role.removeprefix(ROLE): value for role, value in sorted(step.input_steps().items())
            if role.startswith(ROLE)}


def _tell_of_items(
    step: Step, workspace: Workspace, items: "Contamination", directory: Path, parts: int,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Write ITEMS_FOUND; (its entry, the summary by set)."""
    table = items.items_found([read_table(directory / "documents" / part_name(index), ["id"])["id"]
                               for index in range(parts)])
    counted = {name: workspace.manifest(each).sizes["items"] for name, each in _evaluation_sets(step).items()}
    summary: dict[str, Any] = {}
    for name, missing in items.not_looked_for(counted).items():
        rows = table.filter(pc.equal(table["set"], name))
        most = rows.sort_by([("documents", "descending"), ("item", "ascending")]).slice(0, MOST_FOUND)
        summary[name] = {
            "items": counted[name], **missing, "found": rows.num_rows, "documents": items.documents_holding(name),
            "standing": int(pc.sum(pc.greater(rows["kept"], 0)).as_py() or 0),
            "most_found": [{"item": row["item"], "documents": row["documents"]} for row in most.to_pylist()]}
    return write_table(directory, ITEMS_FOUND_PATH, table), summary


def _parts(workspace: Workspace, stages: Sequence[Step], folder: str, index: int) -> tuple[Path, ...]:
    paths = (workspace.path(stage) / folder / part_name(index) for stage in stages)
    return tuple(path for path in paths if path.is_file())


def assemble_shard(task: CorpusTask) -> ShardResult:
    """Write one part of every table of the corpus."""
    name = part_name(task.index)
    ids = read_table(task.documents, ["id"])["id"]
    own_ledger: list[pa.Table] = []
    text_bytes = 0
    kept_ids, kept_rows, first = [], [], 0
    split = read_table(task.split) if task.split else SPLIT.empty_table()
    removals = _removals(task)
    histogram: dict[str, int] = {}
    schema = DOCUMENTS if task.counted is None else COUNTED_DOCUMENTS
    with TableWriter(task.directory, f"documents/{name}", schema) as documents:
        for table in iter_surviving(task.last):
            before = table["id"]
            table, left = _remove(table, split, task.held_out_index, removals)
            own_ledger += left
            stayed = pc.is_in(before, value_set=table["id"])
            kept_rows.append(np.flatnonzero(stayed.to_numpy(zero_copy_only=False)) + first)
            first += len(before)
            if task.counted is not None:
                table = _with_counts(table, task.counted, histogram)
            documents.write(table)
            kept_ids += table["id"].chunks
            text_bytes += pc.sum(pc.binary_length(table["text"])).as_py() or 0
            advance(table.num_rows, table.num_rows, sum(rows.num_rows for rows in left))
    ledger = _merge(LEDGER, [_read_ledger(path, ids) for path in task.ledgers] + own_ledger, ids)
    edits = _merge(EDITS, [to_ids(read_table(path), ids) for path in task.edits], ids)
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
    if task.contained is not None and task.contained.hits is not None:
        from maslin.curation.dedup.containment import note_remaining

        note_remaining(task.contained.hits, np.concatenate([np.zeros(0, np.int64), *kept_rows]))
    if task.items is not None:
        from maslin.curation.dedup.near.search import read_found

        found = read_found(task.items.found).select(CONTAMINATION.names)
        files.append(write_table(task.directory, f"contamination/{name}", found))
    return {"files": files, "counts": counts.to_json(), "bytes": text_bytes, "duplicates": histogram}


def _with_counts(table: pa.Table, counted: "Counted", histogram: dict[str, int]) -> pa.Table:
    """COUNTED_DOCUMENTS; `histogram` counts how many have how many duplicates."""
    from maslin.curation.corpora.duplicates import note_in, read_counts

    duplicates, cluster_size = read_counts(counted, table["id"])
    note_in(histogram, duplicates.to_numpy())
    return table.append_column("duplicates", duplicates).append_column("cluster_size", cluster_size)


def _removals(task: CorpusTask) -> list[Callable[[pa.Table], pa.Table]]:
    """From documents to ledger rows of those that leave, one rule after the other."""
    removals: list[Callable[[pa.Table], pa.Table]] = []
    if task.contained is None and task.across is None and task.items is None:
        return removals
    from maslin.curation.dedup.build import contained_rows, duplicate_rows, item_rows, matched_rows, parts_rows
    from maslin.curation.dedup.near.search import read_found

    if (own := task.contained) is not None:
        removals.append(partial(
            contained_rows, found=read_found(own.found), step_index=own.step_index, step="held_out",
            rule="held_out_overlap", share=own.threshold, run_words=own.run_words))
    if (own := task.parts) is not None:
        removals.append(partial(
            parts_rows, found=read_found(own.found), step_index=own.step_index, step="held_out",
            rule="held_out_parts", threshold=own.threshold, ngram_words=own.ngram_words))
    if (own := task.across) is not None and own.threshold is None:
        removals.append(partial(
            matched_rows, matches=read_found(own.found), step_index=own.step_index, step="dedup_across",
            rule="dedup_across"))
    elif own is not None:
        removals.append(partial(
            duplicate_rows, matches=read_found(own.found), step_index=own.step_index, step="dedup_across",
            rule="dedup_across", threshold=own.threshold))
    if (own := task.items) is not None:
        removals.append(partial(
            item_rows, found=read_found(own.found), step_index=own.step_index, step=DECONTAMINATION,
            rule=DECONTAMINATION))
    return removals


def _remove(
    table: pa.Table, split: pa.Table, held_out_index: int, removals: list[Callable[[pa.Table], pa.Table]],
) -> tuple[pa.Table, list[pa.Table]]:
    """Take held-out documents and what is like them away; the first rule that names a document counts."""
    from maslin.curation.dedup.build import ledger_rows

    places = pc.index_in(table["id"], value_set=split["id"])
    left = [ledger_rows(
        table.filter(pc.is_valid(places)), held_out_index, "held_out", "held_out",
        detail=split["split"].take(pc.drop_null(places)))]
    table = table.filter(pc.is_null(places))
    for removal in removals:
        left.append(removal(table))
        table = table.filter(pc.invert(pc.is_in(table["id"], value_set=left[-1]["id"])))
    return table, left


def _read_ledger(path: Path, ids: pa.ChunkedArray) -> pa.Table:
    """A segment's is by row, a dedup step's by id."""
    table = read_table(path)
    return to_ids(table, ids) if "row" in table.schema.names else table


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
        places = pc.index_in(pa.array(np.arange(len(ids), dtype=np.int32)), value_set=signals["row"])
        for field in list(signals.schema)[1:]:
            table = table.append_column(field, signals[field.name].take(places))
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
