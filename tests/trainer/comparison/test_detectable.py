"""The effect that will be found: the same as the comparison itself would state."""

import subprocess
import sys

import pytest
from scipy.special import stdtrit

from maslin.trainer.comparison.detectable import ALPHA, detectable_effect, t_quantile
from maslin.trainer.comparison.uncertainty import Part, Uncertainty


@pytest.mark.parametrize("df", [1, 2, 3, 4, 7, 30, 61, 1000, 5000])
@pytest.mark.parametrize("probability", [0.8, 0.975, 0.99583, 0.99999])
def test_quantiles_of_t_are_those_of_scipy(probability, df):
    assert t_quantile(probability, df) == pytest.approx(stdtrit(df, probability), rel=1e-3 if df > 1000 else 1e-9)


@pytest.mark.parametrize(("seeds", "tests"), [(2, 1), (3, 1), (3, 4), (12, 2)])
def test_the_effect_is_that_which_a_comparison_states_of_such_runs(seeds, tests):
    error = Uncertainty(Part(0.04 / seeds**0.5, seeds - 1), Part(0.04 / (2 * seeds) ** 0.5, 2 * seeds - 1))
    assert detectable_effect(seeds, 0.04, tests) == pytest.approx(error.detectable(ALPHA / tests))


def test_more_seeds_and_fewer_tests_find_smaller_effects_and_one_seed_none():
    assert detectable_effect(1, 0.04, 1) is None
    effects = [detectable_effect(seeds, 0.04, 2) for seeds in range(2, 30)]
    assert effects == sorted(effects, reverse=True)
    assert detectable_effect(3, 0.04, 1) < detectable_effect(3, 0.04, 5)


def test_planning_with_it_needs_no_numpy():
    code = "import sys, maslin.trainer.comparison.detectable; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
