"""Items of evaluation sets in documents: planted in many ways, near misses, templates, short ones, other scripts."""

import json
import random

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as hs

from benchmarks.decontamination import changed, held, looked_for, ways
from maslin.curation.decontamination.items import read_items
from maslin.curation.ingest.records import Document, NoWatch, whole_files
from maslin.manifests.recipe.evaluation_sets import EvaluationSet
from maslin.manifests.recipe.inputs import InputFile
from maslin.manifests.recipe.sources import source_kind
from maslin.manifests.steps.decontamination import Decontamination
from tests.shared_data import SHARED, shared_data

RULE = Decontamination()
ONSETS = ["b", "d", "f", "g", "k", "l", "m", "n", "p", "r", "s", "t", "v", "z", "br", "tr", "st", "pl"]
VOWELS = ["a", "e", "i", "o", "u", "ai", "ou"]


def prose(seed, count, signs=True):
    """Words of a small language, with punctuation as people have it."""
    draw = random.Random(seed)
    made = []
    for _ in range(count):
        word = "".join(draw.choice(ONSETS) + draw.choice(VOWELS) for _ in range(draw.randrange(1, 4)))
        made.append(word + draw.choice(["", "", "", "", ",", ".", "'s", "-like", "?"]) if signs else word)
    return " ".join(made)


def evaluation_set(root, rows, fields=(), name="set"):
    path = root / f"{name}.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    file = InputFile(path.name, path, path.stat().st_size, "")
    return name, read_items([file], EvaluationSet((path.name,), fields)).table


def texts_set(root, texts, name="set"):
    return evaluation_set(root, [{"id": f"q{number}", "text": text} for number, text in enumerate(texts)], name=name)


def holding(root, texts, sets, rule=RULE):
    """{document: [set item]} of those that hold any."""
    rows, _ = held(root, f"work{len(list(root.iterdir()))}", texts, sets, rule)
    found = {}
    for row in rows:
        found.setdefault(int(row["id"]), []).append(f"{row['set']} {row['item']}")
    return found


