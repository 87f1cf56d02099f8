"""Repeated passages as a segment: what a quadratic search finds goes, line by line, however it ran."""

import random
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maslin.curation.corpora.segment import build_segment
from maslin.curation.dedup.repeats import passages, units, windows
from maslin.manifests.tables import read_table
from maslin.manifests.workspace import TASK_MEMORY_BYTES, Step, Workspace, serial_map, verify
from tests.curation.corpora.test_corpus import distant_map
from tests.curation.dedup import test_words
from tests.curation.dedup.repeats.test_c4_line_dedup import documents_step, rows, texts
from tests.curation.stage_fixtures import read_surviving, sentence, write_shards
from tests.curation.steps import entry


def words_of(text):
    return test_words.words_of([text])[0]


def dedup(root, shards, mapper=serial_map, memory_bytes=TASK_MEMORY_BYTES, **parameters):
    """The workspace, the segment step and its manifest; shards of id → text."""
    workspace = Workspace(root, memory_bytes)
    documents = documents_step(workspace, [[(id, None, text) for id, text in shard.items()] for shard in shards])
    step = Step("segment", "web", 1, {"steps": [entry("passage_dedup", **parameters)], "start": 0},
                {"documents": documents})
    return workspace, step, build_segment(step, workspace, mapper)


def signals(workspace, step):
    return {row["id"]: (row["passage_dedup.repeated_words_ratio"], row["passage_dedup.earlier_words_ratio"])
            for row in rows(workspace, step, "signals")}


def brute_force(documents, size):
    """By id, the numbers of the words that stand earlier, and of those that stand elsewhere: all pairs of windows."""
    words = {id: words_of(text) for id, text in sorted(documents.items())}
    every = [(id, at) for id, mine in words.items() for at in range(len(mine) - size + 1)]
    earlier, elsewhere = defaultdict(set), defaultdict(set)
    for number, (id, at) in enumerate(every):
        same = [pair for pair in every[:number] if words[pair[0]][pair[1]:pair[1] + size] == words[id][at:at + size]]
        if same:
            first_id, first = same[0]
            least = first + size if first_id == id else 0
            earlier[id].update(range(max(at, least), at + size))
            elsewhere[first_id].update(range(first, first + size))
    return earlier, {id: earlier[id] | elsewhere[id] for id in words}


def without_earlier(text, gone):
    """The text without lines whose words are all `gone`, and without empty lines between two such."""
    word, status = 0, []
    for line in text.split("\n"):
        number = len(words_of(line))
        status.append(None if not number else set(range(word, word + number)) <= gone)
        word += number
    left = []
    for at, line in enumerate(text.split("\n")):
        above = next((each for each in reversed(status[:at]) if each is not None), False)
        below = next((each for each in status[at:] if each is not None), False)
        if not (status[at] or (status[at] is None and above and below)):
            left.append(line)
    return "\n".join(left)


def expected(documents, size, least):
    earlier, _ = brute_force(documents, size)
    found = {}
    for id, text in documents.items():
        new = without_earlier(text, earlier[id])
        if new == text or len(new.strip()) >= max(1, least):
            found[id] = new
    return found


PASSAGE = sentence(0, 60)


def test_a_passage_stays_in_the_document_with_the_smallest_id_wherever_that_is(tmp_path):
    shards = [{"c": f"Of c.\n{PASSAGE}\nAnd its own end.", "b": f"{PASSAGE.upper()}\nIts own: more than 20."},
              {"a": f"First {PASSAGE} and last."}]
    workspace, step, manifest = dedup(tmp_path, shards)
    assert texts(workspace, step) == {
        "c": "Of c.\nAnd its own end.", "b": "Its own: more than 20.", "a": f"First {PASSAGE} and last."}
    assert manifest.counted().edited == {"passage_dedup": 2}
    assert manifest.counted().lines_removed == {"repeated_passage": 2}
    assert [(e["id"], e["rule"], e["line_start"], e["line_end"]) for e in rows(workspace, step, "edits")] == [
        ("c", "repeated_passage", 1, 2), ("b", "repeated_passage", 0, 1)]


