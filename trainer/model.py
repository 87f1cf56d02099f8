"""What every decoder has in common: tied embeddings, loss in chunks, attention that stays inside a document.

Shapes: B sequences, T tokens, D width, H heads, G key-value heads, K head width, V vocabulary (padded).
"""

import functools
import math
from abc import abstractmethod
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.attention.flex_attention import BlockMask, create_block_mask, flex_attention

from trainer.config import ModelConfig
from trainer.cross_entropy import summed_nats, token_nats

# Who sees whom: a FlexAttention mask, an additive mask [B, 1, T, T], or None: everything before, in one document.
Mask = BlockMask | Tensor | None


class Decoder(nn.Module):
    """A causal language model. Built without memory; `initialise` or `load_state_dict(assign=True)` fills it.

    Parameters bear the names and shapes of an architecture of `transformers`, below `PREFIX`, so that a saved model
    opens there as it lies.
    """

    PREFIX: ClassVar[str]
    EMBEDDINGS: ClassVar[tuple[str, ...]]  # parameters that are looked up: no decay, no Muon; the first is tied

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config

    @abstractmethod
    def hidden(self, tokens: Tensor, mask: Mask, segments: Tensor | None = None) -> Tensor:
        """Hidden states [B, T, D], normed, of `tokens` [B, T]; times the embedding matrix they are logits."""

    @abstractmethod
    def initial(self, name: str, shape: torch.Size) -> tuple[float, float]:
        """Mean and standard deviation that a parameter starts with."""

    @abstractmethod
    def transformers_config(self) -> dict[str, Any]:
        """The configuration of `transformers` that is this model exactly, without special tokens."""

    @property
    def embedding(self) -> Tensor:
        """Tied: rows of tokens [V, D] going in, and of logits coming out."""
        return self.get_parameter(self.EMBEDDINGS[0])

    @property
    def device(self) -> torch.device:
        return self.embedding.device

    @property
    def compute_dtype(self) -> torch.dtype:
        """bfloat16 on CUDA, float32 elsewhere (bfloat16 products are 50 times slower on most CPUs)."""
        return torch.bfloat16 if self.device.type == "cuda" else torch.float32

    @property
    def flop_per_token(self) -> float:
        """FLOP of training on a token: 6 N + 12 L D T (PaLM, Chowdhery et al. 2022, appendix B).

        N counts the parameters of matrix products, the tied head once; attention is counted whole, not causal, as
        everybody's MFU does.
        """
        looked_up = self.EMBEDDINGS[1:]
        matrices = sum(
            parameter.numel() for name, parameter in self.named_parameters()
            if parameter.ndim == 2 and name not in looked_up)
        return 6.0 * matrices + 12.0 * self.config.layers * self.config.width * self.config.context_tokens

    def logits(self, tokens: Tensor, segments: Tensor | None = None) -> Tensor:
        """Logits [B, T, V], whole: for tests, never for training."""
        hidden = self.hidden(tokens, document_mask(segments), segments)
        return functional.linear(hidden, self.embedding.to(self.compute_dtype))

    def summed_nats(
        self, tokens: Tensor, segments: Tensor | None, targets: Tensor, z_loss: float = 0.0,
    ) -> Tensor:
        """Sum of -ln p(target) over all B × T positions, for training; its gradient holds the z-loss, too."""
        hidden = self.hidden(tokens, document_mask(segments), segments).flatten(0, 1)
        return summed_nats(hidden, self.embedding, targets.flatten(), z_loss)

    @torch.no_grad()
    def token_nats(self, tokens: Tensor, targets: Tensor) -> Tensor:
        """-ln p(target) [B, T] float32, every row one document, for evaluation."""
        hidden = self.hidden(tokens, None).flatten(0, 1)
        return token_nats(hidden, self.embedding, targets.flatten()).view(targets.shape)


def attend(q: Tensor, k: Tensor, v: Tensor, mask: Mask, grouped: bool = False) -> Tensor:
    """Attention of queries [B, H, T, K] to keys and values [B, G, T, K], `grouped` when G < H."""
    if isinstance(mask, BlockMask):
        return flex_attention(q, k, v, block_mask=mask, enable_gqa=grouped)
    return functional.scaled_dot_product_attention(
        q, k, v, attn_mask=mask, is_causal=mask is None, enable_gqa=grouped)


def document_mask(segments: Tensor | None) -> Mask:
    """Position i sees position j when j ≤ i and both are of the same segment (`segments` [B, T] integers).

    On CUDA a FlexAttention block mask, whose empty blocks cost nothing. Elsewhere an additive mask [B, 1, T, T] for
    SDPA: FlexAttention has no backward on CPU, and at a context of some hundred tokens a dense mask is cheap.
    """
    if segments is None:
        return None
    batch, length = segments.shape
    if segments.device.type == "cuda":
        return _compiled_block_mask()(_same_document(segments), batch, None, length, length, device=segments.device)
    positions = torch.arange(length, device=segments.device)
    allowed = (segments[:, :, None] == segments[:, None, :]) & (positions[:, None] >= positions)
    mask = torch.zeros(allowed.shape, device=segments.device).masked_fill_(~allowed, -math.inf)
    return mask[:, None]


def _same_document(segments: Tensor) -> Any:
    def visible(batch: Tensor, head: Tensor, query: Tensor, key: Tensor) -> Tensor:
        return (query >= key) & (segments[batch, query] == segments[batch, key])

    return visible


@functools.cache
def _compiled_block_mask() -> Any:
    return torch.compile(create_block_mask, dynamic=False)
