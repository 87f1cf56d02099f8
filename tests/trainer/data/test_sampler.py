"""The order of data: exact shares, every window once a pass, the same wherever one begins and however many work."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maslin.manifests.errors import DataError, UsageError
from maslin.manifests.workspace import Workspace
from maslin.trainer.data.sampler import Sampler, segments_of
from tests.token_steps import corpus_step, mixture, mixture_step, tokenizer_step, tokens_step

CONTEXT = 16


@pytest.fixture(scope="module")
def everything(tmp_path_factory):
    """A workspace, and a mixture of three corpora in it."""
    return mixture(tmp_path_factory.mktemp("mixture"), {"a": 0.5, "b": 0.3, "c": 0.2}, {"a": 40, "b": 25, "c": 4})


@pytest.fixture(scope="module")
def mixed(everything):
    workspace, step = everything
    return workspace.path(step)


def sampler(mixed, seed=1, sequences=6, steps=200):
    return Sampler(mixed, seed=seed, context_tokens=CONTEXT, sequences_per_step=sequences, steps=steps)


def test_a_batch_is_windows_of_the_corpora(mixed):
    with sampler(mixed) as each:
        streams = [corpus.read(0, corpus.tokens) for corpus in each.tokens]
        for step in range(20):
            batch = each.batch(step)
            assert batch.tokens.shape == (6, CONTEXT + 1) and batch.tokens.dtype == np.int32
            assert np.array_equal(batch.inputs[:, 1:], batch.targets[:, :-1])
            for tokens, corpus in zip(batch.tokens, batch.corpus, strict=True):
                windows = np.lib.stride_tricks.sliding_window_view(streams[corpus], CONTEXT + 1)[::CONTEXT]
                assert (windows == tokens).all(axis=1).any()


def test_a_pass_takes_every_window_once_and_the_next_in_another_order(mixed):
    with sampler(mixed) as each:
        windows = each.windows[2]
        first, second = (each._starts(2, number * windows, (number + 1) * windows) for number in (0, 1))
        assert sorted(first) == sorted(second) == [window * CONTEXT for window in range(windows)]
        assert first.tolist() != second.tolist()
        assert np.array_equal(each._starts(2, 3, 2 * windows + 5)[windows - 3 : 2 * windows - 3], second)


def test_any_step_is_the_same_without_those_before(mixed):
    with sampler(mixed) as one, sampler(mixed) as other:
        batches = [one.batch(step) for step in range(30)]
        for step in (29, 3, 17):
            assert np.array_equal(other.batch(step).tokens, batches[step].tokens)


def test_workers_share_a_batch(mixed):
    with sampler(mixed, sequences=12) as each:
        for step in (0, 7):
            whole = each.batch(step)
            for ranks in (1, 2, 3, 4):
                parts = [each.batch(step, rank, ranks) for rank in range(ranks)]
                for name in ("tokens", "segments", "corpus"):
                    together = np.concatenate([getattr(part, name) for part in parts])
                    assert np.array_equal(together, getattr(whole, name))
        with pytest.raises(UsageError, match="shared by 5"):
            each.batch(0, 0, 5)


def test_the_size_of_a_step_does_not_change_the_order(mixed):
    with sampler(mixed, sequences=4) as small, sampler(mixed, sequences=12) as large:
        parts = np.concatenate([small.batch(step).tokens for step in (3, 4, 5)])
        assert np.array_equal(parts, large.batch(1).tokens)


def test_seeds_give_other_orders(mixed):
    with sampler(mixed, seed=1) as one, sampler(mixed, seed=2) as two:
        assert not np.array_equal(one.batch(0).tokens, two.batch(0).tokens)
        assert np.array_equal(one.batch(0).corpus, two.batch(0).corpus)


def test_arms_that_share_a_corpus_see_it_in_the_same_order(mixed):
    workspace = Workspace(mixed.parent.parent)
    with sampler(mixed) as one:
        tokens = {corpus.name: corpus for corpus in one.tokens}
        assert one._starts(0, 0, 9).tolist() != one._starts(1, 0, 9).tolist()
    workspace, step = mixture(workspace.root, {"a": 0.1, "c": 0.9}, {"a": 40, "b": 25, "c": 4})
    with sampler(workspace.path(step)) as other:
        assert other.tokens[0].digest == tokens["a"].digest and other.digest != one.digest
        assert np.array_equal(other._starts(0, 0, 50), one._starts(0, 0, 50))


def test_segments_begin_at_end_of_text():
    assert segments_of(np.array([[5, 0, 6, 0, 0, 7], [0, 1, 2, 3, 4, 0]]), 0).tolist() == [
        [0, 1, 1, 2, 3, 3], [1, 1, 1, 1, 1, 2]]


def test_segments_are_documents(mixed):
    with sampler(mixed) as each:
        for step in range(10):
            batch, ids = each.batch(step), each.document_ids(step)
            # The last token is only a target: a document that begins there is in the window, but in no segment yet.
            documents = 1 + (batch.inputs[:, :-1] == each.end_of_text).sum(axis=1)
            documents += batch.inputs[:, -1] == each.end_of_text
            assert documents.tolist() == [len(row) for row in ids]


def brute(each, steps):
    """Bytes, documents, sequences by corpus, window by window."""
    totals = np.zeros((len(each.corpora), 3), np.int64)
    for step in range(steps):
        for index, start in zip(*each._sequences(step), strict=True):
            bounds, corpus = np.array([start, start + CONTEXT]), each.tokens[index]
            totals[index] += [
                np.diff(corpus.bytes_before(bounds))[0], np.diff(corpus.documents_before(bounds))[0], 1]
    return totals.tolist()


@pytest.mark.parametrize("order", [[0, 1, 5, 60, 200], [200, 3, 3, 90], [150]])
def test_realised_is_what_was_taken(mixed, order):
    with sampler(mixed) as each:
        for steps in order:
            realised = each.realised(steps)
            found = [[entry["bytes"], entry["documents"], entry["sequences"]] for entry in realised.values()]
            assert found == brute(each, steps)
            assert sum(entry["tokens"] for entry in realised.values()) == steps * 6 * CONTEXT
            for entry, corpus in zip(realised.values(), each.tokens, strict=True):
                assert entry["epochs"] == entry["tokens"] / corpus.tokens
        assert steps == 0 or sum(entry["share"] for entry in realised.values()) == pytest.approx(1)


def test_a_corpus_shorter_than_a_sequence_is_refused(mixed):
    with pytest.raises(DataError, match=r"corpus c has [\d,]+ tokens, one sequence takes 1,001"):
        Sampler(mixed, seed=1, context_tokens=1000, sequences_per_step=1, steps=1)


def test_more_epochs_than_allowed_are_refused(tmp_path):
    workspace, step = mixture(tmp_path, {"a": 1}, {"a": 20}, max_epochs=2.0)
    with sampler(workspace.path(step), steps=1) as each:
        available = each.tokens[0].tokens
    allowed = 2 * available // (6 * CONTEXT)
    sampler(workspace.path(step), steps=allowed).close()
    with pytest.raises(DataError, match="more than max_epochs 2"):
        sampler(workspace.path(step), steps=allowed + 2)


def test_steps_beyond_the_run_are_refused(mixed):
    with sampler(mixed, steps=3) as each:
        each.batch(2)
        for step in (3, -1):
            with pytest.raises(IndexError):
                each.batch(step)


def test_corpora_of_two_tokenizers_are_refused(tmp_path):
    workspace = Workspace(tmp_path)
    corpora = [corpus_step(workspace, name, [["some words " * 30]]) for name in "ab"]
    tokens = [
        tokens_step(workspace, corpus, tokenizer_step(workspace, corpora, vocab_size=258 + number))
        for number, corpus in enumerate(corpora)
    ]
    with pytest.raises(DataError, match="one tokenizer"):
        sampler(workspace.path(mixture_step(workspace, {"a": 1, "b": 1}, tokens)))


def test_what_is_no_mixture_is_refused(mixed):
    [tokenizer] = (mixed.parent.parent / "tokenizer").iterdir()
    with pytest.raises(UsageError, match="not a mixture"):
        sampler(tokenizer)


@given(st.lists(st.floats(0.01, 1), min_size=3, max_size=3), st.integers(0, 2**63), st.integers(1, 9), st.data())
@settings(max_examples=20)
def test_any_mixture_keeps_its_shares_at_any_step_for_any_workers(everything, weights, seed, share, data):
    """Any weights, seed, size of a step and place to begin: the shares hold, and 1, 2 and 4 workers share one batch."""
    workspace, step = everything
    mixture = mixture_step(workspace, dict(zip("abc", weights, strict=True)), list(step.input_steps().values()))
    with Sampler(
        workspace.path(mixture), seed=seed, context_tokens=CONTEXT, sequences_per_step=4 * share, steps=300,
    ) as each:
        number = data.draw(st.integers(0, 299))
        realised = each.realised(number + 1)
        for name, weight in zip("abc", weights, strict=True):
            due = (number + 1) * 4 * share * weight / sum(weights)
            assert abs(realised[name]["sequences"] - due) < 1 + 1e-3
        whole = each.batch(number)
        assert np.array_equal(np.bincount(whole.corpus, minlength=3), each._counts(number + 1) - each._counts(number))
        for ranks in (2, 4):
            parts = [each.batch(number, rank, ranks).tokens for rank in range(ranks)]
            assert np.array_equal(np.concatenate(parts), whole.tokens)


STAGES = [
    {"until": 0.5, "weights": {"a": 0.7, "b": 0.3}}, {"until": 0.8, "weights": {"a": 0.25, "c": 0.75}},
    {"until": 1.0, "weights": {"c": 1.0}},
]


def test_shares_change_in_stages_and_stay_within_a_sequence_of_the_plan(tmp_path):
    weights = {"a": 0.425, "b": 0.15, "c": 0.425}
    workspace, step = mixture(tmp_path, weights, {"a": 40, "b": 25, "c": 4}, stages=STAGES)
    with sampler(workspace.path(step), sequences=7, steps=100) as each:
        due = np.zeros(3)
        for number in range(100):
            stage = next(stage for stage in STAGES if number / 100 < stage["until"])
            due += [7 * stage["weights"].get(name, 0) for name in "abc"]
            realised = each.realised(number + 1)
            for name, planned in zip("abc", due, strict=True):
                assert abs(realised[name]["sequences"] - planned) < 1
                assert realised[name]["planned_share"] == pytest.approx(planned / due.sum())
                assert realised[name]["stage_share"] == pytest.approx(stage["weights"].get(name, 0))
        assert {name: entry["planned_share"] for name, entry in realised.items()} == pytest.approx(weights)
        assert (each.batch(85).corpus == 2).all() and not (each.batch(10).corpus == 2).any()
        parts = [each.batch(49, rank, 7).tokens for rank in range(7)]
        assert np.array_equal(np.concatenate(parts), each.batch(49).tokens)


def test_a_short_run_repeats_as_often_as_the_long_one_it_stands_for(tmp_path):
    """The epochs of every corpus are those of the target's budget on whole corpora; the cap is held against them."""
    weights, sizes = {"a": 0.5, "b": 0.3, "c": 0.2}, {"a": 300, "b": 200, "c": 60}
    budget = 6 * CONTEXT * 20
    workspace, step = mixture(tmp_path / "short", weights, sizes, budget=budget, simulate_target_tokens=10 * budget)
    long_workspace, long = mixture(tmp_path / "long", weights, sizes, budget=10 * budget)
    with sampler(workspace.path(step), steps=20) as short, sampler(long_workspace.path(long), steps=200) as target:
        ours, theirs = short.realised(20), target.realised(200)
        planned = workspace.manifest(step).summary["corpora"]
        for corpus, whole in zip(short.tokens, target.tokens, strict=True):
            assert ours[corpus.name]["epochs"] == pytest.approx(theirs[corpus.name]["epochs"], rel=0.06)
            assert planned[corpus.name]["epochs"] == pytest.approx(theirs[corpus.name]["epochs"], rel=0.01)
            assert corpus.tokens == pytest.approx(planned[corpus.name]["tokens_used"], abs=50)
            assert corpus.tokens == pytest.approx(whole.tokens / 10, abs=50)
    cap = 0.9 * max(entry["epochs"] for entry in planned.values())
    with pytest.raises(DataError, match=r"more than max_epochs.*lower training\.simulate_target_tokens to"):
        mixture(tmp_path / "capped", weights, sizes, budget=budget, simulate_target_tokens=10 * budget, max_epochs=cap)


