"""Do the intervals of a comparison hold the truth? Simulated with known truth over a grid of designs.

    python -m benchmarks.interval_coverage --draws 10000 > settings.jsonl      # all corners and 120 settings within
    python -m benchmarks.interval_coverage --show settings.jsonl --pictures docs/statistics

Each setting is a design: seeds, runs of the baseline, sites and their sizes, spreads, tests. Of it, draws of all runs
and documents are made with no effect; an interval is told by the functions that a comparison uses. Rules:

    squares   half-widths of arm, baseline and documents added in squares: what Maslin does
    welch     Welch–Satterthwaite for the runs, documents in squares
    paired    seed by seed, with the baseline's runs of the same seeds alone; documents in squares
    clusters  squares, but the documents' error with clusters less one as degrees of freedom, not inflated

An effect is 4 true standard errors where power and equivalence are asked for, the margin being the effect.
"""

import argparse
import itertools
import json
import math
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import stdtrit

from maslin.trainer.comparison.documents_error import are_few, between_clusters, within_clusters
from maslin.trainer.comparison.statistics import generator
from maslin.trainer.comparison.uncertainty import ALPHA, Part, Uncertainty, runs_part, t_quantile

RULES = ("squares", "welch", "paired", "clusters")
BATCH = 100  # draws with the same sites: their sizes are drawn anew for each batch
DOCUMENTS_A_SITE = 8
DOCUMENT_LOG_SD = 0.7
EFFECT_SE = 4.0


@dataclass(frozen=True)
class Setting:
    """A design. σ, the sd of one run of the baseline, is 1.

    `baseline_multiple` · seeds are the runs of the baseline; `log_sd` is that of the sites' sizes; `ratio` the arm's sd
    in σ; `correlation` that of runs with the same seed; `documents` the documents' standard error in σ, were all sites
    alike; `within` the share of it that documents of a site do not share. `heavy`: t with 4 degrees of freedom for
    sites and documents.
    """

    seeds: int = 3
    baseline_multiple: int = 2
    sites: int = 40
    log_sd: float = 1.0
    ratio: float = 1.0
    correlation: float = 0.0
    documents: float = 1.0
    arms: int = 1
    domains: int = 3
    within: float = 0.5
    heavy: bool = False


def corners() -> Iterator[Setting]:
    """Every combination of the extremes, at each number of seeds."""
    for seeds, multiple, sites, log_sd, ratio, correlation, documents, (arms, domains) in itertools.product(
            (2, 3, 5, 8), (1, 4), (1, 200), (0.0, 2.0), (0.1, 10.0), (0.0, 0.9), (0.0, 3.0), ((1, 1), (8, 6))):
        yield Setting(seeds, multiple, sites, log_sd, ratio, correlation, documents, arms, domains)


def within(count: int) -> Iterator[Setting]:
    """Settings between the corners, drawn by hash."""
    for number in range(count):
        rng = generator(0, "setting", str(number))

        def one(*values: Any, rng: np.random.Generator = rng) -> Any:
            return values[rng.integers(len(values))]

        yield Setting(
            one(2, 3, 3, 5, 8), one(1, 2, 2, 4), one(2, 3, 5, 8, 12, 20, 40, 100, 200), one(0.0, 0.5, 1.0, 1.5, 2.0),
            one(0.1, 0.3, 0.5, 1.0, 2.0, 3.0, 10.0), one(0.0, 0.3, 0.6, 0.9), one(0.0, 0.1, 0.3, 1.0, 3.0),
            one(1, 1, 2, 4, 8), one(1, 2, 3, 3, 6), one(0.2, 0.5, 0.8), one(False, False, True))


@dataclass(frozen=True)
class Draws:
    """Arrays (draws, arms, domains). `error`: estimate less truth; `paired_error`: of the mean difference by seed.

    `arm_runs` and `base_runs` have the runs as another axis, `moved` is what documents add to the error.
    """

    error: np.ndarray
    paired_error: np.ndarray
    arm: Part
    baseline: Part
    paired: Part
    documents: Part | None
    clusters: Part | None
    conditional: bool
    control_error: np.ndarray | None
    control: Uncertainty | None
    arm_runs: np.ndarray
    base_runs: np.ndarray
    moved: Any


