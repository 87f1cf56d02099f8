"""At what level each look at a growing comparison is tested, so that all looks together err no more often than one.

A comparison that is looked at after every round of seeds tests again and again. Of the error that is allowed for, a
share of (k / rounds)³ is spent up to the look at k rounds (Lan & DeMets 1983; the power family of Kim & DeMets 1987):
little while there are few runs, of which nothing is told well, most at the end. How much a level costs depends on how
looks hang together. They do least where an error is that of an arm's runs alone, by Student's t with k − 1 degrees of
freedom: for that case the levels are exact, and what runs of the baseline and documents add hangs together more.
docs/statistics.md has what came out elsewhere.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import stdtr, stdtrit

from maslin.trainer.comparison.rounds import FIRST_LOOK, SPENDING_POWER, spent

# Errors that levels are worked out for. Between them they are interpolated, below they are in proportion.
_SIZES = np.array([1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 0.1, 0.2, 0.4])
_BULK, _TAIL = 0.1, 100  # p above which steps are equal; steps below, in proportion
_HALVINGS = 40


@dataclass(frozen=True)
class Look:
    """One look, after so many `rounds` out of several; without `spending` it is the only one."""

    rounds: int = 0
    spending: "Spending | None" = None

    def level(self, size: float) -> float:
        """The p at which a test rejects that errs with probability `size` at all looks together."""
        return size if self.spending is None else self.spending.level(self.rounds, size)

    def size(self, p: float) -> float:
        """The inverse: p of this look as one of all looks together."""
        return p if self.spending is None else self.spending.size(self.rounds, p)


@dataclass(frozen=True)
class Spending:
    """The levels of the looks at 2 to `rounds` rounds; with one look alone it is tested at the level itself."""

    rounds: int

    @property
    def looks(self) -> range:
        """Rounds after which is looked."""
        return range(FIRST_LOOK, self.rounds + 1)

    def level(self, look: int, size: float) -> float:
        """The p at which a test rejects at a look, that errs with probability `size` at all looks together."""
        return size * float(np.exp(np.interp(np.log(size), np.log(_SIZES), self._shares[look])))

    def size(self, look: int, p: float) -> float:
        """The inverse of `level`: the least error, at all looks together, of a test that rejects p at this look."""
        if p <= 0:
            return 0.0
        shares = self._shares[look]
        levels = shares + np.log(_SIZES)
        logarithm = np.interp(np.log(p), levels, np.log(_SIZES))
        if np.log(p) < levels[0]:
            logarithm = np.log(p) - shares[0]
        return 1.0 if np.log(p) > levels[-1] else float(np.exp(logarithm))

    @cached_property
    def _shares(self) -> dict[int, np.ndarray]:
        """By look, the logarithm of level / size at each of `_SIZES`."""
        by_size = [exact_levels(self.rounds, size) for size in _SIZES]
        return {look: np.log([levels[look] for levels in by_size]) - np.log(_SIZES) for look in self.looks}


def exact_levels(rounds: int, size: float, power: float = SPENDING_POWER) -> dict[int, float]:
    """By look, the level of Student's t of the mean of so many values, all looks together erring with `size`.

    With U = Σx / √Σx², t is a function of U, and U of k + 1 values is (U + r) / √(1 + r²) with r = x / √Σx² of the k
    before: r has Student's t with k degrees of freedom / √k, whatever U is, as direction and length of a normal vector
    are independent. So U is a Markov chain, and what has not been rejected yet is carried from look to look in bins.
    """
    levels: dict[int, float] = {}
    middles = masses = np.empty(0)
    for look in range(FIRST_LOOK, rounds + 1):
        spend = size * (spent(look, rounds, power) - spent(look - 1, rounds, power))
        if look == FIRST_LOOK:
            levels[look], edges = spend, _edges(spend)
            masses = -np.diff(edges)
        else:
            levels[look] = _level(look, spend, size * spent(look, rounds, power), middles, masses)
            edges = _edges(levels[look])
            below = _within(_u(edges, look)[:, None], middles, look - 1)  # (edges, bins)
            masses = np.maximum(np.diff(below, axis=0), 0.0) @ masses
        middles = _u((edges[1:] + edges[:-1]) / 2, look)
    return levels


def _level(look: int, spend: float, most: float, middles: np.ndarray, masses: np.ndarray) -> float:
    """The level that so much is spent by at a look, of what was not rejected before: between `spend` and `most`."""
    low, high = np.log(spend), np.log(most)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        crossed = masses @ (1 - _within(_u(np.exp(middle), look), middles, look - 1))
        low, high = (middle, high) if crossed < spend else (low, middle)
    return float(np.exp(low))


def _edges(level: float) -> np.ndarray:
    """Bins of two-sided p from 1 down to a level."""
    if level >= _BULK:
        return np.linspace(1.0, level, _TAIL)
    return np.concatenate([np.linspace(1.0, _BULK, _TAIL // 2)[:-1], np.geomspace(_BULK, level, _TAIL)])


def _u(p: np.ndarray | float, values: int) -> np.ndarray:
    """|U| of so many values at which Student's t has this two-sided p."""
    squares = np.square(stdtrit(values - 1, np.asarray(p) / 2))
    return np.sqrt(values * squares / (squares + values - 1))


def _within(bound: np.ndarray, u: np.ndarray, values: int) -> np.ndarray:
    """P(|U| of one value more ≤ bound), given U of so many: where (u + r)² ≤ bound² · (1 + r²), a quadratic in r."""
    a = 1 - np.square(bound)
    a = np.where(np.abs(a) < 1e-9, 1e-9, a)
    root = bound * np.sqrt(np.maximum(np.square(u) + a, 0.0))
    scale = np.sqrt(values) / np.abs(a)
    sign = np.sign(a)
    between = stdtr(values, (root - sign * u) * scale) - stdtr(values, (-root - sign * u) * scale)
    return np.where(a > 0, between, 1 - between)
