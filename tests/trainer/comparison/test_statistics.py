import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as hs
from scipy.stats import levene, t

from maslin.trainer.comparison import statistics as st
from maslin.trainer.comparison.statistics import Uncertainty

FINITE = hs.floats(-10, 10).map(lambda x: round(x, 6))


@pytest.mark.parametrize("n, units", [(2, 10.0), (3, 3.10), (4, 2.08), (5, 1.66), (8, 1.15), (10, 0.99)])
def test_minimum_detectable_effect_of_paired_seeds(n, units):
    assert st.minimum_detectable_effect(n) == pytest.approx(units, abs=0.05 if n == 2 else 0.005)


@pytest.mark.parametrize("n, units", [(3, 1.67), (5, 1.30), (8, 1.02)])
def test_minimum_detectable_effect_with_thirty_pooled_degrees_of_freedom(n, units):
    assert st.minimum_detectable_effect(n, df=30) == pytest.approx(units, abs=0.006)


def test_paired_interval_by_hand():
    # Δ = 1, 2, 3: mean 2, sd 1, se 1/√3, t(.975, 2) = 4.30265
    error = Uncertainty(*st.paired_se([1, 2, 3]))
    assert (error.seeds, error.seeds_df) == (pytest.approx(1 / math.sqrt(3)), 2)
    assert error.interval(2) == (
        pytest.approx(2 - 4.30265 / math.sqrt(3), abs=1e-4), pytest.approx(2 + 4.30265 / math.sqrt(3), abs=1e-4))
    assert error.p_value(2) == error.p_value(-2) == pytest.approx(0.07418, abs=1e-5)
    assert error.detectable() == pytest.approx(st.minimum_detectable_effect(3))


def test_two_seeds_give_an_honestly_huge_interval():
    low, high = Uncertainty(*st.paired_se([0.9, 1.1])).interval(1.0)
    assert high - low == pytest.approx(2 * 12.7062 * 0.1, abs=1e-3)


def test_each_part_of_the_error_has_its_own_degrees_of_freedom():
    # 12.7062 · 0.1 and 2.2622 · 0.3 in squares
    error = Uncertainty(0.1, 1, 0.3, 9)
    assert error.total == pytest.approx(math.sqrt(0.1))
    assert error.interval(0)[1] == pytest.approx(math.hypot(1.27062, 0.67866), abs=1e-4)
    assert Uncertainty(0.0, 1, 0.3, 9).interval(0)[1] == pytest.approx(0.67866, abs=1e-4)


@given(hs.floats(1e-6, 10), hs.integers(1, 30), hs.floats(0, 10), hs.integers(1, 30), hs.floats(1e-6, 0.4999))
def test_tail_is_the_inverse_of_margin(seeds, seeds_df, documents, documents_df, tail):
    error = Uncertainty(seeds, seeds_df, documents, documents_df)
    assert error.tail(error.margin(tail)) == pytest.approx(tail, rel=1e-6)
    assert error.tail(-error.margin(tail)) == pytest.approx(1 - tail, rel=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [2, 3, 5])
@pytest.mark.parametrize("ratio", [0.1, 1.0, 3.0])
def test_the_interval_covers_whatever_part_is_larger(seeds, ratio):
    rng = st.generator(0, "coverage", str(seeds), str(ratio))
    trials, covered = 2000, 0
    for _ in range(trials):
        error = Uncertainty(
            ratio * math.sqrt(rng.chisquare(seeds - 1) / (seeds - 1)), seeds - 1, math.sqrt(rng.chisquare(19) / 19), 19)
        low, high = error.interval(math.hypot(ratio, 1) * rng.normal())
        covered += low <= 0 <= high
    assert covered / trials >= 0.935  # nominal .95, binomial sd .005


def test_welch_by_hand():
    # variances 1 and 4 (n = 3 each): se² = 5/3, df = (5/3)² / ((1/9 + 16/9) / 2)
    se, df = st.welch_se([1, 2, 3], [2, 4, 6])
    assert se == pytest.approx(math.sqrt(5 / 3)) and df == pytest.approx((25 / 9) / (17 / 18))


def test_pooled_sd_weighs_by_degrees_of_freedom():
    assert st.pooled_sd([[1, 2, 3], [0, 4]]) == (pytest.approx(math.sqrt((2 * 1 + 8) / 3)), 3)


def test_equivalence_is_the_worse_of_two_one_sided_tests():
    error = Uncertainty(0.1, 4)
    assert error.equivalence_p(0.2, 0.5) == error.equivalence_p(-0.2, 0.5) == pytest.approx(t.sf(3, 4))
    assert error.equivalence_p(0.6, 0.5) == pytest.approx(t.sf(-1, 4))


