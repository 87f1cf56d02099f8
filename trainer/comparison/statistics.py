"""The statistics of comparing recipes: small pure functions over numbers and arrays.

Two crossed sources of variance stand behind a difference of recipes: runs (seeds) and documents. A t interval over
seeds carries the first; a paired cluster bootstrap over documents gives the second. Every random draw comes from a
Philox generator whose key is a hash of (seed, identity).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtri, fdtrc, ndtri, stdtrit

from maslin.manifests.identity import hash_int

CONFIDENCE = 0.95
ALPHA = 0.05
POWER = 0.80
SMALLEST_TAIL = 1e-15  # no smaller p is told
MOST_SEEDS = 1000  # beyond this, "more seeds" is no advice
EXACT_SIGN_FLIPS = 16  # up to 2^16 sign patterns are enumerated


@dataclass(frozen=True)
class Uncertainty:
    """The standard error of a difference, in two independent parts, each with its own degrees of freedom.

    Half-widths of the parts' t intervals add in squares (Zou & Donner 2008), so a part known from many documents does
    not pay for few seeds. Simulated coverage of the 95 % interval is 0.95 to 0.99 for two seeds and more, where the
    Welch–Satterthwaite approximation falls to 0.88.
    """

    seeds: float
    seeds_df: float
    documents: float = 0.0
    documents_df: float = math.inf

    @property
    def total(self) -> float:
        return math.hypot(self.seeds, self.documents)

    def scaled(self, seeds_factor: float, documents_factor: float) -> float:
        """Both parts multiplied by their factors and added in squares; an absent part has no factor."""
        return math.hypot(*(
            factor * part for factor, part in ((seeds_factor, self.seeds), (documents_factor, self.documents)) if part))

    def margin(self, tail: float) -> float:
        """Distance that a difference exceeds by chance on one side with probability `tail` ≤ 0.5."""
        return self.scaled(-t_quantile(tail, self.seeds_df), -t_quantile(tail, self.documents_df))

    def interval(self, estimate: float) -> tuple[float, float]:
        half = self.margin((1 - CONFIDENCE) / 2)
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
        """Smallest difference that a two-sided test at `alpha` finds with 80 % power."""
        return self.scaled(detectable_factor(self.seeds_df, alpha), detectable_factor(self.documents_df, alpha))


def t_quantile(probability: float, df: float) -> float:
    """Student's t; the normal distribution for infinitely many degrees of freedom."""
    return float(ndtri(probability) if math.isinf(df) else stdtrit(df, probability))


def sd(values: Sequence[float] | np.ndarray) -> float:
    """Sample standard deviation (n − 1)."""
    return float(np.std(np.asarray(values, dtype=np.float64), ddof=1))


def paired_se(deltas: Sequence[float]) -> tuple[float, float]:
    """(standard error, n − 1) of the mean of paired differences."""
    return sd(deltas) / math.sqrt(len(deltas)), len(deltas) - 1


def welch_se(a: Sequence[float], b: Sequence[float]) -> tuple[float, float]:
    """(standard error, Welch–Satterthwaite df) of the difference of two means with unequal variances."""
    va, vb = sd(a) ** 2 / len(a), sd(b) ** 2 / len(b)
    if va + vb == 0:
        return 0.0, float(min(len(a), len(b)) - 1)
    df = (va + vb) ** 2 / (va**2 / (len(a) - 1) + vb**2 / (len(b) - 1))
    return math.sqrt(va + vb), df


def pooled_sd(groups: Sequence[Sequence[float]]) -> tuple[float, int]:
    """(standard deviation pooled over groups, its degrees of freedom)."""
    df = sum(len(group) - 1 for group in groups)
    squares = sum(sd(group) ** 2 * (len(group) - 1) for group in groups if len(group) > 1)
    return math.sqrt(squares / df), df


