"""Does a comparison that is looked at round by round err no more often than one that is looked at once?

    python -m benchmarks.rounds > rounds.jsonl      # the designs of benchmarks/interval_coverage.py
    python -m benchmarks.rounds --show rounds.jsonl --pictures docs/statistics

A design's seeds are the most rounds there may be. Its runs and documents are drawn as in
benchmarks/interval_coverage.py; after 2, 3, … rounds it is looked at, and what is decided stays so. Documents are the
same at every look. Rules:

    once         one look, after all rounds
    ours         (k / rounds)³ of the error is spent up to the look at k; levels exact for Student's t
    square       the same with (k / rounds)²
    linear       the same with k / rounds
    bonferroni   (k / rounds)³, each look's part by itself
    normal       (k / rounds)³, levels as they would be for normal errors (Brownian motion)
    fleming      O'Brien and Fleming's, as spent by Lan and DeMets, for normal errors

Effects and the margin of equivalence are counted in the standard error of the truth after all rounds.
"""

import math
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache, partial

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from benchmarks.interval_coverage import BATCH, EFFECT_SE, Draws, Setting, draw, grid
from maslin.trainer.comparison.rounds import FIRST_LOOK, SPENDING_POWER, spent
from maslin.trainer.comparison.spending import exact_levels
from maslin.trainer.comparison.uncertainty import ALPHA, runs_part, t_quantile

LARGE_SE = 10.0
MANY_DRAWS = 600
TAILS = np.geomspace(0.5, 1e-8, 150)  # at which half-widths are computed; p between them by interpolation

Levels = dict[int, float]


def power_levels(power: float) -> Callable[[int, float], Levels]:
    return lambda rounds, size: exact_levels(rounds, size, power)


def bonferroni(rounds: int, size: float) -> Levels:
    """What is spent at a look is its level."""
    return {look: size * (spent(look, rounds) - spent(look - 1, rounds)) for look in range(FIRST_LOOK, rounds + 1)}


def normal(spending: Callable[[float, float], float]) -> Callable[[int, float], Levels]:
    """Levels for Brownian motion (Armitage, McPherson & Rowe 1969), `spending` being of (size, share of rounds)."""

    def levels(rounds: int, size: float) -> Levels:
        found: Levels = {}
        grid, masses, before = np.zeros(1), np.ones(1), 0.0
        for look in range(FIRST_LOOK, rounds + 1):
            step = math.sqrt(look if look == FIRST_LOOK else 1)
            spend, before = spending(size, look / rounds) - before, spending(size, look / rounds)

            bound = brentq(partial(_beyond, grid, masses, step, spend), 0.01, 40 * math.sqrt(look))
            found[look] = 2 * float(ndtr(-bound / math.sqrt(look)))
            edges = np.linspace(-bound, bound, 501)
            masses = np.diff(ndtr((edges[:, None] - grid) / step), axis=0) @ masses
            grid = (edges[1:] + edges[:-1]) / 2
        return found

    return levels


def _beyond(grid: np.ndarray, masses: np.ndarray, step: float, spend: float, bound: float) -> float:
    return float(masses @ (ndtr((grid - bound) / step) + ndtr((-bound - grid) / step))) - spend


RULES: dict[str, Callable[[int, float], Levels]] = {
    "once": lambda rounds, size: {rounds: size}, "ours": power_levels(SPENDING_POWER), "square": power_levels(2),
    "linear": power_levels(1), "bonferroni": bonferroni,
    "normal": normal(lambda size, share: size * share**SPENDING_POWER),
    "fleming": normal(lambda size, share: 2 * float(ndtr(ndtri(size / 2) / math.sqrt(share))))}


@cache
def thresholds(rule: str, rounds: int, tests: int) -> dict[int, np.ndarray]:
    """By look, the level of a test where so many are not rejected yet; shape (tests + 1,), the first not used."""
    by_left = [_levels(rule, rounds, max(1, left)) for left in range(tests + 1)]
    return {look: np.array([levels[look] for levels in by_left]) for look in by_left[0]}


