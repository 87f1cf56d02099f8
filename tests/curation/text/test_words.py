import hashlib

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maslin.curation.text.batch import Batch
from maslin.curation.text.spacy.tables import _DATA, CLASSES, MARK, PAGE_OF, SUFFIX, class_of
from maslin.curation.text.spacy.words import MAX_EXCEPTION_BYTES, MAX_PHRASE_WORDS, MAX_UNIT_BYTES, MAY_END_SUFFIX
from maslin.curation.text.text_hash import hash_bytes, hash_of, mix, mixed
from maslin.curation.text.words import HAS_LETTER, NOT_MARKS, count_words, words_of
from tests.curation.documents import documents, spell
from tests.curation.text.spacy import reference
from tests.shared_data import golden

FRAGMENTS = [
    *(entry.replace(" ", "") for entry in _DATA["exceptions"]), *_DATA["units"], *_DATA["currencies"],
    *"abXYZ019.,:;!?()[]{}<>_#*&'\"`~+-$%=/@|\\^", *"…—–’“”«»。，！（）°·²™😀é\u0301\u200b\u00ad漢字かなשלוםكم٣１",
    "..", "...", "……", "--", "---", "——", "http://", "www.", ".com", "a.b", "x@y.org", "1.2.3.4", "192.168.0.1",
    ":8080", "/p?q=1", "10", "U.S", "Hello", "the", "’s", "'s", "°F.",
    " ", " ", " ", "  ", "\n", "\t", "\u00a0", "\u3000", "\x1c", "\u2028",
]
TEXTS = st.one_of(
    st.lists(st.sampled_from(FRAGMENTS), max_size=12).map("".join), st.text(max_size=30),
    st.lists(st.sampled_from("abc A.-'(),:/ 1k"), max_size=30).map("".join),
)


def split(*texts: str) -> list[list[str]]:
    batch = Batch(documents(list(texts)))
    words = words_of(batch)
    return [spell(words, batch.data, batch.offsets, row) for row in range(len(batch))]


@pytest.mark.parametrize(("text", "expected"), [
    ("", ""),
    (" \n\u00a0", ""),
    ("Hello, world!", "Hello|,|world|!"),
    ("don't (don't) DON'T", "do|n't|(|do|n't|)|DON'T"),
    ("it's cannot im Im", "it|'s|can|not|i|m|I|m"),
    ("its Its well", "its|Its|well"),
    ("see:) :-) : )", "see|:)|:-)|:|)"),
    ("U.S. e.g. etc. 5 p.m. 5p.m.", "U.S.|e.g.|etc|.|5|p.m.|5|p.m."),
    ("10km 5% $5 5$ 5US$ +1 1+ + a", "10|km|5|%|$|5|5|$|5|US$|+1|1|+|+|a"),
    ("72°F. 20°C", "72|°|F|.|20|°|C"),
    ("foo-bar--baz a,b 1,000 x/y 3-4 ab.B a.B and/or", "foo|-|bar|--|baz|a|,|b|1,000|x|/|y|3|-|4|ab|.|B|a.|B|and/or"),
    ("https://x.org/a,b?c (www.x.org), me@x.org", "https://x.org/a,b?c|(|www.x.org|)|,|me@x.org"),
    ("wait... so… ......", "wait|...|so|…|......"),
    ("漢字。かな 10км", "漢字。かな|10|км"),
    ("don’t John’s", "do|n’t|John|’s"),
])
def test_words(text, expected):
    assert split(text)[0] == (expected.split("|") if expected else [])


@settings(max_examples=400, deadline=None)
@given(st.lists(TEXTS, max_size=5))
def test_words_are_the_reference_s(texts):
    assert split(*texts) == [reference.split(text) for text in texts]


@pytest.mark.parametrize("text", ["(" * 50_000, "a@" * 50_000, "a.b" * 50_000, "." * 99_999, "-" * 50_000, "x" * 10**6],
                         ids=lambda text: text[:3])
def test_a_hostile_chunk_takes_linear_time(text):
    assert "".join(split(text)[0]) == text


