from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maslin.curation.text import punkt
from tests.curation.models import needs_model
from tests.shared_data import golden

pytestmark = needs_model("punkt_english")


# What NLTK 3.10.4 answers.
@pytest.mark.parametrize(("text", "sentences"), [
    ("", []),
    ("No end here", ["No end here"]),
    ("One is here. Two is there.", ["One is here.", "Two is there."]),
    ("one.This is two.", ["one.This is two."]),
    ("Dr. Smith met Mr. J. Bach in the U.S. He left.", ["Dr. Smith met Mr. J. Bach in the U.S.", "He left."]),
    ("(It ended.) Then it began.", ["(It ended.)", "Then it began."]),
    ("He said “Go.” Then he went.", ["He said “Go.”", "Then he went."]),
    ("Very bad acting!!! I promise.", ["Very bad acting!!!", "I promise."]),
    ("It costs 3. We pay.", ["It costs 3.", "We pay."]),
    ("Wait... What? Yes.", ["Wait... What?", "Yes."]),
    ("See Fig. 3 for that. ", ["See Fig.", "3 for that."]),
])
def test_sentences(text, sentences):
    assert [text[start:end] for start, end in punkt.english().spans(text)] == sentences


@settings(deadline=None)
@given(st.text(st.sampled_from(list("aAbB.?!\"') (-\n\t1,;é²漢\u2028\x1f")), max_size=40))
def test_spans_are_in_order_and_every_line_with_a_mark_is_a_sentence(text):
    spans = list(punkt.english().spans(text))
    assert all(start < end for start, end in spans)
    assert all(before[1] <= after[0] for before, after in pairwise(spans))
    assert bool(spans) or not text.strip()
    assert punkt.english().count(text) == len(spans)


def test_counting_may_stop():
    assert punkt.english().count("It is one. It is two. It is three.", enough=2) == 2


def test_agrees_with_nltk_on_every_golden_record():
    texts = {record["id"]: record["text"] for record in golden("documents")}
    for record in golden("tokens"):
        spans = punkt.english().spans(texts[record["id"]])
        assert [list(span) for span in spans] == record["punkt_spans"], record["id"]
