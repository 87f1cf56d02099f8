"""Masks and spans: the published shares, pure functions of seed and place, and nothing of a document's is lost."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from maslin.trainer.config.model import ModelConfig
from maslin.trainer.data.causal import causal
from maslin.trainer.data.draws import draws, unit
from maslin.trainer.data.objectives import make_objective
from maslin.trainer.data.sampler import Batch, segments_of
from maslin.trainer.data.span_corruption import corrupt_spans, noise_lengths
from maslin.trainer.models.bert.spec import MASK
from maslin.trainer.models.examples import IGNORED
from maslin.trainer.models.t5.spec import PADDING, SENTINELS

END = 7
BERT = ModelConfig(2, 32, 2, 2, 64, 256, vocab_size=50, architecture="bert")
T5 = ModelConfig(2, 32, 2, 2, 64, 256, vocab_size=50, architecture="t5")
FIRST, START = T5.reserved_id(SENTINELS[0]), T5.reserved_id(PADDING)


def sequences(rows: int = 40, length: int = 256, first: int = 0, seed: int = 0) -> Batch:
    """Random tokens; one in 50 is end-of-text."""
    tokens = np.random.default_rng(seed).integers(0, 50, (rows, length + 1), np.int32)
    return Batch(tokens, segments_of(tokens[:, :-1], END), np.zeros(rows, np.int64), first + np.arange(rows))


def make(objective: str, model: ModelConfig, seed: int):
    return make_objective(objective, model, END, Path("unread.json"), seed)


def test_the_causal_target_of_a_token_is_the_next():
    batch = sequences(3)
    examples = causal(batch)
    assert np.array_equal(examples.tokens, batch.inputs) and np.array_equal(examples.targets, batch.targets)
    assert examples.targets_asked == 3 * 256


def test_bert_masks_15_percent_of_which_80_10_10():
    batch = sequences()
    examples = make("masked", BERT, 0)(batch)
    tokens, targets, inputs = examples.tokens.numpy(), examples.targets.numpy(), batch.inputs
    chosen = targets != IGNORED
    assert (chosen.sum(1) == 38).all() and examples.targets_asked == 40 * 38  # round(0.15 × 256)
    assert np.array_equal(targets[chosen], inputs[chosen]) and not (targets == END).any()
    assert np.array_equal(tokens[~chosen], inputs[~chosen])
    became = tokens[chosen]
    mask, same = became == BERT.reserved_id(MASK), became == inputs[chosen]
    assert mask.mean() == pytest.approx(0.8, abs=0.03) and same.mean() == pytest.approx(0.1, abs=0.03)
    other = became[~mask & ~same]
    assert len(np.unique(other)) > 40 and END not in other and other.max() < 50


@pytest.mark.parametrize(("objective", "model"), [("masked", BERT), ("span_corruption", T5)])
def test_masks_are_pure_in_seed_and_the_sequence_s_number(objective, model):
    batch = sequences(8, first=100)
    whole = make(objective, model, 3)(batch)
    part = Batch(*(value[4:] for value in vars(batch).values()))
    later = make(objective, model, 3)(part)
    assert torch.equal(whole[4:].tokens, later.tokens)  # another rank, another micro-batch
    width = later.targets.shape[1]
    assert torch.equal(whole[4:].targets[:, :width], later.targets)
    again, other = (make(objective, model, 3)(sequences(8, first=first)) for first in (100, 108))
    assert torch.equal(again.tokens, whole.tokens) and not torch.equal(other.tokens, whole.tokens)
    assert not torch.equal(make(objective, model, 4)(batch).tokens, whole.tokens)


def test_draws_are_uniform_and_differ_by_key_number_and_position():
    bits = draws(5, np.arange(300), 300)
    assert len(np.unique(bits)) == 90_000
    assert np.histogram(unit(bits), 10, (0, 1))[0] == pytest.approx(9000, rel=0.05)
    assert not (draws(6, np.arange(300), 300) == bits).any()


def bits(length: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 2**63, length).astype(np.uint64)


@given(st.integers(0, 3000), st.integers(0, 5))
@settings(deadline=None, max_examples=60)
def test_spans_are_15_percent_in_threes_and_alternate_with_what_stays(length, seed):
    spans = noise_lengths(bits(length, seed), bits(length, seed + 9))
    noise = round(0.15 * length)
    assert sum(dropped for _, dropped in spans) == noise
    assert len(spans) == (min(100, max(1, round(noise / 3))) if noise else 0)
    assert all(kept >= 1 and dropped >= 1 for kept, dropped in spans)
    assert not len(spans) or spans.sum() == length


def test_every_way_to_cut_is_as_likely():
    """Ten tokens of noise in three spans: each of the 36 ways comes up, none often."""
    seen: dict[tuple[int, ...], int] = {}
    for seed in range(3600):
        lengths = tuple(dropped for _, dropped in noise_lengths(bits(67, seed), bits(67, seed)))
        seen[lengths] = seen.get(lengths, 0) + 1
    assert len(seen) == 36 and max(seen.values()) < 150 and min(seen.values()) > 60


@given(st.lists(st.integers(0, 30), max_size=8), st.integers(0, 99), st.booleans())
@settings(deadline=None, max_examples=60)
def test_put_back_together_a_sequence_is_what_it_was(lengths, seed, whole):
    rng = np.random.default_rng(seed)
    documents = [rng.integers(10, 50, length) for length in [*lengths, 5]]
    inputs = np.concatenate([part for document in documents for part in (document, [END])])
    inputs = inputs if whole else inputs[:-2]
    row = corrupt_spans(inputs, bits(len(inputs), seed), bits(len(inputs), seed + 1), T5, END)
    assert len(row.tokens) == len(row.segments) <= len(inputs)
    back = []
    for number in range(row.segments[-1] + 1):
        said = row.targets[row.decoder_segments == number]
        given_ = row.decoder_tokens[row.decoder_segments == number]
        if len(said):
            assert given_[0] == START and np.array_equal(given_[1:], said[:-1]) and said[-1] == END
        spans: dict[int, list[int]] = {}
        for token in said[:-1].tolist():
            if token >= FIRST:
                assert token == FIRST + len(spans)  # sentinels count from 0 in every document
                spans[token] = []
            else:
                spans[max(spans)].append(token)
        for token in row.tokens[row.segments == number].tolist():
            back += spans.get(token, [token])
    assert back == inputs.tolist()


def test_t5_examples_pad_without_being_seen():
    batch = sequences(6)
    examples = make("span_corruption", T5, 0)(batch)
    asked = examples.targets != IGNORED
    assert examples.tokens.shape == (6, 256) and examples.targets.shape[1] % 64 == 0
    assert asked.sum(1).tolist() == examples.asked.tolist()
    for row in range(6):
        heard = examples.segments[row]
        padding = heard == heard[-1]
        assert (examples.tokens[row][padding] == END).all() and 0 < padding.sum() < 40
        assert heard[-1] not in examples.decoder_segments[row]
        assert set(examples.decoder_segments[row].tolist()) <= set(heard.tolist())
