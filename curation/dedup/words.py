"""The words that shingles are made of, over flat UTF-8 buffers."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numba import njit

from maslin.curation.text.scripts_without_spaces import CLASSES, NONE, cut_words, is_letter
from maslin.curation.text.utf8 import space_length

_CUT = {"scripts": CLASSES, "blanks": NONE}  # by maslin.manifests.steps.dedup.NearDedup.words


@dataclass(frozen=True)
class Words:
    """Lower-cased words of documents: each word followed by one separator byte, document after document.

    `data` uint8; word i is `data[starts[i]:starts[i + 1] - 1]`, starts int64 [words + 1]; document k has the words
    `documents[k]` to `documents[k + 1]`, int64 [documents + 1].
    """

    data: np.ndarray
    starts: np.ndarray
    documents: np.ndarray


def split_words(texts: pa.Array | pa.ChunkedArray, by: str = "scripts") -> Words:
    """The words of every text, null being the empty one: by `blanks`, `text.lower().split()`.

    By `scripts`, those of these words that hold a letter of a script without spaces are cut into smaller ones.
    """
    # str.lower is not the simple mapping Arrow offers (final sigma, İ), so Python lowers, one C call a text.
    lowered = pa.array([text.lower() if text else "" for text in texts.to_pylist()], pa.large_string())
    _, offsets, data = lowered.buffers()
    count = len(lowered)
    bounds = np.frombuffer(offsets, np.int64, count + 1) if count else np.zeros(1, np.int64)
    source = np.frombuffer(data, np.uint8) if data is not None else np.zeros(0, np.uint8)
    # Cutting adds at most a space to each character of three bytes and the one of one byte beside it; pages never
    # touched cost nothing. A word takes two bytes.
    joined = np.empty(int(bounds[-1]) * 3 // 2 + count + 1, np.uint8)
    starts = np.empty(len(joined) // 2 + 1, np.int64)
    documents = np.zeros(count + 1, np.int64)
    used = _join_words(source, bounds, _CUT[by], joined, starts, documents)
    return Words(joined[:used], starts[:documents[-1] + 1], documents)


# First bytes of characters: 1 is white space of one byte, 2 may begin white space of several or a letter of a script
# without spaces, 0 is neither.
_KINDS = np.zeros(256, np.uint8)
_KINDS[[0x20, *range(0x09, 0x0E), *range(0x1C, 0x20)]] = 1
_KINDS[[0xC2, *range(0xE0, 0xEB), 0xEF, 0xF0]] = 2


@njit(cache=True)
def _join_words(data, bounds, classes, joined, starts, documents):
    """Copy words with one space after each; fills `starts` and `documents`, returns the bytes used."""
    one = np.uint64(1)  # unsigned indices: numba leaves out the check for negative ones, four times as fast here
    used = np.uint64(0)
    word = 0
    for k in range(len(bounds) - 1):
        at, end = np.uint64(bounds[k]), np.uint64(bounds[k + 1])
        inside = cut = False
        begin = at  # of the word in `data`
        while at <= end:
            kind = _KINDS[data[at]] if at < end else 1  # a text ends as a word does
            width = np.uint64(kind)
            if kind == 2:
                width = np.uint64(space_length(data, at))
                cut |= width == 0 and is_letter(classes, data, at)
            if width:
                if inside:
                    if cut:
                        word -= 1
                        ends = cut_words(classes, data, np.int64(begin), np.int64(at), joined, starts, word)
                        used, word = np.uint64(ends[0]), ends[1]
                    joined[used] = 0x20
                    used += one
                    inside = cut = False
                at += width
            else:
                if not inside:
                    starts[word] = used
                    word += 1
                    begin = at
                    inside = True
                joined[used] = data[at]
                used += one
                at += one
        documents[k + 1] = word
    starts[word] = used
    return used
