"""Who contains what of a held-out document, against the same by sets and strings of Python."""

import random
import time

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as hs

from maslin.curation.dedup.build import contained_rows
from maslin.curation.dedup.containment import CONTAINED, find_contained, note_remaining
from maslin.curation.dedup.near.search import read_found
from maslin.curation.dedup.ngrams import ngram_hashes
from maslin.curation.dedup.words import split_words
from maslin.curation.stages import StageShard
from maslin.manifests.steps.dedup import HeldOutOverlap
from maslin.manifests.tables import DOCUMENTS, read_table, write_table
from maslin.manifests.workspace import serial_map

SMALL = HeldOutOverlap(share=0.3, run_words=6, ngram_words=3, common_documents=20)


def shard(root, name, texts):
    """A shard of documents named a0, a1 …"""
    rows = [{field.name: None for field in DOCUMENTS} | {
        "id": f"{name}{number}", "source": name, "text": text} for number, text in enumerate(texts)]
    write_table(root, f"{name}.parquet", pa.Table.from_pylist(rows, schema=DOCUMENTS))
    return StageShard(root / f"{name}.parquet")


def contained(root, training, held_out, parameters=SMALL, leaving=None):
    root.mkdir(exist_ok=True)
    found = find_contained(
        root, "held_out", [shard(root, "t", training)], [("web", shard(root, "h", held_out))], parameters, serial_map,
        "test", leaving=leaving)
    return found, read_found(found.paths[0]).to_pylist()


def words(text):
    """As the kernel has them."""
    cleaned = ("".join(c for c in word if c.isalnum() or ord(c) >= 128) for word in text.lower().split())
    return [word for word in cleaned if word]


def by_hand(training, held_out, parameters):
    """{training document: (share, run in words)} of those that contain too much."""
    n = parameters.ngram_words

    def grams(text):
        its = words(text)
        return [tuple(its[at:at + n]) for at in range(len(its) - n + 1)]

    counts = {}
    for text in [*training, *held_out]:
        for gram in set(grams(text)):
            counts[gram] = counts.get(gram, 0) + 1
    counted = {gram for gram, documents in counts.items() if documents <= parameters.common_documents}
    found = {}
    for number, text in enumerate(training):
        mine, share, run = grams(text), 0.0, 0
        for other in held_out:
            its = grams(other)
            left = set(its) & counted
            if left:
                share = max(share, len(left & set(mine)) / len(left))
            for i in range(len(mine)):
                for j in range(len(its)):
                    length = 0
                    while (i + length < len(mine) and j + length < len(its) and mine[i + length] == its[j + length]
                           and mine[i + length] in counted):
                        length += 1
                    run = max(run, length)
        run_words = run + n - 1 if run else 0
        if text in held_out or share >= parameters.share or run_words >= parameters.run_words:
            found[f"t{number}"] = (share, run_words)
    return found


TEXTS = hs.lists(
    hs.lists(hs.sampled_from(["a", "b", "c", "the", "(d)", "é", "-"]), max_size=14).map(" ".join),
    min_size=1, max_size=5)


@settings(max_examples=60, deadline=None)
@given(TEXTS, TEXTS)
def test_it_is_what_sets_and_strings_give(tmp_path_factory, training, held_out):
    _, rows = contained(tmp_path_factory.mktemp("c"), training, held_out)
    expected = by_hand(training, held_out, SMALL)
    assert {row["id"] for row in rows} == expected.keys()
    for row in rows:
        if not row["equal_text"]:
            assert row["share"] == pytest.approx(expected[row["id"]][0])
            assert row["run_words"] == expected[row["id"]][1] or row["run_words"] >= SMALL.run_words


def prose(seed, count):
    rng = random.Random(seed)
    return " ".join(f"{rng.choice('abcdefghij')}{rng.randrange(1000)}" for _ in range(count))


