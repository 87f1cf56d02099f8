import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as hs
from scipy.stats import t, ttest_1samp

from maslin.trainer.comparison.uncertainty import Part, Uncertainty, runs_part, sd, seeds_needed

NOTHING = Part(0.0, 1)


def test_one_part_alone_is_students_t():
    values = [1.0, 2.0, 4.0, 4.5]
    error, mean = Uncertainty(runs_part(values), NOTHING), float(np.mean(values))
    expected = ttest_1samp(values, 0.0)
    assert error.p_value(mean) == error.p_value(-mean) == pytest.approx(expected.pvalue)
    assert error.interval(mean) == pytest.approx(tuple(expected.confidence_interval()))
    assert error.interval(mean, 0.01) == pytest.approx(tuple(expected.confidence_interval(0.99)))


def test_parts_by_hand():
    # 12.7062 · 0.1, 4.30265 · 0.2 and 2.26216 · 0.3 in squares
    error = Uncertainty(Part(0.1, 1), Part(0.2, 2), Part(0.3, 9))
    assert error.total == pytest.approx(math.sqrt(0.14))
    assert error.interval(0)[1] == pytest.approx(math.sqrt(1.27062**2 + 0.86053**2 + 0.67865**2), abs=1e-4)
    assert Uncertainty(NOTHING, NOTHING, Part(0.3, 9)).interval(0)[1] == pytest.approx(0.67865, abs=1e-4)


def test_two_seeds_give_an_honestly_huge_interval():
    low, high = Uncertainty(runs_part([0.9, 1.1]), NOTHING).interval(1.0)
    assert high - low == pytest.approx(2 * 12.7062 * 0.1, abs=1e-3)


PARTS = hs.builds(Part, hs.floats(1e-6, 10), hs.integers(1, 30))


@given(PARTS, PARTS, hs.one_of(hs.none(), PARTS), hs.floats(1e-6, 0.4999))
def test_tail_is_the_inverse_of_margin(arm, baseline, documents, tail):
    error = Uncertainty(arm, baseline, documents)
    assert error.tail(error.margin(tail)) == pytest.approx(tail, rel=1e-6)
    assert error.tail(-error.margin(tail)) == pytest.approx(1 - tail, rel=1e-6)


def test_arrays_of_draws_are_told_as_each_alone():
    figures = np.array([[1.0, 2, 3], [2, 2.5, 4]])
    together = Uncertainty(runs_part(figures), runs_part(figures + 1), Part(np.array([0.1, 0.2]), 7))
    for row, documents in enumerate((0.1, 0.2)):
        alone = Uncertainty(runs_part(figures[row]), runs_part(figures[row] + 1), Part(documents, 7))
        assert together.margin(0.025)[row] == pytest.approx(alone.margin(0.025))


def test_equivalence_is_the_worse_of_two_one_sided_tests():
    error = Uncertainty(Part(0.1, 4), NOTHING)
    assert error.equivalence_p(0.2, 0.5) == error.equivalence_p(-0.2, 0.5) == pytest.approx(t.sf(3, 4))
    assert error.equivalence_p(0.6, 0.5) == pytest.approx(t.sf(-1, 4))


@pytest.mark.parametrize("n, units", [(2, 10.0), (3, 3.10), (4, 2.08), (5, 1.66), (8, 1.15), (10, 0.99)])
def test_what_so_many_seeds_find_in_units_of_one_sd(n, units):
    found = Uncertainty(Part(1 / math.sqrt(n), n - 1), NOTHING).detectable()
    assert found == pytest.approx(units, abs=0.05 if n == 2 else 0.005)


@given(effect=hs.floats(0.05, 5), documents=hs.floats(0, 0.2), baseline_sd=hs.floats(0.01, 3))
def test_seeds_needed_is_the_smallest_number_that_is_enough(effect, documents, baseline_sd):
    of_documents = Part(documents, 40)
    needed = seeds_needed(effect, 1.0, baseline_sd, 2.0, of_documents, 0.05)

    def detectable(n):
        return Uncertainty(
            Part(1 / math.sqrt(n), n - 1), Part(baseline_sd / math.sqrt(2 * n), 2 * n - 1), of_documents).detectable()

    if needed is None:
        assert detectable(1000) > effect
    else:
        assert detectable(needed) <= effect and (needed == 2 or detectable(needed - 1) > effect)


def test_no_effect_needs_no_end_of_seeds():
    assert seeds_needed(0.0, 1.0, 1.0, 2.0, None, 0.05) is None


def test_sd_is_of_the_sample():
    assert sd([1, 2, 3]) == 1 and list(sd([[1, 2, 3], [2, 4, 6]])) == [1, 2]
