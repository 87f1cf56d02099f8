"""The refinedweb step: one line a rule, and DCLM's passes over the whole text in plain Python."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maslin.curation.corpora.segment import curate_table
from maslin.curation.rules import refinedweb
from maslin.curation.rules.refinedweb_lines import COUNTED, is_counter
from maslin.curation.text.batch import KEEP, Batch, Edited
from maslin.curation.text.word_splitters import count_words
from maslin.manifests.steps.refinedweb import RefinedWeb
from tests.curation.documents import documents
from tests.curation.steps import entry
from tests.shared_data import golden

PAGE = "\n".join(["the quick brown fox jumps over the lazy dog again and again"] * 20)  # 240 words


def judge(*texts: str, **parameters) -> Edited:
    return refinedweb.judge(Batch(documents(list(texts))), RefinedWeb(**parameters))


def outcome(text: str, **parameters) -> str:
    """The new text, or the reason in angle brackets."""
    decision = judge(text, **parameters)
    if decision.cause[0] == KEEP:
        return decision.text[0].as_py()
    return f"<{decision.reasons[decision.cause[0]].rule}>"


def line_kept(line: str, **parameters) -> str | None:
    """What is left of the line in the middle of a page."""
    left = outcome(f"{PAGE}\n{line}\n{PAGE}", **parameters).removeprefix(PAGE).removesuffix(PAGE)
    return None if left == "\n" else left[1:-1]


@pytest.mark.parametrize(("line", "left"), [
    ("ABC def", "ABC def"),  # 3 of 7
    ("ABCDE fg", None),
    ("ABcd", None),  # half is not more than half, but it is one word
    ("ABCD efg", "ABCD efg"),  # exactly half
    ("ÄÖÜ ЖΣ", None),
    ("漢字 かな", "漢字 かな"),
    ("12345", None),
    ("1 2 3", "1 2 3"),  # white space is no digit
    ("١٢٣²", None),
    ("", ""),
    ("3 likes", None),
    ("• 1,234.5K  Views!", None),
    ("12 M followers", "12 M followers"),
    ("12M followers", None),
    ("12m\u00a0RETWEETS", None),
    ("٣ likes", None),
    ("3 li\u212aes", None),  # the Kelvin sign lower-cases to k
    ("3 likes and more", "3 likes and more"),
    ("a 3 likes", "a 3 likes"),
    ("3likes now", "3likes now"),
    ("Home", None),
    ("Home page", "Home page"),
    ("two\u2003words", "two\u2003words"),
    ("There are 2 items in cart now", "There are 2 now"),
    ("ITEMS IN CART", None),
    (" items in cart", None),
    ("This is a story. Read more...", "This is a story."),
    ("This is a story. Read more!!!", "This is a story."),  # the dots match any
    ("This is a story. Read more", "This is a story. Read more"),
    ("Read more... of this story", "Read more... of this story"),
    ("Sign-in to see the rest", "to see the rest"),
    ("Please sign-in to see it", "Please sign-in to see it"),
    ("\u017fign-\u0131n to see the rest", "to see the rest"),  # as re.IGNORECASE has it
    ("one two three four five six seven eight nine ten sign-in", "one two three four five six seven eight nine ten "
                                                                 "sign-in"),
    ("Sign-in two three four five six seven eight nine ten eleven", "Sign-in two three four five six seven eight nine "
                                                                    "ten eleven"),
])
def test_lines(line, left):
    assert line_kept(line) == left


@pytest.mark.parametrize(("text", "expected"), [
    ("", "<empty>"),
    ("\n \n", "<empty>"),
    ("... --- !!!", "<empty>"),  # no words
    ("12345", "<empty>"),
    (PAGE, PAGE),
    (f"\n  {PAGE} \n\n", PAGE),
    (f"MENU\n  {PAGE}\nNEXT", PAGE),
    ("word " * 95 + "\n" + "one\n" * 5, ("word " * 95).strip()),  # exactly 5 % of the words went
    ("word " * 94 + "\n" + "one\n" * 5, "<removed_words_ratio>"),
    ("  123\nA line of words\n", "<removed_words_ratio>"),  # stripped, so that it is all digits
])
def test_pages(text, expected):
    assert outcome(text) == expected


def test_parameters():
    assert line_kept("ABC def", max_uppercase_ratio=0.4) is None
    assert line_kept("123 4", max_numeric_ratio=0.7) is None
    assert line_kept("Home page", min_words_per_line=3) is None
    assert line_kept("Home", min_words_per_line=1) == "Home"
    assert line_kept("Sign-in to see it", substring_line_words=3) == "Sign-in to see it"
    assert outcome("word " * 94 + "\n" + "one\n" * 5, max_removed_words_ratio=0.06).endswith("word")


def test_a_drop_tells_the_share_and_edits_tell_the_rules():
    steps = [entry("refinedweb")]
    page = f"MENU\n\n {PAGE}\nA page. Read more...\n3 likes\nok"
    pages = [page, "word\nword\n" + "two words\n" * 9, f"{PAGE}\x0cHOME\n123"]
    output = curate_table(documents(pages), steps, 0, "web")
    assert output.documents["text"].to_pylist() == [f"{PAGE}\nA page.", f"{PAGE}\x0cHOME"]
    (row,) = output.ledger.to_pylist()
    assert (row["rule"], row["value"], row["op"], row["threshold"]) == ("removed_words_ratio", 0.1, ">", 0.05)
    edits = [(e["id"], e["rule"], e["line_start"], e["line_end"]) for e in output.edits.to_pylist()]
    assert edits == [
        ("d0", "uppercase", 0, 1), ("d0", "blank", 1, 2), ("d0", "strip", 2, 3), ("d0", "substring", 22, 23),
        ("d0", "counter", 23, 24), ("d0", "too_short", 24, 25), ("d2", "lines", 0, 22),
    ]
    assert output.counts.lines_removed == {"uppercase": 1, "blank": 1, "counter": 1, "too_short": 1}


# DCLM's modifiers, each a pass over the whole text.

def passes(text: str, parameters: RefinedWeb) -> str:
    text = lines_with(text, lambda line: share(str.isupper, line) <= parameters.max_uppercase_ratio).strip()
    text = lines_with(text, lambda line: share(str.isdigit, line) <= parameters.max_numeric_ratio).strip()
    text = lines_with(text, lambda line: not COUNTER.search(line.lower())).strip()
    text = lines_with(text, lambda line: not line or len(line.split()) >= parameters.min_words_per_line)
    for pattern in (r"\s?(?:items in cart)", r"\s?(?:read more...)$", r"^(?:sign-in)\s?"):
        kept = []
        for line in text.split("\n"):
            new = line
            if len(line.split()) <= parameters.substring_line_words:
                new = re.sub(pattern, "", line, flags=re.IGNORECASE)
            if not line or (new and not new.isspace()):
                kept.append(new)
        text = "\n".join(kept).strip()
    return text


COUNTER = re.compile(r"^\W*\d(?:,|\.|\d)*(?:K|k|M|m|B|b)?\s+(?:" + "|".join(COUNTED) + r")\W*$")


def lines_with(text, stays):
    return "\n".join(filter(stays, text.split("\n")))


def share(test, line):
    return sum(map(test, line)) / len(line) if line else 0


PIECES = st.sampled_from([
    *"abAB12 \n\t\x0b\x1c\x85\u00a0\u2028_.,!é漢ÉǅⅣ²٣\u0301שכ\u212aſıİ", "\n", "\n", "one two ", "Read more...",
    "READ MORE", "items in cart", "Sign-in", "sign-in ", " likes", "3 likes", "1,5k views", "12M Followers", "...",
])
TEXTS = st.one_of(st.lists(PIECES, max_size=30).map("".join), st.text(max_size=30))


@settings(max_examples=400, deadline=None)
@given(st.lists(TEXTS, max_size=4), st.sampled_from([0.0, 0.5, 1.0]), st.integers(0, 3), st.integers(0, 4))
def test_kernels_agree_with_the_passes_of_dclm_and_spans_rebuild_the_text(texts, share, min_words, most):
    parameters = RefinedWeb(
        max_uppercase_ratio=share, min_words_per_line=min_words, substring_line_words=most, max_removed_words_ratio=1)
    decision = refinedweb.judge(Batch(documents(texts)), parameters)
    for row, text in enumerate(texts):
        expected = passes(text, parameters)
        before, after = words(text), words(expected)
        assert (decision.cause[row] == KEEP) == (expected != "" and before > 0)
        assert decision.text[row].as_py() == expected
        if before:
            assert decision.signals["removed_words_ratio"][row] == (before - after) / before
        if decision.cause[row] == KEEP:
            assert apply_spans(text, decision, row) == expected


def words(text: str) -> int:
    return sum(word[0].isalnum() for word in re.split(r"[ \t\n\v\f\r\0]+", text) if word)


def apply_spans(text: str, decision: Edited, row: int) -> str:
    spans, lines = decision.spans, text.splitlines()
    for span in reversed(np.flatnonzero(spans.row == row)):
        new = spans.replacement[span].as_py()
        lines[spans.line_start[span] : spans.line_end[span]] = [] if new is None else [new]
    return "\n".join(lines)


@settings(max_examples=300)
@given(st.lists(PIECES, max_size=8).map("".join).filter(lambda text: "\n" not in text))
def test_a_counter_is_what_the_pattern_finds(line):
    data = np.frombuffer(line.encode(), np.uint8)
    assert is_counter(data, 0, len(data)) == (COUNTER.search(line.lower()) is not None)


def test_an_empty_batch_and_a_huge_page():
    assert len(judge().cause) == 0
    assert outcome("漢字 かな\n" * 10**5) == ("漢字 かな\n" * 10**5).strip()


def test_golden_documents_come_out_as_from_the_passes_of_dclm():
    texts = [record["text"] for record in golden("documents")]
    decision = judge(*texts)
    assert decision.text.to_pylist() == [passes(text, RefinedWeb()) for text in texts]
    counts = count_words(Batch(documents(texts)).data, Batch(documents(texts)).offsets)
    assert counts.tolist() == list(map(words, texts))
