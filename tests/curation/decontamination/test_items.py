"""Reading evaluation sets: formats, fields that are named or found, ids, and what ends a set before any work."""

import bz2
import gzip
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from maslin.curation.decontamination.build import describe
from maslin.curation.decontamination.items import read_items
from maslin.manifests.errors import UsageError
from maslin.manifests.recipe.evaluation_sets import EvaluationSet
from maslin.manifests.recipe.inputs import InputFile
from maslin.manifests.steps.decontamination import Decontamination

QUESTION = "Which of these materials would let a current of electricity pass through it?"
OTHER = "What do the plants of a forest take out of the air while the sun is shining?"
ROWS = [
    {"id": "a", "question": QUESTION, "choices": {"text": ["a copper wire from a lamp", "dry wood of an oak"],
                                                  "label": ["A", "B"]}, "answerKey": "A", "grade": 3},
    {"id": "b", "question": OTHER, "choices": {"text": ["oxygen", "carbon dioxide"], "label": ["A", "B"]},
     "answerKey": "B", "grade": None}]


def write(root, name, content):
    path = root / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return InputFile(name, path, path.stat().st_size, "")


def lines(rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


def read(root, content, fields=(), id=None, name="set.jsonl"):
    found = read_items([write(root, name, content)], EvaluationSet((name,), fields, id))
    return found, [tuple(row.values()) for row in found.table.select(["item", "field", "text"]).to_pylist()]


def test_every_format_has_the_same_items(tmp_path):
    pq.write_table(pa.Table.from_pylist(ROWS), tmp_path / "set.parquet")
    forms = {
        "set.jsonl": lines(ROWS), "set.jsonl.gz": gzip.compress(lines(ROWS).encode()),
        "named_otherwise": "\ufeff" + lines(ROWS) + "\n", "set.json": json.dumps(ROWS, indent=1),
        "set.json.bz2": bz2.compress(json.dumps(ROWS).encode()), "set.parquet": (tmp_path / "set.parquet").read_bytes()}
    found = [read(tmp_path, content, name=name)[0] for name, content in forms.items()]
    assert all(each.table == found[0].table for each in found)
    assert found[0].items == 2 and found[0].table["words"].to_pylist() == [13, 11, 17, 3]


def test_fields_that_hold_texts_are_found_by_themselves(tmp_path):
    found, rows = read(tmp_path, lines(ROWS))
    assert found.fields == ("question", "choices.text") and not found.named
    assert rows == [("a", "question", QUESTION), ("a", "choices.text", "a copper wire from a lamp\ndry wood of an oak"),
                    ("b", "question", OTHER), ("b", "choices.text", "oxygen\ncarbon dioxide")]


@pytest.mark.parametrize(("row", "fields"), [
    ({"question": QUESTION, "passage": OTHER}, ("question",)),
    ({"context": OTHER, "continuation": "shining"}, ("context",)),
    ({"context": OTHER, "questions": [QUESTION, OTHER]}, ("questions",)),
    ({"messages": [{"role": "user", "content": QUESTION}]}, ("messages.content",)),
    ({"question": "Why?", "answer": "So."}, ("question",)),
])
def test_a_passage_that_is_asked_about_is_not_the_item(tmp_path, row, fields):
    assert read(tmp_path, lines([row]))[0].fields == fields


def test_fields_are_joined_each_their_own_and_led_to_by_dots(tmp_path):
    by = {"name.full": "Ann Lee", "notes": [{"text": "one"}, {"text": "two"}]}
    rows = [{"question": QUESTION, "answer": 7, "by": by}]
    _, found = read(tmp_path, lines(rows), ("question + answer", "by.name.full", "by.notes.text"))
    assert found == [("#1", "question + answer", f"{QUESTION}\n7"), ("#1", "by.name.full", "Ann Lee"),
                     ("#1", "by.notes.text", "one\ntwo")]


def test_items_have_names(tmp_path):
    texts = [{"text": QUESTION}, {"text": OTHER}]
    assert [row[0] for row in read(tmp_path, lines(texts))[1]] == ["#1", "#2"]
    assert [row[0] for row in read(tmp_path, lines([{**each, "id": 1} for each in texts]))[1]] == ["#1", "#2"]
    assert [row[0] for row in read(tmp_path, lines(
        [{**each, "task_id": f"t/{n}"} for n, each in enumerate(texts)]))[1]] == ["t/0", "t/1"]
    assert [row[0] for row in read(tmp_path, lines(
        [{**each, "of": {"key": n}} for n, each in enumerate(texts)]), ("text",), "of.key")[1]] == ["0", "1"]
    two = [write(tmp_path, name, json.dumps([QUESTION])) for name in ("a.json", "b.json")]
    assert read_items(two, EvaluationSet(())).table["item"].to_pylist() == ["a.json#1", "b.json#1"]


@pytest.mark.parametrize(("content", "fields", "said"), [
    ("", (), "set.jsonl: no items in it."),
    ("[]", (), "set.jsonl: no items in it."),
    (lines([{"question": QUESTION}, {"frage": OTHER}]), ("question",),
     "set.jsonl, line 2: no field `question` in it; it has frage"),
    (lines(ROWS), ("choices",), "set.jsonl, line 1: `choices` is an object with text, label: name one of these"),
    (lines(ROWS), ("questoin",), "set.jsonl, line 1: no field `questoin` in it; it has id, question, choices"),
    (lines([{"text": None}, {"text": "  "}]), ("text",), "set.jsonl: no text in text of its 2 items."),
    (lines([{"n": 1}]), (), "set.jsonl, line 1: no field in it holds a text; it has n."),
    (lines(ROWS) + '{"id": "c", "question": "Wh', (), "set.jsonl, line 3: "),
    ("[1, 2]", (), "set.jsonl, item 1: an item is an object with fields, or a text; this is a number."),
    ('[{"a": 1}', (), "set.jsonl: no JSON list ("),
    ("[" * 100_000, (), "set.jsonl: "),
    (lines([{f"k{n}": "some text" for n in range(2000)}]), (), "more than 1,000 different fields"),
    (gzip.compress(lines(ROWS).encode())[:-20], (), "set.jsonl: "),
    (b"PAR1 and no more of it PAR1", (), "set.jsonl: not a readable Parquet file"),
    (b"\xff\xfe\xff", (), "set.jsonl: no JSON Lines, but in UTF-16"),
    (b'{"text": "\xff"}', (), "set.jsonl, line 1: invalid start byte"),
])
def test_a_bad_set_is_told_by_file_and_record(tmp_path, content, fields, said):
    with pytest.raises(UsageError) as error:
        read(tmp_path, content, fields)
    assert said in str(error.value) and len(error.value.lines) == 1


def test_halves_of_characters_and_what_is_nested_in_lists_are_read(tmp_path):
    _, rows = read(tmp_path, '{"text": ["\\ud83d\\ude00 \\ud83d and", ["more", ["of it", true]]]}', ("text",))
    assert rows == [("#1", "text", "😀 \ufffd and\nmore\nof it")]


def test_what_is_looked_for_is_told_and_how_much_is_not(tmp_path):
    file = write(tmp_path, "set.jsonl", lines([*ROWS, {"id": "c", "question": "Why?", "choices": {"text": []}}]))
    assert describe([file], EvaluationSet(("set.jsonl",)), Decontamination()) == (
        "3 items, looked for by question, choices.text (the fields that hold texts; `fields` names others); "
        "1 are not looked for: no text of 5 words and 24 bytes of letters")
