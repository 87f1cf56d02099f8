"""Near duplicates of earlier corpora and of one another: those stay that would if all were compared at once."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maslin.curation.dedup.equal.against import find_near
from maslin.curation.dedup.near.search import Search, read_found
from maslin.manifests.steps.dedup import NearDedupStep
from maslin.manifests.workspace import serial_map
from tests.curation.dedup.near.test_search import shingles
from tests.curation.stage_fixtures import make_id, sentence, write_shards

THRESHOLD = 0.8


def variant(family, changed):
    """A text of 60 words of a family, with its first words changed: neighbours alike, the ends of the row not."""
    return sentence(1000 * family + 500, changed) + " " + sentence(1000 * family + changed, 60 - changed)


def found(root, shards, earlier):
    """id → row of those that leave."""
    shards = write_shards(root / "new", shards)
    references = {name: write_shards(root / name, each) for name, each in earlier.items()}
    answer = find_near(Search(root, "t", serial_map, "t"), shards, NearDedupStep(threshold=THRESHOLD), references)
    rows = [row for path in answer.paths for row in read_found(path).to_pylist()]
    assert answer.summary["equal_text"] + answer.summary["near"] == len(rows) == len({row["id"] for row in rows})
    if references:
        sizes = Counter((row["where"], row["survivor_id"]) for row in rows)
        assert sum(each["clusters"] for each in answer.summary["cluster_sizes"]) == len(sizes)
        assert sum(each["documents"] for each in answer.summary["cluster_sizes"]) == len(rows) + len(sizes)
    return {row["id"]: row for row in rows}


def jaccard(a, b):
    if a == b:
        return 1.0
    first, second = shingles(a), shingles(b)
    return len(first & second) / len(first | second) if first | second else 0.0


def stay(new, old):
    """All at once, in ascending id: one stays unless it is near an old one or a new one that stays."""
    kept = {}
    for id, text in sorted(new.items()):
        if all(jaccard(text, other) < THRESHOLD for other in [*old, *kept.values()]):
            kept[id] = text
    return set(kept)


texts = st.lists(st.builds(variant, st.integers(0, 2), st.integers(0, 5)) | st.sampled_from(["", "two words"]),
                 max_size=10)


@settings(max_examples=20, deadline=None)
@given(texts, texts, texts, st.integers(1, 3))
def test_the_same_stay_as_if_all_were_compared_at_once(tmp_path_factory, new, first, second, parts):
    new, first, second = (
        {make_id(f"{name}{number}"): text for number, text in enumerate(rows)}
        for name, rows in (("new", new), ("a", first), ("b", second)))

    def cut(rows):
        return [dict(list(rows.items())[part::parts]) for part in range(parts)]

    left = found(tmp_path_factory.mktemp("near"), cut(new), {"a": cut(first), "b": cut(second)})
    assert set(new) - set(left) == stay(new, [*first.values(), *second.values()])
    old = {"a": first, "b": second}
    for id, row in left.items():
        other = new if row["where"] is None else old[row["where"]]
        assert row["similarity"] == pytest.approx(jaccard(new[id], other[row["survivor_id"]])) and (
            row["similarity"] >= THRESHOLD)
        best = max((jaccard(new[id], text) for rows in old.values() for text in rows.values()), default=0.0)
        assert (row["where"] is not None) == (best >= THRESHOLD)  # an old one before a new one
        if row["where"] is not None:
            assert row["similarity"] == pytest.approx(best)


def test_one_that_two_corpora_have_leaves_for_the_most_similar(tmp_path):
    left = found(tmp_path, [{"n": variant(0, 3)}], {"a": [{"x": variant(0, 4)}], "b": [{"y": variant(0, 3)}]})
    assert (left["n"]["survivor_id"], left["n"]["where"], left["n"]["equal_text"]) == ("y", "b", True)


def test_one_of_the_same_id_is_another_document(tmp_path):
    left = found(tmp_path, [{"a": variant(0, 0), "b": variant(1, 0)}], {"old": [{"a": variant(0, 1), "b": "other"}]})
    assert list(left) == ["a"] and left["a"]["survivor_id"] == "a" and left["a"]["where"] == "old"


def test_a_shard_that_leaves_whole(tmp_path):
    left = found(tmp_path, [{"a": variant(0, 0)}, {"b": variant(1, 0)}], {"old": [{"x": variant(0, 0)}]})
    assert list(left) == ["a"]


def test_an_earlier_corpus_without_documents_takes_nothing(tmp_path):
    assert list(found(tmp_path, [{"a": variant(0, 0), "b": variant(0, 0)}], {"old": [{}], "none": []})) == ["b"]
