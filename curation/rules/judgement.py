"""A decision in the making: kernels name the rule that drops, by its name in the step's declaration."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from maslin.curation.text.batch import KEEP, Batch, Decision, Edited, Reason, Spans
from maslin.manifests.steps.spec import StepSpec


class Judgement:
    """What a step says of the documents of a batch so far; everything is kept at first.

    `spec`, `parameters`: the step's declaration and its resolved parameters; `detail`: words for a ledger row, by row.
    """

    def __init__(self, spec: StepSpec, parameters: Any, batch: Batch) -> None:
        self._rules = {rule.name: (code, rule, rule.limit(parameters)) for code, rule in enumerate(spec.rules)}
        self._cause = np.full(len(batch), KEEP, np.int16)
        self._value = np.full(len(batch), np.nan)
        self.detail: dict[int, str] = {}

    @property
    def open(self) -> np.ndarray:
        """bool (documents): not dropped by any rule yet."""
        return self._cause == KEEP

    def drop(self, rule: str, rows: Any, value: Any = None, detail: str | None = None) -> None:
        """Drop `rows` (one, several, or a mask) by the rule of this name, for the values measured.

        `detail`: words for the ledger where it is one row.
        """
        self._cause[rows] = self._rules[rule][0]
        if value is not None:
            self._value[rows] = value
        if detail is not None:
            self.detail[int(rows)] = detail

    def keep(self, rows: np.ndarray) -> None:
        """Take back that these rows are dropped."""
        self._cause[rows], self._value[rows] = KEEP, np.nan
        for row in rows.tolist():
            self.detail.pop(row, None)

    def test(self, rule: str, values: np.ndarray) -> None:
        """Drop the open documents whose value (float64, documents) the rule's threshold says; NaN passes."""
        _, tested, limit = self._rules[rule]
        assert limit is not None
        fails = self.open & tested.fails(values, limit)
        self.drop(rule, fails, values[fails])

    def decision(
        self, signals: dict[str, np.ndarray] | None = None, columns: dict[str, pa.Array] | None = None,
    ) -> Decision:
        return Decision(self._reasons, self._cause, self._value, self.detail, signals or {}, columns or {})

    def edited(self, text: pa.Array, spans: Spans, signals: dict[str, np.ndarray] | None = None) -> Edited:
        """The decision of a step that also changes texts: see Edited."""
        return Edited(self._reasons, self._cause, self._value, self.detail, signals or {}, text=text, spans=spans)

    @property
    def _reasons(self) -> tuple[Reason, ...]:
        return tuple(Reason(rule.name, rule.op, limit) for _, rule, limit in self._rules.values())


def decide(
    spec: StepSpec, parameters: Any, batch: Batch, signals: dict[str, np.ndarray],
    unstored: Mapping[str, np.ndarray] | None = None,
) -> Decision:
    """A decision by all rules of a step in their order, each on its signal.

    `signals` and `unstored` (the values of rules without a signal, by rule): float64 (documents).
    """
    judgement = Judgement(spec, parameters, batch)
    for rule in spec.rules:
        judgement.test(rule.name, signals[rule.signal] if rule.signal is not None else (unstored or {})[rule.name])
    return judgement.decision(signals)


def ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """float64, NaN where the denominator is 0."""
    result = np.full(len(numerator), np.nan)
    return np.divide(numerator, denominator, out=result, where=denominator != 0)
