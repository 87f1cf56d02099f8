"""Who leaves as a duplicate of whom: survivors by id, true similarities, no chains, short texts, order independence."""

import dataclasses
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maslin.curation.dedup.near import families, matching, outcome, sketches
from maslin.curation.dedup.near.search import (
    Search,
    find_duplicates,
    find_groups,
    find_matches,
    find_overlaps,
    read_found,
)
from maslin.manifests.steps.dedup import NearDedup
from maslin.manifests.workspace import serial_map
from tests.curation.dedup.test_words import has_letter
from tests.curation.stage_fixtures import make_id, sentence, write_shards
from tests.shared_data import golden

NEAR = NearDedup()


def rows(found):
    return {row["id"]: row for path in found.paths for row in read_found(path).to_pylist()}


def duplicates(root, shards, near=NEAR, **search):
    return rows(find_duplicates(Search(root, "t", serial_map, "t", **search), write_shards(root, shards), near))


def survivors(root, shards, near=NEAR):
    return {id: row["survivor_id"] for id, row in duplicates(root, shards, near).items()}


def shingles(text, n=5):
    words = text.lower().split()
    return {" ".join(words[i:i + n]) for i in range(len(words) - n + 1)}


def true_jaccard(a, b):
    first, second = shingles(a), shingles(b)
    return len(first & second) / len(first | second)


A = sentence(0, 200)
CLOSE = A + " more words at the end"  # 196 of 201 shingles


def test_the_smallest_id_survives_and_the_similarity_is_true(tmp_path):
    found = duplicates(tmp_path, [{"b": A, "c": CLOSE, "a": CLOSE + "!", "d": sentence(500, 50)}])
    assert {id: row["survivor_id"] for id, row in found.items()} == {"b": "a", "c": "a"}
    assert found["b"]["similarity"] == true_jaccard(A, CLOSE + "!")


def test_equal_texts_have_similarity_one_and_say_so(tmp_path):
    assert duplicates(tmp_path, [{"b": A}, {"a": A}])["b"] == {
        "id": "b", "survivor_id": "a", "similarity": 1.0, "equal_text": True}


def test_texts_equal_but_for_case_and_white_space_are_near_duplicates(tmp_path):
    found = duplicates(tmp_path, [{"a": A, "b": A.upper().replace(" ", "\n")}])
    assert (found["b"]["similarity"], found["b"]["equal_text"]) == (1.0, False)


def test_short_texts_leave_only_for_equal_ones(tmp_path):
    texts = {"a": "one two", "b": "one three", "c": "one two", "d": "", "e": "", "f": "four words are short"}
    found = find_duplicates(Search(tmp_path, "t", serial_map, "t"), write_shards(tmp_path, [texts]), NEAR)
    assert {id: row["survivor_id"] for id, row in rows(found).items()} == {"c": "a", "e": "d"}
    assert found.summary["short_documents"] == 6


def test_no_duplicates_and_no_documents_at_all(tmp_path):
    assert survivors(tmp_path, [{"a": sentence(0, 50), "b": sentence(100, 50)}, {}]) == {}
    assert survivors(tmp_path / "empty", [{}]) == {}
    assert survivors(tmp_path / "nothing", []) == {}


def test_exact_dedup_leaves_near_duplicates_alone(tmp_path):
    assert survivors(tmp_path, [{"a": A, "b": CLOSE}, {"c": A}], near=None) == {"c": "a"}


def test_a_chain_of_neighbours_keeps_every_document_without_a_close_survivor(tmp_path):
    # Neighbours share 188 of 212 shingles (.887), those next but one 176 of 224 (.786).
    chain = {f"{k:02d}": sentence(12 * k, 204) for k in range(30)}
    found = duplicates(tmp_path, [chain])
    assert set(found) == {f"{k:02d}" for k in range(1, 30, 2)}
    for id, row in found.items():
        assert row["survivor_id"] not in found
        assert row["similarity"] == true_jaccard(chain[id], chain[row["survivor_id"]])