def test_only_whole_lines_go_and_empty_ones_between_them(tmp_path):
    one, two = sentence(0, 40), sentence(40, 40)
    shards = [{"a": f"{one} {two}", "long": f"before {one} {two}", "ends": f"{one} w40\n{sentence(41, 39)} more\nown",
               "gap": f"Title of it\n\n{one}\n\n \n{two}\n\nIts own, at its end."}]
    workspace, step, _ = dedup(tmp_path, shards)
    assert texts(workspace, step) == {
        "a": f"{one} {two}", "long": f"before {one} {two}", "ends": f"{sentence(41, 39)} more\nown",
        "gap": "Title of it\n\n\nIts own, at its end."}


def test_a_document_of_which_too_little_is_left_goes_and_says_where_its_passage_stands(tmp_path):
    shards = [{"a": PASSAGE, "b": f"{PASSAGE}\n", "c": f"{PASSAGE}\nUp to 19 characters", "d": f"{PASSAGE}\n{'x' * 20}",
               "short": "Short", "none": ""}]
    workspace, step, manifest = dedup(tmp_path, shards)
    assert set(texts(workspace, step)) == {"a", "d", "short", "none"}
    assert [(row["id"], row["rule"], row["value"], row["op"], row["threshold"], row["detail"])
            for row in rows(workspace, step, "ledger")] == [
        ("b", "empty", None, None, None, "its first passage stands in a"),
        ("c", "too_few_characters", 19, "<", 20, "its first passage stands in a")]
    assert manifest.counted().dropped == {"empty": 1, "too_few_characters": 1}


def test_mark_measures_and_changes_nothing(tmp_path):
    shards = [{"b": f"{PASSAGE} {sentence(100, 20)}", "a": f"{sentence(200, 60)} {PASSAGE}", "c": "", "d": "own words"}]
    removed = dedup(tmp_path / "removed", shards)
    workspace, step, manifest = dedup(tmp_path / "marked", shards, action="mark")
    assert texts(workspace, step) == shards[0] and not rows(workspace, step, "ledger") + rows(workspace, step, "edits")
    assert signals(workspace, step) == signals(*removed[:2]) == {
        "b": (0.75, 0.75), "a": (0.5, 0), "c": (None, None), "d": (0, 0)}
    assert manifest.counted().edited == {}


@pytest.mark.parametrize("action", ["mark", "remove"])
def test_documents_of_which_too_much_stands_earlier_leave_as_a_whole(tmp_path, action):
    shards = [{"a": PASSAGE, "half": f"{PASSAGE} {sentence(100, 60)}", "more": f"{PASSAGE} {sentence(200, 59)}"}]
    workspace, step, _ = dedup(tmp_path, shards, action=action, max_earlier_words_ratio=0.5)
    assert set(texts(workspace, step)) == {"a", "half"}
    (row,) = rows(workspace, step, "ledger")
    assert (row["rule"], row["value"], row["threshold"], row["detail"]) == (
        "earlier_words_ratio", 60 / 119, 0.5, "its first passage stands in a")


@pytest.mark.parametrize("size", [10, 50])
def test_49_words_are_no_passage_of_50(tmp_path, size):
    shards = [{"a": sentence(0, size), "b": sentence(0, size - 1) + " other", "c": "other " + sentence(1, size - 1)}]
    workspace, step, _ = dedup(tmp_path, shards, min_words=size, min_left_characters=0)
    assert texts(workspace, step) == shards[0]


def test_what_overlaps_its_own_first_occurrence_leaves_that_whole(tmp_path):
    shards = [{"a": "\n".join(["ab", "cd"] * 100), "b": "\n".join(["cd", "ab"] * 30 + ["and more to be long enough"])}]
    workspace, step, _ = dedup(tmp_path, shards)
    assert texts(workspace, step) == {"a": "\n".join(["ab", "cd"] * 25), "b": "and more to be long enough"}


@pytest.mark.parametrize(("passage", "other"), [
    ("他们在一个古老的城市里住了很多年从来没有离开过那里因为那里有他们的家人和朋友还有他们熟悉的一切东西和街道桥梁",
     "这是另外的一个句子它很长很长很长很长很长"),
    (" ".join(f"מילה{k}" for k in range(50)), "שורה אחרת לגמרי שאין לה אח"),
    (" ".join(f"كلمة{k}" for k in range(50)), "سطر آخر تماما ليس له مثيل"),
    ("ภาษาไทยเขียนติดกันโดยไม่มีช่องว่างระหว่างคำและประโยคยาวมากจนกว่าจะจบความคิดหนึ่งแล้ว", "บรรทัดนี้ไม่เหมือนใครในโลกใบนี้เลย"),
])
def test_scripts_without_spaces_and_from_right_to_left(tmp_path, passage, other):
    assert len(words_of(passage)) >= 50
    workspace, step, _ = dedup(tmp_path, [{"a": passage, "b": f"{passage}\n{other}"}])
    assert texts(workspace, step) == {"a": passage, "b": other}