@pytest.fixture(scope="module")
def questions():
    """Of 9 to 90 words, with signs in them and around."""
    return [prose(seed, 9 + seed * 81 // 199) for seed in range(200)]


@pytest.mark.parametrize("way", ways([["-"]], random.Random(0)))
def test_items_are_found_however_they_are_written(tmp_path, questions, way):
    plant = ways([prose(seed, 2000).split() for seed in range(1000, 1010)], random.Random(1))[way]
    items = texts_set(tmp_path, questions)
    texts = looked_for([items], RULE)
    assert len(texts) == len(questions)
    found = holding(tmp_path, [plant(text) for text in texts], [items])
    right = sum(f"set q{number}" in found.get(number, ()) for number in range(len(texts)))
    assert right >= 0.95 * len(texts), right


def test_other_text_stays(tmp_path, questions):
    others = [prose(seed, 300) for seed in range(2000, 2300)]
    assert holding(tmp_path, others, [texts_set(tmp_path, questions)]) == {}


@pytest.mark.parametrize("name", [
    "HumanEval", "arc-easy-validation", "gsm8k-test", "hellaswag-validation-first-1500", "lambada-openai-first-2500",
    "mbpp-task-1-to-510", "openbookqa-validation", "piqa-validation"])
@pytest.mark.slow
def test_items_of_real_sets_are_found_however_they_are_written(tmp_path, name):
    path = shared_data(f"eval/{name}.jsonl.gz")
    items = name, read_items([InputFile(path.name, path, path.stat().st_size, "")], EvaluationSet(("",))).table
    texts = random.Random(3).sample(looked_for([items], RULE), 150)
    draw = random.Random(0)
    others = [prose(seed, 2000).split() for seed in range(5)]
    planted = {way: [plant(text) for text in texts] for way, plant in ways(others, draw).items()}
    found = holding(tmp_path, [text for each in planted.values() for text in each], [items])
    for at, way in enumerate(planted):
        recall = sum(number in found for number in range(at * len(texts), (at + 1) * len(texts))) / len(texts)
        assert recall >= 0.95, (way, recall)


@pytest.mark.slow
def test_real_documents_that_hold_no_item_stay(tmp_path):
    """An encyclopaedia and the code of packages; of these a text in a thousand may leave, and none does."""
    texts = [text for kind, path in (("wikipedia", "wikipedia/enwiki-pages-articles-excerpt.xml.bz2"),
                                     ("code", "code/toolz-1.2.0.tar.gz"), ("code", "code/tslib-2.9.1.tgz"),
                                     ("code", "code/fmtlib_9.1.0+ds1.orig.tar.gz"))
             for text in texts_of(kind, shared_data(path))]
    sets = []
    for path in sorted((SHARED / "data/eval").glob("*.jsonl.gz")):
        file = InputFile(path.name, path, path.stat().st_size, "")
        sets.append((path.stem, read_items([file], EvaluationSet(("",))).table))
    assert len(texts) > 200 and len(sets) == 8
    assert len(holding(tmp_path, texts, sets)) <= 0.001 * len(texts)


def texts_of(kind, path):
    declared = source_kind(kind)
    inputs, options = [InputFile(path.name, path, path.stat().st_size, "")], declared.options()
    return [record.text for split in (declared.splits or whole_files)(inputs, options)
            for record in declared.read(split, options, NoWatch()) if isinstance(record, Document)]


# Near misses


def test_one_word_in_forty_does_not_hide_an_item_and_one_in_six_does(tmp_path, questions):
    items, draw = texts_set(tmp_path, questions), random.Random(4)
    long = [text for text in questions if len(text.split()) > 45]
    assert len(holding(tmp_path, [changed(text, 40, draw) for text in long], [items])) == len(long)
    assert len(holding(tmp_path, [changed(text, 6, draw) for text in long], [items])) < 0.05 * len(long)


def test_the_share_decides(tmp_path):
    """Of 24 words with 12 n-grams a document holds 17 words: five n-grams; and 18: six."""
    item = prose(1, 24, signs=False)
    items = texts_set(tmp_path, [item])
    parts = [prose(2, 40) + " " + " ".join(item.split()[:count]) + " " + prose(3, 40) for count in (17, 18)]
    rows, _ = held(tmp_path, "share", parts, [items], RULE)
    assert [(row["id"], row["share"], row["threshold"], row["run_words"]) for row in rows] == [("1", 0.5, 0.5, 18)]
    assert rows[0]["passage"] == " ".join(item.split()[:18]) and (rows[0]["set"], rows[0]["item"]) == ("set", "q0")


def test_a_short_item_stands_whole_and_in_a_row(tmp_path):
    items = texts_set(tmp_path, ["Which of these melts at room temperature?"])
    texts = ["So, which of these melts\nat room – temperature. Nobody", "which of these melts at room temperatures",
             "which of these melts at a room temperature", "at room temperature which of these melts",
             "sandwich of these melts at room temperature", "which of these melts at room"]
    assert holding(tmp_path, texts, [items]) == {0: ["set q0"]}


def test_words_enough_are_words_and_letters(tmp_path):
    items = texts_set(tmp_path, ["What is it?", "To be or not to be", "Photosynthesis transforms sunlight into sugar",
                                 "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20"])
    _, found = held(tmp_path, "short", ["nothing"], [items], RULE)
    assert found.not_looked_for({"set": 5}) == {"set": {"too_short": 3, "templates": 1}}  # one of five has no text
    assert looked_for([items], RULE) == ["Photosynthesis transforms sunlight into sugar"]


def test_other_scripts(tmp_path):
    chinese = "下列哪一种物质在常温常压下是液体，并且能够导电？"
    thai = "ข้อใดต่อไปนี้เป็นแหล่งพลังงานที่สามารถนำกลับมาใช้ใหม่ได้"
    items = texts_set(tmp_path, [chinese, "水的沸点在海平面是多少度", thai])
    texts = [f"题目：{chinese[:9]}\n{chinese[9:-1]}！答案", "水的沸点在海平面是一百度", f"{thai} ครับ", chinese[4:10]]
    assert holding(tmp_path, texts, [items]) == {0: ["set q0"], 2: ["set q2"]}


# Templates


def test_what_many_items_share_counts_for_none(tmp_path):
    head = "Read the passage below with care and then choose the one answer that fits best of all the four given."
    rows = [f"{head} {prose(seed, 20)}" for seed in range(30)]
    items = texts_set(tmp_path, rows)
    assert holding(tmp_path, [f"{prose(900, 50)} {head} {prose(901, 50)}", rows[7]], [items]) == {1: ["set q7"]}


def test_a_small_set_has_its_template_too(tmp_path):
    head = prose(1, 60)
    rows = [f"{head} {prose(seed, 20)}" for seed in range(100, 105)]
    items = texts_set(tmp_path, rows)
    assert holding(tmp_path, [head, rows[2]], [items]) == {1: ["set q2"]}


def test_one_instruction_of_all_items_is_not_looked_for_and_a_passage_of_some_is(tmp_path):
    rows = [{"id": number, "instruction": "Answer with yes or no, and give no reason for it.",
             "passage": prose(number // 20, 40), "question": prose(5000 + number, 9)} for number in range(2000)]
    items = evaluation_set(tmp_path, rows, ("instruction", "passage", "question"))
    _, found = held(tmp_path, "work", [rows[0]["instruction"], rows[25]["passage"], rows[3]["question"]], [items], RULE)
    (table,) = (pa.ipc.open_file(path).read_all() for path in found.paths)
    assert table.select(["id", "item", "field", "items"]).to_pylist() == [
        {"id": "1", "item": "20", "field": "passage", "items": 20},
        {"id": "2", "item": "3", "field": "question", "items": 1}]
    documents = pa.chunked_array([["0", "2"]])
    told = found.items_found([documents]).to_pylist()
    assert len(told) == 21 and sum(row["documents"] for row in told) == 21
    assert [row["item"] for row in told if row["kept"]] == ["3"]


def test_an_item_of_a_thousand_documents_is_found_in_all(tmp_path):
    item = prose(1, 30)
    texts = [f"{prose(seed, 10)} {item}" for seed in range(10_000, 10_100)]
    assert len(holding(tmp_path, texts, [texts_set(tmp_path, [item, prose(2, 30)])])) == 100


def test_the_best_of_several_comes_first(tmp_path):
    one, other = prose(1, 40, signs=False), prose(2, 20, signs=False)
    items = texts_set(tmp_path, [one, other])
    document = " ".join(one.split()[:35]) + " and " + other
    assert holding(tmp_path, [document], [items]) == {0: ["set q1", "set q0"]}


WORDS = hs.sampled_from(["alpha", "beta", "gamma", "delta", "(epsilon)", "zeta's", "7"])


@settings(max_examples=40, deadline=None)
@given(hs.lists(hs.lists(WORDS, min_size=1, max_size=12).map(" ".join), min_size=1, max_size=2, unique=True),
       hs.lists(hs.lists(WORDS, max_size=16).map(" ".join), min_size=1, max_size=4))
def test_it_is_what_strings_give(tmp_path_factory, questions, documents):
    """With n-grams of four words, at least two words, against the same by lists of Python. Two items: no template."""
    root = tmp_path_factory.mktemp("found")
    rule = Decontamination(ngram_words=4, least_words=2, least_bytes=4, common_items=1000)
    found = holding(root, documents, [evaluation_set(
        root, [{"id": f"q{n}", "text": text} for n, text in enumerate(questions)], ("text",))], rule)

    def words(text, joined):
        for sign in "()'":
            text = text.replace(sign, "" if joined else " ")
        return text.split()

    def stands(item, document):
        size = 4 if len(item) >= 4 else len(item)
        grams = [tuple(item[at:at + size]) for at in range(len(item) - size + 1)]
        counted = {gram for gram in grams if any(word != "7" for word in gram)}
        there = {tuple(document[at:at + size]) for at in range(len(document) - size + 1)}
        return bool(counted) and (len(counted & there) >= 0.5 * len(counted) if len(item) >= 4 else counted <= there)

    for number, document in enumerate(documents):
        expected = {f"set q{at}" for at, text in enumerate(questions) if any(
            len(its := words(text, joined)) >= 2 and len("".join(words(text, False))) >= 4
            and stands(its, words(document, False)) for joined in (True, False))}
        assert set(found.get(number, ())) == expected