def test_the_most_similar_survivor_is_named(tmp_path):
    texts = {"a": sentence(0, 200), "b": sentence(26, 200), "c": sentence(20, 200)}  # a–b .77, a–c .81, b–c .94
    assert survivors(tmp_path, [texts]) == {"c": "b"}


def test_clusters_are_counted_by_size_with_the_one_that_stays(tmp_path, monkeypatch):
    monkeypatch.setattr(outcome, "_CHUNK", 3)
    sizes = [1, 2, 2, 3, 4, 5, 8, 9]
    texts = {f"{k}{copy}": sentence(500 * k, 40) for k, size in enumerate(sizes) for copy in range(size)}
    for near in (NEAR, None):
        search = Search(tmp_path / str(near), "t", serial_map, "t")
        found = find_matches(search, (), write_shards(tmp_path, [texts]), near)
        assert [tuple(each.values()) for each in found.summary["cluster_sizes"]] == [
            (2, 2, 2, 4), (3, 4, 2, 7), (5, 8, 2, 13), (9, 16, 1, 9)]  # least, most, clusters, documents
        assert found.summary["largest_clusters"][0] == {"survivor_id": "70", "documents": 8}


def test_copies_follow_their_first_text(tmp_path):
    found = duplicates(tmp_path, [{"a": A, "b": CLOSE, "c": CLOSE}])
    assert {id: row["survivor_id"] for id, row in found.items()} == {"b": "a", "c": "a"}
    assert found["c"]["similarity"] == found["b"]["similarity"] < 1


@pytest.mark.parametrize(("threshold", "leaves"), [(0.8, True), (0.81, False)])
def test_a_pair_at_the_threshold_leaves(tmp_path, threshold, leaves):
    texts = {"a": "a b c d e f g h i", "b": "a b c d e f g h"}  # 4 of 5 shingles of five words
    near = NearDedup(threshold=threshold, false_negative_weight=0.99, permutations=512)
    assert ("b" in survivors(tmp_path, [texts], near)) is leaves


def test_overlaps_look_at_references_only(tmp_path):
    references = write_shards(tmp_path / "r", [{"z": A, "y": "short text"}, {"x": A, "q": sentence(900, 100)}])
    queries = write_shards(tmp_path / "q", [
        {"a": A, "b": CLOSE, "c": CLOSE}, {"d": sentence(500, 90), "e": "short text"},
        {"f": sentence(500, 90), "x": sentence(300, 60)},
    ])
    found = rows(find_overlaps(Search(tmp_path / "w", "t", serial_map, "t"), queries, references, NEAR))
    assert {id: row["survivor_id"] for id, row in found.items()} == {"a": "x", "b": "x", "c": "x", "e": "y"}
    assert found["a"]["similarity"] == 1.0 and found["c"]["similarity"] == true_jaccard(A, CLOSE)


def test_groups_are_connected_and_named_by_the_smallest_id(tmp_path):
    chain = {f"c{k}": sentence(12 * k, 204) for k in range(9)}
    shards = write_shards(tmp_path, [chain, {"b": chain["c8"], "z": "short", "y": "short", "x": sentence(900, 80)}])
    found = find_groups(Search(tmp_path, "t", serial_map, "t"), shards, NearDedup(permutations=256))
    assert {id: row["group"] for id, row in rows(found).items()} == {
        **{id: "b" for id in [*chain, "b"]}, "z": "y", "y": "y", "x": "x"}
    assert found.summary["largest_groups"] == [{"id": "b", "documents": 10}, {"id": "y", "documents": 2}]
    assert found.summary["group_sizes"] == [
        {"least": 2, "most": 2, "clusters": 1, "documents": 2},
        {"least": 9, "most": 16, "clusters": 1, "documents": 10}]