def test_other_line_ends_make_one_edit_of_the_whole_text(tmp_path):
    new = "A page\x0cbreak, and more."
    workspace, step, _ = dedup(tmp_path, [{"a": PASSAGE, "b": f"{PASSAGE}\n{new}"}])
    assert texts(workspace, step)["b"] == new
    (edit,) = rows(workspace, step, "edits")
    assert (edit["rule"], edit["line_start"], edit["replacement"]) == ("repeated_passages", 0, new)


def test_a_newline_at_the_end_of_a_text_stays(tmp_path):
    shards = [{"a": PASSAGE, "b": f"Own words, that are more than 20.\n\n{PASSAGE}\n", "c": f"{PASSAGE}\n{'x' * 20}\n"}]
    workspace, step, _ = dedup(tmp_path, shards)
    assert texts(workspace, step) == {
        "a": PASSAGE, "b": "Own words, that are more than 20.\n\n", "c": f"{'x' * 20}\n"}
    assert [(e["id"], e["rule"], e["line_start"], e["line_end"], e["replacement"])
            for e in rows(workspace, step, "edits")] == [
        ("b", "last_newline", 1, 2, "\n"), ("b", "repeated_passage", 2, 3, None),
        ("c", "repeated_passage", 0, 1, None), ("c", "last_newline", 1, 2, f"{'x' * 20}\n")]
    assert not any(read_table(path)["text"].drop_null() for path in (
        workspace.path(step) / "survivors").iterdir())  # edits say all


def random_corpus(seed):
    """Documents of few different words, with planted copies, in lines of any length; short and empty ones, too."""
    draw = random.Random(seed)
    alphabet = [["a", "b"], ["a", "b", "c", "D", "d."], [f"w{k}" for k in range(40)], list("中文字")][draw.randrange(4)]
    joints = [" "] * 6 + ["\n", "\n\n", "  ", " \n", "\x0c"]
    documents = {}
    for number in draw.sample(range(1000), draw.randrange(2, 12)):
        words = draw.choices(alphabet, k=draw.choice([0, 5, 9, 10, 11, 30, 60]))
        for other in draw.sample(list(documents.values()), min(len(documents), draw.randrange(3))):
            split = other.split()
            begin = draw.randrange(len(split) + 1)
            place = draw.randrange(len(words) + 1)
            words[place:place] = split[begin:begin + draw.randrange(9, 40)]
        documents[f"{number:03}"] = "".join(word + draw.choice(joints) for word in words).removesuffix("\n")
        documents[f"{number:03}"] += draw.choice(["", "", "\n", "\n\n"])
    return documents


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**9))
def test_all_that_a_quadratic_search_finds_and_nothing_else(tmp_path_factory, seed):
    documents = random_corpus(seed)
    shards = [dict(list(documents.items())[part::3]) for part in range(3)]
    least = seed % 3 * 10
    workspace, step, _ = dedup(
        tmp_path_factory.mktemp("any"), shards, min_words=10, min_left_characters=least)
    assert texts(workspace, step) == expected(documents, 10, least)
    earlier, elsewhere = brute_force(documents, 10)
    for id, shares in signals(workspace, step).items():
        number = len(words_of(documents[id]))
        if number:
            assert shares == (len(elsewhere[id]) / number, len(earlier[id]) / number)


def many():
    draw = random.Random(1)
    parts = [sentence(100 * k, 60).replace(" w", "\nw", k % 7) for k in range(9)]
    return {f"{k:02}": "\n".join(draw.choices(parts, k=3)) + f"\nIts own words, number {k}." for k in range(40)}


