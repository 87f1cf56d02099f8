"""Decide by thresholds on measured values: the first test of a step that fails gives the reason."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from maslin.curation.text.batch import KEEP, Decision, Reason
from maslin.manifests.steps.rules import RULES


def reasons(step: str, parameters: Any) -> tuple[Reason, ...]:
    """The reasons of a step's rules, in the order of maslin.manifests.steps.rules."""
    return tuple(Reason(rule.name, rule.op, rule.limit(parameters)) for rule in RULES[step].rules)


def decide(
    step: str, parameters: Any, signals: dict[str, np.ndarray], unstored: Mapping[str, np.ndarray] | None = None,
) -> Decision:
    """A decision by the rules of a step, each on its signal: it drops where `value op threshold`; NaN passes.

    `signals` and `unstored` (the values of rules without a signal, by rule): float64 (documents).
    """
    found, rules = reasons(step, parameters), RULES[step].rules
    values = [signals[rule.signal] if rule.signal is not None else (unstored or {})[rule.name] for rule in rules]
    cause = np.full(len(values[0]), KEEP, np.int16)
    value = np.full(len(cause), np.nan)
    for index, (rule, reason, measured) in enumerate(zip(rules, found, values, strict=True)):
        fails = (cause == KEEP) & rule.fails(measured, reason.threshold)
        cause[fails], value[fails] = index, measured[fails]
    return Decision(found, cause, value, signals=signals)


def ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """float64, NaN where the denominator is 0."""
    result = np.full(len(numerator), np.nan)
    return np.divide(numerator, denominator, out=result, where=denominator != 0)
