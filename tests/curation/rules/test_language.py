import numpy as np
import pytest

from maslin.curation.rules import language
from maslin.curation.text.batch import KEEP, Batch
from maslin.manifests.steps.language import Language
from tests.curation.documents import documents
from tests.curation.models import needs_model
from tests.shared_data import golden

pytestmark = needs_model("lid176")

ENGLISH = "This is a sentence in plain English,\nwritten over two lines."
GERMAN = "Das ist ein Satz auf Deutsch, und zwar ein ganz gewöhnlicher."


def test_language_and_score_are_set_and_decide():
    decision = language.judge(Batch(documents([ENGLISH, GERMAN])), Language(keep=("en",), min_score=0.5))
    assert decision.columns["language"].to_pylist() == ["en", "de"]
    assert decision.cause[0] == KEEP and decision.reasons[decision.cause[1]].rule == "language"
    assert decision.detail == {1: "de"}


def test_a_low_score_drops_with_value_and_threshold():
    batch = Batch(documents(["12 34"]))
    found, score = language.identify(batch)
    decision = language.judge(batch, Language(keep=tuple(found), min_score=0.99))
    reason = decision.reasons[decision.cause[0]]
    assert (reason.rule, reason.op, reason.threshold) == ("language_score", "<", 0.99)
    assert decision.value[0] == decision.signals["score"][0] == score[0] < 0.99
    assert language.judge(batch, Language(keep=tuple(found), min_score=float(score[0]))).cause[0] == KEEP


@pytest.mark.parametrize("text", ["", "   ", "\n\n", "\0"])
def test_texts_without_words_get_an_answer(text):
    found, score = language.identify(Batch(documents([text])))
    assert found[0] and 0 < score[0] <= 1


def test_no_texts():
    assert language.identify(Batch(documents([])))[0] == []


def test_agrees_with_fasttext_on_every_golden_record():
    texts = {record["id"]: record["text"] for record in golden("documents")}
    records = golden("language")
    found, score = language.identify(Batch(documents([texts[record["id"]] for record in records])))
    assert found == [record["fasttext"]["top1"] for record in records]
    expected = np.minimum([record["fasttext"]["top3"][0][1] for record in records], 1)
    assert np.abs(score - expected).max() <= 0.000051  # they have four decimals
