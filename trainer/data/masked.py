"""The objective `masked`: BERT's masked tokens. Every mask is a pure function of (seed, sequence, position)."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch

from maslin.trainer.config.model import ModelConfig
from maslin.trainer.data.draws import draws, unit
from maslin.trainer.data.sampler import Batch
from maslin.trainer.models.bert.spec import MASK, MASKED_SHARE
from maslin.trainer.models.examples import IGNORED, Examples

MASK_SHARE, RANDOM_SHARE = 0.8, 0.1  # of the masked tokens become [MASK], or a random token; the rest stays


def make(model: ModelConfig, end_of_text: int, tokenizer: Path, key: int) -> Callable[[Batch], Examples]:
    """As `maslin.trainer.data.objectives.Maker`."""
    return partial(masked, model=model, end_of_text=end_of_text, key=key)


def masked(batch: Batch, model: ModelConfig, end_of_text: int, key: int) -> Examples:
    """BERT's masked-language modelling: 15 % of each sequence's tokens, of which 80 % read [MASK], 10 % another token.

    End-of-text is neither masked nor put in a token's place.
    """
    inputs = batch.inputs.astype(np.int64)
    order = draws(key, batch.numbers, inputs.shape[1])
    order[inputs == end_of_text] = np.uint64(2**64 - 1)  # last
    count = max(1, round(MASKED_SHARE * inputs.shape[1]))
    chosen = np.zeros(inputs.shape, bool)
    np.put_along_axis(chosen, np.argsort(order, axis=1, kind="stable")[:, :count], True, axis=1)
    chosen &= inputs != end_of_text
    fate = unit(draws(key + 1, batch.numbers, inputs.shape[1]))
    others = draws(key + 2, batch.numbers, inputs.shape[1]) % np.uint64(model.vocab_size - 1)
    others = others.astype(np.int64)
    others += others >= end_of_text
    tokens = np.where(chosen & (fate < MASK_SHARE), model.reserved_id(MASK), inputs)
    tokens = np.where(chosen & (fate >= 1 - RANDOM_SHARE), others, tokens)
    return Examples(
        torch.from_numpy(tokens), torch.from_numpy(batch.segments),
        torch.from_numpy(np.where(chosen, inputs, IGNORED)), chosen.sum(axis=1))
