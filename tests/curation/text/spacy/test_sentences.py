import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maslin.curation.text.spacy.sentences import MAX_RUN_CHARACTERS, english
from tests.shared_data import golden


@pytest.mark.parametrize(("text", "sentences"), [
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
def test_sentences(text, sentences):
    assert english().sentences(text) == sentences


@pytest.mark.parametrize(("text", "words"), [
    ("don't stop", ["do", "n't", "stop"]), ("(U.S.)", ["(", "U.S.", ")"]), ("well-known", ["well", "-", "known"]),
    ("C++ and °C.", ["C++", "and", "°", "C", "."]), ("$10km/h!", ["$", "10", "km/h", "!"]), ("a:)b", ["a:)b"]),
])
def test_words(text, words):
    assert english().words(text) == words


def test_a_very_long_run_is_one_word():
    run = "." * (MAX_RUN_CHARACTERS + 1)
    assert english().words(run) == [run] and english().count(f"{run} One") == 1


@settings(max_examples=200, deadline=None)
@given(st.lists(
    st.sampled_from([*"aB1.?!'\"()[]:;-,…。 \n\t", "Mr.", "e.g.", ":)", "n't", "http://a.b/c"]), max_size=30))
def test_pieces_give_the_text_and_counting_may_stop(parts):
    text = "".join(parts)
    sentences = english().sentences(text)
    assert "".join(sentences) == text
    assert english().count(text) == len(sentences)
    assert [english().count(text, enough) for enough in (1, 3)] == [min(len(sentences), enough) for enough in (1, 3)]
    assert "".join(english().words(text)) == "".join(text.split())


def test_agrees_with_spacy_on_every_golden_record():
    texts = {record["id"]: record["text"] for record in golden("documents")}
    for record in golden("tokens"):
        text = texts[record["id"]]
        assert english().words(text) == record["spacy_words"], record["id"]
        assert english().sentences(text) == (record["spacy_sentences"] or [""]), record["id"]
