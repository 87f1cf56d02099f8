"""Gopher's quality rules, exactly as datatrove 0.10 has them (`gopher_quality_filter.py`); Rae et al. 2021, A.1.1.

Words are spaCy's (see words.py), so that punctuation marks are words of their own; counts and the mean length are of
those that are not only marks (`n_non_symbol_words`). In this order: too few words (`gopher_short_doc`), too many
(`gopher_long_doc`); their mean length (`gopher_below_avg_threshold`, `gopher_above_avg_threshold`); `#` to words
(`gopher_too_many_hashes`), `...` and `…` to words (`gopher_too_many_ellipsis`); the share of lines that begin with a
bullet, `•` or `-` (`gopher_too_many_bullets`) or end with an ellipsis (`gopher_too_many_end_ellipsis`); the share of
words with a letter (`gopher_below_alpha_threshold`); the number of different stop words, as they are written
(`gopher_enough_stop_words`). Exactly at a threshold is kept.

Signals: the values the tests compare, and `n_words`, all words. Null where there is nothing to divide by.
"""

import numpy as np
from numba import njit

from curation.rules.batch import Batch, Decision
from curation.rules.text_hash import find_key, hash_of, mixed
from curation.rules.thresholds import decide, ratio
from curation.rules.utf8 import MAY_END_LINE, line_end_length, strip_left, strip_right
from curation.rules.words import HAS_LETTER, NOT_MARKS, words_of
from manifests.steps import GopherQuality

SIGNALS = (
    "n_words", "n_non_symbol_words", "avg_word_len", "hash_ratio", "ellipsis_ratio", "bullet_lines_ratio",
    "ellipsis_lines_ratio", "alpha_ratio", "stop_words",
)
NON_SYMBOL, NON_SYMBOL_CHARACTERS, ALPHABETIC, STOP_WORDS = range(4)
HASHES, ELLIPSES, LINES, BULLET_LINES, ELLIPSIS_LINES = range(5)


def judge(batch: Batch, parameters: GopherQuality) -> Decision:
    words = words_of(batch)
    number = np.diff(words.offsets).astype(np.float64)
    of_words = measure_words(
        words.offsets, words.kind, words.sums, words.characters, words.inverses, stop_word_keys(parameters.stop_words)
    )
    of_text = measure_text(batch.data, batch.offsets)
    non_symbol = of_words[:, NON_SYMBOL].astype(np.float64)
    signals = {
        "n_words": number, "n_non_symbol_words": non_symbol,
        "avg_word_len": ratio(of_words[:, NON_SYMBOL_CHARACTERS], non_symbol),
        "hash_ratio": ratio(of_text[:, HASHES], number), "ellipsis_ratio": ratio(of_text[:, ELLIPSES], number),
        "bullet_lines_ratio": ratio(of_text[:, BULLET_LINES], of_text[:, LINES]),
        "ellipsis_lines_ratio": ratio(of_text[:, ELLIPSIS_LINES], of_text[:, LINES]),
        "alpha_ratio": ratio(of_words[:, ALPHABETIC], number),
        "stop_words": of_words[:, STOP_WORDS].astype(np.float64),
    }
    return decide("gopher_quality", parameters, signals)


def stop_word_keys(stop_words: tuple[str, ...]) -> np.ndarray:
    """uint64: a hash table (see text_hash.find_key) of the stop words, an eighth full at most."""
    hashes = sorted({hash_of(word) for word in stop_words})
    keys = np.zeros(1 << (8 * len(hashes) + 8).bit_length(), np.uint64)
    for key in hashes:
        slot = mixed(key) & (len(keys) - 1)
        while keys[slot] != 0:
            slot = (slot + 1) & (len(keys) - 1)
        keys[slot] = key
    return keys


@njit(cache=True)
def measure_words(offsets, kind, sums, characters, inverses, stop_words):
    """int64 (documents, 4): words that are not only marks, their characters, words with a letter, different stop words.

    Arguments: see words.Words and `stop_word_keys`.
    """
    documents = len(offsets) - 1
    result = np.zeros((documents, 4), np.int64)
    seen = np.zeros(len(stop_words), np.int64)
    for row in range(documents):
        non_symbol = non_symbol_characters = alphabetic = different = 0
        for word in range(offsets[row], offsets[row + 1]):
            index = word + row
            if kind[word] & NOT_MARKS:
                non_symbol += 1
                non_symbol_characters += characters[index + 1] - characters[index]
            alphabetic += kind[word] & HAS_LETTER != 0
            slot = find_key(stop_words, (sums[index + 1] - sums[index]) * inverses[word])
            if slot >= 0 and seen[slot] != row + 1:
                seen[slot] = row + 1
                different += 1
        result[row, NON_SYMBOL], result[row, NON_SYMBOL_CHARACTERS] = non_symbol, non_symbol_characters
        result[row, ALPHABETIC], result[row, STOP_WORDS] = alphabetic, different
    return result


@njit(cache=True)
def measure_text(data, offsets):
    """int64 (documents, 5): `#`; `...` (not overlapping) and `…`; lines of `splitlines()`; of these, white space aside,
    those that begin with a bullet and those that end with an ellipsis."""
    documents = len(offsets) - 1
    result = np.zeros((documents, 5), np.int64)
    for row in range(documents):
        position, last, dots = offsets[row], offsets[row + 1], 0
        begin = position
        while position < last:
            byte, length = data[position], 0
            if byte == 0x2E:
                dots += 1
                if dots == 3:
                    result[row, ELLIPSES] += 1
                    dots = 0
            else:
                dots = 0
                if byte == 0x23:
                    result[row, HASHES] += 1
                elif byte == 0xE2 and data[position + 1] == 0x80 and data[position + 2] == 0xA6:
                    result[row, ELLIPSES] += 1
                if MAY_END_LINE[byte]:
                    length = line_end_length(data, position, last)
            if length:
                _judge_line(data, begin, position, result[row])
                position += length
                begin = position
            else:
                position += 1
        if begin < last:
            _judge_line(data, begin, last, result[row])
    return result


@njit(cache=True)
def _judge_line(data, start, end, counts):
    counts[LINES] += 1
    start = strip_left(data, start, end)
    end = strip_right(data, start, end)
    if start == end:
        return
    counts[BULLET_LINES] += data[start] == 0x2D or (
        data[start] == 0xE2 and data[start + 1] == 0x80 and data[start + 2] == 0xA2
    )
    if end - start >= 3:
        one, two, three = data[end - 3], data[end - 2], data[end - 1]
        counts[ELLIPSIS_LINES] += (one == 0x2E and two == 0x2E and three == 0x2E) or (
            one == 0xE2 and two == 0x80 and three == 0xA6
        )
