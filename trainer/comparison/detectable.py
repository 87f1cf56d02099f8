"""The effect that a comparison will find, told before anything is trained: light, so that planning needs no numpy."""

import math
from collections.abc import Callable
from statistics import NormalDist

ALPHA = 0.05
POWER = 0.80
# Of a run, of its figure, where no report says: what the demo's tiny runs of 250,000 tokens have. Longer runs of larger
# models have less.
ASSUMED_SD_SHARE = 0.012


def detectable_effect(seeds: int, sd_of_a_run: float, tests: int) -> float | None:
    """Smallest difference of an arm that is found 80 times in 100, at 5 % over all `tests`; None with one seed.

    As `uncertainty.Uncertainty.detectable`, of runs alone: an arm has `seeds` of them, the baseline twice as many with
    its A/A control. Documents add theirs.
    """
    if seeds < 2:
        return None

    def part(runs: int) -> float:
        df = runs - 1
        return (t_quantile(1 - ALPHA / tests / 2, df) + t_quantile(POWER, df)) * sd_of_a_run / math.sqrt(runs)

    return math.hypot(part(seeds), part(2 * seeds))


def t_quantile(probability: float, df: int) -> float:
    """Student's t for whole degrees of freedom, from ½ up: closed sums, inverted by halving."""
    if df > 1000:
        return NormalDist().inv_cdf(probability)
    high = 1.0
    while _t_cdf(high, df) < probability:
        high *= 2
    return _root(lambda value: _t_cdf(value, df) - probability, high)


def _root(function: Callable[[float], float], high: float) -> float:
    low = 0.0
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if function(middle) < 0 else (low, middle)
    return high


def _t_cdf(value: float, df: int) -> float:
    """Abramowitz & Stegun 26.7.3 and 26.7.4."""
    angle = math.atan(value / math.sqrt(df))
    cosine, sine = math.cos(angle), math.sin(angle)
    term, total = (cosine, 0.0) if df % 2 else (1.0, 0.0)
    for number in range(1 if df % 2 else 0, df - 1, 2):
        total += term
        term *= cosine * cosine * (number + 1) / (number + 2)
    inside = 2 / math.pi * (angle + sine * total) if df % 2 else sine * total
    return 0.5 + inside / 2
