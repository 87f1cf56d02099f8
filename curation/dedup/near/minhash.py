"""Shingles of documents, their hashes, MinHash signatures and LSH band keys, over flat UTF-8 buffers.

A shingle is `n` consecutive words (`words.py`) joined by one space. Signatures equal those of
`datasketch.MinHash(num_perm, seed=seed, scheme="affine32").update_batch(shingles)`, datasketch 2.x.
"""

import numpy as np
from numba import uint32, uint64

from maslin.curation.dedup.near.sha1 import sha1_64
from maslin.curation.dedup.words import Words
from maslin.manifests.kernels.kernel import njit

_HASHED_TOGETHER = 4096  # shingles: so many that the last ones, which leave lanes idle, do not count


def shingle_hashes(words: Words, shingle_words: int) -> tuple[np.ndarray, np.ndarray]:
    """64-bit hashes (first 8 bytes of SHA-1) of every document's shingles, in text order, with repeats.

    Returns hashes uint64 and offsets int64 [documents + 1]; a document with fewer words than a shingle has none.
    """
    counts = np.maximum(np.diff(words.documents) - shingle_words + 1, 0)
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
    hashes = np.empty(int(offsets[-1]), np.uint64)
    _hash_shingles(words.data, words.starts, words.documents, shingle_words, offsets, hashes)
    return hashes, offsets


@njit(cache=True)
def _hash_shingles(data, starts, documents, shingle_words, offsets, hashes):
    begins, ends = np.empty(_HASHED_TOGETHER, np.int64), np.empty(_HASHED_TOGETHER, np.int64)
    gathered = hashed = 0
    for k in range(len(documents) - 1):
        for first in range(documents[k], documents[k] + offsets[k + 1] - offsets[k]):
            begins[gathered], ends[gathered] = starts[first], starts[first + shingle_words] - 1
            gathered += 1
            if gathered == _HASHED_TOGETHER:
                sha1_64(data, begins, ends, hashes[hashed:hashed + gathered])
                hashed += gathered
                gathered = 0
    sha1_64(data, begins[:gathered], ends[:gathered], hashes[hashed:])


def signatures(hashes: np.ndarray, offsets: np.ndarray, multipliers: np.ndarray, addends: np.ndarray) -> np.ndarray:
    """MinHash signatures uint32 [documents, permutations] by datasketch's scheme `affine32`.

    Each hash's low 32 bits pass MurmurHash3's finalizer, then value_k = multipliers[k] · h + addends[k] mod 2^32; the
    least is kept. A document without shingles has all bits set.
    """
    out = np.full((len(offsets) - 1, len(multipliers)), 0xFFFFFFFF, np.uint32)
    _permute(hashes, offsets, multipliers, addends, out)
    return out


@njit(cache=True)
def _permute(hashes, offsets, multipliers, addends, out):
    for k in range(len(offsets) - 1):
        first, count = offsets[k], offsets[k + 1] - offsets[k]
        mixed = np.empty(count, np.uint32)
        for i in range(count):
            h = uint32(hashes[first + i])
            h = uint32((h ^ (h >> uint32(16))) * uint32(0x85EBCA6B))
            h = uint32((h ^ (h >> uint32(13))) * uint32(0xC2B2AE35))
            mixed[i] = h ^ (h >> uint32(16))
        for p in range(len(multipliers)):
            least = uint32(0xFFFFFFFF)
            a, b = multipliers[p], addends[p]
            for i in range(count):
                least = min(least, uint32(uint32(a * mixed[i]) + b))
            out[k, p] = least


def legacy_signatures(
    hashes: np.ndarray, offsets: np.ndarray, multipliers: np.ndarray, addends: np.ndarray,
) -> np.ndarray:
    """As above by datasketch's scheme `legacy`, its only one before 2.0.

    value_k = (multipliers[k] · h + addends[k] mod 2^64) mod (2^61 − 1), of which the low 32 bits.
    """
    out = np.full((len(offsets) - 1, len(multipliers)), 0xFFFFFFFF, np.uint32)
    _permute_legacy(hashes, offsets, multipliers, addends, out)
    return out


@njit(cache=True)
def _permute_legacy(hashes, offsets, multipliers, addends, out):
    prime = uint64((1 << 61) - 1)
    for k in range(len(offsets) - 1):
        for p in range(len(multipliers)):
            least = uint32(0xFFFFFFFF)
            a, b = multipliers[p], addends[p]
            for i in range(offsets[k], offsets[k + 1]):
                value = a * uint64(uint32(hashes[i])) + b
                value = (value & prime) + (value >> uint64(61))  # modulo 2^61 - 1
                value -= prime if value >= prime else uint64(0)
                least = min(least, uint32(value))
            out[k, p] = least


def band_keys(signature: np.ndarray, bands: int, rows: int) -> np.ndarray:
    """Keys uint64 [documents, bands]: equal where all `rows` values of a band are equal.

    Two different bands share a key by chance once in 2^64; such a candidate fails verification.
    """
    keys = np.empty((len(signature), bands), np.uint64)
    _hash_bands(signature, rows, keys)
    return keys


@njit(cache=True)
def _hash_bands(signature, rows, keys):
    for k in range(keys.shape[0]):
        for band in range(keys.shape[1]):
            key = np.uint64(0x9E3779B97F4A7C15)
            for i in range(band * rows, band * rows + rows):
                key = (key ^ np.uint64(signature[k, i])) * np.uint64(0xBF58476D1CE4E5B9)
                key ^= key >> np.uint64(29)
            keys[k, band] = key


def shingle_sets(hashes: np.ndarray, offsets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The distinct hashes of each document in ascending order, and their offsets: sets to compare by merging."""
    sets = np.empty_like(hashes)
    bounds = np.empty_like(offsets)
    used = sort_sets(hashes, offsets, sets, bounds)
    return sets[:used], bounds


@njit(cache=True)
def sort_sets(hashes, offsets, sets, bounds):
    """Fill `sets` and `bounds` (see `shingle_sets`); returns how many elements there are."""
    used = 0
    bounds[0] = 0
    for k in range(len(offsets) - 1):
        ordered = np.sort(hashes[offsets[k]:offsets[k + 1]])
        for i in range(len(ordered)):
            if i == 0 or ordered[i] != ordered[i - 1]:
                sets[used] = ordered[i]
                used += 1
        bounds[k + 1] = used
    return used


@njit(cache=True)
def jaccard(sets, a_start, a_end, b_start, b_end):
    """Jaccard similarity of two ascending sets; both empty: 1."""
    i, j, common = a_start, b_start, 0
    while i < a_end and j < b_end:
        x, y = sets[i], sets[j]
        common += x == y
        i += x <= y
        j += y <= x
    union = (a_end - a_start) + (b_end - b_start) - common
    return common / union if union else 1.0
