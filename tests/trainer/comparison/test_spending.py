"""The levels of looks: exact for Student's t of an arm's runs, which is the case that asks most."""

import numpy as np
import pytest
from scipy.special import stdtr

from maslin.trainer.comparison.rounds import FIRST_LOOK, RoundsPlan, spent
from maslin.trainer.comparison.spending import Look, Spending, exact_levels
from maslin.trainer.comparison.statistics import generator

DRAWS = 400_000


@pytest.mark.parametrize(("rounds", "size"), [(2, 0.05), (3, 0.05), (5, 0.05), (8, 0.05), (5, 0.01)])
def test_a_test_of_runs_alone_errs_as_often_as_is_spent_at_each_look(rounds, size):
    levels = exact_levels(rounds, size)
    values = generator(0, "spending", str(rounds)).standard_normal((DRAWS, rounds))
    rejected = np.zeros(DRAWS, bool)
    for look in range(FIRST_LOOK, rounds + 1):
        first = values[:, :look]
        t = first.mean(1) / (first.std(1, ddof=1) / np.sqrt(look))
        rejected |= 2 * stdtr(look - 1, -np.abs(t)) <= levels[look]
        expected = size * spent(look, rounds)
        assert rejected.mean() == pytest.approx(expected, abs=4 * np.sqrt(expected / DRAWS))


def test_one_look_is_tested_at_the_level_itself_and_earlier_ones_at_less():
    assert exact_levels(2, 0.05) == {2: pytest.approx(0.05)}
    levels = exact_levels(5, 0.05)
    assert sorted(levels.values()) == list(levels.values()) and levels[5] < 0.05 < sum(levels.values())
    assert exact_levels(5, 0.05, power=1)[2] > levels[2]
    assert (Look().level(0.03), Look().size(0.03)) == (0.03, 0.03)


def test_sizes_and_levels_are_each_others_inverse_and_as_exact_between_those_worked_out():
    spending = Spending(6)
    for look in spending.looks:
        for size in (1e-7, 3.3e-4, 0.05 / 48, 0.05 / 7, 0.05, 0.3):
            level = spending.level(look, size)
            assert spending.size(look, level) == pytest.approx(size)
            assert size >= 1e-5 / 2 or level / size == pytest.approx(spending.level(look, 1e-6) / 1e-6)
        assert spending.level(look, 0.05 / 7) == pytest.approx(exact_levels(6, 0.05 / 7)[look], rel=5e-3)
        assert (spending.size(look, 0.0), spending.size(look, 1.0)) == (0.0, 1.0)


def test_a_plan_is_what_its_json_says():
    plan = RoundsPlan(5, "d1", 30.0, 2)
    assert RoundsPlan.from_json(plan.to_json()) == plan and plan.to_json()["spent"] == "(k / 5)^3"
    assert [spent(look, 4) for look in (1, 2, 4)] == [0, 0.125, 1]
