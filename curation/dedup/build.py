"""The dedup step: a ledger of who leaves as a duplicate of whom. Documents are not written again."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from maslin.curation.dedup.containment import passage_of
from maslin.curation.dedup.near.search import Found, Search, read_found
from maslin.curation.stages import StageShard, iter_surviving, previous, surviving
from maslin.manifests.counts import Counts, add, sum_counts
from maslin.manifests.manifest import Manifest
from maslin.manifests.named import named
from maslin.manifests.recipe.earlier import EarlierCorpus, where_they_lay
from maslin.manifests.steps.known import decode
from maslin.manifests.tables import LEDGER, TEXT_PREFIX_CHARACTERS, TableWriter, part_name
from maslin.manifests.workspace import Mapper, ShardResult, Step, Workspace, commit, read_manifest, run_shards


@dataclass(frozen=True)
class LedgerTask:
    directory: Path
    index: int
    shard: StageShard
    matches: Path
    step_index: int
    step: str
    rule: str
    threshold: float | None


def build_dedup(
    step: Step, workspace: Workspace, mapper: Mapper, earlier: Mapping[str, EarlierCorpus] = MappingProxyType({}),
) -> Manifest:
    """Build a step directory of a barrier: `ledger/`, one part a shard before.

    The barrier's kernel is `find(search, shards, parameters) -> Found`. Its one rule drops who is in what it finds:
    by the similarity where it holds one against a threshold, else with the words that are found (`detail`). One that
    has a parameter `against` is given the shards of these corpora, too: `earlier` has them by their digests.
    """
    directory = workspace.path(step)
    index = step.parameters["start"]
    barrier = decode(step.parameters["steps"][index])
    (rule,) = barrier.rules
    before = previous(step)
    assert before is not None
    shards = surviving(before, workspace)
    label, total = f"{step.name}: {barrier.name}", workspace.manifest(before).counted().kept
    search = Search(
        directory, barrier.name, mapper, label, total, memory_bytes=workspace.task_memory_bytes)
    against = [earlier[digest] for digest in barrier.against]
    more = {"earlier": {corpus.named: shards_of(corpus) for corpus in against}} if against else {}
    found: Found = named(barrier.spec.kernel)(search, shards, barrier.parameters, **more)
    tasks = [
        LedgerTask(directory, part, shard, matches, index, barrier.name, rule.name, rule.limit(barrier.parameters))
        for part, (shard, matches) in enumerate(zip(shards, found.paths, strict=True))
    ]
    results = run_shards(directory, write_ledger, tasks, mapper, f"{label}, ledger", stage="ledger")
    counts = sum_counts(result["counts"] for result in results)
    counts.check_conservation(step.directory)
    return commit(
        directory, step, [entry for result in results for entry in result["files"]], counts=counts,
        summary=found.summary, measured=where_they_lay(against))


def shards_of(corpus: EarlierCorpus) -> list[StageShard]:
    """The documents of an earlier corpus. Raises DamagedError where they are not as its manifest says."""
    corpus.check()
    return [StageShard(path) for path in read_manifest(corpus.path).parts("documents")]


def write_ledger(task: LedgerTask) -> ShardResult:
    counts = Counts()
    matches = read_found(task.matches)
    with TableWriter(task.directory, f"ledger/{part_name(task.index)}", LEDGER) as writer:
        for table in iter_surviving(task.shard, ["id", "source", "text"]):
            if task.threshold is None:
                left = matched_rows(table, matches, task.step_index, task.step, task.rule)
            else:
                left = duplicate_rows(table, matches, task.step_index, task.step, task.rule, task.threshold)
            writer.write(left)
            counts.read += table.num_rows
            add(counts.dropped, task.rule, left.num_rows)
    counts.kept = counts.read - counts.dropped_in_all
    return {"files": [writer.entry], "counts": counts.to_json()}


def matched_rows(documents: pa.Table, matches: pa.Table, step_index: int, step: str, rule: str) -> pa.Table:
    """Ledger rows, in the order of `documents` (id, source, text), of those that `matches` names, in its words."""
    places = pc.index_in(documents["id"], value_set=matches["id"])
    matched = matches.take(pc.drop_null(places))
    return ledger_rows(
        documents.filter(pc.is_valid(places)), step_index, step, rule,
        detail=_detail(matched["detail"], matched),
        survivor_id=matched["survivor_id"])


def duplicate_rows(
    documents: pa.Table, matches: pa.Table, step_index: int, step: str, rule: str, threshold: float,
) -> pa.Table:
    """Ledger rows, in the order of `documents` (id, source, text), of those that `matches` (outcome.MATCHES) names."""
    places = pc.index_in(documents["id"], value_set=matches["id"])
    left = documents.filter(pc.is_valid(places))
    matched = matches.take(pc.drop_null(places))
    return ledger_rows(
        left, step_index, step, rule, value=matched["similarity"], threshold=threshold, op=">=",
        detail=_detail(pc.if_else(matched["equal_text"], "equal text", pa.scalar(None, pa.string())), matched),
        survivor_id=matched["survivor_id"], similarity=matched["similarity"])


def _detail(words: pa.ChunkedArray, matched: pa.Table) -> pa.ChunkedArray:
    """The words of a match, and of which earlier corpus the document that stays is."""
    if "where" not in matched.schema.names or matched["where"].null_count == matched.num_rows:
        return words
    place = pc.binary_join_element_wise("in", matched["where"], " ")
    both = pc.binary_join_element_wise(words, place, ", ", null_handling="skip")
    return pc.if_else(pc.is_null(place), words, both)


def contained_rows(
    documents: pa.Table, found: pa.Table, step_index: int, step: str, rule: str, share: float, run_words: int,
) -> pa.Table:
    """Ledger rows of those of `documents` (id, source, text) that `found` (containment.CONTAINED) names.

    The value is the share of the other document's n-grams, or the words of the longest run, whichever is too much.
    """
    places = pc.index_in(documents["id"], value_set=found["id"])
    left = documents.filter(pc.is_valid(places))
    its = found.take(pc.drop_null(places))
    by_run = pc.and_(pc.less(its["share"], share), pc.invert(its["equal_text"]))
    return ledger_rows(
        left, step_index, step, rule,
        value=pc.if_else(by_run, pc.cast(its["run_words"], pa.float64()), its["share"]),
        threshold=pc.if_else(by_run, float(run_words), share), op=">=",
        detail=pc.if_else(its["equal_text"], "equal text", its["passage"]), survivor_id=its["reference_id"],
        similarity=its["share"])


def parts_rows(
    documents: pa.Table, found: pa.Table, step_index: int, step: str, rule: str, threshold: float, ngram_words: int,
) -> pa.Table:
    """Ledger rows of those of `documents` (id, source, text) that `found` (parts.PARTS) names, with the passage."""
    places = pc.index_in(documents["id"], value_set=found["id"])
    left, its = documents.filter(pc.is_valid(places)), found.take(pc.drop_null(places))
    passages = [passage_of(*each, ngram_words) for each in zip(
        left["text"].to_pylist(), its["ngram"].to_pylist(), its["words"].to_pylist(), strict=True)]
    return ledger_rows(
        left, step_index, step, rule, value=its["value"], threshold=threshold, op=">=",
        detail=pa.array(passages, pa.string()), survivor_id=its["reference_id"])


def item_rows(documents: pa.Table, found: pa.Table, step_index: int, step: str, rule: str) -> pa.Table:
    """Ledger rows of those of `documents` (id, source, text) that hold items of evaluation sets (CONTAMINATION).

    A document's first row of `found` counts; the detail names set, item and field, and has the passage.
    """
    places = pc.index_in(documents["id"], value_set=found["id"])
    left, its = documents.filter(pc.is_valid(places)), found.take(pc.drop_null(places))
    detail = pc.binary_join_element_wise(
        pc.binary_join_element_wise(its["set"], its["item"], its["field"], " "), its["passage"], ": ")
    return ledger_rows(left, step_index, step, rule, value=its["share"], threshold=its["threshold"], op=">=",
                       detail=detail)


def ledger_rows(documents: pa.Table, step_index: int, step: str, rule: str, **columns: Any) -> pa.Table:
    """A ledger row for each of `documents` (id, source, text); `columns` are arrays, or one value for all rows."""
    rows = documents.num_rows
    values = {
        "id": documents["id"], "source": documents["source"], "step_index": step_index, "step": step, "rule": rule,
        "action": "drop",
        "text_prefix": pc.utf8_slice_codeunits(pc.fill_null(documents["text"], ""), 0, TEXT_PREFIX_CHARACTERS),
    } | columns
    return pa.table([
        value if isinstance(value, pa.Array | pa.ChunkedArray | np.ndarray)
        else pa.repeat(pa.scalar(value, field.type), rows)
        for field, value in ((field, values.get(field.name)) for field in LEDGER)
    ], schema=LEDGER)