def draw(setting: Setting, count: int, key: str) -> Draws:
    """So many comparisons of one set of held-out sites."""
    rng = generator(0, key, repr(setting))
    n, m = setting.seeds, setting.seeds * setting.baseline_multiple
    shape = (count, setting.arms, setting.domains)

    # Runs: those with the same seed share a part of their noise.
    shared, root, rest = rng.standard_normal((count, 1, setting.domains, n)), *(
        math.sqrt(part) for part in (setting.correlation, 1 - setting.correlation))
    base = rng.standard_normal((count, 1, setting.domains, m))
    base[..., :n] = root * shared + rest * base[..., :n]
    arm = setting.ratio * (root * shared + rest * rng.standard_normal((*shape, n)))

    # Documents: of sites of unequal sizes, each of some documents of unequal sizes.
    weights = np.exp(setting.log_sd * rng.standard_normal(setting.sites))
    numbers = np.maximum(1, np.round(DOCUMENTS_A_SITE * weights / weights.mean())).astype(int)
    codes = np.repeat(np.arange(setting.sites), numbers)
    sizes = np.exp(DOCUMENT_LOG_SD * rng.standard_normal(len(codes)))
    site_sizes = np.bincount(codes, sizes)
    spread = setting.documents * math.sqrt(setting.sites)
    of_site = spread * math.sqrt(1 - setting.within)
    of_document = spread * math.sqrt(setting.within * DOCUMENTS_A_SITE)

    def effects(units: int) -> np.ndarray:
        """Per byte, of unit sd; half of the variance is the baseline's, which all arms share."""
        made = (rng.standard_t(4, size=(*shape, units)) / math.sqrt(2) if setting.heavy
                else rng.standard_normal((*shape, units)))
        made *= math.sqrt(0.5)
        made += math.sqrt(0.5) * rng.standard_normal((count, 1, setting.domains, units))
        return made

    by_site = of_site * effects(setting.sites)
    few = are_few(sizes, codes)
    documents = clusters = None
    moved: Any = 0.0
    if setting.documents and few:
        by_document = of_document * effects(len(codes))
        moved = (by_document * sizes).sum(-1) / sizes.sum()  # of these sites; their own effects are what is asked
        documents = within_clusters((by_document + by_site[..., codes]) * sizes, sizes, codes)
    elif setting.documents:
        shares = np.bincount(codes, sizes**2) / site_sizes**2
        differences = (by_site + of_document * np.sqrt(shares) * effects(setting.sites)) * site_sizes
        moved = differences.sum(-1) / site_sizes.sum()
        documents = between_clusters(differences, site_sizes)
        residuals = differences - moved[..., None] * site_sizes
        clusters = Part(np.sqrt((residuals**2).sum(-1) * setting.sites / (setting.sites - 1)) / site_sizes.sum(),
                        setting.sites - 1)
    control = None
    if m >= 2 * n and n >= 2:
        control = Uncertainty(runs_part(base[:, 0, :, n:]), runs_part(base[:, 0, :, :n]))
    paired = arm - base[..., :n]
    return Draws(
        error=arm.mean(-1) - base.mean(-1) + moved, paired_error=paired.mean(-1) + moved, arm=runs_part(arm),
        baseline=runs_part(base), paired=runs_part(paired), documents=documents, clusters=clusters or documents,
        conditional=few, control=control, arm_runs=arm, base_runs=base, moved=moved,
        control_error=None if control is None else base[:, 0, :, n:].mean(-1) - base[:, 0, :, :n].mean(-1))


def half_width(made: Draws, rule: str, tail: float) -> np.ndarray:
    """Of the interval with so much error on either side, by a rule; shape (draws, arms, domains)."""
    if rule == "squares":
        return np.broadcast_to(Uncertainty(made.arm, made.baseline, made.documents).margin(tail), made.error.shape)
    if rule == "clusters":
        return np.broadcast_to(Uncertainty(made.arm, made.baseline, made.clusters).margin(tail), made.error.shape)
    documents = 0.0 if made.documents is None else -t_quantile(tail, made.documents.df) * made.documents.se
    if rule == "paired":
        return np.hypot(-t_quantile(tail, made.paired.df) * made.paired.se, documents)
    of_arm, of_base = made.arm.se**2, made.baseline.se**2
    df = (of_arm + of_base) ** 2 / (of_arm**2 / made.arm.df + of_base**2 / made.baseline.df)
    return np.hypot(-stdtrit(df, tail) * np.sqrt(of_arm + of_base), documents)


def rejected(errors: np.ndarray, half: Any, tests: int) -> np.ndarray:
    """By Holm's procedure; `errors` (draws, tests), `half(tail)` half-widths of that shape."""
    found = np.zeros(errors.shape, bool)
    while True:
        count = found.sum(1)
        widths = {number: half(ALPHA / 2 / (tests - number)) for number in np.unique(count) if number < tests}
        new = found.copy()
        for number, width in widths.items():
            rows = count == number
            new[rows] |= np.abs(errors[rows]) > width[rows]
        if (new == found).all():
            return found
        found = new


