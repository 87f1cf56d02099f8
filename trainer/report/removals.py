"""What each step and rule removed or changed, counted from ledgers and edits, with examples chosen by hash."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from maslin.manifests.tables import SPLIT, SPLIT_PATH, iter_tables, open_table, read_table
from maslin.manifests.workspace import ShardResult, Step, Workspace

EXAMPLES = 3
EXAMPLE_CHARACTERS = 300
_GROUP = ["step_index", "step", "rule"]
Best = dict[tuple[Any, ...], list[dict[str, Any]]]  # the examples of each group so far


@dataclass(frozen=True)
class RemovedDocument:
    """An example of what a rule removed: its ledger row."""

    id: str
    rule: str
    value: float | None
    op: str | None
    threshold: float | None
    detail: str | None
    survivor_id: str | None
    similarity: float | None
    text_prefix: str | None


@dataclass(frozen=True)
class RemovedBy:
    """How many documents a rule removed. `action`: drop, or fail."""

    step_index: int
    step: str
    rule: str
    action: str
    documents: int
    examples: tuple[RemovedDocument, ...]


@dataclass(frozen=True)
class EditedLines:
    """An example of what a rule edited: lines of the extracted text. `replacement`: None where they went."""

    id: str
    line_start: int
    line_end: int
    before: str
    replacement: str | None


@dataclass(frozen=True)
class EditedBy:
    """How many lines a rule changed, and of how many documents."""

    step_index: int
    step: str
    rule: str
    documents: int
    lines: int
    examples: tuple[EditedLines, ...]


@dataclass(frozen=True)
class Removals:
    """What the rules of a corpus, or the reader of a source, took away or changed, in the order of steps."""

    removed: tuple[RemovedBy, ...]
    edited: tuple[EditedBy, ...]

    @classmethod
    def of_scan(cls, scan: ShardResult) -> "Removals":
        """From what `scan_removals` returned."""
        return cls(tuple(_typed(RemovedBy, each, RemovedDocument) for each in scan["removed"]),
                   tuple(_typed(EditedBy, each, EditedLines) for each in scan["edited"]))


def _typed(kind: type, rule: dict[str, Any], example: type) -> Any:
    names = [each.name for each in fields(example)]
    return kind(**rule | {"examples": tuple(
        example(**{name: row[name] for name in names}) for row in rule["examples"])})


@dataclass(frozen=True)
class LedgerFiles:
    """Files of one corpus or source. Part i of `edits` speaks of the documents in part i of `documents`."""

    ledgers: tuple[Path, ...]
    edits: tuple[Path, ...]
    documents: tuple[Path, ...]
    split: Path | None = None


def ledger_files(step: Step, workspace: Workspace) -> LedgerFiles:
    """The files of a `documents` or `corpus` step."""
    source = step.inputs.get("documents")
    return LedgerFiles(
        tuple(workspace.manifest(step).parts("ledger")), tuple(workspace.manifest(step).parts("edits")),
        tuple(workspace.manifest(source).parts("documents")) if isinstance(source, Step) else (),
        workspace.path(split) / SPLIT_PATH if isinstance(split := step.inputs.get("split"), Step) else None,
    )


def scan_removals(files: LedgerFiles) -> ShardResult:
    """Count a ledger and edits, for `Removals.of_scan`: {"files": [], "removed": [rule …], "edited": [rule …]}."""
    held_out = (read_table(files.split, ["id"]) if files.split else SPLIT.empty_table())["id"]
    return {"files": [], "removed": _removed(files.ledgers, held_out), "edited": _edited(files, held_out)}


def _removed(ledgers: Sequence[Path], held_out: pa.ChunkedArray) -> list[dict[str, Any]]:
    """No example is of a held-out document, by whatever rule it left."""
    by = [*_GROUP, "action"]
    counts: dict[tuple[Any, ...], int] = {}
    best: Best = {}
    for rows in iter_tables(ledgers):
        if rows.num_rows == 0:
            continue
        for group in rows.group_by(by).aggregate([("id", "count")]).to_pylist():
            key = tuple(group[name] for name in by)
            counts[key] = counts.get(key, 0) + group["id_count"]
        for row in first_by_hash(_not_of(rows, held_out), by):
            keep_smallest(best, tuple(row[name] for name in by), row)
    return [
        dict(zip(by, key, strict=True)) | {"documents": counts[key], "examples": best.get(key, [])}
        for key in sorted(counts, key=lambda key: (key[0], key[1], -counts[key], *map(str, key[2:])))
    ]


def _not_of(rows: pa.Table, held_out: pa.ChunkedArray) -> pa.Table:
    return rows.filter(pc.invert(pc.is_in(rows["id"], value_set=held_out)))


def _hash_key(document_id: str) -> str:
    """The second half of an id: a hash already, and unlike its first half no part of who survives deduplication."""
    return document_id[16:]


def first_by_hash(rows: pa.Table, by: Sequence[str]) -> list[dict[str, Any]]:
    """For each group the EXAMPLES documents with the smallest hash keys, each by its first row."""
    if rows.num_rows == 0:
        return []
    group = pc.binary_join_element_wise(*(rows[name].cast(pa.string()) for name in by), "\x00")
    keys = pa.table({"group": group, "key": pc.utf8_slice_codeunits(rows["id"], 16), "id": rows["id"],
                     "row": np.arange(rows.num_rows)})
    order = keys.sort_by([(name, "ascending") for name in ("group", "key", "id", "row")])
    same_group, same_id = (_repeats(order[name]) for name in ("group", "id"))
    order = order.filter(pa.array(~(same_group & same_id)))
    starts = np.flatnonzero(~_repeats(order["group"]))
    rank = np.arange(order.num_rows) - np.repeat(starts, np.diff(np.append(starts, order.num_rows)))
    return rows.take(order["row"].filter(pa.array(rank < EXAMPLES))).to_pylist()


def _repeats(column: pa.ChunkedArray) -> np.ndarray:
    """Whether each value equals the one before it."""
    codes = column.combine_chunks().dictionary_encode().indices.to_numpy()
    return np.concatenate([[False], codes[1:] == codes[:-1]])


def keep_smallest(best: Best, key: tuple[Any, ...], row: dict[str, Any]) -> None:
    """Add a document to the EXAMPLES of its group, if its hash key is among their smallest."""
    rows = best.setdefault(key, [])
    rows.append(row)
    rows.sort(key=lambda row: (_hash_key(row["id"]), row["id"]))
    del rows[EXAMPLES:]


def _edited(files: LedgerFiles, held_out: pa.ChunkedArray) -> list[dict[str, Any]]:
    counts: dict[tuple[Any, ...], list[int]] = {}
    best: Best = {}
    for part, path in enumerate(files.edits):
        rows = read_table(path)
        if rows.num_rows == 0:
            continue
        rows = rows.append_column("lines", pc.subtract(rows["line_end"], rows["line_start"]))
        for group in rows.group_by(_GROUP).aggregate([("id", "count_distinct"), ("lines", "sum")]).to_pylist():
            total = counts.setdefault(tuple(group[name] for name in _GROUP), [0, 0])
            total[0] += group["id_count_distinct"]
            total[1] += group["lines_sum"]
        # Line numbers speak of a step's input text: that is the extracted text where nothing was edited before.
        first = rows.group_by("id").aggregate([("step_index", "min")])
        rows = rows.join(first, "id").filter(pc.field("step_index") == pc.field("step_index_min"))
        rows = rows.sort_by([("id", "ascending"), ("rule", "ascending"), ("line_start", "ascending")])
        for row in first_by_hash(_not_of(rows.drop_columns(["step_index_min", "lines"]), held_out), _GROUP):
            keep_smallest(best, tuple(row[name] for name in _GROUP), row | {"part": part})
    _add_texts([row for rows in best.values() for row in rows], files.documents)
    return [
        dict(zip(_GROUP, key, strict=True)) | {
            "documents": counts[key][0], "lines": counts[key][1],
            "examples": [row for row in best.get(key, ()) if row.get("before", "").strip()],  # not of blank lines
        }
        for key in sorted(counts, key=lambda key: (key[0], key[1], -counts[key][1], key[2]))
    ]


def _add_texts(examples: list[dict[str, Any]], documents: Sequence[Path]) -> None:
    """Give each example the text of its lines, `before`, read from the documents the corpus was made of."""
    wanted: dict[int, dict[str, list[dict[str, Any]]]] = {}
    for row in examples:
        wanted.setdefault(row.pop("part"), {}).setdefault(row["id"], []).append(row)
    for part, by_id in sorted(wanted.items()):
        for document_id, text in texts_of(documents[part], set(by_id)) if part < len(documents) else ():
            for row in by_id[document_id]:
                lines = text.splitlines()[row["line_start"]:row["line_end"]]
                row["before"] = "\n".join(lines)[:EXAMPLE_CHARACTERS + 1]


def texts_of(path: Path, ids: set[str]) -> Iterator[tuple[str, str]]:
    """(id, text) of those of a part of documents that are asked for; other row groups' texts are not read."""
    wanted = pa.array(sorted(ids), pa.string())
    with open_table(path) as file:
        for group in range(file.num_row_groups):
            if pc.any(pc.is_in(file.read_row_group(group, columns=["id"])["id"], wanted)).as_py():
                rows = file.read_row_group(group, columns=["id", "text"])
                rows = rows.filter(pc.is_in(rows["id"], wanted))
                yield from zip(rows["id"].to_pylist(), rows["text"].to_pylist(), strict=True)