def test_arms_that_share_a_corpus_and_a_seed_repeat_the_same_documents(mixed, tmp_path):
    sizes = {"a": 40, "b": 25, "c": 4}
    workspace, step = mixture(tmp_path, {"a": 0.5, "b": 0.5}, sizes, budget=1000, simulate_target_tokens=4000)
    other = mixture_step(
        workspace, {"a": 0.1, "b": 0.9}, list(step.input_steps().values()), budget=1000, simulate_target_tokens=4000)
    assert other.digest != step.digest
    chosen = []
    for directory, seed in ((step, 1), (other, 1), (step, 2)):
        with sampler(workspace.path(directory), seed=seed, steps=2) as each:
            chosen.append(each.tokens[0].document_table(["id"])["id"].to_pylist())
            there = {id for corpus in each.tokens for id in corpus.document_table(["id"])["id"].to_pylist()}
            assert {id for row in each.document_ids(0) for id in row} <= there
    assert chosen[0] == chosen[1] != chosen[2]


def test_nothing_left_of_a_corpus_is_refused(tmp_path):
    workspace, step = mixture(tmp_path, {"a": 1}, {"a": 40}, budget=10, simulate_target_tokens=10_000)
    with pytest.raises(DataError, match="left of it for simulate_target_tokens, one sequence takes 201"):
        Sampler(workspace.path(step), seed=1, context_tokens=200, sequences_per_step=1, steps=1)
