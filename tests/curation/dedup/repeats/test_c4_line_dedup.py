"""Line deduplication as a segment: TFDS's decisions, its edits, and the same bytes however it ran."""

import hashlib
from collections import Counter, defaultdict

import pytest

from maslin.curation.corpora.segment import build_segment
from maslin.curation.dedup.repeats.units import HEAD_BYTES
from maslin.curation.stages import surviving
from maslin.curation.survivors import to_ids
from maslin.manifests.counts import Counts
from maslin.manifests.tables import DOCUMENTS, part_name, read_table, write_table
from maslin.manifests.workspace import TASK_MEMORY_BYTES, Step, Workspace, commit, serial_map, verify
from tests.curation.corpora.test_corpus import distant_map
from tests.curation.models import needs_model
from tests.curation.stage_fixtures import read_surviving
from tests.curation.steps import entry
from tests.shared_data import golden

pytestmark = needs_model("punkt_english")


def documents_step(workspace, shards):
    """Shards of (id, url, text)."""
    step = Step("documents", "web", 1, {"parts": len(shards)})
    root, rows = workspace.path(step), sum(map(len, shards))
    files = []
    for index, shard in enumerate(shards):
        table = DOCUMENTS.empty_table().from_pylist(
            [{"id": id, "url": url, "text": text, "source": "web"} for id, url, text in shard], schema=DOCUMENTS)
        files.append(write_table(root, f"documents/{part_name(index)}", table))
    commit(root, step, files, counts=Counts("records", rows, rows))
    return step


def dedup(root, shards, mapper=serial_map, memory_bytes=TASK_MEMORY_BYTES, **parameters):
    """The workspace, the segment step and its manifest."""
    workspace = Workspace(root, memory_bytes)
    step = Step(
        "segment", "web", 1, {"steps": [entry("c4_line_dedup", **parameters)], "start": 0},
        {"documents": documents_step(workspace, shards)})
    return workspace, step, build_segment(step, workspace, mapper)


def texts(workspace, step):
    return {
        row["id"]: row["text"] for shard in surviving(step, workspace) for row in read_surviving(shard).to_pylist()}


def rows(workspace, step, folder):
    found = []
    for path in sorted((workspace.path(step) / folder).iterdir()):
        ids = read_table(workspace.path(step.inputs["documents"]) / "documents" / path.name)["id"]
        found += to_ids(read_table(path), ids).to_pylist()
    return found


def by_md5(*urls):
    return sorted(urls, key=lambda url: hashlib.md5(url.encode()).hexdigest())


FIRST, SECOND, THIRD = by_md5("x.org/a", "x.org/b", "x.org/c")


def test_a_line_stays_on_the_page_with_the_smallest_md5_and_there_once(tmp_path):
    shards = [
        [("third", THIRD, "Shared line.\nOf its own.\n shared LINE. \nOf its own."),
         ("second", SECOND, "Shared line.")],
        [("first", FIRST, "One.\nSHARED line.\nshared line.")],
    ]
    workspace, step, manifest = dedup(tmp_path, shards, min_sentences=0)
    assert texts(workspace, step) == {"third": "Of its own.", "first": "One.\nSHARED line."}
    (row,) = rows(workspace, step, "ledger")
    assert (row["id"], row["rule"], row["text_prefix"]) == ("second", "empty", "Shared line.")
    assert manifest.counted().edited == {"c4_line_dedup": 2}
    assert manifest.counted().lines_removed == {"global_duplicate": 2, "local_duplicate": 2}
    spans = [(e["id"], e["rule"], e["line_start"], e["line_end"]) for e in rows(workspace, step, "edits")]
    assert spans == [
        ("third", "global_duplicate", 0, 1), ("third", "global_duplicate", 2, 3), ("third", "local_duplicate", 3, 4),
        ("first", "local_duplicate", 2, 3)]


def test_a_page_left_with_too_few_sentences_goes(tmp_path):
    shared, own = "A line of two. Sentences here.", "One of its own."
    workspace, step, _ = dedup(tmp_path, [[("a", FIRST, f"{shared}\n{own}"), ("b", SECOND, f"{shared}\n{own} Two.")]])
    assert texts(workspace, step) == {"a": f"{shared}\n{own}"}
    (row,) = rows(workspace, step, "ledger")
    assert (row["rule"], row["value"], row["op"], row["threshold"]) == ("too_few_sentences", 2, "<", 3)


def test_urls_are_compared_as_c4_normalises_them_unless_told(tmp_path):
    one, two = f"https://www.{FIRST}/", f"https://www.{SECOND}/"
    shards = [[("two", two, "Shared."), ("one", one, "Shared.")]]
    workspace, step, _ = dedup(tmp_path / "normalised", shards, min_sentences=0)
    assert list(texts(workspace, step)) == ["one"]
    workspace, step, _ = dedup(tmp_path / "as-is", shards, min_sentences=0, url="as_is")
    assert list(texts(workspace, step)) == [{one: "one", two: "two"}[by_md5(one, two)[0]]]


