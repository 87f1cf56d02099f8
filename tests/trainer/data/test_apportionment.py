"""Which corpus a sequence comes from: shares exact to less than one sequence at any length, in every stage."""

import math
from fractions import Fraction
from itertools import accumulate

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import maslin.trainer.data.apportionment
from maslin.trainer.data.apportionment import Schedule, shares_of_stages

WEIGHTS = st.lists(st.floats(0.001, 1) | st.integers(1, 50).map(float), min_size=1, max_size=8)


@st.composite
def staged(draw, longest=400):
    """Stages of a few corpora, some without a share in some stage, some stages without a sequence."""
    corpora = draw(st.integers(1, 5))
    weight = st.sampled_from([0.0, 0.0, 1.0, 2.0, 3.0]) | st.floats(0.001, 1)
    weights = st.lists(weight, min_size=corpora, max_size=corpora).filter(any)
    lengths = draw(st.lists(st.integers(0, longest), max_size=3))
    return list(zip([0, *accumulate(lengths)], [draw(weights) for _ in range(len(lengths) + 1)], strict=True))


@given(staged(), st.sampled_from([8, 60, 1024]))
@settings(deadline=None, max_examples=100)
def test_no_corpus_is_ever_a_sequence_off_what_is_due(stages, period_max):
    """Short periods, so that patterns repeat within stages and stages end within patterns."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(maslin.trainer.data.apportionment, "PERIOD_MAX", period_max)
        schedule = Schedule(stages)
    length = stages[-1][0] + 2 * min(schedule.period, 1500)
    taken = schedule.corpus(0, length)[:, None] == np.arange(len(stages[0][1]))
    begins = [begin for begin, _ in stages]
    shares = np.array([[float(share) for share in row] for row in schedule.shares])
    due = np.cumsum(shares[np.searchsorted(begins, np.arange(length), "right") - 1], axis=0)
    assert (np.abs(np.cumsum(taken, axis=0) - due) < 1 - 1e-9).all()
    for end in {0, *begins, length, length // 3}:
        assert schedule.counts(end).tolist() == taken[:end].sum(axis=0).tolist()
        assert [float(each) for each in schedule.due(end)] == pytest.approx(due[end - 1] if end else 0 * due[0])


@given(WEIGHTS, st.integers(0, 10**9))
@settings(deadline=None, max_examples=15)
def test_counts_and_corpus_agree_anywhere(weights, start):
    schedule = Schedule([(0, weights)])
    steps = np.bincount(schedule.corpus(start, start + 100), minlength=len(weights))
    assert np.array_equal(schedule.counts(start) + steps, schedule.counts(start + 100))
    assert schedule.counts(start).sum() == start


@given(staged(), st.integers(1, 10**9), st.integers(0, 10**10))
@settings(deadline=None, max_examples=30)
def test_a_place_far_off_in_long_stages_needs_no_way_there(stages, times, start):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(maslin.trainer.data.apportionment, "PERIOD_MAX", 4096)
        schedule = Schedule([(begin * times, weights) for begin, weights in stages])
    counts, after = schedule.counts(start), schedule.counts(start + 50)
    assert counts.sum() == start
    assert np.array_equal(counts + np.bincount(schedule.corpus(start, start + 50), minlength=len(counts)), after)
    assert all(abs(int(count) - due) < 1 for count, due in zip(counts, schedule.due(start), strict=True))
    assert sum(len(piece.pattern) for piece in schedule._pieces) <= 6 * len(stages) * schedule.period


def test_what_one_stage_leaves_owing_the_next_makes_good():
    """Ten stages of one sequence each, at half and half: five each, where stages by themselves might round to ten."""
    schedule = Schedule([(stage, [1.0, 1.0]) for stage in range(10)])
    assert schedule.counts(10).tolist() == [5, 5]


@given(WEIGHTS | st.lists(st.floats(1e-9, 1), min_size=1, max_size=5))
@settings(max_examples=25)
def test_shares_add_up_and_are_near(weights):
    (shares,) = shares_of_stages([weights])
    assert sum(shares) == 1 and min(shares) > 0
    for share, weight in zip(shares, weights, strict=True):
        assert abs(float(share) - weight / sum(weights)) < len(weights) / maslin.trainer.data.apportionment.PERIOD_MAX


@pytest.mark.parametrize(("weights", "parts"), [
    ([0.8, 0.2], [4, 1]), ([1.0], [1]), ([1, 1, 1], [1, 1, 1]), ([0.6, 0.2, 0.2], [3, 1, 1]), ([1, 0], [1, 0]),
])
def test_shares_as_people_write_them_are_exact(weights, parts):
    (shares,) = shares_of_stages([weights])
    assert [share * sum(parts) for share in shares] == parts


@given(st.lists(st.floats(0.01, 1), min_size=2, max_size=3))
@settings(max_examples=15)
def test_shares_that_are_no_fractions_are_near_enough_for_a_billion_tokens(weights):
    """A million sequences of 1,024 tokens: less than a hundredth of a sequence off for two or three corpora."""
    (shares,) = shares_of_stages([weights])
    assert all(
        abs(float(share) - weight / sum(weights)) * 10**6 < 0.01 for share, weight in zip(shares, weights, strict=True))


def test_stages_have_one_common_denominator():
    assert shares_of_stages([[0.8, 0.2], [1, 2]]) == [
        [Fraction(4, 5), Fraction(1, 5)], [Fraction(1, 3), Fraction(2, 3)]]
    rounded = shares_of_stages([[1, 9973], [1, 9966], [1, 0]])
    common = math.lcm(*(share.denominator for row in rounded for share in row))
    assert all(sum(row) == 1 for row in rounded) and common <= maslin.trainer.data.apportionment.PERIOD_MAX
    assert float(rounded[0][0]) == pytest.approx(1 / 9974, abs=1e-6)