@settings(max_examples=8, deadline=None)
@given(st.data())
def test_results_do_not_depend_on_shards_or_order_and_keep_the_law(tmp_path_factory, data):
    draw = random.Random(data.draw(st.integers(0, 2**32)))
    texts = {}
    for k in range(25):
        start = draw.choice([0, 8, 16, 24, 400, 408])
        texts[make_id(str(k))] = sentence(start, draw.choice([3, 150, 160]))
    near = dataclasses.replace(NEAR, threshold=draw.choice([0.6, 0.8, 0.95]))

    def cut(items, parts):
        shards = [{} for _ in range(parts)]
        for id, text in items:
            shards[draw.randrange(parts)][id] = text
        return shards

    shuffled = draw.sample(list(texts.items()), len(texts))
    one = duplicates(tmp_path_factory.mktemp("one"), [texts], near)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sketches, "RUN_DOCUMENTS", 3)
        patch.setattr(outcome, "_CHUNK", 4)
        patch.setattr(families, "_BATCH_DOCUMENTS", 5)
        little = {"memory_bytes": draw.choice([800, 5000])}
        other = duplicates(tmp_path_factory.mktemp("other"), cut(shuffled, 4), near, **little)
        root = tmp_path_factory.mktemp("groups")
        grouped = find_groups(Search(root, "g", serial_map, "g", **little), write_shards(root, cut(shuffled, 3)), near)
    assert one == other
    groups = {id: row["group"] for id, row in rows(grouped).items()}
    root = tmp_path_factory.mktemp("all")
    assert groups == {id: row["group"] for id, row in rows(find_groups(
        Search(root, "g", serial_map, "g"), write_shards(root, [texts]), near)).items()}
    assert all(groups[id] == groups[row["survivor_id"]] for id, row in one.items())
    for id, row in one.items():
        assert row["survivor_id"] < id and row["survivor_id"] not in one and row["similarity"] >= near.threshold


@pytest.mark.parametrize(("first", "last"), [
    (0x4E00, 0x5200), (0x3042, 0x3094), (0x0E01, 0x0E2E), (0x0E94, 0x0EA0), (0x1780, 0x17B3), (0x1000, 0x102A),
    (0x0F40, 0x0F48), (0xA984, 0xA9B3)], ids=["Han", "kana", "Thai", "Lao", "Khmer", "Burmese", "Tibetan", "Javanese"])
def test_in_scripts_without_spaces_changed_copies_leave_and_unlike_texts_stay(tmp_path, first, last):
    draw = random.Random(first)
    letters = [chr(code) for code in range(first, last)]
    texts = {}
    for k in range(60):
        text = draw.choices(letters, k=500)
        texts[f"{k:02d}-a"] = "".join(text)
        for place in draw.sample(range(500), 4):
            text[place] = draw.choice(letters)
        texts[f"{k:02d}-b"] = "".join(text)
    assert survivors(tmp_path / "new", [texts]) == {f"{k:02d}-b": f"{k:02d}-a" for k in range(60)}
    assert survivors(tmp_path / "old", [texts], NearDedup(words="blanks")) == {}


def test_held_out_texts_without_spaces_are_found_again(tmp_path):
    text = "".join(chr(0x4E00 + 7 * k) for k in range(300))
    copy = text[:150] + "一" + text[151:]
    references, queries = write_shards(tmp_path / "r", [{"z": text}]), write_shards(tmp_path / "q", [{"a": copy}])
    found = rows(find_overlaps(Search(tmp_path / "w", "t", serial_map, "t"), queries, references, NEAR))
    assert found["a"]["survivor_id"] == "z" and found["a"]["similarity"] == 291 / 301
    grouped = find_groups(
        Search(tmp_path / "g", "t", serial_map, "t"), write_shards(tmp_path / "s", [{"a": copy, "b": text}]), NEAR)
    assert {row["group"] for row in rows(grouped).values()} == {"a"}