def test_equal_urls_and_none_are_told_apart_by_order_and_id(tmp_path):
    workspace, step, _ = dedup(tmp_path, [[("a", FIRST, "Same.")], [("b", FIRST, "Same.")]], min_sentences=0)
    assert list(texts(workspace, step)) == ["a"]
    first, second = by_md5("c", "d")
    workspace, step, _ = dedup(tmp_path / "none", [[(second, None, "Same."), (first, None, "Same.")]], min_sentences=0)
    assert list(texts(workspace, step)) == [first]


def test_other_line_ends_make_one_edit_of_the_whole_text(tmp_path):
    shards = [[("a", FIRST, "Same."), ("b", SECOND, "Same.\nA page\x0cbreak.\n")]]
    workspace, step, _ = dedup(tmp_path, shards, min_sentences=0)
    assert texts(workspace, step)["b"] == "A page\x0cbreak.\n"
    (edit,) = rows(workspace, step, "edits")
    assert (edit["rule"], edit["line_start"], edit["line_end"]) == ("duplicates", 0, 3)
    assert edit["replacement"] == "A page\x0cbreak.\n"


def test_three_sentence_spans_as_the_paper_says(tmp_path):
    a, b, c, d, e = (f"This is sentence {name} of a page." for name in "abcde")
    shards = [[
        ("first", FIRST, f"{a} {b}\n{c} {d}"),
        ("second", SECOND, f"{e} {a}  {b.upper()}\n{c}\n{e} And more. Here."),  # three in a row: they go
        ("third", THIRD, f"{a} {b} {e} {d}"),  # never three in a row: all stay
    ]]
    workspace, step, _ = dedup(tmp_path, shards, unit="span")
    assert texts(workspace, step) == {
        "first": f"{a} {b}\n{c} {d}", "second": f"{e} {e} And more. Here.", "third": f"{a} {b} {e} {d}"}


def many_pages():
    pages = [
        (f"page-{k}", f"x.org/{k}", "\n".join(f"Line {(k * j) % 97} of them. It has two." for j in (1, 2, 3, 5, 1)))
        for k in range(60)
    ]
    return [pages[:25], pages[25:25], pages[25:]]


def test_the_same_bytes_however_it_ran_and_whatever_the_memory(tmp_path):
    _, step, manifest = dedup(tmp_path / "a", many_pages())
    assert manifest.counted().dropped and manifest.counted().lines_removed.keys() == {
        "global_duplicate", "local_duplicate"}
    other, _, again = dedup(tmp_path / "b", many_pages(), distant_map, memory_bytes=7 * HEAD_BYTES)
    assert again == manifest
    assert verify(other.path(step)) == [] and not list(other.path(step).rglob("*.npy"))


def test_a_killed_step_goes_on_from_the_finished_parts(tmp_path):
    _, _, manifest = dedup(tmp_path / "whole", many_pages())
    calls = []

    def dying_map(function, tasks, label, **_):
        for task in tasks:
            calls.append(task)
            if len(calls) == 8:  # after the hashes, the repeats and their places, at the first part
                raise KeyboardInterrupt
            function(task)
        return [function(task) for task in tasks]

    with pytest.raises(KeyboardInterrupt):
        dedup(tmp_path / "killed", many_pages(), dying_map)
    _, _, again = dedup(tmp_path / "killed", many_pages(), memory_bytes=20 * HEAD_BYTES)
    assert again == manifest


@pytest.mark.parametrize(("mode", "min_sentences"), [("after_clean_min3", 3), ("raw_min0", 0)])
def test_agrees_with_tfds_on_every_golden_record(tmp_path, mode, min_sentences):
    inputs = {record["id"]: record["text"] for record in golden("documents")}
    if mode == "after_clean_min3":
        inputs = {r["id"]: r["clean_page"]["text"] for r in golden("c4_tfds") if r["clean_page"]["keep"]}
    pages = [(id, f"https://golden.example/{id}", text) for id, text in inputs.items()]
    workspace, step, _ = dedup(
        tmp_path, [pages[:300], pages[300:]], min_sentences=min_sentences, url="as_is")
    kept = texts(workspace, step)
    reasons = {row["id"]: row["rule"] for row in rows(workspace, step, "ledger")}
    records = [record for record in golden("c4_tfds_dedupe") if record["mode"] == mode]
    assert len(records) == len(inputs)
    removed = defaultdict(Counter)
    for edit in rows(workspace, step, "edits"):
        if edit["replacement"] is None:
            removed[edit["id"]][f"line-filtered:{edit['rule']}"] += edit["line_end"] - edit["line_start"]
    for record in records:
        assert reasons.get(record["id"]) == record["reason"], record["id"]
        assert (record["id"] in kept) == record["keep"]
        if record["keep"] and record.get("text_same_as_input"):
            assert kept[record["id"]] == inputs[record["id"]]
        elif record["keep"]:
            assert hashlib.sha256(kept[record["id"]].encode()).hexdigest() == record["text_sha256"], record["id"]
            assert kept[record["id"]].split("\n") == [
                inputs[record["id"]].split("\n")[line] for line in record["kept_lines"]]
        if record["id"] in removed:
            assert removed[record["id"]] == {
                name: number for name, number in record["counters"].items() if name.startswith("line-filtered:")}
