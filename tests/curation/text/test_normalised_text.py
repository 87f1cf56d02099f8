"""Texts normalised before they are compared: as datatrove's simplify_text has them, and as it is written."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maslin.curation.text.normalised_text import _PUNCTUATION, normalised_text
from tests.shared_data import golden


def simplified(text, numbers_alike=False):
    text = text.lower()
    if numbers_alike:
        text = re.sub(r"\d+(\.\d+)?", "0", text)
    text = re.sub(r"\s+", " ", text.translate(str.maketrans(_PUNCTUATION, " " * len(_PUNCTUATION))).strip())
    return "".join(each for each in unicodedata.normalize("NFD", text) if unicodedata.category(each) != "Mn").strip()


@pytest.mark.parametrize(("text", "normalised"), [
    ("  Two\n words. ", "two words"), ("don't", "don t"), ("É, è; ê!", "e e e"), ("e\u0301", "e"), ("ΑΣ", "ας"),
    ("a\u00a0b\u3000c\u2028d\x1ce", "a b c d e"), ("“a” – b…", "a b"), ("Page 7.5", "page 7 5"), ("?!…", ""),
    ("a \u0301 b", "a  b"), ("한국어", unicodedata.normalize("NFD", "한국어")), ("", ""), ("\ud800a", "\ud800a"),
])
def test_a_text(text, normalised):
    assert normalised_text(text) == normalised.encode("utf-8", "surrogatepass")


@given(st.text() | st.text("aé'\u0301\u0327 –がก้\n1.２"), st.booleans())
def test_as_it_is_written(text, numbers_alike):
    assert normalised_text(text, numbers_alike) == simplified(text, numbers_alike).encode("utf-8", "surrogatepass")


def test_as_datatrove_has_them():
    rows = golden("simplify_text")
    assert len(rows) > 100
    for row in rows:
        assert normalised_text(row["text"], True) == row["simplified"].encode(), row["id"]
