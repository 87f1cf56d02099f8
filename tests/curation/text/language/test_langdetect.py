from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maslin.curation.rules import language
from maslin.curation.text.batch import KEEP, Batch
from maslin.curation.text.language import langdetect as ours
from maslin.manifests.steps.language import Language
from tests.curation.documents import documents
from tests.shared_data import golden

langdetect = pytest.importorskip("langdetect", reason="the optional package langdetect is not installed")
GATE = Language(method="langdetect", min_score=0.99)


def judge(*texts):
    return language.judge(Batch(documents(list(texts))), GATE)


def test_language_and_score_are_set_and_decide():
    decision = judge("This is a sentence in plain English.", "Das ist ein ganz gewöhnlicher Satz.", "1 2")
    assert decision.columns["language"].to_pylist() == ["en", "de", "und"]
    assert (decision.cause == KEEP).tolist() == [True, False, False]
    assert decision.columns["language_score"].to_pylist()[2] == 0


def test_the_package_is_left_as_it_was():
    judge("This is a sentence in plain English.")
    assert langdetect.DetectorFactory.seed is None


@cache
def package():
    """The package's own detector, its profiles in the order of their names."""
    from langdetect.detector_factory import PROFILES_DIRECTORY, DetectorFactory

    factory = DetectorFactory()
    files = sorted(path for path in Path(PROFILES_DIRECTORY).iterdir() if not path.name.startswith("."))
    factory.load_json_profile([path.read_text(encoding="utf-8") for path in files])
    factory.set_seed(0)
    return factory


def as_the_package(text):
    detector = package().create()
    detector.append(text)
    try:
        best = detector.get_probabilities()
    except langdetect.LangDetectException:
        best = []
    return (best[0].lang, best[0].prob) if best else ("und", 0.0)


PIECES = st.sampled_from([
    *"aeinrtABCD ünßşțĐẤа́Ж漢字かカㄅ한عیפ.,!\n\t[_𐐀𝄞\u0300\u0301", "a\u0301", "the ", "THE ", "und ", "что ", "  ",
    "日本語", "http://example.org/the?a=b ", "some.body@example.org ",
])


@settings(max_examples=150, deadline=None)
@given(st.lists(PIECES, max_size=60).map("".join))
def test_kernels_answer_as_the_package(text):
    (found,), (score,) = ours.identify([text])
    name, probability = as_the_package(text)
    assert found == name and score == pytest.approx(probability, abs=1e-9)


def test_only_the_first_characters_count():
    text = "the quick brown fox jumps over the lazy dog " * 230
    assert ours.identify([text + "и" * 50_000])[1][0] == ours.identify([text[:10_000]])[1][0]
    assert ours.identify([text])[0] == [as_the_package(text)[0]] == ["en"]


def test_agrees_with_the_gate_of_c4_on_every_golden_record():
    texts = {record["id"]: record["text"] for record in golden("documents")}
    records = golden("language")
    decision = judge(*(texts[record["id"]] for record in records))
    assert (decision.cause == KEEP).tolist() == [record["langdetect"]["c4_english"] for record in records]
    best = [(record["langdetect"]["probs"] or [["und", 0]])[0] for record in records]
    assert decision.columns["language"].to_pylist() == [name for name, _ in best]
    assert decision.signals["score"].tolist() == pytest.approx([score for _, score in best], abs=2e-6)
