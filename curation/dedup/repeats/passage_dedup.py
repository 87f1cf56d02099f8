"""Passages that stand earlier in the corpus go, line by line; documents of which too little is left, too.

A passage is a sequence of at least `min_words` words that stands in several documents, or twice in one. Words are
those that `near_dedup` compares: between white space, in lower case, and a character each in Chinese, Japanese, Thai
and other scripts without spaces; so case, line breaks and the width of spaces make no difference, punctuation does. The
paper counts tokens of a BPE vocabulary: an English word is about 1.3 of them, so that 50 words are 65 of its tokens,
and a Chinese character is one or two.

A passage stays where it stands first: in the document with the smallest id, and there in the first place. Elsewhere the
lines (cut at newlines) go that lie in passages with all their words, by the rule `repeated_passage`; a line with one
word beside them stays whole, so a passage within a long line does. Empty lines between two that go, go with them. Where
a passage overlaps its own first occurrence, as in a row of equal lines, that one stays whole. A document of which no
line is left is dropped (`empty`), then one that lost lines and has fewer than `min_left_characters` characters, white
space at its ends aside (`too_few_characters`); before both, one with more than `max_earlier_words_ratio` of its words
in passages that stand earlier (RefinedWeb tried this at .2). The ledger says where the first of its passages stands.
Texts with other line ends are edited as a whole (`repeated_passages`); a newline at the end of a text stays
(`last_newline`). `mark` takes no line.

Signals, of the text before: the share of its words in passages that stand elsewhere, too, and in those that stand
earlier; null without words. What repeats is found over all documents beforehand (curation/dedup/repeats/passages.py):
every window of `min_words` words by two 64-bit hashes, and what they say compared by 128 bits of BLAKE2b of the words.
"""

import numpy as np
import pyarrow as pa

from maslin.curation.dedup.repeats.removal import SpanList, without_lines
from maslin.curation.dedup.words import split_words
from maslin.curation.rules.judgement import Judgement, ratio
from maslin.curation.text.batch import Batch, Edited
from maslin.manifests.steps.dedup import PASSAGE_DEDUP, PassageDedup

_RULES = ("repeated_passage", "last_newline", "repeated_passages")


def judge(batch: Batch, parameters: PassageDedup, repeats: np.ndarray) -> Edited:
    """`repeats` (passages.PASSAGE): what stands several times, by row of the batch."""
    judgement = Judgement(PASSAGE_DEDUP, parameters, batch)
    texts, spans = batch.texts, SpanList(_RULES, _RULES.index("last_newline"))
    row_of = np.unique(repeats["row"])  # the documents with passages
    lines = [texts[row].split("\n") for row in row_of.tolist()]
    bounds = np.cumsum([0, *map(len, lines)])
    words = split_words(pa.array([line for each in lines for line in each], pa.large_string())).documents
    first_word = words[bounds]
    earlier = repeats[repeats["first_id"] != b""]
    gone_words = _covered(earlier, row_of, first_word)
    signals = {"repeated_words_ratio": _covered(repeats, row_of, first_word), "earlier_words_ratio": gone_words}
    shares = {name: _shares(covered, row_of, first_word, batch) for name, covered in signals.items()}
    judgement.test("earlier_words_ratio", shares["earlier_words_ratio"])
    gone = _lines_in(gone_words, words, bounds) & (parameters.action == "remove")
    for at in np.flatnonzero(np.add.reduceat(gone, bounds[:-1]) if len(row_of) else []).tolist():
        row = int(row_of[at])
        if not judgement.open[row]:
            continue
        numbers = np.flatnonzero(gone[bounds[at]:bounds[at + 1]])
        new = without_lines(texts[row], numbers)
        left = len(new.strip())
        if not left:
            judgement.drop("empty", row)
        elif left < parameters.min_left_characters:
            judgement.drop("too_few_characters", row, left)
        else:
            spans.add_lines(row, texts[row], new, numbers.tolist(), [0] * len(numbers))
        texts[row] = new
    for row in np.flatnonzero(~judgement.open).tolist():
        first_id = earlier["first_id"][np.searchsorted(earlier["row"], row)]
        judgement.detail[row] = f"its first passage stands in {first_id.decode()}"
    return judgement.edited(pa.array(texts, pa.large_string()), spans.finish(), shares)


def _covered(passages: np.ndarray, row_of: np.ndarray, first_word: np.ndarray) -> np.ndarray:
    """bool (words): which words of these documents are in one of the passages."""
    offset = first_word[np.searchsorted(row_of, passages["row"])]
    steps = np.zeros(first_word[-1] + 1, np.int64)
    np.add.at(steps, offset + passages["begin"], 1)
    np.add.at(steps, offset + passages["end"], -1)
    return np.cumsum(steps[:-1]) > 0


def _shares(covered: np.ndarray, row_of: np.ndarray, first_word: np.ndarray, batch: Batch) -> np.ndarray:
    """float64 (documents): the share of words that are covered, NaN where there are none."""
    shares = np.array([0.0 if text and not text.isspace() else np.nan for text in batch.texts])
    before = np.append(0, np.cumsum(covered))
    shares[row_of] = ratio(np.diff(before[first_word]), np.diff(first_word))
    return shares


def _lines_in(covered: np.ndarray, words: np.ndarray, bounds: np.ndarray) -> np.ndarray:
    """bool (lines): those of covered words alone, and empty ones between two such.

    `words`: the first word of each line; `bounds`: the first line of each document.
    """
    before = np.append(0, np.cumsum(covered))
    numbers = np.diff(words)
    gone = (np.diff(before[words]) == numbers) & (numbers > 0)
    full = np.flatnonzero(numbers > 0)
    document = np.searchsorted(bounds, full, side="right")
    for above, below in zip(*_gaps(full, document, gone), strict=True):
        gone[above + 1:below] = True
    return gone


def _gaps(full: np.ndarray, document: np.ndarray, gone: np.ndarray) -> tuple[list[int], list[int]]:
    """Lines that go and the next lines with words, which go too, where there are empty ones between them."""
    above, below = full[:-1], full[1:]
    chosen = (document[1:] == document[:-1]) & gone[above] & gone[below] & (below > above + 1)
    return above[chosen].tolist(), below[chosen].tolist()
