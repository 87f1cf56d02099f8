"""The words of a batch, split and hashed once for all the rules that read them."""

from dataclasses import dataclass

import numpy as np
from numba import njit, uint64

from curation.rules.batch import Batch
from curation.rules.spacy_tables import CLASSES, LETTER, MARK, class_of
from curation.rules.spacy_words import split_text
from curation.rules.text_hash import BASE, BYTE_VALUES, INVERSE
from curation.rules.utf8 import read_character

HAS_LETTER, NOT_MARKS = 1, 2  # bits of a word's kind


def _ascii_kinds() -> np.ndarray:
    classes = CLASSES[:128]
    return (np.where(classes & LETTER, HAS_LETTER, 0) | np.where(classes & MARK, 0, NOT_MARKS)).astype(np.uint8)


ASCII_KINDS = _ascii_kinds()


@dataclass(frozen=True)
class Words:
    """Words of documents in flat arrays.

    `offsets` int64 (documents + 1): document i has the words [offsets[i], offsets[i + 1]). `start`, `end` int32
    (words): bytes within the document's text. `kind` uint8 (words): HAS_LETTER, NOT_MARKS (some character is no mark).

    `sums` uint64, `characters` int32 (words + documents) and `inverses` uint64 (words) speak of the document's words
    joined without spaces: with i a word of document d and n words from it, all of d,
    `(sums[i + d + n] - sums[i + d]) * inverses[i]` is the hash of their text, and the difference of `characters` its
    length. `text_characters` int64 (documents): the length of the whole text.
    """

    offsets: np.ndarray
    start: np.ndarray
    end: np.ndarray
    kind: np.ndarray
    sums: np.ndarray
    characters: np.ndarray
    inverses: np.ndarray
    text_characters: np.ndarray

    def take(self, rows: np.ndarray) -> "Words":
        """The words of these documents."""
        lengths = np.diff(self.offsets)[rows]
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        words = np.arange(offsets[-1]) + np.repeat(self.offsets[rows] - offsets[:-1], lengths)
        sum_offsets = offsets + np.arange(len(offsets))
        sums = np.arange(sum_offsets[-1]) + np.repeat(self.offsets[rows] + rows - sum_offsets[:-1], lengths + 1)
        return Words(
            offsets, self.start[words], self.end[words], self.kind[words], self.sums[sums], self.characters[sums],
            self.inverses[words], self.text_characters[rows],
        )


def words_of(batch: Batch) -> Words:
    """The batch's words as spaCy's blank English tokenizer splits them, measured once for all its rules."""
    return batch.analysis("words", lambda: Words(*_measure(batch.data, batch.offsets)))


def spell(words: Words, data: np.ndarray, offsets: np.ndarray, row: int) -> list[str]:
    """The words of a document as text."""
    begin = offsets[row]
    return [
        data[begin + words.start[word] : begin + words.end[word]].tobytes().decode()
        for word in range(words.offsets[row], words.offsets[row + 1])
    ]


@njit(cache=True)
def _measure(data, offsets):
    """The fields of Words, in their order."""
    documents = len(offsets) - 1
    longest = 0
    for row in range(documents):
        longest = max(longest, offsets[row + 1] - offsets[row])
    starts, ends, stack = np.empty(longest, np.int64), np.empty(longest, np.int64), np.empty(longest, np.int64)
    word_offsets, text_characters = np.zeros(documents + 1, np.int64), np.zeros(documents, np.int64)
    room = (offsets[-1] - offsets[0]) // 4 + documents + 16
    start, end, kind = np.empty(room, np.int32), np.empty(room, np.int32), np.empty(room, np.uint8)
    sums, characters, inverses = np.empty(room, np.uint64), np.empty(room, np.int32), np.empty(room, np.uint64)
    written = 0
    for row in range(documents):
        begin = offsets[row]
        number = split_text(data, begin, offsets[row + 1], starts, ends, stack)
        if written + number + row + 1 > room:
            more = room + number + row + 1
            start, end, kind = _grown(start, more), _grown(end, more), _grown(kind, more)
            sums, characters, inverses = _grown(sums, more), _grown(characters, more), _grown(inverses, more)
            room += more
        total, power, inverse, count = uint64(0), uint64(1), uint64(1), 0
        for index in range(number):
            word = written + index
            start[word], end[word] = starts[index] - begin, ends[index] - begin
            sums[word + row], characters[word + row], inverses[word] = total, count, inverse
            classes = 0
            for position in range(starts[index], ends[index]):
                byte = data[position]
                total += BYTE_VALUES[byte] * power
                power *= BASE
                inverse *= INVERSE
                if byte < 0x80:
                    count += 1
                    classes |= ASCII_KINDS[byte]
                elif byte >= 0xC0:
                    count += 1
                    character = class_of(read_character(data, position)[0])
                    classes |= (HAS_LETTER if character & LETTER else 0) | (0 if character & MARK else NOT_MARKS)
            kind[word] = classes
        written += number
        sums[written + row], characters[written + row] = total, count
        word_offsets[row + 1] = written
        for position in range(begin, offsets[row + 1]):
            text_characters[row] += data[position] & 0xC0 != 0x80
    ends_of_sums = written + documents
    return (
        word_offsets, start[:written], end[:written], kind[:written], sums[:ends_of_sums], characters[:ends_of_sums],
        inverses[:written], text_characters,
    )


@njit(cache=True)
def _grown(array, more):
    return np.concatenate((array, np.empty(more, array.dtype)))
