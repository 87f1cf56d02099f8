"""What other parameters would do to a corpus, answered from its ledger and stored signals: nothing is built.

A threshold on a stored signal is held against the values of all documents that its step measured. What cannot be
answered is counted as unknown: a document that would now go on to steps that never measured it, one whose text or value
a changed parameter alters, a lower bound below a raised threshold, and a duplicate of a document that would now leave.
`curation/evidence/rejudge.py` reads the texts of those.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from maslin.curation.evidence.outcomes import KEPT, Outcomes, StepRules, corpus_steps, outcomes
from maslin.manifests.recipe.reading import with_settings
from maslin.manifests.recipe.typed_yaml import Settings
from maslin.manifests.steps.known import decode
from maslin.manifests.steps.spec import CurationStep, Rule
from maslin.manifests.workspace import read_manifest

# Why nothing stored tells. Of the first two the texts would (curation/evidence/rejudge.py), of the others only a build.
NOT_STORED, NOT_MEASURED, OVER_ALL, SURVIVOR_LEAVES = (
    "what the changed parameter alters is not stored", "would go on to steps that never measured them",
    "a changed step decides over all documents", "duplicates of documents that would leave")

RuleKey = tuple[int, str, str]  # step index, step, rule


def decides_over_all(steps: Sequence[dict[str, Any]], index: int) -> bool:
    """Whether the step at `index` of a corpus (its own steps come after these) is not decided document by document."""
    return index >= len(steps) or decode(steps[index]).spec.role == "barrier"


@dataclass
class Trial:
    """Documents of a corpus by outcome, now and under the settings.

    `now`, `then`: dropped by each rule; `then` and `kept_then` count only what is known, `unknown` the rest by reason.
    `newly_dropped`: kept now, known to be dropped then; `newly_kept`: the other way. `open`: by part, the rows of
    unknown documents whose texts would tell; `changed`: the indexes of changed steps.
    """

    corpus: str
    directory: Path
    steps: list[dict[str, Any]]
    changed: list[int]
    read: int = 0
    kept_now: int = 0
    kept_then: int = 0
    newly_dropped: int = 0
    newly_kept: int = 0
    now: dict[RuleKey, int] = field(default_factory=dict)
    then: dict[RuleKey, int] = field(default_factory=dict)
    unknown: dict[str, int] = field(default_factory=dict)
    open: dict[int, np.ndarray] = field(default_factory=dict)


def try_settings(directory: Path, settings: Sequence[str], say: Callable[[str], None] = lambda line: None) -> Trial:
    """Answer what `step.parameter=value` settings would change in the corpus. `say`: see lookup.find.

    Raises RecipeError for a step or parameter that the corpus does not have, or a value it cannot take.
    """
    manifest = read_manifest(directory)
    entries = manifest.parameters["steps"]
    steps = tuple(decode(entry).released() for entry in entries)
    asked = Settings(settings)
    set_steps = with_settings(steps, asked.root)
    asked.faults.tell()
    tried = tuple(step.resolved() for step in set_steps)
    changed = [index for index, (old, new) in enumerate(zip(steps, tried, strict=True)) if old.resolved() != new]
    trial = Trial(manifest.name, directory, [step.to_json() for step in tried], changed)
    rules = corpus_steps(manifest)
    leaving: list[pa.Array] = []
    duplicates: list[tuple[RuleKey, pa.Array]] = []
    for found in outcomes(directory, say):
        new = _Simulation(found, rules, tried, changed)
        new.run()
        new.count(trial)
        leaving.append(found.ids.filter(pa.array(new.step < found.step)))
        duplicates += new.duplicates()
    _without_survivors(trial, pa.concat_arrays([pa.array([], pa.string()), *leaving]), duplicates)
    return trial


class _Simulation:
    """The documents of one part under other parameters.

    `step`, `rule`: the new outcome as in Outcomes, `rule` an index into `names`; `unknown`: an index into `reasons`
    where nothing stored tells, −1 elsewhere.
    """

    def __init__(
        self, found: Outcomes, steps: list[StepRules], tried: tuple[CurationStep, ...], changed: list[int],
    ) -> None:
        self.found, self.steps, self.tried, self.changed = found, steps, tried, changed
        self.step = np.full(len(found), KEPT, np.int32)
        self.rule = np.full(len(found), -1, np.int32)
        self.names = [rule.name for step in steps for rule in step.rules]
        self.names += [name for name in found.rules if name not in self.names]
        self.reasons = [NOT_STORED, NOT_MEASURED, OVER_ALL]
        self.unknown = np.full(len(found), -1, np.int8)

    @property
    def going_on(self) -> np.ndarray:
        """bool (documents): known to have passed every step so far."""
        return (self.step == KEPT) & (self.unknown < 0)

    def run(self) -> None:
        for step in self.steps:
            self._set_unknown(self.going_on & (self.found.step < step.index), NOT_MEASURED)
            if step.index not in self.changed:
                for index, name in enumerate(self.found.rules):
                    self._drop(self.going_on & (self.found.step == step.index) & (self.found.rule == index), step, name)
            elif self.tried[step.index].is_barrier:
                self._set_unknown(self.going_on, OVER_ALL)
            elif self._is_answerable(step):
                for rule in step.rules:
                    self._test(step, rule)
            else:
                self._set_unknown(self.going_on, NOT_STORED)

    def _is_answerable(self, step: StepRules) -> bool:
        """Whether only thresholds on stored signals differ."""
        old, new = step.parameters, self.tried[step.index]
        return all(getattr(old, name) == getattr(new.parameters, name) or name in new.spec.thresholds
                   for name in old.__dataclass_fields__)

    def _test(self, step: StepRules, rule: Rule) -> None:
        found, going_on = self.found, self.going_on
        stored = found.left_by(step.index, rule.name)
        if rule.signal is None:
            self._drop(going_on & stored, step, rule.name)
            earlier = [other.name for other in step.rules[:step.rules.index(rule)]]
            for name in earlier:  # dropped before this rule could be tested
                self._set_unknown(going_on & found.left_by(step.index, name), NOT_STORED)
            return
        values = found.signal(step.columns[rule.signal])
        old, new = rule.limit(step.parameters), rule.limit(self.tried[step.index].parameters)
        assert old is not None and new is not None
        fails = rule.fails(values, new)
        if rule.at_least:
            bound = ~rule.fails(values, old)
            self._set_unknown(going_on & fails & bound, NOT_STORED)
        self._drop(self.going_on & fails, step, rule.name)

    def _drop(self, which: np.ndarray, step: StepRules, rule: str) -> None:
        self.step[which], self.rule[which] = step.index, self.names.index(rule)

    def _set_unknown(self, which: np.ndarray, reason: str) -> None:
        self.unknown[which] = self.reasons.index(reason)

    def count(self, trial: Trial) -> None:
        found = self.found
        trial.read += len(found)
        kept_now, kept_then = found.step == KEPT, self.going_on
        trial.kept_now += int(kept_now.sum())
        trial.kept_then += int(kept_then.sum())
        trial.newly_dropped += int((kept_now & (self.step != KEPT)).sum())
        trial.newly_kept += int((~kept_now & kept_then).sum())
        names = {step.index: step.name for step in self.steps}
        for which, steps, rules, rule_names in (
            (trial.now, found.step, found.rule, found.rules), (trial.then, self.step, self.rule, self.names),
        ):
            left = steps != KEPT
            pairs, numbers = np.unique(np.stack([steps[left], rules[left]]), axis=1, return_counts=True)
            for (index, rule), number in zip(pairs.T.tolist(), numbers.tolist(), strict=True):
                key = (index, names[index], rule_names[rule])
                which[key] = which.get(key, 0) + number
        for index, reason in enumerate(self.reasons):
            if number := int((self.unknown == index).sum()):
                trial.unknown[reason] = trial.unknown.get(reason, 0) + number
        by_text = [self.reasons.index(reason) for reason in (NOT_STORED, NOT_MEASURED)]
        trial.open[found.part] = np.flatnonzero(np.isin(self.unknown, by_text))

    def duplicates(self) -> list[tuple[RuleKey, pa.Array]]:
        """The survivors of documents that still leave as duplicates after a changed step, by the rule that says so."""
        found, result = self.found, []
        rows = pc.index_in(found.ledger["id"], value_set=found.ids).to_numpy()
        entries = [step.to_json() for step in self.tried]
        for step in (step for step in self.steps if decides_over_all(entries, step.index)):
            here = (self.step[rows] == step.index) & (found.step[rows] == step.index)
            ledger = found.ledger.filter(pa.array(here & (step.index > min(self.changed, default=KEPT))))
            for rule in ledger["rule"].unique().to_pylist():
                survivors = ledger.filter(pc.equal(ledger["rule"], rule))["survivor_id"].drop_null()
                result.append(((step.index, step.name, rule), survivors))
        return result


def _without_survivors(trial: Trial, leaving: pa.Array, duplicates: list[tuple[RuleKey, pa.Array]]) -> None:
    """Count duplicates as unknown whose survivor would leave."""
    for key, survivors in duplicates:
        number = pc.sum(pc.is_in(survivors, value_set=leaving)).as_py() or 0
        if number:
            trial.then[key] -= number
            trial.unknown[SURVIVOR_LEAVES] = trial.unknown.get(SURVIVOR_LEAVES, 0) + number