def test_a_passage_of_fifty_words_takes_a_long_document_away_and_is_told(tmp_path):
    held = prose(1, 1000)
    passage = " ".join(held.split()[400:450])
    training = [prose(2, 500) + " " + passage.upper() + " " + prose(3, 500),
                prose(4, 500) + " " + " ".join(held.split()[400:449]) + " " + prose(5, 500)]
    found, (row,) = contained(tmp_path, training, [held], HeldOutOverlap())
    assert (row["id"], row["reference_id"], row["run_words"]) == ("t0", "h0", 50)
    assert row["share"] == pytest.approx(38 / 988) and passage.startswith(row["passage"][:200])
    assert (found.summary["by_run"], found.summary["by_share"], found.summary["equal_text"]) == (1, 0, 0)
    ledger = contained_rows(
        read_table(tmp_path / "t.parquet"), pa.Table.from_pylist([row], schema=CONTAINED), 3, "held_out",
        "held_out_overlap", 0.2, 50).to_pylist()[0]
    assert (ledger["value"], ledger["threshold"], ledger["op"], ledger["survivor_id"]) == (50, 50, ">=", "h0")
    assert ledger["detail"] == row["passage"]


def test_scattered_parts_count_together_and_punctuation_does_not(tmp_path):
    held = prose(1, 400).split()
    parts = " … ".join(" ".join(held[at:at + 40]) for at in range(0, 400, 100))
    training = prose(2, 800) + " " + parts.replace(" ", ", ")
    _, (row,) = contained(tmp_path, [training], [" ".join(held)], HeldOutOverlap())
    assert row["share"] == pytest.approx(4 * 28 / 388) and row["run_words"] == 40


def test_what_many_documents_share_does_not_count_and_is_told(tmp_path):
    head = prose(9, 200)
    training = [f"{head} {prose(100 + number, 50)}" for number in range(21)]
    found, rows = contained(tmp_path, training, [f"{head} {prose(1, 60)}"], HeldOutOverlap())
    assert rows == [] and found.summary["common_ngrams"] == 188
    assert contained(tmp_path / "few", training[:19], [f"{head} {prose(1, 60)}"], HeldOutOverlap())[1]


def test_short_texts_are_compared_whole(tmp_path):
    _, rows = contained(tmp_path, ["Yes.", "yes.", "No."], ["Yes."], HeldOutOverlap())
    assert [(row["id"], row["equal_text"]) for row in rows] == [("t0", True)]


def test_what_remains_is_counted_by_domain(tmp_path):
    held = prose(1, 113)
    found, rows = contained(tmp_path, [prose(2, 50) + " " + " ".join(held.split()[:20])], [held], HeldOutOverlap())
    assert rows == []
    note_remaining(found.hits[0], [0])
    assert found.remaining() == {"web": {"ngrams": 101, "in_training": 8}}
    note_remaining(found.hits[0], [])
    assert found.remaining() == {"web": {"ngrams": 101, "in_training": 0}}


def test_the_same_words_again_and_again_take_no_quadratic_time(tmp_path):
    zeros = "0 " * 60_000
    contained(tmp_path / "first", ["a b c d"], ["a b c e"])
    began = time.process_time()
    _, rows = contained(tmp_path / "second", [zeros, zeros + "1"], [zeros], HeldOutOverlap())
    assert len(rows) == 2 and time.process_time() - began < 20


def test_ngrams_of_documents_do_not_reach_into_one_another():
    hashes, bounds, starts = ngram_hashes(split_words(pa.array(["a b c d", "b c", None, "- a (b) c!"])), 3)
    assert bounds.tolist() == [0, 2, 2, 2, 3] and hashes[0] == hashes[2] != hashes[1]
    assert starts.tolist() == [0, 1, 7]


def test_a_reference_in_its_own_source_is_no_other_document(tmp_path):
    held = prose(1, 100)
    both = shard(tmp_path, "t", [held, prose(2, 100)])
    table = read_table(tmp_path / "t.parquet")
    write_table(tmp_path, "h.parquet", table.slice(0, 1))
    found = find_contained(tmp_path, "held_out", [both], [("web", StageShard(tmp_path / "h.parquet"))],
                           HeldOutOverlap(common_documents=1), serial_map, "test")
    assert read_found(found.paths[0]).num_rows == 0 and found.summary["common_ngrams"] == 0
