"""The words of a batch, split and hashed once for all the rules that read them."""

import string
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numba import uint64

from maslin.curation.text import word_splitters
from maslin.curation.text.batch import Batch
from maslin.curation.text.spacy.tables import CLASSES, LETTER, MARK, class_of
from maslin.curation.text.text_hash import BASE, BYTE_VALUES, INVERSE
from maslin.curation.text.utf8 import read_character
from maslin.manifests.kernels.kernel import njit

HAS_LETTER, NOT_MARKS, HAS_ASCII_LETTER, HAS_SYMBOL = 1, 2, 4, 8  # bits of a word's kind


def _ascii_kinds() -> np.ndarray:
    classes = CLASSES[:128]
    kinds = np.where(classes & LETTER, HAS_LETTER | HAS_ASCII_LETTER, 0) | np.where(classes & MARK, 0, NOT_MARKS)
    kinds[ord("#")] |= HAS_SYMBOL
    return kinds.astype(np.uint8)


ASCII_KINDS = _ascii_kinds()


@dataclass(frozen=True)
class Words:
    """Words of documents in flat arrays.

    `offsets` int64 (documents + 1): document i has the words [offsets[i], offsets[i + 1]). `start`, `end` int32
    (words): bytes within the document's text. `kind` uint8 (words): HAS_LETTER, NOT_MARKS (some character is no
    mark), HAS_ASCII_LETTER, HAS_SYMBOL (`#` or `…`).

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

    @property
    def word_characters(self) -> np.ndarray:
        """float64 (documents): characters of all words."""
        ends = self.offsets + np.arange(len(self.offsets)) - 1  # of a document's sums
        return (self.characters[ends[1:]] - self.characters[ends[:-1] + 1]).astype(np.float64)

    def take(self, rows: np.ndarray) -> "Words":
        """The words of these documents."""
        offsets, words = _taken_words(self.offsets, rows)
        _, sums = _taken_words(self.offsets + np.arange(len(self.offsets)), rows)
        return Words(
            offsets, self.start[words], self.end[words], self.kind[words], self.sums[sums], self.characters[sums],
            self.inverses[words], self.text_characters[rows],
        )


@dataclass(frozen=True)
class Split:
    """Where words of documents are: `offsets`, `start` and `end` of Words."""

    offsets: np.ndarray
    start: np.ndarray
    end: np.ndarray

    def take(self, rows: np.ndarray) -> "Split":
        """The words of these documents."""
        offsets, words = _taken_words(self.offsets, rows)
        return Split(offsets, self.start[words], self.end[words])


def _taken_words(offsets: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The offsets of some documents' words, and which words of all these are."""
    lengths = np.diff(offsets)[rows]
    own = np.concatenate([[0], np.cumsum(lengths)])
    return own, np.arange(own[-1]) + np.repeat(offsets[rows] - own[:-1], lengths)


def words_of(batch: Batch, splitter: str = "kernel") -> Words:
    """The batch's words by one of SPLITTERS, measured once for all its rules."""
    return batch.analysis(f"words: {splitter}", lambda: SPLITTERS[splitter](batch))


def count_words(batch: Batch, splitter: str = "kernel") -> np.ndarray:
    """int64 (documents): how many words by one of SPLITTERS. Those of our kernel are not measured for it."""
    return np.diff((_split(batch) if splitter == "kernel" else words_of(batch, splitter)).offsets)


def _split(batch: Batch) -> Split:
    return batch.analysis("split", lambda: Split(*word_splitters.split_as_spacy(batch.data, batch.offsets)))


def _by_kernel(batch: Batch) -> Words:
    split = _split(batch)
    return measured(batch.data, batch.offsets, (split.offsets, split.start, split.end))


def measured(data: np.ndarray, offsets: np.ndarray, split: tuple[np.ndarray, np.ndarray, np.ndarray]) -> Words:
    """The words that a splitter has found in texts."""
    return Words(*split, *_measure(data, offsets, *split))


def _of(texts: list[str], kernel: Callable[..., tuple]) -> Words:
    """The words of changed texts: `start` and `end` are bytes within these."""
    encoded = list(map(str.encode, texts))
    offsets = np.cumsum([0, *map(len, encoded)])
    data = np.frombuffer(b"".join(encoded), np.uint8)
    return measured(data, offsets, kernel(data, offsets))


def _by(kernel: Callable[..., tuple]) -> Callable[[Batch], Words]:
    return lambda batch: measured(batch.data, batch.offsets, kernel(batch.data, batch.offsets))


def _by_spacy(batch: Batch) -> Words:
    from maslin.curation.text.spacy.package import split  # here: an optional package

    return measured(batch.data, batch.offsets, split(batch.texts))


_PUNCTUATION = str.maketrans("", "", string.punctuation)


def _normalised(text: str) -> str:
    """As RedPajama-V2 does (`utilities/text/normalization.py`), white space aside."""
    return unicodedata.normalize("NFD", text.translate(_PUNCTUATION).lower())


# `kernel`: spaCy's blank English tokenizer, reproduced; `spacy`: the package itself. The others are what DCLM, Dolma
# and RedPajama-V2 call words.
SPLITTERS: dict[str, Callable[[Batch], Words]] = {
    "kernel": _by_kernel,
    "spacy": _by_spacy,
    "blanks": _by(word_splitters.split_at_blanks),
    "lower_case": lambda batch: _of([text.lower() for text in batch.texts], word_splitters.split_at_blanks),
    "boundaries": _by(word_splitters.split_at_boundaries),
    "punctuation": _by(word_splitters.split_at_punctuation),
    "normalised": lambda batch: _of(list(map(_normalised, batch.texts)), word_splitters.split_at_blanks),
}


@njit(cache=True)
def _measure(data, offsets, word_offsets, word_start, word_end):
    """The fields of Words from `kind` on, in their order."""
    documents, number = len(offsets) - 1, len(word_start)
    kind, inverses = np.empty(number, np.uint8), np.empty(number, np.uint64)
    sums, characters = np.empty(number + documents, np.uint64), np.empty(number + documents, np.int32)
    text_characters = np.zeros(documents, np.int64)
    for row in range(documents):
        begin = offsets[row]
        total, power, inverse, count = uint64(0), uint64(1), uint64(1), 0
        for word in range(word_offsets[row], word_offsets[row + 1]):
            sums[word + row], characters[word + row], inverses[word] = total, count, inverse
            kinds = 0
            for position in range(begin + word_start[word], begin + word_end[word]):
                byte = data[position]
                total += BYTE_VALUES[byte] * power
                power *= BASE
                inverse *= INVERSE
                if byte < 0x80:
                    count += 1
                    kinds |= ASCII_KINDS[byte]
                elif byte >= 0xC0:
                    count += 1
                    character, _ = read_character(data, position)
                    classes = class_of(character)
                    kinds |= (HAS_LETTER if classes & LETTER else 0) | (0 if classes & MARK else NOT_MARKS)
                    kinds |= HAS_SYMBOL if character == 0x2026 else 0
            kind[word] = kinds
        sums[word_offsets[row + 1] + row], characters[word_offsets[row + 1] + row] = total, count
        for position in range(begin, offsets[row + 1]):
            text_characters[row] += data[position] & 0xC0 != 0x80
    return kind, sums, characters, inverses, text_characters
