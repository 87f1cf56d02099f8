"""Word n-grams as hashes, for containment: what of one document stands in another, wherever it stands.

Words are those of words.py without ASCII signs and punctuation ("(the" is "the"); what is nothing else is no word. The
hash of an n-gram is a polynomial of the hashes of its words modulo 2^64, mixed; two different n-grams have the same one
by chance once in 10^19.
"""

from unicodedata import category

import numpy as np
import pyarrow as pa
from numba import uint64

from maslin.curation.dedup.words import Words
from maslin.curation.text.buffers import bytes_and_offsets
from maslin.curation.text.text_hash import mix
from maslin.curation.text.utf8 import read_character
from maslin.manifests.kernels.kernel import njit

_BASE = np.uint64(0x9E3779B97F4A7C15)
_WORD_PRIME = np.uint64(0x100000001B3)
_WORD_BASIS = np.uint64(0xCBF29CE484222325)

_IN_WORDS = np.zeros(256, np.bool_)
_IN_WORDS[[*range(0x30, 0x3A), *range(0x41, 0x5B), *range(0x61, 0x7B), *range(0x80, 0x100)]] = True


_LETTERS = _IN_WORDS.copy()
_LETTERS[0x30:0x3A] = False

# By character: whether it is punctuation, a symbol or a blank beyond ASCII, for those of two or three bytes.
_SIGN = np.array([category(chr(number)).startswith(("P", "S", "Z", "Cf")) for number in range(1 << 16)])
_SIGN[:0x80] = False
SIGNS = [number for number in range(len(_SIGN)) if _SIGN[number] or (number < 0x80 and not _IN_WORDS[number])]


def blank_signs(texts: pa.Array | pa.ChunkedArray) -> pa.LargeStringArray:
    """The texts with a blank in the place of every byte of signs and punctuation, ASCII or not; null is empty.

    So it does not matter which of them stand between two words, or whether: `a, b`, `a,b`, `a —b` and `(a)b` are one.
    """
    data, bounds = bytes_and_offsets(texts.cast(pa.large_string()).fill_null(""))
    data = data.copy()
    _overwrite_signs(data)
    return pa.LargeStringArray.from_buffers(len(texts), pa.py_buffer(bounds), pa.py_buffer(data))


@njit(cache=True)
def _overwrite_signs(data):
    at = 0
    while at < len(data):
        if data[at] < 0x80:
            if not _IN_WORDS[data[at]]:
                data[at] = 0x20
            at += 1
            continue
        character, length = read_character(data, at)
        if character < len(_SIGN) and _SIGN[character]:
            data[at:at + length] = 0x20
        at += length


def with_letters(words: Words, starts: np.ndarray, size: int) -> np.ndarray:
    """bool: which n-grams, by the index of their first word, hold a letter; those of numbers alone do not."""
    if not len(starts):
        return np.zeros(0, np.bool_)
    counted, letters = (np.add.reduceat(table[words.data].astype(np.int64), words.starts[:-1])
                        for table in (_IN_WORDS, _LETTERS))
    places = np.flatnonzero(counted)
    before = np.concatenate([[0], np.cumsum(letters)])
    return before[places[np.searchsorted(places, starts) + size - 1] + 1] > before[starts]


def sizes_of(words: Words) -> tuple[np.ndarray, np.ndarray]:
    """Of each document the words that n-grams are made of, and the bytes of them all that count, both int64."""
    _, bounds, _ = ngram_hashes(words, 1)
    before = np.concatenate([[0], np.cumsum(_IN_WORDS[words.data], dtype=np.int64)])
    return np.diff(bounds), np.diff(before[words.starts[words.documents]])


def ngram_hashes(words: Words, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(hashes uint64, bounds int64 [documents + 1], starts int64): n-grams of each document, in their order.

    `starts`: the index in `words` of the first word of each.
    """
    hashes = np.empty(len(words.starts), np.uint64)
    starts = np.empty(len(words.starts), np.int64)
    bounds = np.zeros(len(words.documents), np.int64)
    used = _hash_ngrams(words.data, words.starts, words.documents, size, hashes, starts, bounds)
    return hashes[:used], bounds, starts[:used]


@njit(cache=True)
def _hash_ngrams(data, starts, documents, size, hashes, places, bounds):
    window, firsts = np.zeros(size, np.uint64), np.zeros(size, np.int64)
    leaving = uint64(1)
    for _ in range(size):
        leaving *= _BASE
    used = 0
    for document in range(len(documents) - 1):
        rolling, seen = uint64(0), 0
        for word in range(documents[document], documents[document + 1]):
            hashed, letters = _WORD_BASIS, False
            for at in range(starts[word], starts[word + 1] - 1):
                if _IN_WORDS[data[at]]:
                    hashed = (hashed ^ uint64(data[at])) * _WORD_PRIME
                    letters = True
            if not letters:
                continue
            hashed = mix(hashed)
            slot = seen % size
            rolling = rolling * _BASE + hashed
            if seen >= size:
                rolling -= window[slot] * leaving
            window[slot], firsts[slot] = hashed, word
            seen += 1
            if seen >= size:
                found = mix(rolling)
                hashes[used] = found if found != 0 else uint64(1)
                places[used] = firsts[seen % size]
                used += 1
        bounds[document + 1] = used
    return used
