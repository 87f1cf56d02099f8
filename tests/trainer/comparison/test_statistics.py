import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as hs
from statsmodels.stats.multitest import multipletests

from maslin.trainer.comparison import statistics as st


@pytest.mark.parametrize("given_p, adjusted", [
    ([0.01, 0.04, 0.03], [0.03, 0.06, 0.06]),
    ([0.5], [0.5]),
    ([None, 0.02, 0.03], [None, 0.04, 0.04]),
    ([0.6, 0.7], [1.0, 1.0]),
    ([], []),
])
def test_holm(given_p, adjusted):
    assert st.holm(given_p) == [p if p is None else pytest.approx(p) for p in adjusted]


@pytest.mark.parametrize("tests", [1, 2, 3, 7, 24])
def test_holm_is_that_of_statsmodels(tests):
    p_values = list(st.generator(tests, "holm").random(tests) ** 3)
    assert st.holm(p_values) == pytest.approx(list(multipletests(p_values, method="holm")[1]))


@given(hs.lists(hs.one_of(hs.none(), hs.floats(1e-6, 1).map(lambda p: round(p, 6))), max_size=9))
def test_a_hypothesis_is_rejected_at_its_level_exactly_when_holm_rejects_it(p_values):
    for p, level, adjusted in zip(p_values, st.holm_levels(p_values), st.holm(p_values), strict=True):
        if p is None:
            assert level is None and adjusted is None
        elif abs(adjusted - 0.05) > 1e-9:
            assert (p <= level) == (adjusted <= 0.05) and 0.05 / len(p_values) <= level <= 0.05


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
