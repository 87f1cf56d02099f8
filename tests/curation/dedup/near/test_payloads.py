"""Verified by containment: pages of a template stay, whatever of them is one's own; edited copies leave."""

import random

import pytest

from maslin.curation.dedup.near.search import Search, find_duplicates, find_overlaps
from maslin.manifests.steps.dedup import NearDedup
from maslin.manifests.workspace import serial_map
from tests.curation.dedup.near.test_search import rows, shingles, true_jaccard
from tests.curation.stage_fixtures import sentence, write_shards

CONTAINED = NearDedup(verify="containment")


def left(root, texts, near=CONTAINED, **search):
    found = find_duplicates(Search(root, "t", serial_map, "t", **search), write_shards(root, [texts]), near)
    return rows(found)


def words(draw, count, of="w"):
    return [f"{of}{draw.randrange(10**9)}" for _ in range(count)]


def edited(draw, text, edits):
    text = list(text)
    for place in draw.sample(range(len(text)), edits):
        text[place] = f"x{draw.randrange(10**9)}"
    return text


def test_the_longest_stays_and_the_value_is_the_share_of_the_shorter(tmp_path):
    short, long = sentence(0, 200), sentence(0, 200) + " and a few more words"
    found = left(tmp_path, {"a": short, "b": long})
    assert found == {"a": {"id": "a", "survivor_id": "b", "similarity": 1.0, "equal_text": False}}


def test_who_has_a_part_of_its_own_stays(tmp_path):
    one, other = sentence(0, 240), sentence(40, 200) + " " + sentence(900, 30)  # .83 of its shingles, similarity .72
    assert set(left(tmp_path / "j", {"a": one, "b": other}, NearDedup(threshold=0.65))) == {"b"}
    assert left(tmp_path / "c", {"a": one, "b": other}, NearDedup(threshold=0.65, verify="containment")) == {}


def pages(draw, template, number, share):
    """Pages of a template with a payload of this share of their words."""
    size = round(len(template) * share / (1 - share))
    half = len(template) // 2
    return [" ".join([*template[:half], *words(draw, size), *template[half:]]) for _ in range(number)]


@pytest.mark.parametrize("share", [0.05, 0.08, 0.12, 0.2, 0.3])
def test_pages_of_a_template_stay_however_little_is_their_own(tmp_path, share):
    draw = random.Random(1)
    texts = {f"{k:03d}": text for k, text in enumerate(pages(draw, words(draw, 400), 60, share))}
    assert left(tmp_path, texts) == {}
    assert len(left(tmp_path / "jaccard", texts, NearDedup())) >= (58 if share < 0.09 else 0)


def test_a_page_of_a_template_leaves_for_its_own_copy(tmp_path):
    draw = random.Random(2)
    texts = {f"{k:03d}": text for k, text in enumerate(pages(draw, words(draw, 200), 40, 0.2))}
    texts |= {f"{k:03d}-copy": " ".join(edited(draw, texts[f"{k:03d}"].split(), 1)) for k in range(0, 40, 4)}
    found = left(tmp_path, texts)
    assert len(found) == 10
    assert all(id[:3] == row["survivor_id"][:3] for id, row in found.items())


def test_a_large_family_of_edited_copies_leaves_as_a_small_one_does(tmp_path):
    draw = random.Random(3)
    original = words(draw, 300)
    texts = {f"{k:02d}": " ".join(edited(draw, original, 2)) for k in range(60)}
    found = left(tmp_path, texts)
    assert len(found) >= 58  # twenty and more share nearly all they have, and no one has a passage of its own


def test_what_stays_elsewhere_is_no_reason_when_it_is_shorter(tmp_path):
    references = write_shards(tmp_path / "r", [{"z": sentence(0, 200)}])
    queries = write_shards(tmp_path / "q", [{"a": sentence(0, 210), "b": sentence(5, 190)}])
    found = rows(find_overlaps(Search(tmp_path / "w", "t", serial_map, "t"), queries, references, CONTAINED))
    assert {id: row["survivor_id"] for id, row in found.items()} == {"b": "z"}


def test_memory_decides_nothing(tmp_path):
    draw = random.Random(4)
    texts = {f"{k:03d}": text for k, text in enumerate(pages(draw, words(draw, 150), 30, 0.2))}
    texts |= {f"c{k:02d}": " ".join(edited(draw, texts["000"].split(), 2)) for k in range(30)}
    assert left(tmp_path / "one", texts) == left(tmp_path / "other", texts, memory_bytes=6_000)


@pytest.mark.slow
def test_planted_templates_and_edits(tmp_path):
    """10,000 pages of 50 templates, a passage of a fifth each: none leaves. Edits spread out: nearly all do."""
    draw = random.Random(5)
    texts = {}
    for template in range(50):
        for k, text in enumerate(pages(draw, words(draw, 160), 200, 0.2)):
            texts[f"t{template:02d}-{k:03d}"] = text
    near = []
    for k in range(2_000):
        original = words(draw, 200)
        texts[f"e{k:04d}-a"] = " ".join(original)
        texts[f"e{k:04d}-b"] = " ".join(edited(draw, original, draw.choice([1, 2, 3])))
        if true_jaccard(texts[f"e{k:04d}-a"], texts[f"e{k:04d}-b"]) >= 0.9:
            near.append(k)
    assert len(near) > 1_000
    for verify in ("jaccard", "containment"):
        found = left(tmp_path / verify, texts, NearDedup(verify=verify))
        assert all(id[:5] == row["survivor_id"][:5] for id, row in found.items() if id[0] == "e")
        missed = [k for k in near if f"e{k:04d}-a" not in found and f"e{k:04d}-b" not in found]
        assert len(missed) <= 0.01 * len(near)
        if verify == "containment":
            assert not [id for id in found if id[0] == "t"]
            for id, row in found.items():
                own, other = shingles(texts[id]), shingles(texts[row["survivor_id"]])
                assert len(own) <= len(other) and row["similarity"] == len(own & other) / len(own)
