"""Examples for tests: tokens [B, T], their documents, and what is asked; T5's decoder is given the targets' tokens."""

import numpy as np
from torch import Tensor

from maslin.trainer.config.model import ModelConfig
from maslin.trainer.models.examples import Examples

CONFIG = ModelConfig(layers=2, width=32, heads=4, kv_heads=2, hidden=48, context_tokens=32, vocab_size=100)
CONFIGS = {
    "llama": CONFIG,
    "gpt2": ModelConfig(
        layers=2, width=32, heads=4, kv_heads=4, hidden=128, context_tokens=32, vocab_size=100, norm_eps=1e-5,
        architecture="gpt2"),
    "bert": ModelConfig(
        layers=2, width=32, heads=4, kv_heads=4, hidden=128, context_tokens=32, vocab_size=100, norm_eps=1e-12,
        architecture="bert"),
    "t5": ModelConfig(
        layers=2, width=32, heads=4, kv_heads=4, hidden=48, context_tokens=32, vocab_size=100, architecture="t5"),
}


def asking(tokens: Tensor, segments: Tensor | None = None, targets: Tensor | None = None) -> Examples:
    """Every target is asked (default: the tokens themselves)."""
    segments = tokens * 0 if segments is None else segments
    targets = tokens if targets is None else targets
    return Examples(
        tokens, segments, targets, np.full(len(targets), targets.shape[1]), decoder_tokens=tokens,
        decoder_segments=segments)
