"""Every token is scored once, from as much context as the window allows, whatever else is in the batch."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from maslin.trainer.comparison import scoring
from maslin.trainer.config.model import ModelConfig
from maslin.trainer.models.new_model import initialise

CONFIG = ModelConfig(layers=2, width=32, heads=2, kv_heads=2, hidden=48, context_tokens=16, vocab_size=100)
END = 99


@pytest.fixture(scope="module")
def model():
    return initialise(CONFIG, 0, torch.device("cpu"))


def documents(*lengths: int) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 99, length).astype(np.uint16) for length in lengths]


def sums(*arguments):
    return scoring.document_scores(scoring.nats, *arguments)


@given(st.integers(1, 500), st.integers(1, 64), st.data())
def test_windows_score_every_prediction_once_with_enough_context(length, context, data):
    stride = data.draw(st.integers(1, context))
    scored = []
    for begin, end, first in scoring.windows(length, context, stride):
        assert 0 <= begin <= first < end <= length and end - begin == min(length, context)
        assert begin == 0 or first - begin >= context - stride
        scored += range(first, end)
    assert scored == list(range(length))


def test_a_short_document_is_scored_from_end_of_text(model):
    (document,) = documents(10)
    sequence = torch.from_numpy(np.concatenate([[END], document]).astype(np.int64))[None]
    expected = model.token_nats(sequence[:, :-1], sequence[:, 1:]).double().sum()
    assert sums(model, [document], END, 16, 8)[0] == pytest.approx(float(expected), rel=1e-6)


def test_a_long_document_is_scored_with_a_sliding_context(model):
    (document,) = documents(41)
    sequence = torch.from_numpy(np.concatenate([[END], document]).astype(np.int64))[None]
    expected = 0.0
    for begin, end, first in scoring.windows(41, 16, 8):
        nats = model.token_nats(sequence[:, begin:end], sequence[:, begin + 1 : end + 1])[0]
        expected += float(nats[first - begin :].double().sum())
    assert sums(model, [document], END, 16, 8)[0] == pytest.approx(expected, rel=1e-6)


def test_scores_do_not_depend_on_the_company(model, monkeypatch):
    many = documents(3, 16, 17, 1, 90, 40, 16)
    together = sums(model, many, END, 16, 8)
    monkeypatch.setattr(scoring, "BATCH_TOKENS", 1)
    alone = [sums(model, [document], END, 16, 8)[0] for document in many]
    assert together == pytest.approx(alone, rel=1e-5)
    assert np.array_equal(sums(model, many, END, 16, 8), alone)