def sd_interval(value: float, df: float, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Confidence interval of a standard deviation, from the chi-square distribution."""
    tail = (1 - confidence) / 2
    return value * math.sqrt(df / chdtri(df, tail)), value * math.sqrt(df / chdtri(df, 1 - tail))


def brown_forsythe(groups: Sequence[Sequence[float]]) -> float | None:
    """p of equal variances (Brown & Forsythe 1974): the F test on absolute deviations from group medians.

    None with fewer than three values in a group: both values of a pair lie equally far from their median, so the
    test would always reject.
    """
    if len(groups) < 2 or any(len(group) < 3 for group in groups):
        return None
    deviations = [np.abs(np.asarray(group) - np.median(group)) for group in groups]
    total = sum(len(z) for z in deviations)
    grand = sum(float(z.sum()) for z in deviations) / total
    between = sum(len(z) * (float(z.mean()) - grand) ** 2 for z in deviations) / (len(groups) - 1)
    within = sum(float(((z - z.mean()) ** 2).sum()) for z in deviations) / (total - len(groups))
    if within == 0:
        return 1.0 if between == 0 else 0.0
    return float(fdtrc(len(groups) - 1, total - len(groups), between / within))


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Holm's step-down adjustment; a None (no test) stays None and does not count in the family."""
    tested = sorted((p, index) for index, p in enumerate(p_values) if p is not None)
    adjusted: list[float | None] = [None] * len(p_values)
    highest = 0.0
    for rank, (p, index) in enumerate(tested):
        highest = max(highest, min(1.0, (len(tested) - rank) * p))
        adjusted[index] = highest
    return adjusted


def sign_flip_p(deltas: Sequence[float], seed: int, *identity: str) -> float:
    """Two-sided p of the sign-flip permutation test of the mean: exact up to 16 values, then 2^16 hashed draws."""
    values = np.asarray(deltas, dtype=np.float64)
    n = len(values)
    if n <= EXACT_SIGN_FLIPS:
        patterns = np.arange(1 << n, dtype=np.uint32)[:, None]
        signs = 1 - 2 * ((patterns >> np.arange(n, dtype=np.uint32)) & 1).astype(np.float64)
    else:
        draws = generator(seed, "sign_flip", *identity).integers(0, 2, size=((1 << EXACT_SIGN_FLIPS) - 1, n))
        signs = np.vstack([np.ones(n), 1.0 - 2.0 * draws])
    flipped = np.abs(signs @ values)
    return float(np.mean(flipped >= abs(values.sum()) * (1 - 1e-12)))


def smallest_sign_flip_p(n: int) -> float:
    """The smallest two-sided p that n sign flips can give: 2 / 2^n."""
    return max(2.0 ** (1 - n), 2.0**-EXACT_SIGN_FLIPS)


def generator(seed: int, *identity: str) -> np.random.Generator:
    """A generator that is a pure function of (seed, identity)."""
    return np.random.Generator(np.random.Philox(key=hash_int(seed, *identity)))


def cluster_bootstrap_se(
    difference: np.ndarray, sizes: np.ndarray, divisor: float, replicates: int, seed: int, *identity: str
) -> float | None:
    """Standard error over documents of Σ difference / Σ sizes / divisor; None below two clusters.

    Both arrays have one entry a cluster (in any fixed order); clusters are drawn whole, with replacement, and the
    pair of recipes together. The factor √(C / (C − 1)) undoes the bootstrap's shrinkage with few clusters.
    """
    clusters = len(difference)
    if clusters < 2:
        return None
    rng = generator(seed, "documents", *identity)
    estimates = np.empty(replicates)
    for index in range(replicates):
        drawn = rng.integers(0, clusters, size=clusters)
        estimates[index] = difference[drawn].sum() / sizes[drawn].sum()
    return float(np.std(estimates, ddof=1) / divisor * math.sqrt(clusters / (clusters - 1)))


def detectable_factor(df: float, alpha: float = ALPHA, power: float = POWER) -> float:
    """Smallest effect, in standard errors, that a two-sided test finds with this power: t(1 − α/2) + t(power)."""
    return t_quantile(1 - alpha / 2, df) + t_quantile(power, df)


def minimum_detectable_effect(n: int, df: float | None = None) -> float:
    """Minimum detectable effect of n paired seeds in units of the sd of Δ (80 % power, 5 % two-sided)."""
    return detectable_factor(n - 1 if df is None else df) / math.sqrt(n)


def seeds_needed(
    effect: float, sd_delta: float, now: Uncertainty, alpha: float, df_of: Callable[[int], float]
) -> int | None:
    """Fewest seeds that find an effect of this size with 80 % power; None when over 1000, or no number is enough.

    `sd_delta` is the sd of one seed's difference, `df_of(n)` the degrees of freedom of n seeds. The documents' part of
    the error stays as it is `now`: it does not shrink with seeds.
    """
    def enough(n: int) -> bool:
        then = Uncertainty(sd_delta / math.sqrt(n), df_of(n), now.documents, now.documents_df)
        return then.detectable(alpha) <= abs(effect)

    if effect == 0 or not enough(MOST_SEEDS):
        return None
    low, high = 2, MOST_SEEDS  # `enough` is monotone: more seeds, more degrees of freedom and a smaller error
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle + 1, high)
    return low
