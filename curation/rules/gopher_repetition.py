"""Gopher's repetition rules as datatrove 0.10 has them (`gopher_repetition_filter.py`); Rae et al. 2021, table A1.

In this order: `empty` texts; `dup_para_frac`, the share of paragraphs (the stripped text split at two or more newlines)
that repeat an earlier one, and `dup_para_char_frac`, their characters; the same for lines (the text as it is, split at
newlines, so that one at the end makes an empty line) as `dup_line_frac`, `dup_line_char_frac`; `top_2_gram` to
`top_4_gram`, the characters of the most frequent n-gram, spaces included, times its count, even when it comes but once;
`duplicated_5_n_grams` to `duplicated_10_n_grams`, the characters of n-grams met before on a walk that leaps over each.
Characters are shares of the text's. Exactly at a threshold is kept.

Signals: the values compared, null for empty texts and for `top_n_gram` of fewer than n words. Words: see words.py.
"""

import numpy as np

from curation.rules.batch import Batch, Decision
from curation.rules.repetition import (
    DUPLICATE_CHARACTERS,
    DUPLICATES,
    SEGMENTS,
    repeated_n_grams,
    repeated_segments,
    top_n_grams,
)
from curation.rules.thresholds import decide, ratio
from curation.rules.words import words_of
from manifests.steps import GopherRepetition

TOP, DUPLICATED = (2, 3, 4), (5, 6, 7, 8, 9, 10)
SIGNALS = (
    "dup_para_frac", "dup_para_char_frac", "dup_line_frac", "dup_line_char_frac",
    *(f"top_{n}_gram" for n in TOP), *(f"dup_{n}_gram" for n in DUPLICATED),
)


def judge(batch: Batch, parameters: GopherRepetition) -> Decision:
    words = words_of(batch)
    characters = words.text_characters.astype(np.float64)
    paragraphs = repeated_segments(batch.data, batch.offsets, 2, True)
    lines = repeated_segments(batch.data, batch.offsets, 1, False)
    shares = {
        "dup_para_frac": ratio(paragraphs[:, DUPLICATES], paragraphs[:, SEGMENTS]),
        "dup_para_char_frac": ratio(paragraphs[:, DUPLICATE_CHARACTERS], characters),
        "dup_line_frac": ratio(lines[:, DUPLICATES], lines[:, SEGMENTS]),
        "dup_line_char_frac": ratio(lines[:, DUPLICATE_CHARACTERS], characters),
    }
    arrays = words.offsets, words.sums, words.inverses, words.characters
    for n, top in zip(TOP, top_n_grams(*arrays).T, strict=True):
        shares[f"top_{n}_gram"] = np.where(top >= 0, ratio(top, characters), np.nan)
    for n in DUPLICATED:
        shares[f"dup_{n}_gram"] = ratio(repeated_n_grams(*arrays, n), characters)
    signals = {name: np.where(characters > 0, values, np.nan) for name, values in shares.items()}
    return decide("gopher_repetition", parameters, signals, {"empty": characters})
