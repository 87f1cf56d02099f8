"""Texts in pieces for training: words are bounded, nothing is lost, and ordinary text stays as it is."""

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import pre_tokenizers

from maslin.curation.tokens import long_words
from maslin.curation.tokens.long_words import MAX_WORD_BYTES, pieces
from maslin.curation.tokens.tokenizer import train

SPLITTER = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)


def words(text):
    return [word for word, _ in SPLITTER.pre_tokenize_str(text)]


GENOME = "".join(random.Random(0).choices("ACGT", k=5000))
LONG = {
    "letters": GENOME, "one letter": "a" * 5000, "accents": "é" * 5000, "ideographs": "\u4e00\u5b57" * 3000,
    "digits": "7" * 5000, "digits of two kinds": "1²" * 3000, "line": "=" * 5000, "emoji": "😀" * 2000,
    "commas": "，" * 3000, "spaces": " " * 5000, "line ends": "\n\r\n" * 2000, "wide spaces": " \u3000" * 2000,
    "spaces after an emoji": "😀" + "\u2003" * 3000 + "😀", "space and letters": " " + "x" * 5000,
    "separators": "\x1c=" * 3000, "thai": "ก" * 3000, "unassigned": "\U000107e0" * 2000,
}


@pytest.mark.parametrize("name", LONG)
def test_long_words_are_cut_and_nothing_is_lost(name):
    text = f"Some words, {LONG[name]} and others."
    cut = list(pieces(text))
    assert "".join(cut) == text and len(cut) > 1
    assert max(len(word) for piece in cut for word in words(piece)) <= MAX_WORD_BYTES + 1  # with the space before it


PARTS = st.sampled_from([
    "word", "Ünï", " ", "\n", "\u3000", "\xa0", "。", "漢字", "字、", "123", "²", "it's", "=", "😀", "ก", "\u2003",
    "\x85", "a" * 50, " " * 50, "é" * 40, "字" * 30, "-" * 60])


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(PARTS, st.integers(1, 30)), max_size=12))
def test_no_word_is_longer_and_texts_without_a_long_one_are_whole(parts):
    text = "".join(part * times for part, times in parts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(long_words, "MAX_WORD_BYTES", 96)
        cut = list(pieces(text))
    assert "".join(cut) == text
    assert max((len(word) for piece in cut for word in words(piece)), default=0) <= 97
    if max(map(len, words(text)), default=0) <= 96:
        assert cut == [text]


def test_prose_of_scripts_without_spaces_is_passed_over_by_its_signs(monkeypatch):
    monkeypatch.setattr(long_words, "_cuts_of_words", lambda run: pytest.fail("looked at word by word"))
    for sentence in (
        "人人生而自由，在尊严和权利上一律平等。", "すべての人間は、生まれながらにして自由である。",
        "def f(x):return[x,x]\t",
    ):
        assert list(pieces(sentence * 400)) == [sentence * 400]


def test_training_takes_as_long_as_the_text_and_not_its_square():
    def seconds(letters):
        text = "".join(random.Random(1).choices("ACGT", k=letters))
        began = time.process_time()
        train(iter([text]), 2000)
        return time.process_time() - began

    seconds(1000)
    assert seconds(400_000) < 40 * max(0.05, seconds(50_000))  # the square is 64 times
