"""Training gives the file that Hugging Face's trainer gives, byte for byte, and long words are cut."""

import random
import time

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maslin.curation.text.buffers import bytes_and_offsets
from maslin.curation.tokens.bpe import counting
from maslin.curation.tokens.bpe.counting import MAX_WORD_BYTES, count_words, no_words, spelled
from maslin.curation.tokens.bpe.training import train
from tests.curation.tokens.bpe.peers import END, splitter, trained
from tests.token_steps import texts_of

SPLITTER = splitter()


def learned(texts, size, special=(END,)):
    return train([pa.array(texts, pa.string())], size, special).to_str(pretty=True)


@settings(deadline=None, max_examples=150)
@given(
    st.lists(st.text(" ab", max_size=30) | st.text("aé麦-= 0", max_size=60) | st.text(max_size=30), max_size=12),
    st.integers(250, 420))
def test_any_texts(texts, size):
    assert learned(texts, size) == trained(texts, size).to_str(pretty=True)


@pytest.mark.parametrize("special", [(), (END,), (END, "<|im_start|>", "<|im_end|>"), ("ab", "a", "é", "\U0001f600")])
def test_special_tokens_that_a_merge_may_spell(special):
    texts = [*texts_of(20, 20), "ab abab ababab <|im_start|>user"]
    assert learned(texts, 400, special) == trained(texts, 400, special).to_str(pretty=True)


def test_words_of_one_letter_whose_pairs_spell_the_same():
    texts = ["a" * length + " " + "ba" * (length % 5) for length in range(60)] * 2
    assert learned(texts, 360) == trained(texts, 360).to_str(pretty=True)


def test_parts_are_one_sample():
    texts = texts_of(60, 40)
    parts = [pa.array(texts[:7]), pa.chunked_array([texts[7:20], [], texts[20:]], pa.string())]
    assert train(parts, 600, [END]).to_str(pretty=True) == learned(texts[::-1], 600)


GENOME = "".join(random.Random(0).choices("ACGT", k=5000))
LONG = {
    "letters": GENOME, "one letter": "a" * 5000, "accents": "é" * 5000, "ideographs": "\u4e00\u5b57" * 3000,
    "digits": "7" * 5000, "digits of two kinds": "1²" * 3000, "line": "=" * 5000, "emoji": "😀" * 2000,
    "commas": "，" * 3000, "spaces": " " * 5000, "line ends": "\n\r\n" * 2000, "wide spaces": " \u3000" * 2000,
    "spaces after an emoji": "😀" + "\u2003" * 3000 + "😀", "space and letters": " " + "x" * 5000,
    "separators": "\x1c=" * 3000, "thai": "ก" * 3000, "unassigned": "\U000107e0" * 2000,
}


def words_of(text):
    """Words that are learned from, each as often as it comes."""
    import numpy as np

    tokens, offsets, counts = spelled(count_words(*bytes_and_offsets(pa.array([text])), no_words()), np.arange(256))
    return [
        bytes(tokens[begin:end].tolist()) for begin, end, count in zip(offsets[:-1], offsets[1:], counts, strict=True)
        for _ in range(count)]


@pytest.mark.parametrize("name", LONG)
def test_long_words_are_cut_between_characters_and_nothing_is_lost(name):
    text = f"Some words, {LONG[name]} and others."
    words = words_of(text)
    assert sorted(b"".join(words)) == sorted(text.encode())
    assert max(map(len, words)) <= MAX_WORD_BYTES + 1 and all(word.decode() for word in words)
    short = [word for word, _ in SPLITTER.pre_tokenize_str(text) if len(word) <= MAX_WORD_BYTES]
    assert len(short) < len(words) <= len(short) + 30


def test_training_takes_as_long_as_the_text_and_not_its_square():
    def seconds(letters):
        text = "".join(random.Random(1).choices("ACGT", k=letters))
        began = time.process_time()
        learned([text], 2000)
        return time.process_time() - began

    seconds(1000)
    assert seconds(800_000) < 40 * max(0.02, seconds(100_000))  # the square is 64 times


def test_sizes_grow(monkeypatch):
    """More words and longer pools than the first tables hold."""
    texts = [" ".join(f"{number * number:x}{'é' * (number % 12)}" for number in range(start, start + 4000))
             for start in range(0, 16_000, 4000)]
    assert counting._FIRST_SLOTS < 16_000 and learned(texts, 900) == trained(texts, 900).to_str(pretty=True)
