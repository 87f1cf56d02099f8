"""Sentences as spaCy's blank English pipeline with `sentencizer` ends them, over the words of `split_text`.

A sentence begins at the first token after a mark that is neither a mark nor punctuation (spaCy 3.8
`pipeline/sentencizer.pyx`); white space is a token too, but for one blank between words. Where it departs: a run of
more than MAX_RUN_CHARACTERS without white space is one token, and exceptions are looked for within one run, where
spaCy's search for them may be led astray by tokens beyond white space.
"""

from itertools import pairwise

import numpy as np

from maslin.curation.text.spacy.tables import PUNCTUATION, SENTENCE_MARK, class_of
from maslin.curation.text.spacy.words import split_text
from maslin.curation.text.utf8 import read_character, space_length
from maslin.manifests.kernels.kernel import njit

MAX_RUN_CHARACTERS = 2048
_WORD, _PUNCTUATION, _MARK = 0, 1, 2  # what the sentencizer asks of a token


def sentences(text: str) -> list[str]:
    """The pieces of a text that end where its sentences end; joined they give the text. One at least."""
    encoded = text.encode()
    data = np.frombuffer(encoded, np.uint8)
    bounds = [0, *find_starts(data, len(data)).tolist(), len(data)]
    return [encoded[start:end].decode() for start, end in pairwise(bounds)]


def count(text: str, enough: int | None = None) -> int:
    """The number of sentences, 1 at least; counting may stop at `enough`."""
    data = np.frombuffer(text.encode(), np.uint8)
    return 1 + len(find_starts(data, len(data) if enough is None else max(0, enough - 1)))


@njit(cache=True)
def find_starts(data, most):
    """int64: where sentences behind the first begin in a text of UTF-8 bytes; `most` of them at most.

    A blank before a sentence is its own.
    """
    size = len(data)
    found, number = np.empty(min(size, most), np.int64), 0
    room = min(size, 4 * MAX_RUN_CHARACTERS)
    starts, ends, stack = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room, np.int64)
    position, after_mark = 0, False
    while position < size and number < len(found):
        run = position
        while position < size and space_length(data, position):
            position += space_length(data, position)
        if position > run:
            if after_mark and (position > run + 1 or data[run] != 0x20):
                found[number] = run
                number, after_mark = number + 1, False
            continue
        characters, marked = 0, False
        while position < size and not space_length(data, position):
            character, length = read_character(data, position)
            marked |= class_of(character) & SENTENCE_MARK != 0
            characters, position = characters + 1, position + length
        if not (after_mark or marked):
            continue
        if characters > MAX_RUN_CHARACTERS:
            starts[0], ends[0], tokens = run, position, 1
        else:
            tokens = split_text(data, run, position, starts, ends, stack)
        for token in range(tokens):
            kind = _kind(data, starts[token], ends[token])
            if kind == _MARK:
                after_mark = True
            elif kind == _WORD and after_mark:
                if number == len(found):
                    break
                found[number] = run - 1 if token == 0 and run > 0 and data[run - 1] == 0x20 else starts[token]
                number, after_mark = number + 1, False
    return found[:number]


@njit(cache=True)
def _kind(data, start, end):
    """What data[start:end] is to the sentencizer."""
    character, length = read_character(data, start)
    if start + length == end and class_of(character) & SENTENCE_MARK:
        return _MARK
    while start < end:
        character, length = read_character(data, start)
        if not class_of(character) & PUNCTUATION:
            return _WORD
        start += length
    return _PUNCTUATION
