"""The way of one document through a corpus: every decision with its value, threshold and source, and every edit.

Light: reads a row of each table by its place, and no kernels. Row i of a corpus's signals speaks of row i of the
documents it was made from; ledger and edits are searched within the document's own part.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from maslin.curation.evidence.edits import apply
from maslin.manifests.errors import MaslinError
from maslin.manifests.lookup import Place, read_row
from maslin.manifests.recipe.earlier import EARLIER, named_earlier
from maslin.manifests.steps.known import decode
from maslin.manifests.steps.spec import CurationStep, Rule, signal_column
from maslin.manifests.tables import open_table, part_name
from maslin.manifests.workspace import read_manifest, read_measured

PASSED, DROPPED, WOULD_DROP, UNKNOWN = "passed", "dropped", "would drop too", "not tested"


@dataclass(frozen=True)
class Check:
    """One rule on one document: `value` is None where none is stored; `outcome` one of the words above."""

    rule: Rule
    condition: str
    value: float | None
    outcome: str


@dataclass
class StepPassed:
    """What a step did with a document: its rules' checks, and its edits (rows of EDITS) of the text it met."""

    index: int
    step: str
    source: str
    checks: list[Check]
    before: str
    edits: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Way:
    """A document's way through a corpus. `left`: its row of the ledger, None where the corpus has it.

    `text`: as the corpus has it, or as the step met it at which the document left. `items`: rows of CONTAMINATION, what
    of evaluation sets the document holds, best first. `earlier`: where the document that stays in its place is of a
    corpus of an earlier run, the directory of that, or none where it is no longer there.
    """

    directory: Path
    corpus: str
    steps: list[StepPassed]
    left: dict[str, Any] | None
    text: str
    items: list[dict[str, Any]] = field(default_factory=list)
    earlier: tuple[Path, ...] | None = None

    def stays_in(self, sources: Sequence[Path]) -> Sequence[Path]:
        """Directories of which one has the document that stays; `sources`: those of the corpus's own workspace."""
        return sources if self.earlier is None else self.earlier


def follow(directory: Path, place: Place, document: dict[str, Any]) -> Way:
    """The way of the document at `place` of the documents step through the corpus in `directory`."""
    manifest = read_manifest(directory)
    entries, name = manifest.parameters["steps"], part_name(place.part)
    left = next(rows_of(directory / "ledger" / name, document["id"]), None)
    edits = list(rows_of(directory / "edits" / name, document["id"]))
    signals = read_row(directory / "signals" / name, place.row)
    text, steps = document["text"], []
    for index, entry in enumerate(entries):
        if left is not None and left["step_index"] < index:
            break
        here = [edit for edit in edits if edit["step_index"] == index]
        step = decode(entry)
        values = {
            signal: signals.get(signal_column(entries, index, signal)) for signal in step.spec.signals}
        checks = list(_checks(step, values, left if left and left["step_index"] == index else None))
        steps.append(StepPassed(
            index, step.name, step.spec.source_of(step.parameters), checks, text, here))
        text = apply(text, here)
    held = directory / "contamination" / name
    items = list(rows_of(held, document["id"])) if held.is_file() else []
    return Way(directory, manifest.name, steps, left, text, items, _earlier(directory, left))


def _earlier(directory: Path, left: dict[str, Any] | None) -> tuple[Path, ...] | None:
    """See Way. A corpus moved or built anew since is none: its content would be another."""
    named = named_earlier(left["detail"]) if left is not None else None
    if named is None:
        return None
    with suppress(MaslinError, KeyError):  # whether of its manifest or of what was measured: the pair cannot be shown
        path = Path(read_measured(directory)[EARLIER][named])
        return (path,) if named.endswith(read_manifest(path).digest) else ()
    return ()


def _checks(
    step: CurationStep, values: dict[str, Any], left: dict[str, Any] | None,
) -> Iterator[Check]:
    """The rules of a step that saw the document; `values`: its signals; `left`: its ledger row, if it left here."""
    tested = True
    for rule in step.rules:
        value = values.get(rule.signal) if rule.signal else None
        outcome = PASSED if tested else UNKNOWN
        if left is not None and left["rule"] == rule.name:
            outcome, tested, value = DROPPED, False, left["value"] if value is None else value
        elif not tested and value is not None:
            limit = rule.limit(step.parameters)
            outcome = WOULD_DROP if limit is not None and rule.fails(value, limit) else PASSED
        elif left is not None and rule.at_least and value is None:
            outcome = UNKNOWN
        yield Check(rule, rule.condition(step.parameters), value, outcome)


def rows_of(path: Path, document_id: str) -> Iterator[dict[str, Any]]:
    """The rows of a part of a ledger or of edits that speak of a document; other columns only where there are any."""
    with open_table(path) as file:
        ids = file.read(columns=["id"])["id"]
        rows = pc.indices_nonzero(pc.equal(ids, pa.scalar(document_id, ids.type))).to_pylist()
        begin = 0
        for group in range(file.num_row_groups if rows else 0):
            end = begin + file.metadata.row_group(group).num_rows
            here = [row - begin for row in rows if begin <= row < end]
            if here:
                yield from file.read_row_group(group).take(here).to_pylist()
            begin = end
