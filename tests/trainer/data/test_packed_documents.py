"""Documents laid out whole: each in one sequence, none lost, what is over filled with end-of-text."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maslin.trainer.data.packed_documents import PackedDocuments, best_fit
from maslin.trainer.data.sampler import Sampler
from maslin.trainer.data.token_shards import TokenCorpus
from tests.token_steps import mixture

ROOM = 48


@pytest.fixture(scope="module")
def mixed(tmp_path_factory):
    return mixture(tmp_path_factory.mktemp("mixture"), {"a": 0.5, "b": 0.5}, {"a": 40, "b": 25})


@pytest.fixture(scope="module")
def corpus(mixed):
    workspace, step = mixed
    with TokenCorpus(workspace.path(step.inputs["tokens:a"])) as corpus:
        yield corpus


@given(st.lists(st.integers(1, ROOM), min_size=1, max_size=200))
@settings(deadline=None, max_examples=50)
def test_no_two_documents_overlap_and_none_crosses_into_another_sequence(lengths):
    lengths = np.array(lengths)
    places = best_fit(lengths, np.argsort(-lengths, kind="stable"), ROOM)
    assert (places // ROOM == (places + lengths - 1) // ROOM).all()
    order = np.argsort(places)
    assert (places[order][:-1] + lengths[order][:-1] <= places[order][1:]).all()
    sequences = int(places.max()) // ROOM + 1
    assert sequences <= 1.25 * -(-lengths.sum() // ROOM) + 2  # best-fit decreasing needs 11/9 of the optimum and a bit


@pytest.mark.parametrize("room", [ROOM, 20])
def test_every_document_is_there_whole_or_its_beginning(corpus, room):
    packed = PackedDocuments(corpus, room)
    whole = {row["id"]: row for row in corpus.document_table().to_pylist()}
    found = packed.document_table().to_pylist()
    assert {row["id"] for row in found} == set(whole) and len(found) == corpus.documents
    for row in found:
        of = whole[row["id"]]
        length = min(room, of["end"] - of["start"])
        assert row["end"] - row["start"] == length and row["start"] // room == (row["end"] - 1) // room
        assert np.array_equal(packed.read(row["start"], row["end"]), corpus.read(of["start"], of["start"] + length))
        assert row["bytes"] == of["bytes"] * length // (of["end"] - of["start"])
    assert packed.cut_documents == sum(of["end"] - of["start"] > room for of in whole.values())
    everything = packed.read(0, packed.tokens)
    laid = np.concatenate([np.arange(row["start"], row["end"]) for row in found])
    assert (np.delete(everything, laid) == corpus.end_of_text).all() and packed.tokens % room == 1
    assert np.array_equal(packed.read(7, 99), everything[7:99])


def test_sequences_begin_with_a_document_and_name_those_they_hold(mixed):
    workspace, step = mixed
    settings = {"seed": 1, "context_tokens": ROOM, "sequences_per_step": 4, "steps": 10}
    with Sampler(workspace.path(step), whole_documents=True, **settings) as sampler:
        batch, ids = sampler.batch(3), sampler.document_ids(3)
        begins = {
            row["id"]: sampler.tokens[index].read(row["start"], row["end"]).tolist()
            for index in (0, 1) for row in sampler.tokens[index].document_table().to_pylist()}
        seen = sampler.realised(10)
        for row, names in zip(batch.tokens.tolist(), ids, strict=True):
            (first,) = (name for name in names if begins[name] == row[: len(begins[name])])
            assert row[len(begins[first]) - 1] == sampler.end_of_text or len(begins[first]) == ROOM
        assert 0 < seen["a"]["documents"] <= 40 * np.ceil(seen["a"]["epochs"])
