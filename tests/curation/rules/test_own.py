"""A person's own rule over a batch: what its function answers, and its errors, each of one document."""

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maslin.curation.corpora.segment import check_answers, curate_table
from maslin.curation.evidence.edits import apply
from maslin.curation.rules.own import bind, changed_lines
from maslin.curation.text.batch import KEEP, Batch, Edited
from maslin.manifests.errors import UsageError
from maslin.manifests.steps.own import load
from maslin.manifests.steps.spec import CurationStep, Origin
from maslin.manifests.workspace import serial_map
from tests.curation.documents import documents
from tests.curation.stage_fixtures import write_shards

HEAD = """\
from dataclasses import dataclass
import numpy as np
from maslin.rules import Judgement, Rule, StepSpec

@dataclass(frozen=True)
class Parameters:
    most: float = 3.0

"""
SIGNAL = 'rules=(Rule("long", ">", "most", "letters"), Rule("odd", words="is odd")), signals=("letters",)'
TEXT = "def kernel(text, parameters):\n    return {body}\n\n"
BATCH = """\
seen = []

def kernel(batch, parameters):
    seen.append(len(batch))
    letters = np.array([len(text) for text in batch.texts], float)
    if "bad" in batch.texts:
        raise ValueError("a bad text")
    judgement = Judgement(RULE, parameters, batch)
    judgement.test("long", letters)
    return judgement.decision({"letters": letters})

"""


@pytest.fixture
def make(tmp_path, monkeypatch):
    """The origin and step of a rule whose function is `source`."""
    monkeypatch.setattr(sys, "path", list(sys.path))

    def made(source, form, says=SIGNAL):
        file = tmp_path / "mine.py"
        file.write_text(f'{HEAD}{source}RULE = StepSpec("mine", Parameters, "kernel", "me", form="{form}", {says})\n')
        origin = Origin("mine", file)
        spec = load(origin).spec
        return CurationStep(spec, spec.parameters(), origin)

    return made


def judge(step, *texts):
    decision = bind(step, step.origin)(Batch(documents(list(texts))))
    causes = [None if cause == KEEP else decision.reasons[cause].rule for cause in decision.cause]
    return decision, causes


def test_signals_are_held_against_the_rules(make):
    decision, causes = judge(make(TEXT.format(body='{"letters": len(text) or None}'), "text"), "ab", "abcd", "")
    assert causes == [None, "long", None] and decision.value[1] == 4
    assert decision.reasons[decision.cause[1]].threshold == 3
    assert decision.signals["letters"][:2].tolist() == [2, 4] and np.isnan(decision.signals["letters"][2])


@pytest.mark.parametrize(("body", "causes"), [
    ('text == "ab"', ["odd", None]), ('"odd" if text == "ab" else None', ["odd", None]),
    ('"other"', ["rule_error", "rule_error"]), ('{"letter": 1}', ["rule_error", "rule_error"]),
    ('{"letters": "many"}', ["rule_error", "rule_error"]), ("3", ["rule_error", "rule_error"]),
    ('{"letters": 1 / (len(text) - 2)}', ["rule_error", None]),
])
def test_answers_without_signals_and_wrong_ones(make, body, causes):
    assert judge(make(TEXT.format(body=body), "text"), "ab", "abc")[1] == causes


def test_a_document_is_a_dict_of_its_columns(make):
    step = make(TEXT.format(body='text["url"] is None and text["text"] == "ab"'), "document")
    assert judge(step, "ab", "c")[1] == ["odd", None]


def test_an_error_is_told_with_file_and_line(make):
    decision, _ = judge(make("def kernel(text, parameters):\n    raise ZeroDivisionError('no')\n", "text"), "ab")
    assert decision.detail == {0: "mine.py:10: ZeroDivisionError: no"}


def test_a_batch_that_raises_is_asked_document_by_document(make):
    step = make(BATCH, "batch")
    decision, causes = judge(step, "ab", "bad", "abcd")
    assert causes == [None, "rule_error", "long"] and decision.detail == {1: "mine.py:15: ValueError: a bad text"}
    assert decision.signals["letters"][[0, 2]].tolist() == [2, 4] and np.isnan(decision.signals["letters"][1])


def test_edits(make):
    step = make(
        TEXT.format(body="None if text == 'x' else text.replace('b\\n', '') if text else 3"), "edit",
        'rules=(Rule("gone", words="is x"),)')
    decision, causes = judge(step, "a\nb\nc", "x", "", "same")
    assert isinstance(decision, Edited) and causes == [None, "gone", "rule_error", None]
    assert decision.text[0].as_py() == "a\nc" and decision.text[3].as_py() == "same"
    spans = decision.spans
    assert (spans.row.tolist(), spans.line_start.tolist(), spans.line_end.tolist()) == ([0], [1], [2])


@given(*[st.lists(st.sampled_from(["a", "b", "", "c\r", "d\u2028"]), max_size=7).map("\n".join)] * 2)
def test_the_changed_lines_make_the_new_text(text, new):
    names = ("line_start", "line_end", "replacement")
    edits = [dict(zip(names, span, strict=True)) for span in changed_lines(text, new)]
    assert apply(text, edits) == new


def test_failed_documents_are_counted_and_none_is_lost(make):
    step = make(TEXT.format(body='{"letters": 1 / (len(text) - 2)}'), "text")
    origins = {step.spec.own_name: step.origin}
    output = curate_table(documents(["ab", "abc"]), [step.to_json()], 0, "web", origins=origins)
    output.counts.check_conservation("here")
    assert output.counts.failed == {"rule_error": 1} and output.counts.kept == 1
    assert output.ledger.select(["rule", "action"]).to_pylist() == [{"rule": "rule_error", "action": "fail"}]
    assert output.own_rules["mine"][0] == 2


@pytest.mark.parametrize("body", [
    '{"letters": __import__("random").random()}', 'SEEN.append(text) or len(SEEN) % 2 == 0'])
def test_a_rule_that_answers_differently_is_refused_before_work(make, tmp_path, body):
    step = make("SEEN = []\n" + TEXT.format(body=body), "text")
    shards = write_shards(tmp_path / "in", [{"1": "a", "2": "b", "3": "c", "4": "d"}])
    with pytest.raises(UsageError, match="mine: this rule answers differently when it is asked twice"):
        check_answers(tmp_path, shards, (step.to_json(),), 0, {step.spec.own_name: step.origin}, serial_map)


def test_code_is_neither_found_in_a_workspace_nor_taken_when_it_changed(make):
    step = make(TEXT.format(body="True"), "text")
    with pytest.raises(UsageError, match="mine: a rule of one's own; its code is loaded from no workspace"):
        bind(step, None)
    step.origin.file.write_text(step.origin.file.read_text() + "\n")
    with pytest.raises(UsageError, match="mine: its source changed"):
        bind(step, step.origin)
