"""Gopher's repetition rules as four projects have them, each after its own code; Rae et al. 2021, table A1.

The paper can be read in more than one way, and one repeated block weighs about twice as much in one as in another:
`variant` chooses. Rules bear datatrove's names and come in its order: `empty` texts; `dup_para_frac`, the share of
paragraphs that repeat one another, and `dup_para_char_frac`, their characters; the same for lines as `dup_line_frac`,
`dup_line_char_frac`; `top_2_gram` to `top_4_gram`, characters of the most frequent n-gram times its count;
`duplicated_5_n_grams` to `duplicated_10_n_grams`, characters of n-grams that repeat one another. Exactly at a threshold
is kept.

- `datatrove` (0.10, exactly): words are spaCy's; paragraphs are the stripped text split at two or more newlines, lines
  the text as it is split at newlines, so that one at the end makes an empty line; what repeats an earlier one counts.
  The top n-gram's characters include spaces, even when it comes but once. Of the others, characters of those met before
  on a walk that leaps over each. Characters are shares of the text's.
- `dclm`: words lie between Unicode's word boundaries and begin with a letter or digit; paragraphs and lines are split
  at two newlines and at one, stripped, not blank; a text without any is `empty`. All copies count, the first among
  them, as shares of the segments' characters. Of the most frequent n-grams the longest, if it comes twice; of the
  others, characters of all words that lie in one, each once. Characters are shares of the words'.
- `redpajama` (v2's signals, not rounded): words lie between blanks in lower case, NFD and without ASCII punctuation;
  the n-grams as in `dclm`, but the first of the most frequent. It has no rules for lines and paragraphs.
- `dolma` (`gopher_v1`): words lie between blanks; lines are split at newlines, blank ones included; all copies count,
  their characters as shares of the words'. The first of the most frequent n-grams, even when it comes but once; of the
  others, characters of all their occurrences, as shares of those of all n-grams. It has no rule for paragraphs.

Signals: the values compared, null for empty texts, for texts of fewer than n words, and where the variant has no such
rule. `words: spacy` has datatrove's words split by the package itself in the place of our kernel.
"""

from collections.abc import Callable

import numpy as np

from maslin.curation.rules import repetition as kernels
from maslin.curation.rules.judgement import decide, ratio
from maslin.curation.text.batch import Batch, Decision
from maslin.curation.text.words import Words, words_of
from maslin.manifests.steps.gopher import GOPHER_REPETITION, GopherRepetition

TOP, DUPLICATED = (2, 3, 4), (5, 6, 7, 8, 9, 10)
Signals = dict[str, np.ndarray]


def judge(batch: Batch, parameters: GopherRepetition) -> Decision:
    amount, measured = VARIANTS[parameters.variant](batch, parameters)
    signals = {
        name: np.where(amount > 0, measured[name], np.nan) if name in measured else np.full(len(batch), np.nan)
        for name in GOPHER_REPETITION.signals
    }
    return decide(GOPHER_REPETITION, parameters, batch, signals, {"empty": amount})


def _datatrove(batch: Batch, parameters: GopherRepetition) -> tuple[np.ndarray, Signals]:
    words = words_of(batch, parameters.words)
    characters = words.text_characters.astype(np.float64)
    measured: Signals = {}
    for name, least_newlines, stripped in (("para", 2, True), ("line", 1, False)):
        found = kernels.repeated_segments(batch.data, batch.offsets, least_newlines, stripped)
        measured[f"dup_{name}_frac"] = ratio(found[:, kernels.DUPLICATES], found[:, kernels.SEGMENTS])
        measured[f"dup_{name}_char_frac"] = ratio(found[:, kernels.DUPLICATE_CHARACTERS], characters)
    top = kernels.top_n_grams(*_arrays(words), False)
    for n, (length, count) in zip(TOP, top.transpose(1, 2, 0), strict=True):
        measured[f"top_{n}_gram"] = np.where(count > 0, ratio((length + n - 1) * count, characters), np.nan)
    for n in DUPLICATED:
        measured[f"dup_{n}_gram"] = ratio(kernels.repeated_n_grams(*_arrays(words), n), characters)
    return characters, measured


def _dclm(batch: Batch, _: GopherRepetition) -> tuple[np.ndarray, Signals]:
    measured: Signals = {}
    for name, newlines in (("para", 2), ("line", 1)):
        found = kernels.copied_segments(batch.data, batch.offsets, newlines, True)
        measured[f"dup_{name}_frac"] = ratio(found[:, kernels.DUPLICATES], found[:, kernels.SEGMENTS])
        measured[f"dup_{name}_char_frac"] = ratio(
            found[:, kernels.DUPLICATE_CHARACTERS], found[:, kernels.ALL_CHARACTERS])
    lines = found[:, kernels.SEGMENTS].astype(np.float64)
    return lines, measured | _twice_or_more(words_of(batch, "boundaries"), True)


def _redpajama(batch: Batch, _: GopherRepetition) -> tuple[np.ndarray, Signals]:
    return np.diff(batch.offsets).astype(np.float64), _twice_or_more(words_of(batch, "normalised"), False)


def _dolma(batch: Batch, _: GopherRepetition) -> tuple[np.ndarray, Signals]:
    words = words_of(batch, "blanks")
    characters = np.maximum(words.word_characters, 1)
    lines = kernels.copied_segments(batch.data, batch.offsets, 1, False)
    measured = {
        "dup_line_frac": ratio(lines[:, kernels.DUPLICATES], lines[:, kernels.SEGMENTS]),
        "dup_line_char_frac": ratio(lines[:, kernels.DUPLICATE_CHARACTERS], characters),
    }
    top = kernels.top_n_grams(*_arrays(words), False)
    for n, (length, count) in zip(TOP, top.transpose(1, 2, 0), strict=True):
        measured[f"top_{n}_gram"] = np.where(count > 0, ratio(length * count, characters), np.nan)
    for n, found in zip(DUPLICATED, kernels.copied_n_grams(*_arrays(words)).transpose(1, 2, 0), strict=True):
        measured[f"dup_{n}_gram"] = ratio(found[kernels.COPIES], found[kernels.ALL])
    return np.diff(batch.offsets).astype(np.float64), measured


VARIANTS: dict[str, Callable[[Batch, GopherRepetition], tuple[np.ndarray, Signals]]] = {
    "datatrove": _datatrove, "dclm": _dclm, "redpajama": _redpajama, "dolma": _dolma,
}


def _twice_or_more(words: Words, longest: bool) -> Signals:
    """Top n-grams that come twice, and the words that lie in n-grams which do, as shares of the words' characters."""
    measured: Signals = {}
    top = kernels.top_n_grams(*_arrays(words), longest)
    for n, (length, count) in zip(TOP, top.transpose(1, 2, 0), strict=True):
        shares = ratio(np.where(count > 1, length * count, 0), words.word_characters)
        measured[f"top_{n}_gram"] = np.where(count > 0, shares, np.nan)
    for n, found in zip(DUPLICATED, kernels.copied_n_grams(*_arrays(words)).transpose(1, 2, 0), strict=True):
        shares = ratio(found[kernels.COVERED], words.word_characters)
        measured[f"dup_{n}_gram"] = np.where(np.diff(words.offsets) >= n, shares, np.nan)
    return measured


def _arrays(words: Words) -> tuple[np.ndarray, ...]:
    return words.offsets, words.sums, words.inverses, words.characters
