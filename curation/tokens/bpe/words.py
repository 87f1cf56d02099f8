"""The words that a byte-level tokenizer splits a text into: the split patterns of GPT-2 and Llama 3 over UTF-8 bytes.

Every byte of a text is in one word. Letters, numbers and spaces are those of Unicode 16, as the regular expressions
of `tokenizers` know them; the table stands in curation/text/data/words (see its README).

A text is the address of its bytes (word_keys), which must be valid UTF-8.
"""

import json
from pathlib import Path

import numpy as np
from numba import uint64

from maslin.curation.tokens.bpe.word_keys import byte_at, eight_bytes, lowest_byte
from maslin.manifests.kernels.kernel import njit

GPT_2, LLAMA_3 = 0, 1  # as the kernels are told which
PATTERNS = {
    r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+": GPT_2,
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+": GPT_2,
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
    r"|\s+(?!\S)|\s+": LLAMA_3,
}
MAX_NUMBER = 3  # characters of a number that Llama 3 keeps together

OTHER, LETTER, NUMBER, SPACE = 0, 1, 2, 3  # kinds of characters
_ANY_CASE = 0x20
_BLANK, _RETURN, _FEED, _APOSTROPHE = 0x20, 0x0D, 0x0A, 0x27
_LONG_S = (0xC5, 0xBF)  # ſ, the only character beyond ASCII that is a letter of a contraction when case is ignored

_FILE = Path(__file__).parents[2] / "text" / "data" / "words" / "letters.json"


def _kinds() -> np.ndarray:
    """uint8 (0x110000): the kind of every code point."""
    kinds = np.zeros(0x110000, np.uint8)
    data = json.loads(_FILE.read_text(encoding="utf-8"))
    for kind, name in (LETTER, "letters"), (NUMBER, "numbers"), (SPACE, "spaces"):
        for first, last in data[name]:
            kinds[first : last + 1] = kind
    return kinds


_pages: dict[bytes, int] = {}
PAGE_OF = np.array([_pages.setdefault(page.tobytes(), len(_pages)) for page in _kinds().reshape(-1, 128)], np.uint8)
KINDS = np.frombuffer(b"".join(_pages), np.uint8)  # by page; ASCII comes first


@njit(cache=True)
def kind_at(text, position):
    """(kind, bytes) of the character at `position`."""
    byte = byte_at(text, position)
    if byte < 0x80:
        return np.int64(KINDS[byte]), 1
    if byte < 0xE0:
        length, code = 2, byte & 0x1F
    elif byte < 0xF0:
        length, code = 3, byte & 0x0F
    else:
        length, code = 4, byte & 0x07
    for index in range(1, length):
        code = code << 6 | byte_at(text, position + index) & 0x3F
    return np.int64(KINDS[np.int64(PAGE_OF[code >> 7]) << 7 | code & 0x7F]), length


@njit(cache=True)
def _ascii_letters(text, position):
    """How many of the eight bytes from `position` are letters of ASCII before another byte comes."""
    value = eight_bytes(text, position)
    small = (value | uint64(0x2020202020202020)) & uint64(0x7F7F7F7F7F7F7F7F)
    letters = (small + uint64(0x1F1F1F1F1F1F1F1F)) & ~(small + uint64(0x0505050505050505)) & ~value
    others = ~letters & uint64(0x8080808080808080)
    return 8 if others == 0 else lowest_byte(others)


@njit(cache=True)
def _run_end(text, position, end, kind):
    """Where characters of one kind end that go on at `position`."""
    if kind == LETTER:
        while position + 8 <= end:
            letters = _ascii_letters(text, position)
            position += letters
            if letters < 8:
                if byte_at(text, position) < 0x80:
                    return position
                break
    while position < end:
        found, length = kind_at(text, position)
        if found != kind:
            break
        position += length
    return position


@njit(cache=True)
def _spaces_end(text, start, position, end):
    """The end of a word of spaces from `start`, the first of which ends at `position`.

    Before another character the last space is left to the next word, unless it is the only one.
    """
    last = start
    while position < end:
        found, length = kind_at(text, position)
        if found != SPACE:
            return last if last > start else position
        last = position
        position += length
    return position


@njit(cache=True)
def _contraction_end(text, position, end, fold):
    """The end of 's 't 'm 'd 'll 've 're, behind whose apostrophe `position` is; or `position` when it is none.

    `fold`: bits that letters get before they are compared: _ANY_CASE, or 0.
    """
    if position >= end:
        return position
    first = byte_at(text, position) | fold
    if first == 0x73 or first == 0x74 or first == 0x6D or first == 0x64:
        return position + 1
    if position + 1 < end:
        second = byte_at(text, position + 1)
        if fold != 0 and byte_at(text, position) == _LONG_S[0] and second == _LONG_S[1]:
            return position + 2
        second |= fold
        if (first == 0x6C and second == 0x6C) or ((first == 0x76 or first == 0x72) and second == 0x65):
            return position + 2
    return position


@njit(cache=True)
def gpt_2_word_end(text, start, end):
    """The end of the word that begins at `start` of a text that ends at `end`."""
    byte = byte_at(text, start)
    kind, length = kind_at(text, start)
    position = start + length
    if kind == SPACE:
        if byte != _BLANK or position == end:
            return _spaces_end(text, start, position, end)
        kind, length = kind_at(text, position)
        if kind == SPACE:
            return _spaces_end(text, start, position, end)
        position += length
    elif byte == _APOSTROPHE:
        contraction = _contraction_end(text, position, end, 0)
        if contraction > position:
            return contraction
    return _run_end(text, position, end, kind)


@njit(cache=True)
def llama_3_word_end(text, start, end):
    """The end of the word that begins at `start` of a text that ends at `end`."""
    byte = byte_at(text, start)
    kind, length = kind_at(text, start)
    position = start + length
    if kind == LETTER:
        return _run_end(text, position, end, LETTER)
    if kind == NUMBER:
        for _ in range(MAX_NUMBER - 1):
            if position < end:
                following, length = kind_at(text, position)
                if following == NUMBER:
                    position += length
        return position
    if byte == _APOSTROPHE:
        contraction = _contraction_end(text, position, end, _ANY_CASE)
        if contraction > position:
            return contraction
    if position < end and byte != _RETURN and byte != _FEED:
        following, length = kind_at(text, position)
        if following == LETTER:
            return _run_end(text, position + length, end, LETTER)
        if kind == SPACE and byte == _BLANK and following == OTHER:
            kind, position = OTHER, position + length
    if kind == OTHER:
        position = _run_end(text, position, end, OTHER)
        while position < end and (byte_at(text, position) == _RETURN or byte_at(text, position) == _FEED):
            position += 1
        return position
    spaces_end = _run_end(text, position, end, SPACE)
    for last in range(spaces_end - 1, start - 1, -1):
        if byte_at(text, last) == _RETURN or byte_at(text, last) == _FEED:
            return last + 1
    return _spaces_end(text, start, position, end)


@njit(cache=True)
def word_end(text, start, end, pattern):
    """The end of the word that begins at `start` of a text that ends at `end`."""
    if pattern == GPT_2:
        return gpt_2_word_end(text, start, end)
    return llama_3_word_end(text, start, end)
