"""A token is foretold when the model holds it likeliest of the tokenizer's tokens."""

import pytest
import torch

from maslin.trainer.comparison.accuracy import foretold
from maslin.trainer.config.model import ModelConfig
from maslin.trainer.models.examples import IGNORED
from maslin.trainer.models.new_model import initialise

CONFIG = ModelConfig(layers=2, width=32, heads=2, kv_heads=2, hidden=48, context_tokens=16, vocab_size=100)


@pytest.fixture
def model():
    return initialise(CONFIG, 0, torch.device("cpu"))


@torch.no_grad()
def test_the_likeliest_token_counts_and_what_is_not_asked_does_not(model):
    tokens = torch.arange(32).reshape(2, 16)
    likeliest = (model.hidden(tokens, None) @ model.embedding.T)[..., :100].argmax(-1)
    targets = likeliest.clone()
    targets[0, :5] = (targets[0, :5] + 1) % 100
    targets[1, 3] = IGNORED
    expected = torch.ones(2, 16)
    expected[0, :5] = expected[1, 3] = 0
    assert torch.equal(foretold(model, tokens, targets), expected)


@torch.no_grad()
def test_a_model_that_diverged_foretells_no_number(model):
    model.embedding.fill_(torch.nan)
    assert foretold(model, torch.zeros(1, 4, dtype=torch.long), torch.ones(1, 4, dtype=torch.long)).isnan().all()
