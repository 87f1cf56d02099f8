"""The documents' share of the error: what other held-out documents would have given.

A difference is Σ difference / Σ size over documents. Those of one site or repository (a *cluster*) rise and fall
together, so clusters are what was drawn, if there are enough of them; below that, documents within these clusters are,
and the claim is of these clusters only. Which of the two never depends on the differences.
"""

from typing import Any

import numpy as np

from maslin.trainer.comparison.uncertainty import Part

FEWEST_CLUSTERS = 5.0  # effective ones: below, the error over clusters is not known well enough to speak of others


def effective_number(sizes: np.ndarray) -> float:
    """How many equal clusters tell as much as these: B² / Σ b²."""
    return float(sizes.sum() ** 2 / (sizes.astype(np.float64) ** 2).sum())


def between_clusters(difference: Any, sizes: np.ndarray) -> Part | None:
    """The error over clusters; `difference` (…, clusters), `sizes` (clusters,) are sums. None below two clusters.

    Residuals of the ratio estimator, inflated by 1 / √(1 − share of the cluster) as in CR2 (Bell & McCaffrey 2002).
    The degrees of freedom lie in the middle between effective clusters less one, with which intervals cover too little
    where sizes differ much, and Bell and McCaffrey's, with which they cover too much (docs/statistics.md).
    """
    difference, total = np.asarray(difference, dtype=np.float64), float(sizes.sum())
    effective = effective_number(sizes)
    if len(sizes) < 2 or effective <= 1:
        return None
    ratio = difference.sum(axis=-1, keepdims=True) / total
    squares = (difference - ratio * sizes) ** 2 / (1 - sizes / total)
    return Part(np.sqrt(squares.sum(axis=-1)) / total, (effective - 1 + bell_mccaffrey(sizes)) / 2)


def bell_mccaffrey(sizes: np.ndarray) -> float:
    """Degrees of freedom of the squared error as a quadratic form of clusters whose errors grow with their sizes.

    (tr M)² / tr M² with M = P' D P S: P takes residuals of the ratio, D inflates them, S = diag(size²) is their
    variance; in time linear in the clusters, as M is a diagonal and two products of vectors.
    """
    inflated, total = 1 / (1 - sizes / sizes.sum()), sizes.sum()
    variance, a = sizes.astype(np.float64) ** 2, inflated * sizes / total
    k = float((a * sizes).sum() / total)
    diagonal = inflated - 2 * a + k
    s, s_a, s_aa = variance.sum(), (variance * a).sum(), (variance * a * a).sum()
    all_but_inflation = k * k * s * s + 2 * s_aa * s + 2 * s_a * s_a - 4 * k * s_a * s  # Σ (k − a_c − a_d)² s_c s_d
    squares = all_but_inflation + ((diagonal**2 - (k - 2 * a) ** 2) * variance**2).sum()
    return float((diagonal * variance).sum() ** 2 / squares)


def within_clusters(difference: Any, sizes: np.ndarray, clusters: np.ndarray) -> Part | None:
    """The error over documents when the clusters are given: strata, each with its own ratio.

    `difference` (…, documents), `sizes` and `clusters` (codes) (documents,). Clusters of one document are one stratum
    together, which overstates their error. None when no stratum has two documents.
    """
    difference, total = np.asarray(difference, dtype=np.float64), float(sizes.sum())
    strata = _strata(clusters)
    variance: Any = np.zeros(difference.shape[:-1])
    weight = weight_by_df = 0.0
    for stratum in range(strata.max() + 1):
        members = np.flatnonzero(strata == stratum)
        part = between_clusters(difference[..., members], sizes[members])
        if part is None:
            continue
        share = sizes[members].sum() / total
        variance = variance + (share * part.se) ** 2
        expected = (sizes[members].astype(np.float64) ** 2).sum()  # of its variance, were documents alike
        weight += expected
        weight_by_df += expected**2 / part.df
    return Part(np.sqrt(variance), weight**2 / weight_by_df) if weight else None


def _strata(clusters: np.ndarray) -> np.ndarray:
    """Codes of strata: clusters, but those of one document all together (with the smallest other, if there is one)."""
    _, codes, counts = np.unique(clusters, return_inverse=True, return_counts=True)
    single = counts == 1
    if single.any():
        several = np.flatnonzero(~single)
        into = several[np.argmin(counts[several])] if single.sum() == 1 and len(several) else np.flatnonzero(single)[0]
        codes = np.where(single[codes], into, codes)
    return np.unique(codes, return_inverse=True)[1]


def are_few(sizes: np.ndarray, clusters: np.ndarray) -> bool:
    """Whether claims are of these clusters only; `sizes` of documents. Documents that each stand alone are clusters."""
    by_cluster = np.bincount(clusters, sizes)
    return len(by_cluster) < len(clusters) and effective_number(by_cluster) < FEWEST_CLUSTERS