@cache
def _levels(rule: str, rounds: int, left: int) -> Levels:
    return RULES[rule](rounds, ALPHA / left)


class Look:
    """What is known after so many rounds; arrays (draws, tests)."""

    def __init__(self, made: Draws, rounds: int, setting: Setting) -> None:
        n, more = setting.seeds, (setting.baseline_multiple - 1) * rounds
        arm = made.arm_runs[..., :rounds]
        base = np.concatenate([made.base_runs[..., :rounds], made.base_runs[..., n:n + more]], axis=-1)
        error = arm.mean(-1) - base.mean(-1) + made.moved
        parts = [runs_part(arm), runs_part(base), *([made.documents] if made.documents is not None else [])]
        self.error = error.reshape(len(error), -1)
        self._squares = [np.broadcast_to(part.se, error.shape).reshape(-1) ** 2 for part in parts]
        self._quantiles = [np.array([t_quantile(tail, part.df) ** 2 for tail in TAILS]) for part in parts]

    def _half_width(self, tail: np.ndarray) -> np.ndarray:
        """Squares of half-widths at tails, by number: added as `Uncertainty.margin` adds them."""
        return sum(  # type: ignore[return-value]
            quantiles[tail] * squares for quantiles, squares in zip(self._quantiles, self._squares, strict=True))

    def tail(self, distance: np.ndarray) -> np.ndarray:
        """One-sided p of distances from the hypothesis; 1 of those on its side."""
        square = np.where(distance > 0, distance, 0.0).reshape(-1) ** 2
        above = np.ones(len(square), int)
        last = np.full(len(square), len(TAILS) - 1)
        for _ in range(len(TAILS).bit_length()):  # the first half-width that is larger, by halving
            middle = (above + last) // 2
            less = self._half_width(middle) < square
            above, last = np.where(less, np.minimum(middle + 1, last), above), np.where(less, last, middle)
        low, high = self._half_width(above - 1), self._half_width(above)
        share = np.clip((square - low) / np.maximum(high - low, 1e-300), 0, 1)
        logs = np.log(TAILS)
        p = np.exp(logs[above - 1] + share * (logs[above] - logs[above - 1]))
        return np.where(distance > 0, p.reshape(distance.shape), 1.0)

    def differs(self, effect: float) -> np.ndarray:
        """Two-sided p of no difference."""
        return np.minimum(1.0, 2 * self.tail(np.abs(self.error + effect)))

    def equals(self, effect: float, margin: float) -> np.ndarray:
        """p of the two one-sided tests."""
        return self.tail(margin - np.abs(self.error + effect))


