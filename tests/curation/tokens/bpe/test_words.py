"""Words are those that `tokenizers` splits a text into, by both patterns, for every character there is."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Regex, pre_tokenizers

from maslin.curation.tokens.bpe.words import (
    _FILE,
    GPT_2,
    KINDS,
    LETTER,
    LLAMA_3,
    NUMBER,
    PAGE_OF,
    SPACE,
    word_end,
)
from tests.curation.tokens.bpe.peers import splitter

PEERS = {GPT_2: splitter(), LLAMA_3: splitter(llama_3=True)}
# Of every kind, with ASCII that makes contractions and what case folding might take for it.
SIGNS = "  \t\n\r\x0b\x85\xa0\u2003\u3000''sStTmMdDlLvVrReEſKk09²١٣abÄß中字、。!=-_😀\u0301\u200d\ufeff\x00\x1c\u0378"


def words(text: str, pattern: int) -> list[int]:
    """The lengths in bytes of the kernel's words."""
    data = np.frombuffer(text.encode() or b"\0", np.uint8)
    ends, position = [], 0
    while position < len(text.encode()):
        end = word_end(data.ctypes.data, position, len(data), pattern)
        ends.append(end - position)
        position = end
    return ends


def of_peer(text: str, pattern: int) -> list[int]:
    return [len(word) for word, _ in PEERS[pattern].pre_tokenize_str(text)]  # a character stands for a byte


@pytest.mark.parametrize("pattern", PEERS)
@settings(max_examples=600, deadline=None)
@given(text=st.text(SIGNS, max_size=40) | st.text(max_size=60))
def test_any_text(pattern, text):
    assert words(text, pattern) == of_peer(text, pattern)


@pytest.mark.parametrize("pattern", PEERS)
@pytest.mark.parametrize("text", [
    "'s", "x's", "'S'LL'Re", "'ſ", "'ſx", "it 's", "''s", "'ll", "'l", "'", "1234567", "12 345", "(word", "\tword",
    "\rword", " \n word", "a \n\n b  c", "a\n", "  ", " \u3000x", "\u3000\u3000x", "!\n\n!", " !\r\n x",
    " \xa0x", "x" * 100, "'é", " 'm not", "x" * 7 + "é" + "y" * 9 + "1", "=" * 33 + "\n", " " * 50 + "x",
    "ab" * 8 + " ", "\u2028\u2029 a",
])
def test_cases(pattern, text):
    assert words(text, pattern) == of_peer(text, pattern)


@pytest.mark.parametrize("pattern", PEERS)
def test_every_character_behind_an_apostrophe(pattern):
    """Whatever the library takes for the letter of a contraction."""
    text = "".join(f"'{chr(code)}x" for code in range(0x20, 0x3000))
    assert words(text, pattern) == of_peer(text, pattern)


@pytest.mark.slow
@pytest.mark.parametrize("name, expression, kind", [
    ("letters", r"\p{L}", LETTER), ("numbers", r"\p{N}", NUMBER), ("spaces", r"\s", SPACE)])
def test_every_character_is_of_the_kind_that_the_library_has(name, expression, kind):
    ours = {code for code in range(0x110000) if KINDS[int(PAGE_OF[code >> 7]) << 7 | code & 0x7F] == kind}
    listed = {code for first, last in json.loads(_FILE.read_text())[name] for code in range(first, last + 1)}
    assert ours == listed
    others = pre_tokenizers.Split(Regex(f"{expression}+"), "removed")
    for first in range(0, 0x110000, 4096):
        characters = [code for code in range(first, first + 4096) if not 0xD800 <= code < 0xE000]
        left = "".join(piece for piece, _ in others.pre_tokenize_str("".join(map(chr, characters))))
        assert set(map(ord, left)) == set(characters) - ours
