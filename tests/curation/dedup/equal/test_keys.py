"""What is equal by a key: as dictionaries of Python say, whatever the shards, their order and the partitions."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maslin.curation.dedup.equal import batches
from maslin.curation.dedup.equal.exact import find_equal
from maslin.curation.dedup.near.search import Search, read_found
from maslin.curation.stages import StageShard
from maslin.curation.text.c4_urls import normalised
from maslin.manifests.steps.dedup import ExactDedup
from maslin.manifests.tables import part_name, write_table
from maslin.manifests.workspace import serial_map
from tests.curation.stage_fixtures import documents_table, make_id
from tests.curation.text.test_normalised_text import simplified

TEXTS = ["One text.", "one  TEXT", "Öne text", "another one", "…", "!", "", None]
URLS = [None, "", "http://www.a.test/x/", "https://a.test/x", "a.test/y"]


def write(root, name, shards):
    """Shards of (id, text, url)."""
    paths = []
    for index, shard in enumerate(shards):
        table = documents_table({id: text for id, text, _ in shard}, name, {id: url for id, _, url in shard})
        write_table(root / name, f"documents/{part_name(index)}", table)
        paths.append(StageShard(root / name / "documents" / part_name(index)))
    return paths


def found(root, shards, by, earlier=None, among=True):
    """id → (survivor, where) of those that leave."""
    earlier = {name: write(root, name, each) for name, each in (earlier or {}).items()}
    search = Search(root, "t", serial_map, "t")
    answer = find_equal(search, write(root, "new", shards), ExactDedup(by=by), earlier, among)
    rows = [row for path in answer.paths for row in read_found(path).to_pylist()]
    counted = answer.summary["equal_text" if by == "text" else f"equal_{by}"]
    assert counted == len(rows) == len({row["id"] for row in rows})
    return {row["id"]: (row["survivor_id"], row["where"]) for row in rows}


def key(document, by):
    _, text, url = document
    text = text or ""
    if by == "text":
        return text
    if by == "url":
        return normalised(url) or None if url else None
    return simplified(text) or text


def expected(new, by, earlier, among=True):
    """By a dictionary: the smallest id of the earlier ones, else of the new ones."""
    stays = {}
    for name, documents in earlier.items():
        for document in documents:
            here = (0, document[0], name)
            stays[key(document, by)] = min(stays.get(key(document, by), here), here)
    if among:
        for document in sorted(new):
            stays.setdefault(key(document, by), (1, document[0], None))
    return {each[0]: (stays[key(each, by)][1], stays[key(each, by)][2]) for each in new
            if key(each, by) is not None and key(each, by) in stays
            and (stays[key(each, by)][0] == 0 or stays[key(each, by)][1] != each[0])}


documents = st.lists(st.tuples(st.sampled_from(TEXTS), st.sampled_from(URLS)), max_size=14)


@settings(max_examples=25, deadline=None)
@given(documents, documents, documents, st.sampled_from(["text", "normalised_text", "url"]), st.integers(1, 3),
       st.integers(1, 4), st.booleans(), st.randoms())
def test_equals_a_dictionary(tmp_path_factory, new, first, second, by, parts, size, among, rng):
    named = {name: [(make_id(f"{name}{number}"), *each) for number, each in enumerate(rows)]
             for name, rows in (("new", new), ("a", first), ("b", second))}
    want = expected(named["new"], by, {"a": named["a"], "b": named["b"]}, among)
    for rows in named.values():
        rng.shuffle(rows)
    shards = {name: [rows[part::parts] for part in range(parts)] for name, rows in named.items()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batches, "PARTITION_ROWS", size)
        assert found(tmp_path_factory.mktemp("keys"), shards["new"], by, {
            "a": shards["a"], "b": shards["b"]}, among) == want


@pytest.mark.parametrize(("by", "pairs"), [
    ("text", {"b": "a"}), ("normalised_text", {"b": "a", "c": "a", "d": "a"}), ("url", {"c": "a"})])
def test_what_is_equal(tmp_path, by, pairs):
    shard = [("a", "A text.", "http://x.test/1/"), ("b", "A text.", None), ("c", "a\n TEXT!", "https://www.x.test/1"),
             ("d", "Á text", ""), ("e", "A text 2", ""), ("f", "?", None), ("g", "!", None)]
    assert found(tmp_path, [shard], by) == {id: (other, None) for id, other in pairs.items()}


def test_the_largest_clusters_are_told_whatever_the_partitions(tmp_path, monkeypatch):
    shard = [(f"{number:02}", f"text {number % 7 if number < 40 else 'x'}", None) for number in range(60)]
    told = []
    for size in (1, 7, 1000):
        monkeypatch.setattr(batches, "PARTITION_ROWS", size)
        (tmp_path / str(size)).mkdir()
        shards = write(tmp_path / str(size), "new", [shard[:30], shard[30:]])
        search = Search(tmp_path / str(size), "t", serial_map, "t")
        told.append(find_equal(search, shards, ExactDedup()).summary)
    assert told[0] == told[1] == told[2]
    assert told[0]["largest_clusters"][:2] == [
        {"survivor_id": "40", "documents": 19}, {"survivor_id": "00", "documents": 5}]
    assert told[0]["cluster_sizes"] == [
        {"least": 5, "most": 8, "clusters": 7, "documents": 40},
        {"least": 17, "most": 32, "clusters": 1, "documents": 20}]
    assert told[0]["equal_text"] == 52 and told[0]["near"] == 0
