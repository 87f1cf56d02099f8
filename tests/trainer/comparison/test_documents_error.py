import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as hs

from maslin.trainer.comparison.documents_error import (
    are_few,
    bell_mccaffrey,
    between_clusters,
    effective_number,
    within_clusters,
)
from maslin.trainer.comparison.statistics import generator


def test_effective_number():
    assert effective_number(np.array([5.0] * 7)) == pytest.approx(7)
    assert effective_number(np.array([100.0, 1, 1])) == pytest.approx(102**2 / 10_002)


def test_clusters_of_one_size_have_the_error_of_a_mean():
    values = generator(3, "test").normal(size=40)
    part = between_clusters(values * 100, np.full(40, 100.0))
    assert part.se == pytest.approx(np.std(values, ddof=1) / np.sqrt(40)) and part.df == pytest.approx(39)


@given(hs.integers(2, 9), hs.floats(0, 2), hs.integers(0, 1000))
def test_degrees_of_freedom_are_those_of_the_quadratic_form(count, log_sd, seed):
    sizes = np.exp(log_sd * generator(seed, "df").normal(size=count))
    share = sizes / sizes.sum()
    residual = np.eye(count) - np.outer(share, np.ones(count))
    form = residual.T @ np.diag(1 / (1 - share)) @ residual @ np.diag(sizes**2)
    assert bell_mccaffrey(sizes) == pytest.approx(np.trace(form) ** 2 / np.trace(form @ form), rel=1e-6)


def test_degrees_of_freedom_of_clusters_of_one_size():
    assert bell_mccaffrey(np.full(9, 3.0)) == pytest.approx(8)
    assert between_clusters(np.arange(9.0), np.full(9, 3.0)).df == pytest.approx(8)


def test_two_clusters_by_hand():
    # ratios −0.2 and 0.05 of equal sizes: half their distance
    assert between_clusters(np.array([-0.4, 0.1]), np.array([2.0, 2.0])).se == pytest.approx(0.125)
    assert between_clusters(np.array([1.0]), np.array([2.0])) is None


@given(hs.integers(3, 12), hs.floats(0, 2), hs.integers(0, 1000))
def test_it_is_cr2_of_the_regression_through_the_origin(count, log_sd, seed):
    """The ratio Σ d / Σ b is the slope of d on b, weighted by 1 / b; HC2, with one row a cluster, is its CR2."""
    rng = generator(seed, "cr2")
    sizes = np.exp(log_sd * rng.normal(size=count))
    difference = sizes * rng.normal(size=count)
    fitted = sm.WLS(difference, sizes, weights=1 / sizes).fit(cov_type="HC2")
    assert between_clusters(difference, sizes).se == pytest.approx(float(fitted.bse[0]))


def test_within_clusters_what_clusters_differ_by_does_not_count():
    rng = generator(1, "strata")
    clusters = np.repeat([0, 1, 2], 20)
    own, sizes = rng.normal(size=60), np.full(60, 10.0)
    near, far = (within_clusters(sizes * (own + shift * clusters), sizes, clusters) for shift in (0.0, 50.0))
    assert near.se == pytest.approx(far.se) and near.df == far.df == pytest.approx(57)
    variances = [np.var(own[clusters == each], ddof=1) / 20 / 9 for each in range(3)]
    assert near.se == pytest.approx(np.sqrt(sum(variances)))
    assert between_clusters(np.bincount(clusters, sizes * (own + 50 * clusters)), np.full(3, 200.0)).se > 10 * far.se


def test_clusters_of_one_document_stand_together():
    sizes = np.ones(4)
    difference = np.array([0.0, 2.0, 1.0, 5.0])
    alone = within_clusters(difference, sizes, np.arange(4))
    assert alone.se == pytest.approx(np.std(difference, ddof=1) / 2) and alone.df == pytest.approx(3)
    joined = within_clusters(difference, sizes, np.array([0, 0, 0, 1]))  # the one left over joins the only other
    assert joined.se == pytest.approx(alone.se)
    assert within_clusters(np.ones(1), np.ones(1), np.zeros(1, int)) is None


def test_few_are_told_by_effective_clusters_and_never_by_documents_that_stand_alone():
    assert are_few(np.ones(8), np.repeat([0, 1, 2, 3], 2)) and not are_few(np.ones(10), np.repeat(range(5), 2))
    assert are_few(np.array([1000.0, 1000, 1, 1, 1, 1, 1, 1]), np.array([0, 0, 1, 2, 3, 4, 5, 6]))
    assert not are_few(np.ones(3), np.arange(3))


def test_arrays_of_draws():
    rng = generator(2, "arrays")
    sizes, clusters = np.exp(rng.normal(size=12)), np.repeat([0, 1, 2], 4)
    differences = rng.normal(size=(5, 2, 12))
    whole = within_clusters(differences, sizes, clusters)
    assert whole.se.shape == (5, 2)
    assert whole.se[3, 1] == pytest.approx(within_clusters(differences[3, 1], sizes, clusters).se)
