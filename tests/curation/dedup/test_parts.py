"""Small parts of held-out documents: who leaves for them, and what is left."""

import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as hs

from maslin.curation.dedup.build import parts_rows
from maslin.curation.dedup.containment import note_remaining
from maslin.curation.dedup.near.search import read_found
from maslin.curation.dedup.parts import Small, choose_parts
from maslin.manifests.steps.dedup import HeldOutOverlap
from maslin.manifests.tables import SPLIT, SPLIT_PATH, read_table, write_table
from tests.curation.dedup.test_containment import contained, prose


def small(path, documents):
    """A shard of documents, each (its n-grams in all, the numbers of those that it shares)."""
    rows = np.arange(len(documents))
    ids = rows.astype(np.str_)
    pairs = [(row, number) for row, (_, numbers) in enumerate(documents) for number in sorted(numbers)]
    row, number = (np.array(each, np.int64) for each in zip(*pairs, strict=True)) if pairs else (np.zeros(0, int),) * 2
    ones = np.ones(len(rows), np.int64)
    Small.of(row, number, ids, np.array([size for size, _ in documents], np.int64), rows, ones, ones, ids,
             np.ones(len(rows), bool)).save(path)
    return path


DOCUMENTS = hs.lists(hs.tuples(hs.integers(5, 40), hs.sets(hs.integers(0, 19), max_size=5)), min_size=1, max_size=12)


@settings(max_examples=150, deadline=None)
@given(DOCUMENTS, hs.sampled_from([0.0, 0.1, 0.3]), hs.sampled_from([0.0, 0.2, 1.0]), hs.integers(1, 3))
def test_what_is_left_is_little_and_who_leaves_holds_more_of_it_than_who_stays(
    tmp_path_factory, documents, left_share, most_removed, cuts,
):
    root = tmp_path_factory.mktemp("parts")
    domains = [np.arange(10), np.arange(10, 20)]
    total = sum(size for size, _ in documents)
    parts = [documents[begin::cuts] for begin in range(cuts)]
    outputs = [root / f"{number}.arrow" for number in range(cuts)]
    chosen = choose_parts(
        [small(root / f"{number}.npz", part) for number, part in enumerate(parts)], outputs, domains, total,
        HeldOutOverlap(left_share=left_share, most_removed=most_removed))
    gone = [set(map(int, read_found(output)["id"].to_pylist())) for output in outputs]
    assert chosen.documents == sum(map(len, gone))
    stay = [document for part, left in zip(parts, gone, strict=True) for row, document in enumerate(part)
            if row not in left]
    leave = [part[row] for part, left in zip(parts, gone, strict=True) for row in sorted(left)]
    lost = sum(size for size, _ in leave)
    assert lost <= most_removed * total
    over = [domain for domain in domains
            if len(set(domain.tolist()).intersection(*[set().union(*(its for _, its in documents))]))
            > math.floor(left_share * 10)]
    asked = {int(number) for domain in over for number in domain}
    value = [sum(1 / sum(number in its for _, its in documents) for number in its & asked) / size
             for size, its in documents]
    by_value = {id(document): its for document, its in zip(documents, value, strict=True)}
    assert all(by_value[id(document)] >= chosen.threshold - 1e-12 > 0 for document in leave)
    assert not leave or all(by_value[id(document)] < chosen.threshold for document in stay)
    if most_removed == 1:
        for domain in domains:
            assert len(set(domain.tolist()) & set().union(*(its for _, its in stay))) <= left_share * 10
    if not over:
        assert leave == []


def test_heads_of_a_package_add_up_and_the_shortest_files_leave(tmp_path):
    """A head of 20 words in each of 12 files, below a fifth of the held-out one and below fifty words."""
    head = prose(9, 20)
    training = [f"{head} {prose(100 + number, 40 + 100 * number)}" for number in range(12)]
    training += [prose(200 + number, 1_000) for number in range(20)]
    held = [f"{head} {prose(1, 400)}"]
    whole, none = contained(tmp_path / "off", training, held, HeldOutOverlap(left_share=1))
    assert none == [] and read_found(whole.parts[0]).num_rows == whole.summary["by_parts"] == 0
    found, none = contained(tmp_path / "on", training, held, HeldOutOverlap(most_removed=1))
    rows = read_found(found.parts[0]).to_pylist()
    assert none == [] and {row["id"] for row in rows} == {f"t{number}" for number in range(12)}
    assert found.summary["by_parts"] == 12 and found.parts_threshold == min(row["value"] for row in rows)
    assert {(row["reference_id"], row["ngram"], row["words"]) for row in rows} == {("h0", 0, 20)}
    (first, *_) = parts_rows(read_table(tmp_path / "on" / "t.parquet"), read_found(found.parts[0]), 2, "held_out",
                             "held_out_parts", found.parts_threshold, 13).to_pylist()
    assert (first["id"], first["detail"], first["op"], first["survivor_id"]) == ("t0", head, ">=", "h0")
    values = {row["id"]: row["value"] for row in rows}
    assert values["t0"] == max(values.values()) == pytest.approx(8 / 12 / 48)
    note_remaining(found.hits[0], np.arange(12, 32))
    assert found.remaining()["web"]["in_training"] == 0
    few, _ = contained(tmp_path / "few", training, held, HeldOutOverlap(most_removed=0.02))
    assert {row["id"] for row in read_found(few.parts[0]).to_pylist()} == {"t0", "t1", "t2"}


def test_nobody_leaves_for_the_sake_of_documents_that_leave_anyway(tmp_path):
    passage = prose(9, 30)
    training = [f"{passage} {prose(2, 40)}", prose(3, 60), prose(4, 2_000)]
    held = [f"{passage} {prose(1, 400)}"]
    split = SPLIT.empty_table().from_pylist([{"id": "t0", "group": "t0", "split": "test"}], schema=SPLIT)
    write_table(tmp_path, SPLIT_PATH, split)
    for leaving, expected in ((None, 1), (tmp_path / SPLIT_PATH, 0)):
        found, _ = contained(tmp_path / f"c{expected}", training, held, HeldOutOverlap(most_removed=1), leaving)
        assert found.summary["by_parts"] == expected


def test_many_documents_take_no_quadratic_time(tmp_path):
    rng = random.Random(1)
    documents = [(50, {rng.randrange(60_000) for _ in range(3)}) for _ in range(40_000)]
    choose_parts([small(tmp_path / "s.npz", documents)], [tmp_path / "s.arrow"], [np.arange(60_000)], 2_000_000,
                 HeldOutOverlap(most_removed=1))
    gone = set(map(int, read_found(tmp_path / "s.arrow")["id"].to_pylist()))
    left = set().union(*(its for row, (_, its) in enumerate(documents) if row not in gone))
    assert len(left) <= 480
