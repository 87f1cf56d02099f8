"""Chinchilla: the optimum is the fit's minimum, and agrees with what the papers say of it."""

import pytest

from maslin.trainer.gpu_peaks import gpu_flop
from maslin.trainer.scaling.laws import BESIROGLU, HOFFMANN


@pytest.mark.parametrize("fit", [BESIROGLU, HOFFMANN])
@pytest.mark.parametrize("flop", [1e15, 1e18, 5.76e23])
def test_no_other_split_of_the_compute_is_better(fit, flop):
    best = fit.for_flop(flop)
    assert 6 * best.parameters * best.tokens == pytest.approx(flop)
    assert best.loss == fit.loss(best.parameters, best.tokens)
    for factor in (0.8, 0.99, 1.01, 1.25):
        assert fit.loss(best.parameters * factor, best.tokens / factor) > best.loss


@pytest.mark.parametrize("fit", [BESIROGLU, HOFFMANN])
def test_tokens_lead_to_the_compute_they_are_optimal_for(fit):
    assert fit.for_tokens(2e9).tokens == pytest.approx(2e9)
    assert fit.for_tokens(fit.for_flop(1e20).tokens).flop == pytest.approx(1e20)


def test_the_corrected_fit_gives_about_twenty_tokens_a_parameter():
    """At Chinchilla's own budget: 70B parameters and 1.4T tokens; the published fit would take over 60 tokens."""
    chinchilla = BESIROGLU.for_flop(5.76e23)
    assert 60e9 < chinchilla.parameters < 80e9 and 17 < chinchilla.tokens / chinchilla.parameters < 27
    assert BESIROGLU.beta / (BESIROGLU.alpha + BESIROGLU.beta) == pytest.approx(0.5126, abs=1e-4)  # their a
    published = HOFFMANN.for_flop(5.76e23)
    assert published.parameters == pytest.approx(40e9, rel=0.25) and published.tokens / published.parameters > 40


def test_hours_of_a_gpu_are_compute():
    assert gpu_flop(1, "h100", 0.5) == 3600 * 989e12 / 2