def test_brown_forsythe_by_hand_and_its_refusal_of_pairs():
    # |x − median|: (1, 0, 1) and (4, 0, 4): means 2/3 and 8/3, F = 6 / ((2/3 + 32/3) / 4) = 2.1176
    p = st.brown_forsythe([[1, 2, 3], [0, 4, 8]])
    assert p == pytest.approx(0.21930, abs=1e-4)
    assert st.brown_forsythe([[1, 2], [1, 9]]) is None
    assert st.brown_forsythe([[1, 2, 3], [4, 5, 6]]) == 1.0


@given(hs.lists(hs.lists(FINITE, min_size=3, max_size=6), min_size=2, max_size=4))
def test_brown_forsythe_is_scipys(groups):
    if any(len(set(group)) < 3 for group in groups):
        return
    assert st.brown_forsythe(groups) == pytest.approx(float(levene(*groups, center="median").pvalue), abs=1e-6)


@pytest.mark.parametrize("given_p, adjusted", [
    ([0.01, 0.04, 0.03], [0.03, 0.06, 0.06]),
    ([0.5], [0.5]),
    ([None, 0.02, 0.03], [None, 0.04, 0.04]),
    ([0.6, 0.7], [1.0, 1.0]),
    ([], []),
])
def test_holm(given_p, adjusted):
    assert st.holm(given_p) == [p if p is None else pytest.approx(p) for p in adjusted]


@pytest.mark.parametrize("deltas, p", [([1, 2, 3], 0.25), ([1, 1, 1, 1, 1], 0.0625), ([1, -1], 1.0), ([3, -1, 2], 0.5)])
def test_sign_flips_by_hand(deltas, p):
    assert st.sign_flip_p(deltas, 0) == p


def test_smallest_sign_flip_p():
    assert [st.smallest_sign_flip_p(n) for n in (2, 3, 5)] == [0.5, 0.25, 0.0625]


def test_many_sign_flips_are_drawn_by_hash():
    deltas = list(np.linspace(-1, 1.5, 20))
    assert st.sign_flip_p(deltas, 1, "web") == st.sign_flip_p(deltas, 1, "web") != st.sign_flip_p(deltas, 2, "web")


def test_sd_interval_by_hand():
    # df 4: chi² quantiles .025 and .975 are 0.48442 and 11.14329
    assert st.sd_interval(1, 4) == (pytest.approx(math.sqrt(4 / 11.14329)), pytest.approx(math.sqrt(4 / 0.484419)))


def test_bootstrap_error_of_equal_sizes_is_the_error_of_a_mean():
    rng = st.generator(3, "test")
    nats = rng.normal(size=400)
    expected = st.sd(nats) / math.sqrt(400) / 100 / math.log(2)
    got = st.cluster_bootstrap_se(nats, np.full(400, 100.0), math.log(2), 2000, 0, "web")
    assert got == pytest.approx(expected, rel=0.08)


def test_bootstrap_needs_two_clusters_and_repeats_itself():
    assert st.cluster_bootstrap_se(np.ones(1), np.ones(1), 1.0, 10, 0) is None
    arguments = (np.arange(5.0), np.ones(5), 1.0, 50, 7, "web")
    assert st.cluster_bootstrap_se(*arguments) == st.cluster_bootstrap_se(*arguments)


@given(effect=hs.floats(0.05, 5), se_documents=hs.floats(0, 0.2))
def test_seeds_needed_is_the_smallest_number_that_is_enough(effect, se_documents):
    n = st.seeds_needed(effect, 1.0, Uncertainty(1, 2, se_documents, 40), 0.05, lambda n: n - 1)

    def detectable(n):
        return math.hypot(st.minimum_detectable_effect(n), st.detectable_factor(40) * se_documents)

    if n is None:
        assert detectable(st.MOST_SEEDS) > effect
    else:
        assert detectable(n) <= effect and (n == 2 or detectable(n - 1) > effect)


def test_no_seeds_find_what_is_not_there():
    assert st.seeds_needed(0.0, 1.0, Uncertainty(1, 2), 0.05, lambda n: n - 1) is None


def test_zero_error():
    error = Uncertainty(0, 2)
    assert error.p_value(0) == 1 and error.p_value(1) == 0
    assert error.equivalence_p(0.1, 0.2) == 0 and error.equivalence_p(0.3, 0.2) == 1
