"""spaCy's blank English tokenizer as tables for kernels: classes of characters, exceptions, phrases, units.

The data lie in curation/text/data/words (see its README). Letters and digits beyond spaCy's own classes are this
Python's. Tables are constants, since kernels that are handed a dozen arrays spend their time on handing them on.

Characters: PAGE_OF uint8 (0x1100) and CLASSES uint16 (pages * 256): bits by `class_of`; those of ASCII come first.

Exceptions, by number: PIECES int32 and PIECE_OFFSETS int32: byte lengths of the pieces each splits into.
EXCEPTION_LENGTHS uint32 (1024): by first and last byte (`filter_slot`) a bit for each byte length that exceptions have;
EXCEPTION_KEYS, EXCEPTIONS: a table (hash_table) from their text to their numbers.

Phrases: the words that an exception falls into without itself. PHRASE_PAIRS bool (65536): by the first bytes of their
first two words; PHRASE_LENGTHS uint32 (256): by their first byte a bit for each number of words; PHRASE_KEYS,
PHRASES: a table from their words to their exceptions.

UNIT_KEYS, UNITS: a table of units, 0 for each.
"""

import json
import unicodedata
from pathlib import Path

import numpy as np

from maslin.curation.text.hash_table import constant_table
from maslin.curation.text.text_hash import hash_of, mixed
from maslin.curation.text.utf8 import ASSIGNED
from maslin.manifests.kernels.kernel import njit
from maslin.manifests.kernels.tables import kept

FOLDER = Path(__file__).parents[1] / "data" / "words"

# Bits of a character's class. LETTER, WORD and DECIMAL: str.isalpha, \\w and \\d of Python's re;
# PUNCTUATION: a category P of unicodedata.
ALPHA, LOWER, UPPER, PREFIX, SUFFIX, INFIX, QUOTE, BEFORE_STOP = (1 << bit for bit in range(8))
CURRENCY, LETTER, WORD, DECIMAL, MARK, TERMINAL, SENTENCE_MARK, PUNCTUATION = (1 << bit for bit in range(8, 16))

_CLASSES = {
    "alpha": ALPHA, "lower": LOWER, "upper": UPPER, "prefix": PREFIX, "suffix": SUFFIX, "infix": INFIX, "quote": QUOTE,
    "before_stop": BEFORE_STOP,
}


def _character_classes(data: dict) -> np.ndarray:
    """uint16 (0x110000): the class bits of every code point."""
    marks = json.loads((FOLDER / "punctuation.json").read_text(encoding="utf-8"))
    classes = np.zeros(0x110000, np.uint16)
    for name, bit in _CLASSES.items():
        for first, last in data["classes"][name]:
            classes[first : last + 1] |= np.uint16(bit)
    for bit, characters in (
        (CURRENCY, [sign for sign in data["currencies"] if len(sign) == 1]),
        (MARK, marks["marks"] + marks["terminal"]), (TERMINAL, marks["terminal"]), (WORD, "_"),
        (SENTENCE_MARK, data["sentence_marks"]),
    ):
        classes[[ord(character) for character in characters]] |= np.uint16(bit)
    characters = list(map(chr, range(ASSIGNED)))
    tests = (str.isalpha, LETTER), (str.isalnum, WORD), (str.isdecimal, DECIMAL), (_is_punctuation, PUNCTUATION)
    for test, bit in tests:
        classes[:ASSIGNED][np.fromiter(map(test, characters), bool, ASSIGNED)] |= np.uint16(bit)
    return classes


def _is_punctuation(character: str) -> bool:
    return unicodedata.category(character)[0] == "P"


def filter_slot(first: int, last: int) -> int:
    """Where EXCEPTION_LENGTHS has the lengths of exceptions with this first and last byte."""
    return (first * 7 + last * 31) & 1023


_DATA = json.loads((FOLDER / "spacy_en.json").read_text(encoding="utf-8"))


def _classes_in_pages() -> tuple[np.ndarray, bytes]:
    pages: dict[bytes, int] = {}
    page_of = [pages.setdefault(page.tobytes(), len(pages)) for page in _character_classes(_DATA).reshape(-1, 256)]
    return np.array(page_of, np.uint8), b"".join(pages)


PAGE_OF, _pages = kept(__name__, "classes", _classes_in_pages)
CLASSES = np.frombuffer(_pages, np.uint16)

_exceptions = [entry.split(" ") for entry in _DATA["exceptions"]]
_numbers = {"".join(pieces): number for number, pieces in enumerate(_exceptions)}
EXCEPTION_KEYS, EXCEPTIONS = constant_table({hash_of(word): number for word, number in _numbers.items()})
PIECES = np.array([len(piece.encode()) for pieces in _exceptions for piece in pieces], np.int32)
PIECE_OFFSETS = np.cumsum([0, *map(len, _exceptions)]).astype(np.int32)
EXCEPTION_LENGTHS = np.zeros(1024, np.uint32)
for _word in map(str.encode, _numbers):
    EXCEPTION_LENGTHS[filter_slot(_word[0], _word[-1])] |= np.uint32(1 << len(_word))

PHRASE_PAIRS, PHRASE_LENGTHS = np.zeros(1 << 16, np.bool_), np.zeros(256, np.uint32)
_phrases: dict[int, int] = {}
for _words in (entry.split(" ") for entry in _DATA["phrases"]):
    _one, _two = (word.encode()[0] for word in _words[:2])
    PHRASE_PAIRS[_one << 8 | _two] = True
    PHRASE_LENGTHS[_one] |= np.uint32(1 << len(_words))
    _key = 0
    for _word in _words:
        _key = mixed(_key + hash_of(_word))
    _phrases[_key] = _numbers["".join(_words)]
PHRASE_KEYS, PHRASES = constant_table(_phrases)
UNIT_KEYS, UNITS = constant_table({hash_of(unit): 0 for unit in _DATA["units"]})


@njit(cache=True)
def class_of(character):
    """The class bits of a code point."""
    return np.int64(CLASSES[np.int64(PAGE_OF[character >> 8]) << 8 | character & 0xFF])
