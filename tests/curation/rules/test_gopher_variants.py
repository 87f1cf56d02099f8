"""gopher_quality and gopher_repetition as DCLM, RedPajama-V2 and Dolma have them, beside datatrove."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maslin.curation import rules
from maslin.curation.text.batch import KEEP, Batch, Decision
from tests.curation.documents import documents
from tests.curation.rules import gopher_reference
from tests.curation.rules.gopher_reference import VARIANTS
from tests.curation.steps import step as made
from tests.curation.text.test_word_splitters import split
from tests.shared_data import golden

ALL = ("datatrove", "dclm", "redpajama", "dolma")


def judge(step: str, variant: str, *texts: str, **parameters) -> Decision:
    return rules.bind(made(step, variant=variant, **parameters))(Batch(documents(list(texts))))


def signal(step: str, name: str, variant: str, text: str) -> float | None:
    value = float(judge(step, variant, text).signals[name][0])
    return None if math.isnan(value) else value


def by_variant(cases):
    """(text, name, variant, value) of rows (text, name, four values)."""
    return [(text, name, variant, value) for text, name, *values in cases
            for variant, value in zip(ALL, values, strict=True)]


@pytest.mark.parametrize(("text", "name", "variant", "value"), by_variant([
    ("a b c d e a b c d e", "dup_5_gram", 5 / 19, 1.0, 1.0, 10 / 30),
    ("a b a b c", "top_2_gram", 6 / 9, 4 / 5, 4 / 5, 4 / 5),
    ("x\nx\ny", "dup_line_frac", 1 / 3, 2 / 3, None, 2 / 3),
    ("x\nx\ny", "dup_line_char_frac", 1 / 5, 2 / 3, None, 2 / 3),
    ("x\n\nx\n\ny", "dup_para_frac", 1 / 3, 2 / 3, None, None),
    ("x\n\nx\n\ny", "dup_para_char_frac", 1 / 7, 2 / 3, None, None),
    ("x\n\ny\n\nz", "dup_line_frac", 0.0, 0.0, None, 2 / 5),  # blank lines repeat one another
    ("x \n x\n", "dup_line_frac", 0.0, 1.0, None, 0.0),  # stripped, or not
    ("one two", "top_2_gram", 1.0, 0.0, 0.0, 1.0),  # it comes but once
    ("one two", "top_3_gram", None, None, None, None),
    ("a b a b cccc dddd cccc dddd", "top_2_gram", 6 / 27, 16 / 20, 4 / 20, 4 / 20),  # the longest, or the first
    ("A b, a B", "top_2_gram", 3 / 8, 0.0, 1.0, 3 / 5),  # case and punctuation
    ("a, b, a, b, a, b", "top_2_gram", 9 / 16, 1.0, 1.0, 8 / 11),
    ("e\u0301 b \u00e9 b", "top_2_gram", 4 / 8, 0.0, 1.0, 3 / 5),  # composed and decomposed
    ("", "top_2_gram", None, None, None, None),
    ("", "dup_line_frac", None, None, None, None),
    (" \n", "dup_5_gram", 0.0, None, None, None),
]))
def test_repetition(text, name, variant, value):
    assert signal("gopher_repetition", name, variant, text) == (None if value is None else pytest.approx(value))


@pytest.mark.parametrize(("text", "name", "variant", "value"), by_variant([
    ("dog, (cat) -- 7", "n_non_symbol_words", 3, 2, 3, 4),
    ("dog, (cat) -- 7", "n_words", 7, 4, 7, 4),
    ("a bb, cccc", "avg_word_len", 7 / 3, 8 / 3, 7 / 3, 3),  # a mean, of Dolma the median
    ("a bb cccccc", "avg_word_len", 3, 3, 3, 2),
    ("a # b ... c … d", "symbol_ratio", None, 3 / 7, 3 / 7, 2 / 7),
    ("a # b ... c … d", "hash_ratio", 1 / 7, None, None, None),
    ("a # b ... c … d", "ellipsis_ratio", 2 / 7, None, None, None),
    ("##a b . . . .", "symbol_ratio", None, 3 / 6, 2 / 7, 1 / 6),
    ("* a\n• b\n● c\n - d\n▪ e\n", "bullet_lines_ratio", 2 / 5, 4 / 5, 2 / 5, 1 / 6),
    ("a...\nb… \nc . . .\n\nd…", "ellipsis_lines_ratio", 3 / 5, 4 / 4, 3 / 5, 1 / 5),
    ("x, 1 é -", "alpha_ratio", 2 / 5, 2 / 4, 1 / 5, 2 / 4),
    ("The the the, of", "stop_words", 2, 3, None, 2),
    ("", "n_words", 0, 0, 0, 0),
    ("", "avg_word_len", None, 0, None, 0),
    ("", "alpha_ratio", None, None, None, 0),
    ("", "bullet_lines_ratio", None, None, None, 0),
]))
def test_quality(text, name, variant, value):
    assert signal("gopher_quality", name, variant, text) == (None if value is None else pytest.approx(value))


GOOD = "the dog and cat ran over that hill " * 7  # 56 words


@pytest.mark.parametrize(("text", "reasons"), [
    (GOOD, (None, None, None, None)),
    ("", ("gopher_short_doc",) * 4),
    (GOOD + "# ... " * 4 + "hill", (None, "gopher_too_many_symbols", "gopher_too_many_symbols", None)),
    ("The dog ran OVER A hill " * 20, ("gopher_enough_stop_words", None, None, "gopher_enough_stop_words")),
    ("the dog ran off " * 20, ("gopher_enough_stop_words", None, None, None)),
    ("a the to " + "b " * 50, ("gopher_below_avg_threshold",) * 4),
    (GOOD + "100 " * 15, ("gopher_below_alpha_threshold",) * 4),
])
def test_quality_reasons(text, reasons):
    for variant, expected in zip(ALL, reasons, strict=True):
        decision = judge("gopher_quality", variant, text)
        assert (None if decision.cause[0] == KEEP else decision.reasons[decision.cause[0]].rule) == expected, variant


def test_the_same_threshold_is_another_filter():
    block = " ".join(f"word{i}" for i in range(10))
    text = " ".join([block, *(f"other{i}" for i in range(70)), block])
    causes = [judge("gopher_repetition", variant, text).cause[0] for variant in ALL]
    assert [cause == KEEP for cause in causes] == [True, False, False, True]


PIECES = st.sampled_from([
    "a", "b ", "the ", "The ", "to", "ab", " ", "  ", "\n", "\n\n", "x.\n", "• ", "- ", "* ", "...", ". . .", "…", "#",
    "é", "e\u0301 ", "漢。", "\r\n", "\u2028", "\x1c", "שלום ", "😀", "don't ", "_", "7 ", "Σ ", "İ", ", ",
])
TEXTS = st.one_of(
    st.lists(PIECES, max_size=40).map("".join), st.text(max_size=40),
    st.lists(st.sampled_from(["a ", "b ", "c, ", "\n"]), max_size=60).map("".join))


@settings(max_examples=300)
@given(st.lists(TEXTS, max_size=4), st.sampled_from(sorted(VARIANTS)))
def test_kernels_measure_as_plain_python(texts, variant):
    check(texts, variant)


@pytest.mark.parametrize("variant", sorted(VARIANTS))
def test_kernels_measure_golden_documents_as_plain_python(variant, monkeypatch):
    def fast(text: str) -> list[str]:  # the plain one takes the square of the length
        return split("boundaries", text)[0]

    monkeypatch.setattr(gopher_reference, "segments", fast)
    check([record["text"] for record in golden("documents")][::5], variant)


def check(texts, variant):
    for step, measure in (
        ("gopher_quality", VARIANTS[variant].quality), ("gopher_repetition", VARIANTS[variant].repetition),
    ):
        found = judge(step, variant, *texts).signals
        for row, text in enumerate(texts):
            expected = measure(text)
            for name in made(step).spec.signals:
                value = (expected or {}).get(name)
                assert float(found[name][row]) == pytest.approx(math.nan if value is None else value, nan_ok=True), name


@pytest.mark.parametrize("variant", ALL)
@pytest.mark.parametrize("step", ["gopher_quality", "gopher_repetition"])
def test_huge_and_empty_documents(step, variant):
    repeated = judge(step, variant, "a b\n" * 10**5, "שלום " * 10**5, "漢 字 " * 10**5)
    assert (repeated.cause != KEEP).all()
    judge(step, variant, "x" * 10**6, "漢" * 10**5, "\n" * 10**5, "(" * 10**5)
    assert len(judge(step, variant).cause) == 0
    assert tuple(judge(step, variant, "one two\nthree.").signals) == made(step).spec.signals
