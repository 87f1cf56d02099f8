"""Word shingles of documents, their hashes, MinHash signatures and LSH band keys, over flat UTF-8 buffers.

A shingle is `n` consecutive words of `text.lower().split()` joined by one space. Signatures equal those of
`datasketch.MinHash(num_perm, seed=seed, scheme="affine32").update_batch(shingles)`, datasketch 2.x.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa
from numba import njit, uint32

from maslin.curation.dedup.sha1 import sha1_64
from maslin.manifests.steps.dedup import NearDedup


@dataclass(frozen=True)
class Words:
    """Lower-cased words of documents: each word followed by one separator byte, document after document.

    `data` uint8; word i is `data[starts[i]:starts[i + 1] - 1]`, starts int64 [words + 1]; document k has the words
    `documents[k]` to `documents[k + 1]`, int64 [documents + 1].
    """

    data: np.ndarray
    starts: np.ndarray
    documents: np.ndarray


def split_words(texts: pa.Array | pa.ChunkedArray) -> Words:
    """`text.lower().split()` of every text; null is the empty text."""
    # str.lower is not the simple mapping Arrow offers (final sigma, İ), so Python lowers, one C call a text.
    lowered = pa.array([text.lower() if text else "" for text in texts.to_pylist()], pa.large_string())
    _, offsets, data = lowered.buffers()
    count = len(lowered)
    bounds = np.frombuffer(offsets, np.int64, count + 1) if count else np.zeros(1, np.int64)
    source = np.frombuffer(data, np.uint8) if data is not None else np.zeros(0, np.uint8)
    joined = np.empty(int(bounds[-1]) + count, np.uint8)
    starts = np.empty(len(joined) // 2 + 1, np.int64)  # a word takes two bytes; pages never touched cost nothing
    documents = np.zeros(count + 1, np.int64)
    used = _join_words(source, bounds, joined, starts, documents)
    return Words(joined[:used], starts[:documents[-1] + 1], documents)


# First bytes of characters: 1 is white space of one byte, 2 may begin white space of several, 0 is none.
_KINDS = np.zeros(256, np.uint8)
_KINDS[[0x20, *range(0x09, 0x0E), *range(0x1C, 0x20)]] = 1
_KINDS[[0xC2, 0xE1, 0xE2, 0xE3]] = 2


@njit(cache=True)
def _wide_space(data, at, end):
    """Bytes of the white-space character at `at`, 0 where there is none: those of `str.split()` beyond ASCII."""
    if at + 1 < end and data[at] == 0xC2:  # U+0085, U+00A0
        return 2 if data[at + 1] == 0x85 or data[at + 1] == 0xA0 else 0
    if at + 2 >= end:
        return 0
    first, second, third = data[at], data[at + 1], data[at + 2]
    if first == 0xE1:  # U+1680
        return 3 if second == 0x9A and third == 0x80 else 0
    if first == 0xE3:  # U+3000
        return 3 if second == 0x80 and third == 0x80 else 0
    if second == 0x80:  # U+2000–U+200A, U+2028, U+2029, U+202F
        return 3 if 0x80 <= third <= 0x8A or third == 0xA8 or third == 0xA9 or third == 0xAF else 0
    return 3 if second == 0x81 and third == 0x9F else 0  # U+205F


@njit(cache=True)
def _join_words(data, bounds, joined, starts, documents):
    """Copy words with one space after each; fills `starts` and `documents`, returns the bytes used."""
    one = np.uint64(1)  # unsigned indices: numba leaves out the check for negative ones, four times as fast here
    used = np.uint64(0)
    word = 0
    for k in range(len(bounds) - 1):
        at, end = np.uint64(bounds[k]), np.uint64(bounds[k + 1])
        inside = False
        while at < end:
            kind = _KINDS[data[at]]
            width = np.uint64(kind) if kind < 2 else np.uint64(_wide_space(data, at, end))
            if width:
                if inside:
                    joined[used] = 0x20
                    used += one
                    inside = False
                at += width
            else:
                if not inside:
                    starts[word] = used
                    word += 1
                    inside = True
                joined[used] = data[at]
                used += one
                at += one
        if inside:
            joined[used] = 0x20
            used += one
        documents[k + 1] = word
    starts[word] = used
    return used


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
    scratch = np.empty(80, np.uint32)
    for k in range(len(documents) - 1):
        for i in range(offsets[k + 1] - offsets[k]):
            first = documents[k] + i
            hashes[offsets[k] + i] = sha1_64(data, starts[first], starts[first + shingle_words] - 1, scratch)


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


@dataclass(frozen=True)
class LshParameters:
    """Bands and rows a band as datasketch chooses them, and the permutations those bands read."""

    bands: int
    rows: int
    multipliers: np.ndarray  # uint32 [bands · rows]
    addends: np.ndarray  # uint32 [bands · rows]


@cache
def lsh_parameters(parameters: NearDedup) -> LshParameters:
    """datasketch's optimal (b, r) and its permutations, taken from the package itself.

    `false_negative_weight` is the weight MinHashLSH gives to missed pairs; the rest goes to false candidates. Where its
    optimum is a single band (thresholds near 1), which MinHashLSH refuses, two bands are used.
    """
    import datasketch

    false_positive = 1 - parameters.false_negative_weight
    try:  # 1 - (1 - w): MinHashLSH asks that the two add up to 1 exactly
        index = datasketch.MinHashLSH(
            parameters.threshold, parameters.permutations, weights=(false_positive, 1 - false_positive))
        bands, rows = index.b, index.r
    except ValueError:
        bands, rows = 2, parameters.permutations // 2
    sketch = datasketch.MinHash(parameters.permutations, seed=parameters.seed, scheme="affine32")
    multipliers, addends = (np.ascontiguousarray(row[:bands * rows], np.uint32) for row in sketch.permutations)
    return LshParameters(bands, rows, multipliers, addends)


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
    used = _sorted_sets(hashes, offsets, sets, bounds)
    return sets[:used], bounds


@njit(cache=True)
def _sorted_sets(hashes, offsets, sets, bounds):
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
