"""Gopher's quality rules as four projects have them, each after its own code; Rae et al. 2021, A.1.1.

The paper does not say what a word is, nor whether stop words must differ; `variant` chooses. Rules bear datatrove's
names and come in its order: too few words (`gopher_short_doc`), too many (`gopher_long_doc`); their mean length
(`gopher_below_avg_threshold`, `gopher_above_avg_threshold`); `#` to words (`gopher_too_many_hashes`), ellipses to words
(`gopher_too_many_ellipsis`), or both together (`gopher_too_many_symbols`); the share of lines that begin with a bullet
(`gopher_too_many_bullets`) or end with an ellipsis (`gopher_too_many_end_ellipsis`); the share of words with a letter
(`gopher_below_alpha_threshold`); stop words (`gopher_enough_stop_words`). Exactly at a threshold is kept.

- `datatrove` (0.10, exactly): words are spaCy's, so that punctuation marks are words of their own; the number and the
  mean length are of those that are not only marks (`n_non_symbol_words`), everything else is of all (`n_words`).
  Ellipses: `...` and `…`; lines of `splitlines()`, bullets `•` `-`; stop words different and as they are written.
- `dclm`: words lie between blanks, but only those that begin with a letter or digit, split at ASCII white space as
  fastText does, are counted for the number. Symbols: `#`, `...`, `. . .` and `…` together; stripped lines that are not
  blank, bullets `●` `•` `*` `-`; every stop word, in any case.
- `redpajama` (v2's signals, not rounded): number and mean length of what lies between blanks in lower case, NFD and
  without ASCII punctuation; symbols (`#`, `...`, `…` together) and words with a letter (a-z) of runs of word characters
  and of others; bullets `•‣▶◀◦■□▪▫–`. It has no rule for stop words.
- `dolma` (`gopher_v1`): words lie between blanks; the median length in the place of the mean; words with `#` or `…` as
  symbols; lines of `split("\\n")` as they are, bullets `*` `-`, ellipsis `…`; every stop word, as it is written.

Signals: the values the tests compare, and `n_words`. Null where there is nothing to divide by, and where the variant
has no such rule. `words: spacy` has datatrove's words split by the package itself in the place of our kernel.
"""

from collections.abc import Callable

import numpy as np

from maslin.curation.rules import gopher_text as text
from maslin.curation.rules.judgement import decide, ratio
from maslin.curation.text.batch import Batch, Decision
from maslin.curation.text.word_splitters import count_words
from maslin.curation.text.words import Words, words_of
from maslin.manifests.steps.gopher import GOPHER_QUALITY, GopherQuality

Signals = dict[str, np.ndarray]


def judge(batch: Batch, parameters: GopherQuality) -> Decision:
    unmeasured = {name: np.full(len(batch), np.nan) for name in GOPHER_QUALITY.signals}
    return decide(GOPHER_QUALITY, parameters, batch, unmeasured | VARIANTS[parameters.variant](batch, parameters))


def _datatrove(batch: Batch, parameters: GopherQuality) -> Signals:
    words = words_of(batch, parameters.words)
    number, of_words = np.diff(words.offsets), _measure_words(words, parameters)
    of_text = _measure_text(batch, text.LINE_ENDS | text.STRIPPED | text.DOTS, "•-")
    return {
        "n_words": number.astype(np.float64), "n_non_symbol_words": of_words[:, text.NON_SYMBOL],
        "avg_word_len": ratio(of_words[:, text.NON_SYMBOL_CHARACTERS], of_words[:, text.NON_SYMBOL]),
        "hash_ratio": ratio(of_text[:, text.HASHES], number),
        "ellipsis_ratio": ratio(of_text[:, text.ELLIPSES], number), **_line_ratios(of_text),
        "alpha_ratio": ratio(of_words[:, text.WITH_LETTER], number),
        "stop_words": of_words[:, text.DIFFERENT_STOP_WORDS],
    }


def _dclm(batch: Batch, parameters: GopherQuality) -> Signals:
    words = words_of(batch, "blanks")
    number = np.diff(words.offsets)
    of_text = _measure_text(batch, text.STRIPPED | text.FULL | text.DOTS | text.SPACED_DOTS, "●•*-")
    return {
        "n_words": number.astype(np.float64),
        "n_non_symbol_words": count_words(batch.data, batch.offsets).astype(np.float64),
        "avg_word_len": ratio(words.word_characters, np.maximum(number, 1)), **_symbol_ratio(of_text, number),
        **_line_ratios(of_text), "alpha_ratio": ratio(_measure_words(words, parameters)[:, text.WITH_LETTER], number),
        "stop_words": _measure_words(words_of(batch, "lower_case"), parameters)[:, text.STOP_WORDS],
    }


def _redpajama(batch: Batch, parameters: GopherQuality) -> Signals:
    words, raw_words = words_of(batch, "normalised"), words_of(batch, "punctuation")
    number, raw_number = np.diff(words.offsets).astype(np.float64), np.diff(raw_words.offsets)
    of_text = _measure_text(batch, text.STRIPPED | text.DOTS, "•‣▶◀◦■□▪▫–")
    return {
        "n_words": raw_number.astype(np.float64), "n_non_symbol_words": number,
        "avg_word_len": ratio(words.word_characters, number), **_symbol_ratio(of_text, raw_number),
        **_line_ratios(of_text),
        "alpha_ratio": ratio(_measure_words(raw_words, parameters)[:, text.WITH_ASCII_LETTER], raw_number),
    }


def _dolma(batch: Batch, parameters: GopherQuality) -> Signals:
    words = words_of(batch, "blanks")
    number, of_words = np.diff(words.offsets).astype(np.float64), _measure_words(words, parameters)
    return {
        "n_words": number, "n_non_symbol_words": number,
        "avg_word_len": text.median_lengths(words.offsets, words.characters),
        "symbol_ratio": ratio(of_words[:, text.WITH_SYMBOL], np.maximum(number, 1)),
        **_line_ratios(_measure_text(batch, text.LAST, "*-")),
        "alpha_ratio": ratio(of_words[:, text.WITH_LETTER], np.maximum(number, 1)),
        "stop_words": of_words[:, text.STOP_WORDS],
    }


VARIANTS: dict[str, Callable[[Batch, GopherQuality], Signals]] = {
    "datatrove": _datatrove, "dclm": _dclm, "redpajama": _redpajama, "dolma": _dolma,
}


def _measure_words(words: Words, parameters: GopherQuality) -> np.ndarray:
    return text.measure_words(
        words.offsets, words.kind, words.sums, words.characters, words.inverses,
        text.stop_word_keys(parameters.stop_words),
    ).astype(np.float64)


def _measure_text(batch: Batch, mode: int, bullets: str) -> np.ndarray:
    return text.measure_text(batch.data, batch.offsets, mode, np.array(list(map(ord, bullets))))


def _symbol_ratio(of_text: np.ndarray, words: np.ndarray) -> Signals:
    return {"symbol_ratio": ratio(of_text[:, text.HASHES] + of_text[:, text.ELLIPSES], words)}


def _line_ratios(of_text: np.ndarray) -> Signals:
    return {
        "bullet_lines_ratio": ratio(of_text[:, text.BULLET_LINES], of_text[:, text.LINES]),
        "ellipsis_lines_ratio": ratio(of_text[:, text.ELLIPSIS_LINES], of_text[:, text.LINES]),
    }
