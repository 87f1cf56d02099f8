"""The global acts over arrays: equal texts, shared bands, and who leaves because of whom.

Positions ascend by id. Candidate k's shingle set is `sets[bounds[k, 0]:bounds[k, 1]]`, ascending uint64.
"""

from collections.abc import Iterable

import numpy as np

from maslin.curation.dedup.minhash import jaccard
from maslin.manifests.kernels.kernel import njit

# Documents a bucket lists to compare later ones with, smallest ids first. Without a bound, one bucket of unlike
# documents (a template, say) would be compared in quadratic time. Families of duplicates never fill one: only documents
# that stay are listed, or (groups) one comparison joins a document to all of its family.
BUCKET_LIMIT = 128


def first_equal(high: np.ndarray, low: np.ndarray) -> np.ndarray:
    """For each position the first position with the same 128-bit text hash (two uint64 arrays)."""
    order = np.lexsort((low, high))  # stable: equal hashes stay in ascending position
    starts = np.ones(len(order), bool)
    starts[1:] = (high[order[1:]] != high[order[:-1]]) | (low[order[1:]] != low[order[:-1]])
    first = np.empty(len(order), np.int64)
    first[order] = order[np.flatnonzero(starts)][np.cumsum(starts) - 1] if len(order) else order
    return first


def shares_key(keys: np.ndarray, references: int | None) -> np.ndarray:
    """Which documents share their key with another; with `references`, with one from the other side of that index."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    starts = np.ones(len(order), bool)
    starts[1:] = ordered[1:] != ordered[:-1]
    bucket = np.cumsum(starts) - 1
    sizes = np.bincount(bucket, minlength=1)
    if references is None:
        useful = sizes > 1
    else:
        of_references = np.bincount(bucket, weights=order < references, minlength=1)
        useful = (of_references > 0) & (of_references < sizes)
    shared = np.zeros(len(order), bool)
    shared[order] = useful[bucket] if len(order) else False
    return shared


def number_buckets(columns: Iterable[np.ndarray]) -> np.ndarray:
    """Bucket numbers int64 [documents, bands] from one array of keys a band; −1 where a document is alone."""
    numbered = []
    used = 0
    for keys in columns:
        _, bucket, sizes = np.unique(keys, return_inverse=True, return_counts=True)
        several = sizes > 1
        numbers = np.where(several, np.cumsum(several) - 1 + used, -1)
        used += int(several.sum())
        numbered.append(numbers[bucket])
    return np.stack(numbered, axis=1)


def _bucket_starts(buckets: np.ndarray, limit: int) -> np.ndarray:
    sizes = np.bincount(buckets[buckets >= 0].ravel())
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(np.minimum(sizes, limit))]).astype(np.int64)


def choose_survivors(
    buckets: np.ndarray, sets: np.ndarray, bounds: np.ndarray, threshold: float, references: int, insert: bool,
    limit: int = BUCKET_LIMIT,
) -> tuple[np.ndarray, np.ndarray, int]:
    """Take candidates in order; one leaves when it is similar enough to one that stays and shares a bucket.

    The first `references` candidates stay whatever they resemble. With `insert`, the others that stay are compared with
    later ones too. Returns for each candidate the survivor's index (−1: it stays) and the similarity, and how many
    times a full bucket could not list a document.
    """
    starts = _bucket_starts(buckets, limit)
    return _choose(buckets, starts, sets, bounds, threshold, references, insert)


@njit(cache=True)
def _choose(buckets, starts, sets, bounds, threshold, references, insert):
    documents = len(buckets)
    survivor = np.full(documents, -1, np.int64)
    similarity = np.zeros(documents)
    listed = np.empty(starts[-1], np.int64)
    filled = np.zeros(len(starts), np.int64)
    met, found = np.full(documents, -1, np.int64), np.empty(documents, np.int64)
    overflows = 0
    for k in range(documents):
        if k >= references:
            for other in found[: _find_listed(buckets, starts, listed, filled, k, met, found)]:
                value = _similarity(sets, bounds, k, other, threshold)
                if value >= threshold and (value > similarity[k] or (value == similarity[k] and other < survivor[k])):
                    survivor[k], similarity[k] = other, value
            if survivor[k] >= 0 or not insert:
                continue
        overflows += _list_in_buckets(buckets, starts, listed, filled, k)
    return survivor, similarity, overflows


@njit(cache=True)
def _find_listed(buckets, starts, listed, filled, k, met, found):
    """Write the candidates that are listed in the buckets of candidate `k` to `found`, each once; returns how many.

    `met` (candidates) int64 remembers for whom each was found last.
    """
    number = 0
    for band in range(buckets.shape[1]):
        bucket = buckets[k, band]
        if bucket < 0:
            continue
        for at in range(starts[bucket], starts[bucket] + filled[bucket]):
            other = listed[at]
            if met[other] != k:
                met[other] = k
                found[number] = other
                number += 1
    return number


@njit(cache=True)
def _list_in_buckets(buckets, starts, listed, filled, k):
    """Enter candidate `k` in its buckets; returns how many were full."""
    overflows = 0
    for band in range(buckets.shape[1]):
        bucket = buckets[k, band]
        if bucket < 0:
            continue
        if starts[bucket] + filled[bucket] < starts[bucket + 1]:
            listed[starts[bucket] + filled[bucket]] = k
            filled[bucket] += 1
        else:
            overflows += 1
    return overflows


@njit(cache=True)
def _similarity(sets, bounds, a, b, threshold):
    """Jaccard similarity, or 0 at once where the sizes alone keep it below the threshold."""
    size_a, size_b = bounds[a, 1] - bounds[a, 0], bounds[b, 1] - bounds[b, 0]
    if min(size_a, size_b) / max(size_a, size_b) < threshold:
        return 0.0
    return jaccard(sets, bounds[a, 0], bounds[a, 1], bounds[b, 0], bounds[b, 1])


def connect(
    buckets: np.ndarray, sets: np.ndarray, bounds: np.ndarray, threshold: float, limit: int = BUCKET_LIMIT,
) -> tuple[np.ndarray, int]:
    """The smallest index each candidate is connected with through similar enough pairs, and overflows as above."""
    return _connect(buckets, _bucket_starts(buckets, limit), sets, bounds, threshold)


@njit(cache=True)
def _connect(buckets, starts, sets, bounds, threshold):
    documents = len(buckets)
    parent = np.arange(documents)
    listed = np.empty(starts[-1], np.int64)
    filled = np.zeros(len(starts), np.int64)
    met, found = np.full(documents, -1, np.int64), np.empty(documents, np.int64)
    overflows = 0
    for k in range(documents):
        for other in found[: _find_listed(buckets, starts, listed, filled, k, met, found)]:
            a, b = _root(parent, k), _root(parent, other)
            if a != b and _similarity(sets, bounds, k, other, threshold) >= threshold:
                parent[max(a, b)] = min(a, b)
        overflows += _list_in_buckets(buckets, starts, listed, filled, k)
    for k in range(documents):
        parent[k] = _root(parent, k)
    return parent, overflows


@njit(cache=True)
def _root(parent, k):
    while parent[k] != k:
        parent[k] = parent[parent[k]]
        k = parent[k]
    return k