def test_the_same_bytes_however_it_ran_and_whatever_the_memory(tmp_path):
    documents = list(many().items())
    shards = [dict(documents[:25]), {}, dict(documents[25:])]
    _, _, manifest = dedup(tmp_path / "a", shards)
    assert manifest.counted().lines_removed["repeated_passage"] > 100
    workspace, step, again = dedup(tmp_path / "b", shards, distant_map, memory_bytes=37 * units.HEAD_BYTES)
    assert again == manifest
    assert verify(workspace.path(step)) == [] and not list(workspace.path(step).rglob("*.np?"))


def test_a_killed_search_goes_on_with_other_memory(tmp_path):
    shards = [many(), {f"own{k}": sentence(1000 + 100 * k, 60) for k in range(3)}]
    _, _, manifest = dedup(tmp_path / "whole", shards)
    for last in range(1, 16):
        calls = []

        def dying_map(function, tasks, label, *, left=last, calls=calls, **_):
            found = []
            for task in tasks:
                calls.append(task)
                if len(calls) > left:
                    raise KeyboardInterrupt
                found.append(function(task))
            return found

        with pytest.raises(KeyboardInterrupt):
            dedup(tmp_path / str(last), shards, dying_map, memory_bytes=800 * units.HEAD_BYTES)
        assert dedup(tmp_path / str(last), shards, memory_bytes=(500 + last) * units.HEAD_BYTES)[2] == manifest


def test_the_same_texts_whatever_the_shards_and_their_order(tmp_path):
    documents = list(many().items())
    found = []
    for number, parts in enumerate((1, 2, 7)):
        shards = [dict(documents[::-1][part::parts]) for part in range(parts)]
        found.append(texts(*dedup(tmp_path / str(number), shards)[:2]))
    assert found[0] == found[1] == found[2]


def test_passages_that_only_hash_alike_stay(tmp_path, monkeypatch):
    """With hashes of two bits nearly all windows pass for one: their words are compared, and nothing false goes."""
    def weak(*arguments):
        return hashes(*arguments) & np.uint64(3)

    hashes = windows._hashes
    monkeypatch.setattr(windows, "_hashes", weak)
    documents = {f"{k:02}": sentence(100 * k, 60) for k in range(12)}
    workspace, step, _ = dedup(tmp_path, [documents])
    assert texts(workspace, step) == documents
    assert set(signals(workspace, step).values()) == {(0, 0)}


def test_a_passage_in_thousands_of_documents_costs_each_of_them_once(tmp_path, monkeypatch):
    """A bucket takes an entry a piece, a run is found once a document, and its first side is hashed once."""
    licence = sentence(0, 120)
    shards = [{f"{part}-{k:04}": f"{licence}\nNumber {part * 1000 + k} has own words." for k in range(1000)}
              for part in range(3)]
    heads, digests = [], []
    bucket_heads, blake2b = units._heads, passages.hashlib.blake2b
    monkeypatch.setattr(units, "_heads", lambda *given: heads.append(bucket_heads(*given)) or heads[-1])
    monkeypatch.setattr(passages.hashlib, "blake2b", lambda *given, **named: digests.append(1) or blake2b(
        *given, **named))
    _, _, manifest = dedup(tmp_path, shards)
    assert manifest.counted().edited == {"passage_dedup": 2999}
    repeated = [count[count > 1].tolist() for *_, count in heads]
    assert repeated[-3:] == [[1000] * 72] * 3  # and one word after it
    assert len(digests) == 2999 + 1


def test_windows_are_repeated_only_where_their_anchors_are(tmp_path):
    """Equal windows have equal anchors, and an ordinary text has one in about 14 words."""
    shards = write_shards(tmp_path, [{"a": sentence(0, 5000)}])
    split = passages.split_words(read_surviving(shards[0])["text"])
    one = windows.Windows(split, 50)
    places, hashes = one.distinct_anchors()
    assert 5000 / 18 < len(places) < 5000 / 10 and len(set(hashes.tolist())) == len(places)
    assert (one.anchors[:4951] >= np.arange(4951)).all() and (one.anchors[:4951] <= np.arange(4951) + 25).all()
    assert (one.anchors[4951:] == -1).all()


def test_ids_order_as_their_bytes():
    ids = ["0" * 32, "00f" + "0" * 29, "b", "a", "ab", "é"]
    order = passages.id_order(passages.pa.chunked_array([ids]))
    assert sorted(ids) == [id for _, id in sorted(zip(map(tuple, order.tolist()), ids, strict=True))]
