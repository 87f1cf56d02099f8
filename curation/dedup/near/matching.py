"""Who leaves because of whom, and who is connected with whom, among documents that share buckets.

Documents are numbered in the order in which they are taken: the `references` first, the others after them. Number k is
in the buckets `buckets[begins[k]:begins[k + 1]]`; its shingle set, ascending uint64, is
`sets[bounds[k, 0]:bounds[k, 1]]`. Bucket b lists `starts[b + 1] - starts[b]` documents at most.
"""

import numpy as np

from maslin.curation.dedup.near.minhash import jaccard
from maslin.manifests.kernels.kernel import njit

# Documents a bucket lists to compare later ones with, smallest ids first. Without a bound, one bucket of unlike
# documents (a template, say) would be compared in quadratic time. Families of duplicates never fill one: only documents
# that stay are listed, or (groups) one comparison joins a document to all of its family.
BUCKET_LIMIT = 128


def places(sizes: np.ndarray, limit: int = BUCKET_LIMIT) -> np.ndarray:
    """`starts` of buckets with so many members."""
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(np.minimum(sizes, limit))]).astype(np.int64)


def no_payload() -> tuple[np.ndarray, np.ndarray]:
    """`own` and `payload` of documents that are compared by all that they have."""
    return np.zeros(0, np.uint8), np.zeros(0, np.uint8)


@njit(cache=True)
def choose_survivors(
    begins, buckets, starts, sets, bounds, threshold, references, insert, containment, own, payload,
):
    """Take documents in order; one leaves when it is similar enough to one that stays and shares a bucket.

    The first `references` stay whatever they resemble. With `insert`, the others that stay are compared with later
    ones too. Returns of each the survivor's number (−1: it stays) and the similarity, and how many times a full bucket
    could not list a document.

    With `containment`, similar enough is who has such a share of the document's set, and no fewer elements; of a
    document with a `payload` also of those elements that are its `own` (by place in `sets`).
    """
    documents = len(begins) - 1
    survivor = np.full(documents, -1, np.int64)
    similarity = np.zeros(documents)
    listed = np.empty(starts[-1], np.int64)
    filled = np.zeros(len(starts), np.int64)
    met, found = np.full(documents, -1, np.int64), np.empty(documents, np.int64)
    overflows = 0
    for k in range(documents):
        if k >= references:
            for other in found[: _find_listed(begins, buckets, starts, listed, filled, k, met, found)]:
                if containment:
                    value = _contained(sets, bounds, k, other, threshold, own, payload)
                else:
                    value = _similarity(sets, bounds, k, other, threshold)
                if value >= threshold and (value > similarity[k] or (value == similarity[k] and other < survivor[k])):
                    survivor[k], similarity[k] = other, value
            if survivor[k] >= 0 or not insert:
                continue
        overflows += _list_in_buckets(begins, buckets, starts, listed, filled, k)
    return survivor, similarity, overflows


@njit(cache=True)
def _find_listed(begins, buckets, starts, listed, filled, k, met, found):
    """Write the documents that are listed in the buckets of document `k` to `found`, each once; returns how many.

    `met` (documents) int64 remembers for whom each was found last.
    """
    number = 0
    for bucket in buckets[begins[k]:begins[k + 1]]:
        for at in range(starts[bucket], starts[bucket] + filled[bucket]):
            other = listed[at]
            if met[other] != k:
                met[other] = k
                found[number] = other
                number += 1
    return number


@njit(cache=True)
def _list_in_buckets(begins, buckets, starts, listed, filled, k):
    """Enter document `k` in its buckets; returns how many were full."""
    overflows = 0
    for bucket in buckets[begins[k]:begins[k + 1]]:
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


@njit(cache=True)
def _contained(sets, bounds, a, b, threshold, own, payload):
    """The share of a's set that b has, or of what is a's own, whichever is less; 0 where b is smaller."""
    size = bounds[a, 1] - bounds[a, 0]
    if bounds[b, 1] - bounds[b, 0] < size:
        return 0.0
    by_own = len(payload) > 0 and payload[a] > 0
    common, of_own, own_common = 0, 0, 0
    j = bounds[b, 0]
    for i in range(bounds[a, 0], bounds[a, 1]):
        while j < bounds[b, 1] and sets[j] < sets[i]:
            j += 1
        there = j < bounds[b, 1] and sets[j] == sets[i]
        common += there
        if by_own and own[i]:
            of_own += 1
            own_common += there
    share = common / size if size else 0.0
    return min(share, own_common / of_own) if of_own else share


@njit(cache=True)
def connect(begins, buckets, starts, sets, bounds, threshold):
    """The smallest number each document is connected with through similar enough pairs, and overflows as above."""
    documents = len(begins) - 1
    parent = np.arange(documents)
    listed = np.empty(starts[-1], np.int64)
    filled = np.zeros(len(starts), np.int64)
    met, found = np.full(documents, -1, np.int64), np.empty(documents, np.int64)
    overflows = 0
    for k in range(documents):
        for other in found[: _find_listed(begins, buckets, starts, listed, filled, k, met, found)]:
            a, b = _root(parent, k), _root(parent, other)
            if a != b and _similarity(sets, bounds, k, other, threshold) >= threshold:
                parent[max(a, b)] = min(a, b)
        overflows += _list_in_buckets(begins, buckets, starts, listed, filled, k)
    for k in range(documents):
        parent[k] = _root(parent, k)
    return parent, overflows


@njit(cache=True)
def _root(parent, k):
    while parent[k] != k:
        parent[k] = parent[parent[k]]
        k = parent[k]
    return k
