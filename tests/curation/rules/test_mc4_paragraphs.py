import pytest

from maslin.curation.rules import mc4_paragraphs
from maslin.curation.text.batch import KEEP, Batch
from maslin.manifests.steps.c4 import Mc4Paragraphs
from tests.curation.documents import documents
from tests.shared_data import golden

LONG = "é" * 200


@pytest.mark.parametrize(("text", "paragraphs"), [
    ("", 0), (LONG, 1), (f"{LONG}\n{LONG}", 2), (f"{LONG}\nshort\n{LONG}\n{LONG}\n", 3),
    (f"{LONG}\r{LONG}\u2028{LONG}", 1), (f"{LONG}\n{LONG}\n{LONG[1:]}", 2),
])
def test_long_lines_are_counted(text, paragraphs):
    decision = mc4_paragraphs.judge(Batch(documents([text])), Mc4Paragraphs())
    assert decision.signals["paragraphs"][0] == paragraphs
    assert (decision.cause[0] == KEEP) == (paragraphs >= 3)


@pytest.mark.parametrize(("name", "field"), [("c4_tfds", "paragraph_filter"), ("c4_datatrove", "paragraph")])
def test_agrees_with_the_references_on_every_golden_record(name, field):
    texts = {record["id"]: record["text"] for record in golden("documents")}
    records = golden(name)
    decision = mc4_paragraphs.judge(Batch(documents([texts[record["id"]] for record in records])), Mc4Paragraphs())
    expected = [record[field]["keep"] if isinstance(record[field], dict) else record[field] for record in records]
    assert (decision.cause == KEEP).tolist() == expected
