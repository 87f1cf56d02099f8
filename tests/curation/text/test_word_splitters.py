"""Ways to split words: hand-made cases, plain Python beside the kernels, the packages where they are installed."""

import re
import sys
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maslin.curation.text.batch import Batch
from maslin.curation.text.spacy import package
from maslin.curation.text.words import SPLITTERS
from maslin.manifests.errors import UsageError
from tests.curation.documents import documents, spell
from tests.curation.models import needs_spacy
from tests.curation.rules.gopher_reference import RedPajama
from tests.curation.rules.word_break_reference import segments
from tests.shared_data import golden, shared_data


def split(splitter: str, *texts: str) -> list[list[str]]:
    """The words of each text; of splitters that change it, of the changed text."""
    batch = Batch(documents(list(texts)))
    words = SPLITTERS[splitter](batch)
    if splitter == "lower_case":
        batch = Batch(documents([text.lower() for text in texts]))
    return [spell(words, batch.data, batch.offsets, row) for row in range(len(batch))]


@pytest.mark.parametrize(("splitter", "text", "words"), [
    ("blanks", "a  b,c\u3000d\x1ce\n", ["a", "b,c", "d", "e"]),
    ("lower_case", "The ÉTÉ ΟΔΟΣ İ K", ["the", "été", "οδος", "i̇", "k"]),
    ("punctuation", "don't -- a_b,c 漢字。", ["don", "'", "t", "--", "a_b", ",", "c", "漢字", "。"]),
    ("boundaries", "don't stop: 3,5.1 a_b x.y (e.g. a-b)", ["don't", "stop", "3,5.1", "a_b", "x.y", "e.g", "a", "b"]),
    ("boundaries", "漢字 カタカナ かな 한국어", ["漢", "字", "カタカナ", "か", "な", "한국어"]),
    ("boundaries", "e\u0301te\u0301 a\u0301\u0301b", ["e\u0301te\u0301", "a\u0301\u0301b"]),
    ("boundaries", "צה\"ל ג' שלום 🇩🇪🇫🇷 👩\u200d🚀 _a", ["צה\"ל", "ג'", "שלום"]),
    ("boundaries", "a: b1c 1a2 3.a a.3", ["a", "b1c", "1a2", "3", "a", "a", "3"]),
])
def test_words(splitter, text, words):
    assert split(splitter, text) == [words]


PIECES = st.sampled_from([
    *"abAé1٣漢字アひ한של\"'.,:;_- \t\n\r\x0b\x85\u2028\u3000\u00ad\u200d\u0301\u200b№½²#…~@ⓂΣςİ", "a\u0301",
    "🇩", "👩", "☝", "\r\n", "don't", "3.5", "\u05d0\"\u05d1",
])
TEXTS = st.one_of(st.lists(PIECES, max_size=20).map("".join), st.text(max_size=20))


@settings(max_examples=400)
@given(st.lists(TEXTS, max_size=4))
def test_kernels_split_as_plain_python(texts):
    assert split("blanks", *texts) == [text.split() for text in texts]
    assert split("lower_case", *texts) == [[word.lower() for word in text.split()] for text in texts]
    assert split("punctuation", *texts) == [re.findall(r"\w+|[^\w\s]+", text) for text in texts]
    assert split("boundaries", *texts) == [[part for part in segments(text) if part[0].isalnum()] for text in texts]


@settings(max_examples=100)
@given(st.lists(TEXTS, max_size=4))
def test_normalised_words_are_redpajamas(texts):
    words = SPLITTERS["normalised"](Batch(documents(texts)))
    assert [int(n) for n in words.word_characters] == [sum(map(len, RedPajama.words(text))) for text in texts]
    assert (words.offsets[1:] - words.offsets[:-1]).tolist() == [len(RedPajama.words(text)) for text in texts]


def test_boundaries_are_those_of_uniseg():
    wordbreak = pytest.importorskip("uniseg.wordbreak", reason="the package uniseg is not installed")
    texts = [record["text"] for record in golden("documents")][::20]
    assert split("boundaries", *texts) == [[w for w in wordbreak.words(text) if w[0].isalnum()] for text in texts]


@settings(max_examples=400)
@given(TEXTS)
def test_boundaries_are_those_of_uniseg_on_any_text(text):
    wordbreak = pytest.importorskip("uniseg.wordbreak", reason="the package uniseg is not installed")
    assert split("boundaries", text) == [[w for w in wordbreak.words(text) if w[0].isalnum()]]


def test_without_spacy_its_words_are_a_users_mistake(monkeypatch):
    monkeypatch.setitem(sys.modules, "spacy", None)
    package._english.cache_clear()
    with pytest.raises(UsageError, match=r"maslin\[spacy\]"):
        split("spacy", "a b")


@needs_spacy
@settings(max_examples=500)
@given(st.lists(TEXTS, max_size=3))
def test_the_kernel_splits_as_spacy_on_any_text(texts):
    assert split("kernel", *texts) == split("spacy", *texts)


@needs_spacy
def test_the_kernel_splits_as_spacy_in_many_languages():
    with zipfile.ZipFile(shared_data("langid-text/udhr2.zip")) as archive:
        names = [name for name in archive.namelist() if name.endswith(".txt")]
        texts = [archive.read(name).decode("utf-8", "replace") for name in names]
    assert len(texts) > 300
    for name, ours, theirs in zip(names, split("kernel", *texts), split("spacy", *texts), strict=True):
        assert ours == theirs, name