def holm(p: np.ndarray, done: np.ndarray, open_: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Those of the open ones that Holm's procedure rejects, where others are done already."""
    found = np.zeros(p.shape, bool)
    rows = (open_ & (p <= levels[1])).any(1)
    if rows.any():
        found[rows] = _holm(p[rows], done[rows], open_[rows], levels)
    return found


def _holm(p: np.ndarray, done: np.ndarray, open_: np.ndarray, levels: np.ndarray) -> np.ndarray:
    order = np.argsort(np.where(open_, p, 2.0), axis=1)
    sorted_p = np.take_along_axis(np.where(open_, p, 2.0), order, axis=1)
    left = np.maximum(1, (p.shape[1] - done.sum(1))[:, None] - np.arange(p.shape[1]))
    passes = np.logical_and.accumulate(sorted_p <= levels[left], axis=1)
    found = np.zeros(p.shape, bool)
    np.put_along_axis(found, order, passes, axis=1)
    return found


@dataclass
class Course:
    """Comparisons from look to look; arrays (draws, tests), but `rounds` (draws,): those after which all is settled.

    `differs` and `equals` are decided so; `held`: whether the interval of the look at which a test was settled, at the
    level for itself alone, held the truth.
    """

    shape: tuple[int, int]
    last: int
    differs: np.ndarray = field(init=False)
    equals: np.ndarray = field(init=False)
    held: np.ndarray = field(init=False)
    rounds: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.differs, self.equals, self.held = (np.zeros(self.shape, bool) for _ in range(3))
        self.rounds = np.full(self.shape[0], self.last)

    def look(
        self, rounds: int, levels: np.ndarray, differs: np.ndarray | None, equals: np.ndarray | None, null: np.ndarray,
        alone: float,
    ) -> None:
        """`differs` and `equals` are p, None where it is not asked; `null` is that of the truth, told at `alone`."""
        open_ = ~(self.differs | self.equals)
        found = [np.zeros(self.shape, bool) if p is None else holm(p, done, open_, levels)
                 for p, done in ((differs, self.differs), (equals, self.equals))]
        self.differs |= found[0]
        self.equals |= found[1] & ~found[0]
        settled = self.differs | self.equals
        told = open_ & (settled | (rounds == self.last))
        self.held[told] = (null > alone)[told]
        now = settled.all(1) & open_.any(1)
        self.rounds[now] = rounds


SHARES = ("any_false", "any_false_equivalent", "coverage", "power", "rounds", "power_large", "rounds_large",
          "rounds_equal")


def simulate(setting: Setting, draws: int, rules: Iterable[str] = tuple(RULES)) -> dict[str, dict[str, float]]:
    """By rule: shares of draws or tests, and mean rounds. `coverage` is the least of those with and without effect."""
    tests, n = setting.arms * setting.domains, setting.seeds
    truth = math.sqrt(setting.ratio**2 / n + 1 / (n * setting.baseline_multiple) + setting.documents**2)
    effect, large = EFFECT_SE * truth, LARGE_SE * truth
    sums: dict[str, dict[str, float]] = {rule: dict.fromkeys((*SHARES, "held", "held_large", "held_equal"), 0.0)
                                         for rule in rules}
    for start in range(0, draws, BATCH):
        count = min(BATCH, draws - start)
        made = draw(setting, count, f"coverage/{start}")
        looks = {}
        for k in range(FIRST_LOOK, n + 1):
            at = Look(made, k, setting)
            looks[k] = (at.differs(0), at.differs(effect), at.differs(large), at.equals(0, effect),
                        at.equals(effect, effect))
        for rule, total in sums.items():
            levels, alone = thresholds(rule, n, tests), thresholds(rule, n, 1)
            none, some, much, same, wrong = (Course((count, tests), n) for _ in range(5))
            for k, by_left in levels.items():
                null, p_some, p_much, p_same, p_wrong = looks[k]
                own = float(alone[k][1])
                none.look(k, by_left, null, None, null, own)
                some.look(k, by_left, p_some, None, null, own)
                much.look(k, by_left, p_much, None, null, own)
                same.look(k, by_left, null, p_same, null, own)
                wrong.look(k, by_left, None, p_wrong, null, own)
            for name, value in (
                    ("any_false", none.differs.any(1)), ("any_false_equivalent", wrong.equals.any(1)),
                    ("power", some.differs.mean(1)), ("rounds", some.rounds),
                    ("power_large", much.differs.mean(1)), ("rounds_large", much.rounds),
                    ("rounds_equal", same.rounds), ("held", some.held.mean(1)), ("held_large", much.held.mean(1)),
                    ("held_equal", same.held.mean(1)), ("coverage", none.held.mean(1))):
                total[name] += float(value.sum())
    found = {}
    for rule, total in sums.items():
        shares = {name: value / draws for name, value in total.items()}
        shares["coverage"] = min(shares.pop(name) for name in ("coverage", "held", "held_large", "held_equal"))
        found[rule] = shares
    return found


def _fewer(setting: Setting) -> int | None:
    """Draws of designs that take long, of many claims and looks."""
    return MANY_DRAWS if setting.arms * setting.domains > 6 and setting.seeds > 3 else None


def main() -> None:
    """Simulate, or show what was simulated."""
    from benchmarks.rounds_table import show  # which tests do not need

    grid(__doc__, 2500, simulate, show, _fewer)


if __name__ == "__main__":
    sys.exit(main())
