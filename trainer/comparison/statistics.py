"""Tests and intervals that a comparison is told with, beside the difference's own error (uncertainty.py)."""

import math
from collections.abc import Sequence

import numpy as np
from scipy.special import chdtri

from maslin.manifests.identity import hash_int
from maslin.trainer.comparison.uncertainty import ALPHA, CONFIDENCE

EXACT_SIGN_FLIPS = 16  # up to 2^16 sign patterns are enumerated


def sd_interval(value: float, df: float, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Confidence interval of a standard deviation, from the chi-square distribution."""
    tail = (1 - confidence) / 2
    return value * math.sqrt(df / chdtri(df, tail)), value * math.sqrt(df / chdtri(df, 1 - tail))


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Holm's step-down adjustment; a None (no test) stays None and does not count in the family."""
    tested = sorted((p, index) for index, p in enumerate(p_values) if p is not None)
    adjusted: list[float | None] = [None] * len(p_values)
    highest = 0.0
    for rank, (p, index) in enumerate(tested):
        highest = max(highest, min(1.0, (len(tested) - rank) * p))
        adjusted[index] = highest
    return adjusted


def holm_levels(p_values: Sequence[float | None], alpha: float = ALPHA) -> list[float | None]:
    """The level at which each hypothesis was tested in Holm's procedure: p is at most that exactly when it is rejected.

    So the interval at this level excludes zero exactly when the adjusted p is at most `alpha`.
    """
    tested = sorted((p, index) for index, p in enumerate(p_values) if p is not None)
    levels: list[float | None] = [None] * len(p_values)
    left, stopped = len(tested), False
    for p, index in tested:
        levels[index] = alpha / left
        stopped = stopped or p > alpha / left
        if not stopped:
            left -= 1
    return levels


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
