"""Texts in pieces whose words are bounded, for the training of a tokenizer.

BPE training goes over a whole word at each of its merges, so a word of a million letters (a genome, base64, a line of
dashes) takes hours: the square of its length. Words are what GPT-2's pattern splits a text into. One of more than
`MAX_WORD_BYTES` is cut in equal parts, which costs in proportion to its length and loses only the pairs at the cuts.
All other texts stay whole. (The longest word of the texts, code and markup this was tried on has 499 bytes.)
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tokenizers.pre_tokenizers import PreTokenizer

MAX_WORD_BYTES = 1024
# No word holds white space but one at its beginning, unless it is of white space alone, whose bytes are these.
_ASCII_SPACE = b" \t\n\r\v\f"
_ANY_SPACE = _ASCII_SPACE + "\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000".encode() + bytes(range(0x80, 0x8B))
# A letter ends every word but one of letters, and the other signs end those: where both come often, no word is long.
# Of each a few are enough to pass over prose of scripts without spaces: ideographs from U+5000 on, their commas, ASCII.
_LETTER = re.compile(rb"[A-Za-z]|[\xe5-\xe9][\x80-\xbf][\x80-\xbf]")
_OTHER = re.compile("[\0-@[-`{-\x7f]|\u3001|\u3002|\uff0c".encode())


def pieces(text: str) -> Iterator[str]:
    """The text, in pieces: their words have at most `MAX_WORD_BYTES`, and are otherwise those of the text."""
    data = text.encode()
    start = 0
    for cut in _cuts(data) if len(data) > MAX_WORD_BYTES else ():
        yield data[start:cut].decode()
        start = cut
    yield data[start:].decode() if start else text


def _cuts(data: bytes) -> list[int]:
    """Where long words are cut: positions between characters, ascending."""
    values = np.frombuffer(data, np.uint8)
    found = {
        begin + cut for begin, end in _runs(~_table(_ASCII_SPACE)[values])
        if _is_far(_LETTER, data[begin:end]) or _is_far(_OTHER, data[begin:end])
        for cut in _cuts_of_words(data[begin:end])}
    for begin, end in _runs(_table(_ANY_SPACE)[values]):
        found |= {begin + cut for cut in _cuts_of_words(data[begin:end])}
    return sorted(found)


@cache
def _table(signs: bytes) -> np.ndarray:
    """bool [256]: which bytes are among the signs."""
    return np.isin(np.arange(256), list(signs))


def _runs(inside: np.ndarray) -> Iterator[tuple[int, int]]:
    """Begin and end of every stretch of True that is longer than a word may be."""
    block = MAX_WORD_BYTES // 2  # such a stretch fills one of these
    if not inside[:len(inside) // block * block].reshape(-1, block).all(axis=1).any():
        return
    edges = np.concatenate([[-1], np.flatnonzero(~inside), [len(inside)]])
    for index in np.flatnonzero(np.diff(edges) > MAX_WORD_BYTES + 1).tolist():
        yield int(edges[index]) + 1, int(edges[index + 1])


def _is_far(sign: re.Pattern[bytes], run: bytes) -> bool:
    """Whether a long stretch has no such sign."""
    places = np.fromiter((match.start() for match in sign.finditer(run)), np.int64)
    return bool((np.diff(places, prepend=0, append=len(run)) > MAX_WORD_BYTES // 2).any())


def _cuts_of_words(run: bytes) -> Iterator[int]:
    """Where the words of a run are cut, which may begin or end inside a character."""
    position = next((place for place, byte in enumerate(run[:4]) if not _continues(byte)), 0)
    for word, _ in _splitter().pre_tokenize_str(run[position:].decode("utf-8", "ignore")):
        end = position + len(word)  # the splitter writes a character for a byte
        while end - position > MAX_WORD_BYTES:
            position += MAX_WORD_BYTES
            while _continues(run[position]):
                position -= 1
            yield position
        position = end


def _continues(byte: int) -> bool:
    """Whether a byte goes on with the character before it."""
    return byte & 0xC0 == 0x80


@cache
def _splitter() -> "PreTokenizer":
    from tokenizers import pre_tokenizers

    return pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