@dataclass
class Tally:
    """Counts over the draws of a setting, by one rule."""

    intervals: int = 0
    covered: int = 0
    half_width: float = 0.0
    draws: int = 0
    any_false: int = 0
    gated: int = 0
    gated_false: int = 0
    blocked: int = 0
    unblocked_false: int = 0
    found: int = 0
    false_equivalent: int = 0
    conditional: int = 0


    def add(self, setting: Setting, made: Draws, rule: str) -> None:
        """The draws of one batch."""
        errors = made.paired_error if rule == "paired" else made.error
        count, tests = len(errors), setting.arms * setting.domains
        flat = errors.reshape(count, tests)

        def half(tail: float) -> np.ndarray:
            return half_width(made, rule, tail).reshape(count, tests)

        width = half(ALPHA / 2)
        self.intervals += flat.size
        self.covered += int((np.abs(flat) <= width).sum())
        self.half_width += float(width.sum())
        false = rejected(flat, half, tests)
        self.draws += count
        self.conditional += count * made.conditional
        self.any_false += int(false.any(1).sum())
        if made.control is not None and made.control_error is not None:
            alarm = rejected(made.control_error, lambda tail: np.broadcast_to(
                made.control.margin(tail), made.control_error.shape), setting.domains)  # type: ignore[union-attr]
            let = ~np.repeat(alarm[:, None], setting.arms, 1).reshape(count, tests)
            self.gated += count
            self.blocked += int(alarm.any(1).sum())
            self.unblocked_false += int((false.any(1) & ~alarm.any(1)).sum())
            self.gated_false += int((false & let).any(1).sum())
        effect = EFFECT_SE * math.sqrt(
            setting.ratio**2 / setting.seeds + 1 / (setting.seeds * setting.baseline_multiple) + setting.documents**2)
        self.found += int((np.abs(flat + effect) > half(ALPHA / 2 / tests)).sum())
        self.false_equivalent += int((np.abs(flat + effect) + half(ALPHA / tests) < effect).any(1).sum())

    def told(self) -> dict[str, float | None]:
        """Shares. `gate_blocks`: of comparisons in which the control withholds something."""
        def share(part: float, of: float) -> float | None:
            return part / of if of else None

        return {
            "coverage": share(self.covered, self.intervals), "any_false": share(self.any_false, self.draws),
            "any_false_gated": share(self.gated_false, self.gated), "gate_blocks": share(self.blocked, self.gated),
            "any_false_unblocked": share(self.unblocked_false, self.gated - self.blocked),
            "power": share(self.found, self.intervals), "half_width": share(self.half_width, self.intervals),
            "any_false_equivalent": share(self.false_equivalent, self.draws),
            "conditional": share(self.conditional, self.draws)}


def simulate(setting: Setting, draws: int, rules: Iterable[str] = RULES) -> dict[str, dict[str, float | None]]:
    """Shares by rule."""
    tallies = {rule: Tally() for rule in rules}
    for start in range(0, draws, BATCH):
        made = draw(setting, min(BATCH, draws - start), f"coverage/{start}")
        for rule, tally in tallies.items():
            tally.add(setting, made, rule)
    return {rule: tally.told() for rule, tally in tallies.items()}


def grid(
    about: str, draws: int, simulate: Callable[[Setting, int], Mapping[str, Any]],
    show: Callable[[Sequence[Any], Path | None], None], fewer: Callable[[Setting], int | None] = lambda setting: None,
) -> None:
    """The command of a benchmark: simulate designs, a line each, or show what was simulated.

    `fewer`: at most so many draws of a design that takes long.
    """
    parser = argparse.ArgumentParser(description=about.splitlines()[0])
    parser.add_argument("--draws", type=int, default=draws)
    parser.add_argument("--within", type=int, default=120, help="settings beside the corners")
    parser.add_argument("--share", default="1/1", help="i/N: every Nth setting, from the i-th")
    parser.add_argument("--show", nargs="+", type=Path, help="files that were written before")
    parser.add_argument("--pictures", type=Path, help="folder to draw them into")
    asked = parser.parse_args()
    if asked.show:
        show([json.loads(line) for path in asked.show for line in path.read_text().splitlines()], asked.pictures)
        return
    first, step = map(int, asked.share.split("/"))
    for setting in itertools.islice(itertools.chain(corners(), within(asked.within)), first - 1, None, step):
        count = min(asked.draws, fewer(setting) or asked.draws)
        print(json.dumps({"setting": asdict(setting), "draws": count, "rules": simulate(setting, count)}), flush=True)


def main() -> None:
    """Simulate, or show what was simulated."""
    from benchmarks.coverage_table import show  # which tests do not need

    grid(__doc__, 10_000, simulate, show)


if __name__ == "__main__":
    sys.exit(main())
