"""Segments: consecutive per-document rules and edits, run in one pass. What they keep is written by row.

`curate_table` is the pure function: documents in, survivors and everything that says what happened to the others out.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from maslin.curation import rules
from maslin.curation.stages import StageShard, iter_rows, iter_surviving, previous, surviving
from maslin.curation.survivors import survivors_table, to_rows
from maslin.curation.text.batch import Batch, Decision, Edited
from maslin.manifests import progress
from maslin.manifests.counts import Counts, add, sum_counts
from maslin.manifests.errors import UsageError
from maslin.manifests.manifest import Manifest
from maslin.manifests.named import named
from maslin.manifests.steps.known import decode
from maslin.manifests.steps.spec import RULE_ERROR, Origins, signal_column
from maslin.manifests.tables import (
    DOCUMENTS,
    EDITS,
    LEDGER,
    SURVIVORS,
    TEXT_PREFIX_CHARACTERS,
    TableWriter,
    by_row,
    ledger_row,
    part_name,
)
from maslin.manifests.workspace import Mapper, ShardResult, Step, Workspace, commit, run_shards

ASKED_TWICE = 64  # documents about which a person's own rule is asked twice
OwnRules = dict[str, tuple[int, float]]
StepJson = dict[str, Any]  # {"step": name, "version": n, "parameters": {…}}, as in a segment's parameters


@dataclass
class SegmentOutput:
    """Survivors (DOCUMENTS), ledger (LEDGER), signals (see `signals_schema`), edits (EDITS), and the counts.

    `edited` and `lines_removed` count over the survivors; the edits are those of every text that its own step kept.
    `own_rules`: documents and CPU-seconds of each of a person's own rules.
    """

    documents: pa.Table
    ledger: pa.Table
    signals: pa.Table
    edits: pa.Table
    counts: Counts
    own_rules: OwnRules = field(default_factory=dict)


@dataclass(frozen=True)
class SegmentTask:
    """One shard of a segment."""

    directory: Path
    index: int
    shard: StageShard
    steps: tuple[StepJson, ...]
    start: int
    source: str
    origins: Origins
    repeats: Path | None = None  # of a segment that is an editing barrier: see StepSpec.search


def build_segment(step: Step, workspace: Workspace, mapper: Mapper, origins: Origins | None = None) -> Manifest:
    """Run `steps[start:]` over the stage before, one output part for each of its parts; returns the manifest.

    `origins`: where the code of people's own rules is.
    """
    origins = origins or {}
    before = previous(step)
    assert before is not None
    directory = workspace.path(step)
    steps, start = step.parameters["steps"], step.parameters["start"]
    shards = surviving(before, workspace)
    kept_before = workspace.manifest(before).counted().kept
    check_answers(directory, shards, tuple(steps), start, origins, mapper)
    repeats = _find_repeats(step, workspace, shards, mapper, kept_before)
    tasks = [
        SegmentTask(directory, index, shard, tuple(steps), start, step.name, origins, found)
        for index, (shard, found) in enumerate(zip(shards, repeats, strict=True))
    ]
    results = run_shards(
        directory, run_segment_shard, tasks, mapper, f"segment {step.name}", total=kept_before, unit="documents"
    )
    counts = sum_counts(result["counts"] for result in results)
    counts.check_conservation(step.directory)
    if counts.read != kept_before:
        raise AssertionError(f"{step.directory}: read {counts.read} documents of {kept_before} kept before")
    return commit(
        directory, step, [entry for result in results for entry in result["files"]], counts=counts,
        sizes={"text_bytes": sum(result["text_bytes"] for result in results)}, measured=measured(results),
    )


def measured(results: Sequence[ShardResult]) -> dict[str, Any]:
    """What shards say of people's own rules, for measured.json: documents judged a CPU-second."""
    total = sum_own(result["own_rules"] for result in results)
    return {"own_rules": {
        name: {"documents": documents, "cpu_s": round(seconds, 3), "documents_per_cpu_s": round(documents / seconds)}
        for name, (documents, seconds) in total.items() if seconds
    }} if total else {}


def sum_own(parts: Iterable[Mapping[str, Sequence[float]]]) -> OwnRules:
    """Documents and CPU-seconds of people's own rules, of shards or row groups together."""
    total: OwnRules = {}
    for part in parts:
        for name, (documents, seconds) in part.items():
            before = total.get(name, (0, 0.0))
            total[name] = before[0] + int(documents), before[1] + seconds
    return total


def _find_repeats(
    step: Step, workspace: Workspace, shards: Sequence[StageShard], mapper: Mapper, total: int,
) -> Sequence[Path | None]:
    """By shard, what an editing barrier has to know of all documents before it edits one; None for other segments."""
    first = decode(step.parameters["steps"][step.parameters["start"]])
    if first.spec.search is None:
        return [None] * len(shards)
    search: Callable[..., list[Path]] = named(first.spec.search)
    return search(workspace.path(step), shards, first.parameters, workspace.task_memory_bytes, mapper,
                  f"{step.name}: {first.name}", total)