def test_equal_shares_of_edited_units_give_equal_similarities(tmp_path):
    """One in a hundred characters, or words: the threshold means the same."""
    english = [f"w{k}" for k in range(400)]
    chinese = [chr(0x4E00 + k) for k in range(400)]
    texts = {}
    for name, units, joint in (("e", english, " "), ("c", chinese, "")):
        texts[f"{name}-a"] = joint.join(units)
        texts[f"{name}-b"] = joint.join(
            unit if k % 100 else chr(ord(unit[0]) + 1000) for k, unit in enumerate(units, 50))
    found = duplicates(tmp_path, [texts])
    assert found["c-b"]["similarity"] == found["e-b"]["similarity"] == 376 / 416


@pytest.mark.slow
def test_recall_on_planted_pairs_is_as_published(tmp_path):
    draw = random.Random(1)
    texts, planted = {}, []
    for k in range(2000):
        words = [f"w{draw.randrange(10**9)}" for _ in range(300)]
        texts[f"{k:05d}-a"] = " ".join(words)
        for _ in range(draw.choice([3, 6])):  # each changed word takes five shingles: similarity about .9 and .82
            words[draw.randrange(300)] = f"x{draw.randrange(10**9)}"
        texts[f"{k:05d}-b"] = " ".join(words)
        planted.append(true_jaccard(texts[f"{k:05d}-a"], texts[f"{k:05d}-b"]))
    found = duplicates(tmp_path, [texts])
    hits = np.array([f"{k:05d}-b" in found for k in range(2000)])
    similarity = np.array(planted)
    assert all(row["similarity"] >= 0.8 for row in found.values())
    assert hits[similarity >= 0.9].mean() >= 0.99
    assert hits[(similarity >= 0.8) & (similarity < 0.85)].mean() >= 0.85


def test_a_giant_bucket_of_unlike_documents_is_bounded_and_counted():
    documents = 1000
    begins, buckets = np.arange(documents + 1), np.zeros(documents, np.int64)
    starts = matching.places(np.array([documents]), limit=10)
    sets = np.arange(documents, dtype=np.uint64)  # one shingle each, all different
    bounds = np.stack([np.arange(documents), np.arange(documents) + 1], axis=1)
    survivor, _, overflows = matching.choose_survivors(
        begins, buckets, starts, sets, bounds, 0.8, 0, True, False, *matching.no_payload())
    assert (survivor == -1).all() and overflows == documents - 10
    roots, overflows = matching.connect(begins, buckets, starts, sets, bounds, 0.8)
    assert (roots == np.arange(documents)).all() and overflows == documents - 10


@pytest.mark.slow
def test_golden_documents_lose_what_comparing_all_pairs_would_drop(tmp_path):
    texts = {f"{r['order']:03d}": r["text"] for r in golden("minhash_dedup") if r["kind"] == "doc"}
    shards = [dict(list(texts.items())[k::3]) for k in range(3)]
    found = duplicates(tmp_path / "blanks", shards, NearDedup(words="blanks"))
    sets = {id: shingles(text) for id, text in texts.items()}
    stay, expected = [], {}
    for id in sorted(texts):
        best = 0.0
        for other in stay:
            a, b = sets[id], sets[other]
            if texts[id] == texts[other]:
                best = 1.0
            elif min(len(a), len(b)) >= 0.8 * max(len(a), len(b), 1):
                best = max(best, len(a & b) / len(a | b))
        if best >= 0.8:
            expected[id] = best
        else:
            stay.append(id)
    assert len(expected) > 200
    assert {id: row["similarity"] for id, row in found.items()} == expected

    plain = [{id: text for id, text in shard.items() if not has_letter(text)} for shard in shards]
    assert sum(map(len, plain)) > 500
    assert duplicates(tmp_path / "scripts", plain) == duplicates(
        tmp_path / "plain", plain, NearDedup(words="blanks"))
