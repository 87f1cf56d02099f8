import pytest

from maslin.curation.rules import c4_length
from maslin.curation.text.batch import KEEP, Batch
from maslin.manifests.steps.c4 import C4Length
from tests.curation.documents import documents
from tests.shared_data import golden


@pytest.mark.parametrize(("text", "kept"), [
    ("", True), ("é" * 190_000, True), ("é" * 190_001, False), ("a" * 190_000, True), ("a" * 190_001, False),
])
def test_characters_are_counted(text, kept):
    decision = c4_length.judge(Batch(documents([text])), C4Length())
    assert (decision.cause[0] == KEEP) == kept
    assert decision.signals["characters"][0] == len(text)
    assert kept or (decision.value[0], decision.reasons[0].op, decision.reasons[0].threshold) == (190_001, ">", 190_000)


def test_agrees_with_tfds_on_every_golden_record():
    texts = {record["id"]: record["text"] for record in golden("documents")}
    records = golden("c4_tfds")
    decision = c4_length.judge(Batch(documents([texts[record["id"]] for record in records])), C4Length())
    assert (decision.cause == KEEP).tolist() == [record["is_valid_length"] for record in records]
