"""Keyed permutations: every place once, each by itself, evenly."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maslin.trainer.data.permutation import permute


@given(st.integers(1, 3000), st.integers(0, 2**64 - 1))
@settings(deadline=None)
def test_a_permutation_has_every_window_once(size, key):
    assert sorted(permute(np.arange(size), size, key)) == list(range(size))


@given(st.integers(1, 2**40), st.integers(0, 2**64 - 1), st.data())
@settings(deadline=None)
def test_a_place_of_a_permutation_needs_no_other(size, key, data):
    places = np.array(data.draw(st.lists(st.integers(0, size - 1), min_size=1, max_size=5)))
    together = permute(places, size, key)
    assert together.tolist() == [permute(np.array([place]), size, key)[0] for place in places]
    assert (together >= 0).all() and (together < size).all()


@pytest.mark.parametrize("size", [2, 3, 5, 8, 13])
def test_permutations_are_even(size):
    """Over many keys each window stands at each place equally often: chi-square within six deviations."""
    keys = 3000
    found = np.array([permute(np.arange(size), size, key * 7919) for key in range(keys)])
    table = np.array([np.bincount(found[:, place], minlength=size) for place in range(size)])
    freedom = (size - 1) ** 2
    assert ((table - keys / size) ** 2 / (keys / size)).sum() < freedom + 6 * (2 * freedom) ** 0.5


def test_neighbours_are_not_kept_together():
    found = permute(np.arange(20_000), 20_000, 5).astype(float)
    assert abs(np.corrcoef(found[:-1], found[1:])[0, 1]) < 0.03
