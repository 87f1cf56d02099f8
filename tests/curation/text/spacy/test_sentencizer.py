import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maslin.curation.text.spacy.sentencizer import MAX_RUN_CHARACTERS, count, sentences
from tests.shared_data import golden


@pytest.mark.parametrize(("text", "expected"), [
    ("", [""]),
    ("One. Two? Three!", ["One.", " Two?", " Three!"]),
    ("One.  Two.", ["One.", "  Two."]),  # more than one blank is a token: a sentence begins with it
    ("One.\nTwo.", ["One.", "\nTwo."]),
    ("He said (one.) Two", ["He said (one.)", " Two"]),
    ("Mr. X of the U.S. came... by 3.5 e.g. here", ["Mr. X of the U.S. came... by 3.5 e.g. here"]),
    ("one.This is two.", ["one.", "This is two."]),
    ("see www.example.com. Then", ["see www.example.com.", " Then"]),
    ("好。 好", ["好。", " 好"]),
    ("One. ", ["One. "]),
])
def test_sentences(text, expected):
    assert sentences(text) == expected


def test_a_very_long_run_is_one_token():
    run = "a.?" * (MAX_RUN_CHARACTERS // 3)
    assert count(f"{run}? One") > 1 == count(f"{run}??? One")


@settings(max_examples=200, deadline=None)
@given(st.lists(
    st.sampled_from([*"aB1.?!'\"()[]:;-,…。 \n\t", "Mr.", "e.g.", ":)", "n't", "http://a.b/c"]), max_size=30))
def test_pieces_give_the_text_and_counting_may_stop(parts):
    text = "".join(parts)
    pieces = sentences(text)
    assert "".join(pieces) == text
    assert count(text) == len(pieces)
    assert [count(text, enough) for enough in (1, 3)] == [min(len(pieces), enough) for enough in (1, 3)]


def test_agrees_with_spacy_on_every_golden_record():
    texts = {record["id"]: record["text"] for record in golden("documents")}
    for record in golden("tokens"):
        text = texts[record["id"]]
        assert sentences(text) == (record["spacy_sentences"] or [""]), record["id"]
