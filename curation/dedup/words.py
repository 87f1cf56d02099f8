"""The words that shingles are made of, over flat UTF-8 buffers."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numba import uint64

from maslin.curation.text.buffers import bytes_and_offsets
from maslin.curation.text.lower_case import LOWER, without_capitals_of_their_own
from maslin.curation.text.scripts_without_spaces import CLASSES, LETTER, NONE, cut_words
from maslin.curation.text.utf8 import read_character, space_length, write_character
from maslin.manifests.kernels.kernel import njit

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
    if isinstance(texts, pa.ChunkedArray):
        texts = texts.combine_chunks()
    texts = without_capitals_of_their_own(texts.cast(pa.large_string()).fill_null(""))
    count = len(texts)
    source, bounds = bytes_and_offsets(texts)
    size = int(bounds[-1] - bounds[0])
    # Lower case makes three bytes of two at most, cutting adds a space to a character of three bytes and to what is
    # beside it: of five bytes come eight. Pages never touched cost nothing. A word takes two bytes.
    joined = np.empty(size * 8 // 5 + count + 1, np.uint8)
    starts = np.empty(len(joined) // 2 + 2, np.int64)
    documents = np.zeros(count + 1, np.int64)
    used = _join_words(source, bounds, _CUT[by], joined, starts, documents)
    return Words(joined[:used], starts[:documents[-1] + 1], documents)


_BLANK = np.zeros(128, np.uint8)
_BLANK[[0x20, *range(0x09, 0x0E), *range(0x1C, 0x20)]] = 1
_LOWER_OR_SPACE = np.where(_BLANK, 0x20, LOWER[:128]).astype(np.uint8)


@njit(cache=True)
def _join_words(data, bounds, classes, joined, starts, documents):
    """Copy words in lower case with one space after each; fills `starts`, `documents`, returns the bytes used."""
    one = uint64(1)  # unsigned indices: numba leaves out the check for negative ones, four times as fast here
    used, word = uint64(0), uint64(0)
    for k in range(len(bounds) - 1):
        at, end = uint64(bounds[k]), uint64(bounds[k + 1])
        inside, cut = uint64(0), False
        begin = at  # of the word in `data`
        while at <= end:
            if at < end and data[at] < 0x80 and not cut:  # one path for letters and blanks: none is foretold wrongly
                blank = uint64(_BLANK[data[at]])
                begins = (inside | blank) ^ one
                joined[used] = _LOWER_OR_SPACE[data[at]]
                starts[word] = used
                word += begins
                begin = at if begins else begin
                used += inside | begins
                inside = blank ^ one
                at += one
                continue
            width = space_length(data, at) if at < end else 1  # a text ends as a word does
            if not width:
                character, length = read_character(data, at)
                if character < len(LOWER):
                    character = np.int64(LOWER[character])
                    cut |= classes[character] == LETTER
                if not inside:
                    starts[word] = used
                    word += one
                    begin = at
                    inside = one
                used = uint64(write_character(joined, np.int64(used), character))
                at += uint64(length)
                continue
            if inside:
                if cut:
                    ends = cut_words(classes, data, np.int64(begin), np.int64(at), joined, starts, np.int64(word - one))
                    used, word = uint64(ends[0]), uint64(ends[1])
                    cut = False
                joined[used] = 0x20
                used += one
                inside = uint64(0)
            at += uint64(width)
        documents[k + 1] = word
    starts[word] = used
    return used