def run_segment_shard(task: SegmentTask) -> dict[str, Any]:
    """Curate one shard, row group by row group; returns its files, counts and bytes of text kept."""
    name, parts, own_rules = part_name(task.index), [], []
    text_bytes = 0
    root = task.directory
    with (
        TableWriter(root, f"survivors/{name}", SURVIVORS) as survivors,
        TableWriter(root, f"ledger/{name}", by_row(LEDGER)) as ledger,
        TableWriter(root, f"signals/{name}", by_row(signals_schema(task.steps, task.start))) as signals,
        TableWriter(root, f"edits/{name}", by_row(EDITS)) as edits,
    ):
        for rows, table, repeats in _with_repeats(task):
            output = curate_table(table, task.steps, task.start, task.source, repeats, task.origins)
            by_line = to_rows(output.edits, table["id"], rows)
            survivors.write(survivors_table(rows, table, output.documents, by_line))
            ledger.write(to_rows(output.ledger, table["id"], rows))
            signals.write(to_rows(output.signals, table["id"], rows))
            edits.write(by_line)
            text_bytes += pc.sum(pc.binary_length(output.documents["text"])).as_py() or 0
            parts.append(output.counts.to_json())
            own_rules.append(output.own_rules)
            progress.advance(table.num_rows, output.documents.num_rows, output.ledger.num_rows)
    return {
        "files": [writer.entry for writer in (survivors, ledger, signals, edits)],
        "counts": sum_counts(parts).to_json(), "text_bytes": text_bytes,
        "own_rules": sum_own(own_rules),
    }


def _with_repeats(task: SegmentTask) -> Iterator[tuple[np.ndarray, pa.Table, np.ndarray | None]]:
    """Of the shard's tables the rows of its part, the documents, and what an editing barrier found repeated there."""
    if task.repeats is None:
        yield from ((rows, table, None) for rows, table in iter_rows(task.shard))
        return
    every, row = np.load(task.repeats, mmap_mode="r"), 0
    row_of = np.array(every["row"])
    for rows, table in iter_rows(task.shard):
        begin, end = np.searchsorted(row_of, [row, row + table.num_rows])
        here = np.array(every[begin:end])
        here["row"] -= row
        yield rows, table, here
        row += table.num_rows


def curate_table(
    table: pa.Table, steps: Sequence[StepJson], start_index: int, source: str, repeats: np.ndarray | None = None,
    origins: Origins = MappingProxyType({}),
) -> SegmentOutput:
    """Run the steps from `start_index` on over documents, as a pure function.

    `steps` are all steps of the corpus from the first, so that ledger, edits and signals name each by its place.
    `repeats`: what an editing barrier, then the only step, found repeated (see StepSpec.search), by row.
    `origins`: where the code of people's own rules is.
    """
    batch = Batch(table.select(DOCUMENTS.names).cast(DOCUMENTS))
    here = np.arange(len(batch))  # which input rows the batch still holds
    schema = signals_schema(steps, start_index)
    measured = {name: np.full(len(batch), np.nan) for name in schema.names[1:]}
    ids = table["id"].to_pylist()
    ledger: list[dict[str, Any]] = []
    edits: list[_StepEdits] = []
    counts = Counts()
    own_rules: OwnRules = {}
    counts.read = len(batch)
    for index in range(start_index, len(steps)):
        step = decode(steps[index])
        judge = rules.bind(step, origins.get(step.spec.own_name))
        begin = time.process_time()
        decision = judge(batch) if repeats is None else judge(batch, repeats=repeats)
        if step.spec.code is not None:
            own_rules[step.name] = len(batch), time.process_time() - begin
        for signal, values in decision.signals.items():
            measured[signal_column(steps, index, signal)][here] = values
        for row in _ledger_rows(batch, decision, index, step.name, source):
            add(counts.failed if row["action"] == "fail" else counts.dropped, row["rule"])
            ledger.append(row)
        if isinstance(decision, Edited):
            edits.append(_StepEdits(index, step.name, decision, here, batch.table["text"]))
            batch = batch.with_columns({"text": decision.text})
        if decision.columns:
            batch = batch.with_columns(decision.columns)
        alive = np.flatnonzero(decision.kept)
        batch, here = batch.take(alive), here[alive]
    counts.kept = len(batch)
    for step_edits in edits:
        step_edits.count(counts, here)
    return SegmentOutput(
        batch.table, pa.Table.from_pylist(ledger, schema=LEDGER),
        pa.table(
            [table["id"], *(pa.array(values, mask=np.isnan(values)) for values in measured.values())], schema=schema
        ),
        pa.concat_tables([EDITS.empty_table(), *(step_edits.table(ids) for step_edits in edits)]), counts, own_rules,
    )


