"""Ways to split texts into words, as kernels: each gives the words of a batch as (offsets, start, end).

`offsets` int64 (documents + 1): document i has the words [offsets[i], offsets[i + 1]); `start`, `end` int32 (words):
bytes within the document's text. Arguments: `data`, `offsets` as in Batch.
"""

import numpy as np

from maslin.curation.text.spacy.tables import WORD, class_of
from maslin.curation.text.spacy.words import split_text
from maslin.curation.text.utf8 import read_character, space_length
from maslin.curation.text.word_breaks import segment_end
from maslin.manifests.kernels.kernel import njit


@njit(cache=True)
def split_as_spacy(data, offsets):
    """As spaCy's blank English tokenizer does (spacy/words.py)."""
    documents = len(offsets) - 1
    longest = 0
    for row in range(documents):
        longest = max(longest, offsets[row + 1] - offsets[row])
    starts, ends, stack = np.empty(longest, np.int64), np.empty(longest, np.int64), np.empty(longest, np.int64)
    word_offsets, start, end = _room(offsets)
    written = 0
    for row in range(documents):
        begin = offsets[row]
        number = split_text(data, begin, offsets[row + 1], starts, ends, stack)
        start, end = _with_room(start, end, written + number)
        for index in range(number):
            start[written + index], end[written + index] = starts[index] - begin, ends[index] - begin
        written += number
        word_offsets[row + 1] = written
    return word_offsets, start[:written], end[:written]


@njit(cache=True)
def split_at_blanks(data, offsets):
    """At white space, as str.split does."""
    word_offsets, start, end = _room(offsets)
    written = 0
    for row in range(len(offsets) - 1):
        begin, last = offsets[row], offsets[row + 1]
        start, end = _with_room(start, end, written + (last - begin) // 2 + 1)
        position, inside = begin, False
        while position < last:
            length = space_length(data, position)
            if length:
                if inside:
                    end[written] = position - begin
                    written += 1
                inside = False
                position += length
            else:
                if not inside:
                    start[written] = position - begin
                inside = True
                position += 1
        if inside:
            end[written] = last - begin
            written += 1
        word_offsets[row + 1] = written
    return word_offsets, start[:written], end[:written]


@njit(cache=True)
def split_at_punctuation(data, offsets):
    r"""Runs of word characters, and of others that are no white space: `\w+|[^\w\s]+`."""
    word_offsets, start, end = _room(offsets)
    written = 0
    for row in range(len(offsets) - 1):
        begin, last = offsets[row], offsets[row + 1]
        start, end = _with_room(start, end, written + last - begin)
        position, before = begin, 0  # 1 in a word, 2 in other characters
        while position < last:
            character, length = read_character(data, position)
            kind = 1 if class_of(character) & WORD else 0 if space_length(data, position) else 2
            if kind != before:
                if before:
                    end[written] = position - begin
                    written += 1
                if kind:
                    start[written] = position - begin
            before = kind
            position += length
        if before:
            end[written] = last - begin
            written += 1
        word_offsets[row + 1] = written
    return word_offsets, start[:written], end[:written]


@njit(cache=True)
def split_at_boundaries(data, offsets):
    """Between Unicode's word boundaries, what begins with a letter or digit (word_breaks)."""
    word_offsets, start, end = _room(offsets)
    written = 0
    for row in range(len(offsets) - 1):
        begin, last = offsets[row], offsets[row + 1]
        start, end = _with_room(start, end, written + last - begin)
        position = begin
        while position < last:
            stop = segment_end(data, position, last)
            character, _ = read_character(data, position)
            if character != 0x5F and class_of(character) & WORD:
                start[written], end[written] = position - begin, stop - begin
                written += 1
            position = stop
        word_offsets[row + 1] = written
    return word_offsets, start[:written], end[:written]


@njit(cache=True)
def count_words(data, offsets):
    """int64 (documents): words as fastText splits them, at ASCII white space and NUL, of a letter or digit first."""
    counts = np.zeros(len(offsets) - 1, np.int64)
    for row in range(len(counts)):
        inside = False
        for position in range(offsets[row], offsets[row + 1]):
            byte = data[position]
            if byte == 0x20 or 0x09 <= byte <= 0x0D or byte == 0:
                inside = False
            elif not inside:
                inside = True
                character, _ = read_character(data, position)
                counts[row] += character != 0x5F and class_of(character) & WORD != 0
    return counts


@njit(cache=True)
def _room(offsets):
    room = (offsets[-1] - offsets[0]) // 4 + 16
    return np.zeros(len(offsets), np.int64), np.empty(room, np.int32), np.empty(room, np.int32)


@njit(cache=True)
def _with_room(start, end, words):
    """The arrays, grown to have room for so many words."""
    if words <= len(start):
        return start, end
    more = np.empty(max(words - len(start), len(start)), np.int32)
    return np.concatenate((start, more)), np.concatenate((end, more))
