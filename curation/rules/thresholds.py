"""Decide by thresholds on measured values: the first test that fails gives the reason."""

from collections.abc import Sequence

import numpy as np

from curation.rules.batch import KEEP, Decision, Reason

_FAILS = {
    "<": np.less, ">": np.greater,
}


def decide(tests: Sequence[tuple[str, np.ndarray, str, float]], signals: dict[str, np.ndarray]) -> Decision:
    """A decision from tests (reason, values float64 (documents), op, threshold) that drop where `value op threshold`.

    The tests come in the order of their source; NaN passes.
    """
    cause = np.full(len(tests[0][1]), KEEP, np.int16)
    value = np.full(len(cause), np.nan)
    for index, (_, values, op, threshold) in enumerate(tests):
        fails = (cause == KEEP) & _FAILS[op](values, threshold)
        cause[fails], value[fails] = index, values[fails]
    reasons = tuple(Reason(name, op, threshold) for name, _, op, threshold in tests)
    return Decision(reasons, cause, value, signals=signals)


def ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """float64, NaN where the denominator is 0."""
    result = np.full(len(numerator), np.nan)
    return np.divide(numerator, denominator, out=result, where=denominator != 0)