def check_answers(
    directory: Path, shards: Sequence[StageShard], steps: tuple[StepJson, ...], start: int, origins: Origins,
    mapper: Mapper,
) -> None:
    """Raise UsageError when a person's own rule answers differently about the same documents when asked twice."""
    if not any("code" in step for step in steps[start:]) or not shards:
        return
    task = SegmentTask(directory, 0, shards[0], steps, start, "", origins)
    (result,) = run_shards(directory, ask_twice, [task], mapper, "own rules, asked twice", stage="asked-twice")
    if result["differs"]:
        raise UsageError(
            f"{result['differs']}: this rule answers differently when it is asked twice about the same documents, so "
            "that nobody could make the corpus again. It may depend on chance, time, the order of a set, or on what it "
            "saw before: let it depend on the document and its parameters alone (draw by a hash of the document's id).")


def ask_twice(task: SegmentTask) -> ShardResult:
    """Ask the rules about the first documents: all together, and then each alone, from the last to the first."""
    table = _first(iter_surviving(task.shard), ASKED_TWICE)
    alone = [table.slice(row, 1) for row in reversed(range(table.num_rows))]
    for index in range(task.start, len(task.steps)):
        if "code" in task.steps[index]:
            together, again = (
                [curate_table(part, task.steps[:index + 1], task.start, task.source, None, task.origins)
                 for part in parts]
                for parts in ([table], alone))
            for name in ("documents", "ledger", "signals", "edits") if alone else ():
                if not getattr(together[0], name).equals(
                        pa.concat_tables([getattr(output, name) for output in reversed(again)])):
                    return {"files": [], "differs": task.steps[index]["step"]}
    return {"files": [], "differs": None}


def _first(tables: Iterator[pa.Table], number: int) -> pa.Table:
    found = DOCUMENTS.empty_table()
    for table in tables:
        if found.num_rows >= number:
            break
        found = pa.concat_tables([found, table])
    return found.slice(0, number).combine_chunks()


def signals_schema(steps: Sequence[StepJson], start_index: int) -> pa.Schema:
    """`id` and one float64 column (see `signal_column`) for each signal of `steps[start_index:]`."""
    columns = [
        signal_column(steps, index, signal)
        for index in range(start_index, len(steps)) for signal in decode(steps[index]).spec.signals
    ]
    return pa.schema([("id", pa.string()), *((column, pa.float64()) for column in columns)])


def _ledger_rows(batch: Batch, decision: Decision, index: int, step: str, source: str) -> list[dict[str, Any]]:
    rows = np.flatnonzero(~decision.kept)
    ids = batch.table["id"].take(pa.array(rows)).to_pylist()
    result = []
    for row, document_id in zip(rows.tolist(), ids, strict=True):
        reason, value = decision.reasons[decision.cause[row]], float(decision.value[row])
        result.append(ledger_row(
            document_id, source, index, step, reason.rule, action="fail" if reason.rule == RULE_ERROR else "drop",
            value=None if np.isnan(value) else value,
            threshold=reason.threshold, op=reason.op, detail=decision.detail.get(row),
            text=batch.prefix(row, TEXT_PREFIX_CHARACTERS),
        ))
    return result


class _StepEdits:
    """What one step changed, kept until it is known which documents survive the segment."""

    def __init__(self, index: int, name: str, decision: Edited, here: np.ndarray, before: pa.ChunkedArray) -> None:
        self.index, self.name, self.spans = index, name, decision.spans
        self.rows = here[decision.spans.row]  # input rows of the spans
        changed = pc.not_equal(before.cast(pa.large_string()).fill_null(""), decision.text)
        self.changed = here[np.asarray(changed) & decision.kept]

    def count(self, counts: Counts, survivors: np.ndarray) -> None:
        """Add documents edited and lines removed by each rule, over the survivors."""
        spans = self.spans
        add(counts.edited, self.name, np.isin(self.changed, survivors).sum())
        removed = np.isin(self.rows, survivors) & np.asarray(spans.replacement.is_null())
        lines = np.bincount(
            spans.rule[removed], (spans.line_end - spans.line_start)[removed], minlength=len(spans.rules)
        )
        for rule, number in zip(spans.rules, lines.tolist(), strict=True):
            add(counts.lines_removed, rule, int(number))

    def table(self, ids: list[str]) -> pa.Table:
        spans, number = self.spans, len(self.rows)
        return pa.table([
            pa.array(ids, pa.string()).take(pa.array(self.rows)), pa.repeat(pa.scalar(self.index, pa.int32()), number),
            pa.repeat(self.name, number), pa.array(spans.rules, pa.string()).take(pa.array(spans.rule)),
            spans.line_start, spans.line_end, spans.replacement,
        ], schema=EDITS)
