"""The order of data: exact shares, every window once a pass, the same wherever one begins and however many work."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import trainer.sampler
from manifests.errors import DataError, UsageError
from manifests.workspace import Workspace
from tests.token_steps import corpus_step, mixture, mixture_step, tokenizer_step, tokens_step
from trainer.sampler import Sampler, Schedule, permute, rational_shares, segments_of

WEIGHTS = st.lists(st.floats(0.001, 1) | st.integers(1, 50).map(float), min_size=1, max_size=8)
CONTEXT = 16


@pytest.fixture(scope="module")
def mixed(tmp_path_factory):
    workspace, step = mixture(
        tmp_path_factory.mktemp("mixture"), {"a": 0.5, "b": 0.3, "c": 0.2}, {"a": 40, "b": 25, "c": 4})
    return workspace.path(step)


def sampler(mixed, seed=1, sequences=6, steps=200):
    return Sampler(mixed, seed=seed, context_tokens=CONTEXT, sequences_per_step=sequences, steps=steps)


@given(WEIGHTS)
@settings(deadline=None, max_examples=40)
def test_no_corpus_is_ever_a_sequence_off_its_share(weights):
    schedule = Schedule(weights)
    length = min(schedule.period, 2000)
    taken = schedule.corpus(0, length)[:, None] == np.arange(len(weights))
    due = np.arange(1, length + 1)[:, None] * np.array([float(share) for share in schedule.shares])
    assert (np.abs(np.cumsum(taken, axis=0) - due) < 1 - 1e-9).all()


@given(WEIGHTS, st.integers(0, 10**9))
@settings(deadline=None, max_examples=30)
def test_counts_and_corpus_agree_anywhere(weights, start):
    schedule = Schedule(weights)
    steps = np.bincount(schedule.corpus(start, start + 100), minlength=len(weights))
    assert np.array_equal(schedule.counts(start) + steps, schedule.counts(start + 100))
    assert schedule.counts(start).sum() == start


@given(WEIGHTS | st.lists(st.floats(1e-9, 1), min_size=1, max_size=5))
def test_shares_add_up_and_are_near(weights):
    shares = rational_shares(weights)
    assert sum(shares) == 1 and min(shares) > 0
    for share, weight in zip(shares, weights, strict=True):
        assert abs(float(share) - weight / sum(weights)) < len(weights) / trainer.sampler.PERIOD_MAX


@pytest.mark.parametrize(("weights", "parts"), [
    ([0.8, 0.2], [4, 1]), ([1.0], [1]), ([1, 1, 1], [1, 1, 1]), ([0.6, 0.2, 0.2], [3, 1, 1]),
])
def test_shares_as_people_write_them_are_exact(weights, parts):
    assert [share * sum(parts) for share in rational_shares(weights)] == parts


@given(st.integers(1, 3000), st.integers(0, 2**64 - 1))
@settings(deadline=None)
def test_a_permutation_has_every_window_once(size, key):
    assert sorted(permute(np.arange(size), size, key)) == list(range(size))


@given(st.integers(1, 2**40), st.integers(0, 2**64 - 1), st.data())
@settings(deadline=None)
def test_a_place_of_a_permutation_needs_no_other(size, key, data):
    places = np.array(data.draw(st.lists(st.integers(0, size - 1), min_size=1, max_size=5)))
    together = permute(places, size, key)
    assert together.tolist() == [permute(np.array([place]), size, key)[0] for place in places]
    assert (together >= 0).all() and (together < size).all()


@pytest.mark.parametrize("size", [2, 3, 5, 8, 13])
def test_permutations_are_even(size):
    """Over many keys each window stands at each place equally often: chi-square within six deviations."""
    keys = 3000
    found = np.array([permute(np.arange(size), size, key * 7919) for key in range(keys)])
    table = np.array([np.bincount(found[:, place], minlength=size) for place in range(size)])
    freedom = (size - 1) ** 2
    assert ((table - keys / size) ** 2 / (keys / size)).sum() < freedom + 6 * (2 * freedom) ** 0.5


def test_neighbours_are_not_kept_together():
    found = permute(np.arange(20_000), 20_000, 5).astype(float)
    assert abs(np.corrcoef(found[:-1], found[1:])[0, 1]) < 0.03


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
