"""gopher_quality, gopher_repetition and fineweb: worked examples, plain Python beside the kernels, golden records."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maslin.curation import rules
from maslin.curation.corpora.segment import curate_table
from maslin.curation.text.batch import KEEP, Batch, Decision
from maslin.curation.text.words import words_of
from maslin.manifests.steps.gopher import GopherQuality
from tests.curation.documents import documents
from tests.curation.models import needs_spacy
from tests.curation.rules import repetition_reference as plain
from tests.curation.steps import entry
from tests.curation.steps import step as made
from tests.curation.text.spacy import reference
from tests.shared_data import golden

STEPS = ("gopher_quality", "gopher_repetition", "fineweb")
TEXTS = st.one_of(
    st.lists(st.sampled_from(["a", "b ", "the ", "to", "ab", " ", "\n", "\n\n", "x.\n", "• ", "-", "...", "…", "#",
                              "é", "漢。", "\r\n", "\u2028", "e\u0301 ", "שלום ", "😀", "don't "]),
             max_size=40).map("".join),
    st.text(max_size=40), st.lists(st.sampled_from("ab \n"), max_size=80).map("".join),
)


def judge(step: str, *texts: str, **parameters) -> Decision:
    return rules.bind(made(step, **parameters))(Batch(documents(list(texts))))


def outcome(step: str, text: str, **parameters) -> str | None:
    """The reason a text is dropped for, or None."""
    decision = judge(step, text, **parameters)
    return None if decision.cause[0] == KEEP else decision.reasons[decision.cause[0]].rule


def signal(step: str, name: str, text: str) -> float | None:
    value = float(judge(step, text).signals[name][0])
    return None if math.isnan(value) else value


GOOD = "the dog and cat ran over that hill " * 7  # 56 words


@pytest.mark.parametrize(("text", "reason"), [
    (GOOD, None),
    ("", "gopher_short_doc"),
    ("dog . " * 49, "gopher_short_doc"),  # marks are no words here
    ("the and dog " * 16 + "the and", None),  # 50
    ("a the " + "b " * 50, "gopher_below_avg_threshold"),
    ("the and " + "incomprehensible " * 50, "gopher_above_avg_threshold"),
    (GOOD + "# " * 6, None),
    (GOOD + "# " * 7, "gopher_too_many_hashes"),
    (GOOD + "\n… " * 7, "gopher_too_many_ellipsis"),
    ("\n".join(["- " + GOOD] * 9 + ["no"]), None),  # exactly 0.9
    ("\n".join(["\t• " + GOOD] * 10), "gopher_too_many_bullets"),
    ("\n".join([GOOD + "..."] * 3 + [GOOD] * 7), None),  # exactly 0.3
    ("\n".join([GOOD + "... "] * 4 + [GOOD] * 6), "gopher_too_many_end_ellipsis"),
    (GOOD + "100 " * 14, None),  # exactly 0.8
    (GOOD + "100 " * 15, "gopher_below_alpha_threshold"),
    ("The dog AND cat " * 20, "gopher_enough_stop_words"),  # as they are written
    ("the dog ran off " * 20, "gopher_enough_stop_words"),  # different ones
])
def test_gopher_quality(text, reason):
    assert outcome("gopher_quality", text) == reason


def test_gopher_quality_parameters():
    assert outcome("gopher_quality", GOOD, min_words=57) == "gopher_short_doc"
    assert outcome("gopher_quality", GOOD, max_words=55) == "gopher_long_doc"
    assert outcome("gopher_quality", GOOD, stop_words=["dog", "hill", "moon"]) is None
    assert outcome("gopher_quality", GOOD, stop_words=[]) == "gopher_enough_stop_words"


@pytest.mark.parametrize(("text", "name", "value"), [
    ("a b c d e a b c d e", "dup_5_gram", 5 / 19),
    ("a b a b c", "top_2_gram", 6 / 9),
    ("x\nx\ny", "dup_line_frac", 1 / 3),
    ("x\nx\ny", "dup_line_char_frac", 1 / 5),
    ("x\n\nx\n\ny\n", "dup_para_frac", 1 / 3),
    ("x\ny\n", "dup_line_frac", 0),  # the empty line after the last newline is one
    ("\nx\n", "dup_line_frac", 1 / 3),
    ("one two", "top_2_gram", 1),  # even if it comes but once
    ("one two", "top_3_gram", None),
    ("aa b aa b cccc dddd cccc dddd", "top_2_gram", 8 / 29),  # of equally frequent ones the first
    ("ab c d e f ; a bc d e f", "dup_5_gram", 6 / 23),  # joined without spaces
    ("", "top_2_gram", None),
])
def test_gopher_repetition_values(text, name, value):
    assert signal("gopher_repetition", name, text) == (None if value is None else pytest.approx(value))


@pytest.mark.parametrize(("text", "reason"), [
    ("", "empty"),
    ("\n\n", "dup_line_frac"),
    ("a long enough paragraph\n\n" * 3, "dup_para_frac"),
    ("b\n\n" * 2 + "c\n\n" * 2 + " ".join(f"w{i}" for i in range(99)), "dup_para_frac"),
    ("one two", "top_2_gram"),
    (" ".join(f"word{i}" for i in range(99)), None),
])
def test_gopher_repetition(text, reason):
    assert outcome("gopher_repetition", text) == reason


def test_the_value_and_threshold_of_a_drop_are_told():
    decision = judge("gopher_repetition", "\n\n", max_dup_line_frac=0.4)
    reason = decision.reasons[decision.cause[0]]
    assert (decision.value[0], reason.op, reason.threshold) == (0.5, ">", 0.4)


LONG = "this line has quite some more than thirty characters {}"


@pytest.mark.parametrize(("text", "reason"), [
    ("", "empty"),
    (" \n\t\n", "empty"),
    ("\n".join(LONG.format(f"{i}.") for i in range(3)) + "\n" + "\n".join(LONG.format(i) for i in range(22)), None),
    ("\n".join(LONG.format(f"{i}.") for i in range(2)) + "\n" + "\n".join(LONG.format(i) for i in range(23)),
     "line_punct_ratio"),
    (LONG.format(". "), "line_punct_ratio"),  # a space behind the end mark
    (LONG.format('."'), "line_punct_ratio"),  # quotes are no end marks
    (LONG.format("。"), None),
    ("\n".join([LONG.format(f"{i}.") for i in range(33)] + [f"short {i}." for i in range(67)]), None),
    ("\n".join([LONG.format(f"{i}.") for i in range(32)] + [f"short {i}." for i in range(68)]), "short_line_ratio"),
    ("\n".join([LONG.format("one.")] * 2), "char_dup_ratio"),
    ("\n".join([f"{'x' * 31}{i}." for i in range(9)]), "list_ratio"),
])
def test_fineweb(text, reason):
    assert outcome("fineweb", text) == reason


@settings(max_examples=300, deadline=None)
@given(st.lists(TEXTS, max_size=4))
def test_kernels_measure_as_plain_python(texts):
    stop_words = GopherQuality().stop_words
    batch = Batch(documents(texts))
    found = {step: rules.bind(made(step))(batch).signals for step in STEPS}
    for row, text in enumerate(texts):
        words = reference.split(text)
        expected = {
            "gopher_quality": plain.quality(text, words, stop_words), "fineweb": plain.fineweb(text, words),
            "gopher_repetition": plain.repetition(text, words) if text else {},
        }
        for step, values in expected.items():
            for name, value in values.items():
                assert float(found[step][name][row]) == pytest.approx(math.nan if value is None else value, nan_ok=True)


@pytest.mark.parametrize(("text", "reasons"), [
    ("", ("gopher_short_doc", "empty", "empty")),
    ("x" * 10**6, ("gopher_short_doc", None, "line_punct_ratio")),
    ("a b\n" * 10**5, ("gopher_long_doc", "dup_line_frac", "line_punct_ratio")),
    ("漢" * 10**5 + "。", ("gopher_short_doc", "top_2_gram", None)),
    ("漢 " * 10**5 + "。", ("gopher_below_avg_threshold", "top_2_gram", None)),
    ("\n" * 10**5, ("gopher_short_doc", "dup_line_frac", "empty")),
], ids=("empty", "one_word", "one_line", "one_han_word", "han_words", "newlines"))
def test_huge_and_empty_documents(text, reasons):
    assert tuple(outcome(step, text) for step in STEPS) == reasons


@pytest.mark.parametrize("step", STEPS)
def test_signals_are_those_announced(step):
    assert tuple(judge(step, "one two\nthree.").signals) == made(step).spec.signals
    assert len(judge(step).cause) == 0


def test_the_words_of_a_batch_are_split_once(monkeypatch):
    batch = Batch(documents([GOOD, "x"]))
    decision = rules.bind(made("gopher_quality"))(batch)
    monkeypatch.setattr("maslin.curation.text.words._measure", lambda *_: pytest.fail("split again"))
    rest = batch.take(decision.kept.nonzero()[0])
    assert len(rest) == 1
    rules.bind(made("gopher_repetition"))(rest)
    rules.bind(made("fineweb"))(rest)
    assert words_of(rest).offsets.tolist() == [0, 56]


GOLDEN = {
    "gopher_quality": ("gopher_quality", "gopher_quality_metrics"),
    "gopher_repetition": ("gopher_repetition", "gopher_repetition_metrics"),
    "fineweb": ("fineweb_quality", "fineweb_metrics"),
}


@pytest.mark.parametrize("words", ["kernel", pytest.param("spacy", marks=needs_spacy)])
@pytest.mark.parametrize("step", STEPS)
def test_agrees_with_datatrove_on_every_golden_record(step, words):
    texts = {record["id"]: record["text"] for record in golden("documents")}
    records = golden("gopher_fineweb")
    decision = judge(step, *(texts[record["id"]] for record in records), words=words)
    verdicts, metrics = GOLDEN[step]
    for row, record in enumerate(records):
        reason = None if decision.cause[row] == KEEP else decision.reasons[decision.cause[row]].rule
        assert reason == record[verdicts]["reason"], record["id"]
        for name, expected in _signals_of(record[metrics] or {}).items():
            value = float(decision.signals[name][row])
            assert (None if math.isnan(value) else float(f"{value:.10g}")) == expected, (record["id"], name)


def _signals_of(metrics: dict) -> dict:
    """A golden record's metrics under the names of our signals: its counts as shares."""
    def share(count: str, of: str) -> float | None:
        return float(f"{metrics[count] / metrics[of]:.10g}") if metrics[of] else None

    if "alpha_words" in metrics:
        metrics |= {
            "bullet_lines_ratio": share("bullet_lines", "n_lines"),
            "ellipsis_lines_ratio": share("ellipsis_lines", "n_lines"), "alpha_ratio": share("alpha_words", "n_words"),
        }
    return {name: value for name, value in metrics.items()
            if name not in ("n_lines", "bullet_lines", "ellipsis_lines", "alpha_words")}


def test_a_segment_runs_them_and_tells_why_documents_left():
    steps = [entry(step) for step in STEPS]
    prose = "the and " + " ".join(f"word{'abcdefghij'[i % 10]}{'klmnopqrst'[i // 10]}" for i in range(60)) + "."
    output = curate_table(documents([prose, "too short", prose.replace(".", " " * 9 + "\n") * 2, prose[:-1]]),
                          steps, 0, "web")
    assert output.documents["id"].to_pylist() == ["d0"]
    rows = output.ledger.select(["id", "step", "rule", "value", "op", "threshold"]).to_pylist()
    assert [tuple(row.values()) for row in rows] == [
        ("d1", "gopher_quality", "gopher_short_doc", 2.0, "<", 50.0),
        ("d2", "gopher_repetition", "dup_line_frac", pytest.approx(1 / 3), ">", 0.3),
        ("d3", "fineweb", "line_punct_ratio", 0.0, "<", 0.12),
    ]
    assert output.signals["gopher_quality.n_words"].to_pylist()[1] == 2
    assert output.signals["fineweb.list_ratio"].to_pylist()[1:3] == [None, None]
