"""A subset of documents reads as a corpus of its own, and holds the share of tokens that was asked for."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maslin.manifests.workspace import Workspace
from maslin.trainer.data.document_subset import DocumentSubset
from maslin.trainer.data.token_shards import TokenCorpus
from tests.token_steps import corpus_step, texts_of, tokenizer_step, tokens_step


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    workspace, texts = Workspace(tmp_path_factory.mktemp("subset")), texts_of(60, 20)
    corpus = corpus_step(workspace, "a", [texts[:17], [], texts[17:18], texts[18:]])
    return workspace.path(tokens_step(workspace, corpus, tokenizer_step(workspace, [corpus])))


@given(st.fractions(Fraction(1, 10_000), 1), st.integers(0, 2**63))
@settings(max_examples=50)
def test_tokens_are_within_half_a_document_of_the_share(directory, share, seed):
    with TokenCorpus(directory) as whole, DocumentSubset(directory, share, seed) as subset:
        table = whole.document_table()
        lengths = table["end"].to_numpy() - table["start"].to_numpy()
        assert abs(subset.tokens - share * whole.tokens) <= lengths.max() / 2 or subset.documents == 1
        assert subset.stored_tokens == whole.tokens


@given(st.fractions(Fraction(1, 100), 1), st.integers(0, 2**63))
@settings(max_examples=25)
def test_it_reads_as_its_documents_one_after_another(directory, share, seed):
    with TokenCorpus(directory) as whole, DocumentSubset(directory, share, seed) as subset:
        rows = {row["id"]: row for row in whole.document_table().to_pylist()}
        chosen = subset.document_table().to_pylist()
        stream = np.concatenate([whole.read(rows[row["id"]]["start"], rows[row["id"]]["end"]) for row in chosen])
        assert np.array_equal(subset.read(0, subset.tokens), stream) and len(stream) == subset.tokens
        start = len(stream) // 3
        stop = min(start + 40, len(stream))
        assert np.array_equal(subset.read(start, stop), stream[start:stop])
        assert [row["end"] for row in chosen] == (np.flatnonzero(stream == whole.end_of_text) + 1).tolist()
        assert subset.bytes == sum(rows[row["id"]]["bytes"] for row in chosen)
        assert subset.bytes_before(np.array([subset.tokens]))[0] == subset.bytes
        assert subset.documents_before(np.array([subset.tokens]))[0] == subset.documents == len(chosen)
        assert subset.document_ids(0, subset.tokens) == [row["id"] for row in chosen]
        for bounds in [(-1, 3), (0, subset.tokens + 1), (5, 4)]:
            with pytest.raises(IndexError):
                subset.read(*bounds)


def test_a_larger_share_holds_the_smaller_one_and_seeds_choose_others(directory):
    def ids(share, seed=1):
        with DocumentSubset(directory, Fraction(share), seed) as subset:
            return subset.document_table(["id"])["id"].to_pylist()

    assert set(ids("1/10")) < set(ids("1/3")) < set(ids("9/10")) < set(ids(1))
    assert ids("1/3") == ids("1/3") != ids("1/3", seed=2)


def test_every_document_is_as_likely(directory):
    """Over many seeds each is chosen about as often: within six deviations."""
    seeds = 300
    chosen = np.zeros(60)
    with TokenCorpus(directory) as whole:
        place = {id: row for row, id in enumerate(whole.document_table(["id"])["id"].to_pylist())}
    for seed in range(seeds):
        with DocumentSubset(directory, Fraction(1, 4), seed) as subset:
            chosen[[place[id] for id in subset.document_table(["id"])["id"].to_pylist()]] += 1
    assert abs(chosen - seeds / 4).max() < 6 * (seeds * 3 / 16) ** 0.5
