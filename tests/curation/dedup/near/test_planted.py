"""Planted pairs of known similarity: what is near leaves, what is not stays, in every script; kills lose nothing."""

import random

import pytest

from maslin.curation.dedup.near.search import Search, find_duplicates, find_groups
from maslin.manifests.steps.dedup import NearDedup
from maslin.manifests.workspace import serial_map
from tests.curation.dedup.near.test_search import rows, true_jaccard
from tests.curation.stage_fixtures import sentence, write_shards

SHINGLE_WORDS, PAIRS = 5, 60
# First and last letter of alphabets whose words stand between spaces, from right to left the last two.
ALPHABETS = {"Latin": ("a", "z"), "Cyrillic": ("а", "я"), "Hebrew": ("א", "ת"), "Arabic": ("ش", "غ")}


def word(draw, alphabet):
    first, last = (ord(letter) for letter in ALPHABETS[alphabet])
    return "".join(map(chr, draw.choices(range(first, last + 1), k=8)))


def pair(draw, similarity, alphabet, words=400):
    """Two texts whose shingles have this Jaccard similarity, nearly: changed words stand apart from one another."""
    changed = round((1 - similarity) / (1 + similarity) * (words - SHINGLE_WORDS + 1) / SHINGLE_WORDS)
    one = [word(draw, alphabet) for _ in range(words)]
    other = list(one)
    for place in range(changed):
        other[SHINGLE_WORDS + place * (words - 2 * SHINGLE_WORDS) // changed] = word(draw, alphabet)
    return " ".join(one), " ".join(other)


@pytest.mark.parametrize("alphabet", ALPHABETS)
@pytest.mark.parametrize(("similarity", "least", "most"), [
    (1.0, 1, 1), (0.95, 0.99, 1), (0.85, 0.9, 1), (0.75, 0, 0), (0.5, 0, 0)])
def test_pairs_leave_by_their_similarity(tmp_path, alphabet, similarity, least, most):
    draw = random.Random(f"{alphabet} {similarity}")
    pairs = [pair(draw, similarity, alphabet) for _ in range(PAIRS)]
    assert all(abs(true_jaccard(*each) - similarity) < 0.02 for each in pairs)
    texts = {f"{k:03d}-{side}": text for k, each in enumerate(pairs) for side, text in zip("ab", each, strict=True)}
    found = rows(find_duplicates(Search(tmp_path, "t", serial_map, "t"), write_shards(tmp_path, [texts]), NearDedup()))
    assert least <= len(found) / PAIRS <= most
    for id, row in found.items():
        assert row["survivor_id"] == f"{id[:3]}-a" and row["similarity"] == true_jaccard(*pairs[int(id[:3])])


def test_boilerplate_alone_takes_nobody_away(tmp_path):
    head, foot = sentence(0, 60), sentence(100, 60)
    texts = {f"{k:02d}": f"{head} {sentence(1000 + 200 * k, 120)} {foot}" for k in range(50)}
    assert rows(find_duplicates(
        Search(tmp_path, "t", serial_map, "t"), write_shards(tmp_path, [texts]), NearDedup())) == {}


@pytest.mark.parametrize("find", [find_duplicates, find_groups])
def test_one_more_shard_later_gives_what_all_at_once_give(tmp_path, find):
    draw = random.Random(2)
    texts = {}
    for k in range(12):
        texts[f"{k:02d}-a"], texts[f"{k:02d}-b"] = pair(draw, draw.choice([0.5, 0.9, 1.0]), "Latin", 60)
    ids = draw.sample(list(texts), len(texts))
    shards = write_shards(tmp_path, [{id: texts[id] for id in ids[k::4]} for k in range(4)])
    later = Search(tmp_path / "later", "t", serial_map, "t")
    for end in (1, 3, 4):
        found = rows(find(later, shards[:end], NearDedup()))
        fresh = Search(tmp_path / f"fresh-{end}", "t", serial_map, "t")
        assert found == rows(find(fresh, shards[:end], NearDedup()))


class Killed(Exception):
    pass


def killed_after(tasks):
    """A mapper whose process ends before the task after so many, whatever pass that is of."""
    left = tasks

    def run(function, waiting, label="", *, total=None, unit=""):
        nonlocal left
        results = []
        for task in waiting:
            if left == 0:
                raise Killed
            left -= 1
            results.append(function(task))
        return results

    return run


@pytest.mark.slow
@pytest.mark.parametrize("find", [find_duplicates, find_groups])
def test_killed_after_any_task_and_run_again_with_other_memory_it_finds_the_same(tmp_path, find):
    draw = random.Random(1)
    texts = {}
    for k in range(20):
        texts[f"{k:02d}-a"], texts[f"{k:02d}-b"] = pair(draw, draw.choice([0.5, 0.9, 1.0]), "Latin", 60)
    ids = list(texts)
    shards = write_shards(tmp_path, [{id: texts[id] for id in ids[k::3]} for k in range(3)])
    expected = rows(find(Search(tmp_path / "whole", "t", serial_map, "t"), shards, NearDedup()))
    for tasks in range(0, 60, 5):
        directory = tmp_path / f"killed-{tasks}"
        try:
            find(Search(directory, "t", killed_after(tasks), "t", memory_bytes=4_000), shards, NearDedup())
        except Killed:
            found = find(Search(directory, "t", serial_map, "t", memory_bytes=draw.choice([4_000, 8_000])), shards,
                         NearDedup())
            assert rows(found) == expected
        else:
            break
    assert tasks > 20
