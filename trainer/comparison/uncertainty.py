"""How sure a difference is: its error in independent parts, each with its own degrees of freedom.

Everything takes numbers or arrays of draws, so that what is simulated is what is
told (benchmarks/interval_coverage.py).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtri, stdtrit

from maslin.trainer.comparison.detectable import ALPHA, POWER

CONFIDENCE = 0.95
SMALLEST_TAIL = 1e-15  # no smaller p is told
MOST_SEEDS = 1000  # beyond this, "more seeds" is no advice

Number = Any  # float, or an array of draws of shape (…)


@dataclass(frozen=True)
class Part:
    """A standard error and its degrees of freedom."""

    se: Number
    df: float = math.inf


@dataclass(frozen=True)
class Uncertainty:
    """The error of a difference of two means: that of the arm's runs, of the baseline's, and of the documents.

    Half-widths of the parts' t intervals add in squares (Zou & Donner 2008): nothing is pooled, and a part that is
    known from many runs does not pay for one of few. Welch–Satterthwaite's degrees of freedom are more powerful and
    do not cover with two or three runs of unlike spread (docs/statistics.md).
    """

    arm: Part
    baseline: Part
    documents: Part | None = None

    @property
    def parts(self) -> tuple[Part, ...]:
        return (self.arm, self.baseline) if self.documents is None else (self.arm, self.baseline, self.documents)

    @property
    def total(self) -> Number:
        """The standard error of the difference."""
        return self._added(lambda df: 1.0)

    def _added(self, factor: Callable[[float], float]) -> Number:
        """The parts, each times the factor of its degrees of freedom, added in squares."""
        return np.sqrt(sum((factor(part.df) * part.se) ** 2 for part in self.parts))

    def margin(self, tail: float) -> Number:
        """Distance that a difference exceeds by chance on one side with probability `tail` ≤ 0.5."""
        return self._added(lambda df: -t_quantile(tail, df))

    def interval(self, estimate: float, level: float = ALPHA) -> tuple[float, float]:
        """The interval that a two-sided test at this level leaves."""
        half = self.margin(level / 2)
        return estimate - half, estimate + half

    def tail(self, distance: float) -> float:
        """One-sided p of a distance from the hypothesis: the inverse of `margin`; above 0.5 for a negative one."""
        if distance <= 0:
            return 1 - self.tail(-distance) if distance else 0.5
        if self.total == 0:
            return 0.0
        low, high = math.log(SMALLEST_TAIL), math.log(0.5)
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if self.margin(math.exp(middle)) > distance else (low, middle)
        return math.exp(high)

    def p_value(self, estimate: float) -> float:
        """Two-sided p of no difference."""
        return min(1.0, 2 * self.tail(abs(estimate)))

    def equivalence_p(self, estimate: float, region: float) -> float:
        """p of the two one-sided tests (Schuirmann 1987) that the difference lies within ± `region`."""
        return self.tail(region - abs(estimate))

    def detectable(self, alpha: float = ALPHA) -> float:
        """Smallest difference that a two-sided test at `alpha` finds with 80 % power, about."""
        return float(self._added(lambda df: t_quantile(1 - alpha / 2, df) + t_quantile(POWER, df)))


def t_quantile(probability: float, df: float) -> float:
    """Student's t; the normal distribution for infinitely many degrees of freedom."""
    return float(ndtri(probability) if math.isinf(df) else stdtrit(df, probability))


def sd(values: Any) -> Number:
    """Sample standard deviation (n − 1) over the last axis."""
    return np.std(np.asarray(values, dtype=np.float64), axis=-1, ddof=1)


def runs_part(figures: Any) -> Part:
    """The error of the mean of runs; figures of shape (…, runs), two runs at least."""
    runs = np.shape(figures)[-1]
    return Part(sd(figures) / math.sqrt(runs), runs - 1)


def seeds_needed(
    effect: float, arm_sd: float, baseline_sd: float, baseline_runs_per_seed: float, documents: Part | None,
    alpha: float,
) -> int | None:
    """Fewest seeds an arm that find a true effect of this size with 80 % power; None when over 1000, or none is enough.

    The documents' part stays as it is: it does not shrink with seeds.
    """
    def enough(seeds: int) -> bool:
        runs = max(2.0, seeds * baseline_runs_per_seed)
        then = Uncertainty(
            Part(arm_sd / math.sqrt(seeds), seeds - 1), Part(baseline_sd / math.sqrt(runs), runs - 1), documents)
        return then.detectable(alpha) <= abs(effect)

    if effect == 0 or not enough(MOST_SEEDS):
        return None
    low, high = 2, MOST_SEEDS  # `enough` is monotone: more seeds, more degrees of freedom and a smaller error
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle + 1, high)
    return low
