"""What became of every document of a corpus, part by part, from its ledger and signals."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from maslin.manifests.lookup import text_bytes
from maslin.manifests.manifest import Manifest
from maslin.manifests.steps.known import CORPUS_RULES, decode
from maslin.manifests.steps.spec import Rule, signal_column
from maslin.manifests.tables import open_table, part_name, read_table
from maslin.manifests.workspace import read_manifest

KEPT = np.iinfo(np.int32).max  # in Outcomes.step: later than every step
_LEDGER = ["id", "step_index", "step", "rule", "survivor_id"]


@dataclass(frozen=True)
class StepRules:
    """A step of a corpus and its rules in the order it tests.

    `parameters`: typed, None where the step is the corpus's own; `columns`: of the table of signals, by signal.
    """

    index: int
    name: str
    rules: tuple[Rule, ...]
    parameters: Any = None
    columns: dict[str, str] = field(default_factory=dict)


def corpus_steps(manifest: Manifest) -> list[StepRules]:
    """The steps of a corpus: the recipe's, then those of the corpus itself."""
    entries = manifest.parameters["steps"]
    steps = []
    for index, entry in enumerate(entries):
        step = decode(entry)
        columns = {rule.signal: signal_column(entries, index, rule.signal) for rule in step.rules if rule.signal}
        steps.append(StepRules(index, step.name, step.rules, step.parameters, columns))
    own = [
        StepRules(len(entries) + offset, name, rules)
        for offset, (name, rules) in enumerate(CORPUS_RULES.items())
        if any(manifest.counted().dropped.get(rule.name) for rule in rules)
    ]
    return steps + own


@dataclass(frozen=True)
class Outcomes:
    """The documents of one part, in the order of the documents step.

    `step` int32: the index of the step at which a document left, KEPT where the corpus has it; `rule`: by which, as an
    index into `rules`, −1 where kept; `bytes` int64: UTF-8 bytes of the extracted text.
    """

    directory: Path
    part: int
    ids: pa.Array
    step: np.ndarray
    rule: np.ndarray
    rules: list[str]
    bytes: np.ndarray
    ledger: pa.Table

    def __len__(self) -> int:
        return len(self.step)

    def left_by(self, step: int, rule: str) -> np.ndarray:
        """bool (documents): left at this step by this rule."""
        if rule not in self.rules:
            return np.zeros(len(self), bool)
        return (self.step == step) & (self.rule == self.rules.index(rule))

    def signal(self, column: str) -> np.ndarray:
        """float64 (documents), NaN where null; all NaN where the corpus has no such column."""
        path = self.directory / "signals" / part_name(self.part)
        with open_table(path) as file:
            if column not in file.schema_arrow.names:
                return np.full(len(self), np.nan)
            values = file.read(columns=[column])[column]
        return pc.fill_null(values, np.nan).to_numpy()


def outcomes(directory: Path, say: Callable[[str], None] = lambda line: None) -> Iterator[Outcomes]:
    """The outcomes of a corpus, part by part: memory is bounded by the largest. `say`: see lookup.find."""
    manifest = read_manifest(directory)
    documents = manifest.input("documents")
    for part, sizes in enumerate(text_bytes(documents, say)):
        name = part_name(part)
        ids = read_table(directory / "signals" / name, ["id"])["id"].combine_chunks()
        ledger = read_table(directory / "ledger" / name, _LEDGER)
        rows = pc.index_in(ledger["id"], value_set=ids).to_numpy()
        codes = ledger["rule"].combine_chunks().dictionary_encode()
        step, rule = np.full(len(ids), KEPT, np.int32), np.full(len(ids), -1, np.int32)
        step[rows], rule[rows] = ledger["step_index"].to_numpy(), codes.indices.to_numpy()
        yield Outcomes(directory, part, ids, step, rule, codes.dictionary.to_pylist(), sizes, ledger)


def alone(found: Outcomes, step: StepRules, rule: Rule) -> tuple[np.ndarray, np.ndarray]:
    """Of the documents a step saw: which the rule drops by itself, and of which nothing stored says so; bool arrays.

    A rule with a signal answers for every document the step measured, whichever rule came first. One without is known
    of the documents that reached it: those that an earlier rule of the step dropped are unknown.
    """
    by_rule = found.left_by(step.index, rule.name)
    unknown = np.zeros(len(found), bool)
    if rule.signal is not None:
        values = found.signal(step.columns[rule.signal])
        if rule.at_least:
            unknown = (found.step == step.index) & ~by_rule & np.isnan(values)
        return by_rule | (found.step >= step.index) & rule.fails(values, rule.limit(step.parameters)), unknown
    for earlier in step.rules[:step.rules.index(rule)]:
        unknown |= found.left_by(step.index, earlier.name)
    return by_rule, unknown
