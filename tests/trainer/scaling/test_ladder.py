"""The fit of one's own runs: a known curve is found again, its intervals hold it, too few runs are refused."""

import re

import pytest

from maslin.flows.shown.ladder_page import page
from maslin.manifests.errors import UsageError
from maslin.trainer.comparison.statistics import generator
from maslin.trainer.scaling.ladder import LadderRun, fit_ladder
from maslin.trainer.scaling.laws import BESIROGLU

SIZES, BUDGETS = (3e6, 1e7, 4e7, 1e8), (2e8, 5e8, 1e9, 4e9)


def runs(noise: float) -> list[LadderRun]:
    """Losses of the published curve, each off by about this share."""
    draws = generator(1, "ladder").normal(0, noise, (len(SIZES), len(BUDGETS)))
    return [
        LadderRun(f"r-{size:g}-{tokens:g}", size, tokens, BESIROGLU.loss(size, tokens) * (1 + draws[i, j]))
        for i, size in enumerate(SIZES) for j, tokens in enumerate(BUDGETS)
    ]


@pytest.fixture(scope="module")
def noisy():
    return fit_ladder(runs(0.002), "test")


def test_a_curve_without_noise_is_found_again():
    fit = fit_ladder(runs(0.0), "test", replicates=3).fit
    for name in ("irreducible", "parameter_factor", "token_factor", "alpha", "beta"):
        assert getattr(fit, name) == pytest.approx(getattr(BESIROGLU, name), rel=1e-3), name


def test_intervals_hold_the_truth_and_narrow_with_the_noise(noisy):
    for name in ("irreducible", "alpha", "beta"):
        low, high = noisy.interval(name)
        assert low < getattr(BESIROGLU, name) < high
    true, ranges = BESIROGLU.for_flop(1e19), noisy.optimum_intervals(1e19)
    for name, (low, high) in ranges.items():
        assert low < getattr(true, name) < high, name
    low, high = fit_ladder(runs(0.0005), "test").interval("alpha")
    assert high - low < 0.5 * (noisy.interval("alpha")[1] - noisy.interval("alpha")[0])


def test_the_same_runs_give_the_same_ladder(noisy):
    assert fit_ladder(runs(0.002), "test") == noisy


@pytest.mark.parametrize("chosen", [
    lambda run: run.parameters < 2e7, lambda run: run.tokens < 1e9,
    lambda run: run.tokens == 2e8 or run.parameters == 3e6,
])
def test_too_few_sizes_or_budgets_are_refused(chosen):
    few = [run for run in runs(0.0) if chosen(run)][:5]
    with pytest.raises(UsageError, match=r"too few to fit L\(N, D\): six or more are needed.*training.horizons"):
        fit_ladder(few, "test")


def test_the_page_shows_every_run_the_numbers_and_that_it_extrapolates(noisy):
    shown = page("t", {"<m>": noisy}, {"<m>": noisy.optimum(1e20, None)})
    assert shown.count("<circle") + shown.count("<polygon") == len(noisy.runs) + len(SIZES) + 1
    assert "&lt;m&gt;" in shown and "Extrapolated: the largest run took 2.4e+18 FLOP, 41.7 times less" in shown
    assert f"{noisy.fit.alpha:.3f}" in re.sub(r"\s", "", shown) and "http" not in shown.replace("http-equiv", "")