@settings(max_examples=100, deadline=None)
@given(st.lists(TEXTS, max_size=4))
def test_measures_of_words(texts):
    batch = Batch(documents(texts))
    words = words_of(batch)
    for row, text in enumerate(texts):
        spelt = spell(words, batch.data, batch.offsets, row)
        first = words.offsets[row]
        assert words.text_characters[row] == len(text)
        for index, word in enumerate(spelt):
            assert bool(words.kind[first + index] & HAS_LETTER) == any(map(str.isalpha, word))
            assert bool(words.kind[first + index] & NOT_MARKS) == any(not is_mark(ch) for ch in word)
            for end in range(index + 1, min(index + 4, len(spelt) + 1)):
                joined = "".join(spelt[index:end])
                i, j = first + index + row, first + end + row
                assert words.characters[j] - words.characters[i] == len(joined)
                with np.errstate(over="ignore"):
                    assert (words.sums[j] - words.sums[i]) * words.inverses[first + index] == hash_of(joined)


def is_mark(character: str) -> bool:
    return bool(class_of(ord(character)) & MARK)


def test_taken_rows_keep_their_words():
    texts = ["one two", "", "don't stop :)", "five six seven"]
    whole = Batch(documents(texts))
    words_of(whole)
    part = whole.take(np.array([0, 2, 3]))
    taken = part.analysis("words: kernel", lambda: pytest.fail("split again"))
    fresh = words_of(Batch(documents([texts[0], texts[2], texts[3]])))
    for name in fresh.__dataclass_fields__:
        assert getattr(taken, name).tolist() == getattr(fresh, name).tolist(), name


@pytest.mark.parametrize("splitter", ["kernel", "blanks"])
@given(texts=st.lists(TEXTS, min_size=2, max_size=6))
@settings(max_examples=30)
def test_words_are_counted_as_they_are_split_whatever_comes_first(splitter, texts):
    counted, split_first = Batch(documents(texts)), Batch(documents(texts))
    expected = np.diff(words_of(split_first, splitter).offsets).tolist()
    assert count_words(counted, splitter).tolist() == count_words(split_first, splitter).tolist() == expected
    assert np.diff(words_of(counted, splitter).offsets).tolist() == expected
    some = np.array([len(texts) - 1])
    assert count_words(counted.take(some), splitter).tolist() == expected[-1:]


def test_a_new_text_is_split_again_and_another_column_is_not():
    batch = Batch(documents(["one two"]))
    words = words_of(batch)
    assert words_of(batch.with_columns({"language": pa.array(["en"])})) is words
    assert len(words_of(batch.with_columns({"text": pa.array(["one"])})).start) == 1


def test_tables_hold_what_the_kernels_assume():
    exceptions = [entry.replace(" ", "").encode() for entry in _DATA["exceptions"]]
    assert max(map(len, exceptions)) <= MAX_EXCEPTION_BYTES
    assert max(len(unit.encode()) for unit in _DATA["units"]) <= MAX_UNIT_BYTES
    assert not any(character in "0123456789" for unit in _DATA["units"] for character in unit)
    assert {len(entry.split()) for entry in _DATA["phrases"]} <= set(range(2, MAX_PHRASE_WORDS + 1))
    ends = {unit.encode()[-1] for unit in _DATA["units"]} | {byte for byte in range(128) if CLASSES[byte] & SUFFIX}
    assert all(MAY_END_SUFFIX[byte] for byte in ends)
    assert {sign for sign in _DATA["currencies"] if len(sign) > 1} == {"US$", "C$", "A$"}
    assert PAGE_OF[0] == 0


@given(st.text())
def test_hashes_of_tables_are_the_kernels(text):
    data = np.frombuffer(text.encode(), np.uint8)
    assert hash_bytes(data, 0, len(data)) == hash_of(text)
    assert mix(np.uint64(hash_of(text))) == mixed(hash_of(text))


def test_agrees_with_spacy_on_every_golden_record():
    texts = {record["id"]: record["text"] for record in golden("documents")}
    records = golden("gopher_fineweb")
    found = split(*(texts[record["id"]] for record in records))
    for record, words in zip(records, found, strict=True):
        assert hashlib.sha256("\x1f".join(words).encode()).hexdigest() == record["words_sha256"], record["id"]
