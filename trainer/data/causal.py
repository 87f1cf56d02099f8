"""The objective `causal`: the next token."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from maslin.trainer.config.model import ModelConfig
from maslin.trainer.data.sampler import Batch
from maslin.trainer.models.examples import Examples


def make(model: ModelConfig, end_of_text: int, tokenizer: Path, key: int) -> Callable[[Batch], Examples]:
    """As `maslin.trainer.data.objectives.Maker`."""
    return causal


def causal(batch: Batch) -> Examples:
    """Every token is predicted from those before it in its document."""
    tokens = torch.from_numpy(batch.tokens).long()
    asked = np.full(len(tokens), tokens.shape[1] - 1)
    return Examples(tokens[:, :-1], torch.from_numpy(batch.segments), tokens[:, 1:], asked)
