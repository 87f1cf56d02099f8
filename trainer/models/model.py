"""What all models have in common: tied embeddings, loss in chunks, attention that stays inside a document.

Shapes: B sequences, T tokens, D width, H heads, G key-value heads, K head width, V vocabulary (padded).
"""

import functools
import math
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.attention.flex_attention import BlockMask, create_block_mask, flex_attention

from maslin.trainer.config.model import ModelConfig
from maslin.trainer.models.cross_entropy import summed_nats, token_nats
from maslin.trainer.models.examples import IGNORED, Examples

# Who sees whom: a FlexAttention mask, an additive mask [B, 1, T, T], or None: the sequence is one document.
Mask = BlockMask | Tensor | None


class LanguageModel(nn.Module):
    """A model of any objective. Built without memory; `initialise` or `load_state_dict(assign=True)` fills it.

    Parameters bear the names and shapes of an architecture of `transformers`, below `PREFIX`, so that a saved model
    opens there as it lies.
    """

    PREFIX: ClassVar[str]
    EMBEDDINGS: ClassVar[tuple[str, ...]]  # parameters that are looked up: no decay, no Muon; the first is tied
    JOINED: ClassVar[Mapping[str, int]] = {}  # endings of names of several matrices side by side → how many

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config

    @abstractmethod
    def states(self, examples: Examples) -> Tensor:
        """States [B, U, D] at the targets' positions, from which `scores` makes logits."""

    @abstractmethod
    def initial(self, name: str, shape: torch.Size) -> tuple[float, float]:
        """Mean and standard deviation that a parameter starts with."""

    def head(self, states: Tensor) -> Tensor:
        """What is left to do [N, D] → [N, D] before the product with the embedding."""
        return states

    @property
    def output_bias(self) -> Tensor | None:
        """Of the logits [V], where an architecture has one."""
        return None

    @property
    def token_parameters(self) -> frozenset[str]:
        """Parameters with a row for each token of the vocabulary."""
        return frozenset(self.EMBEDDINGS[:1])

    @property
    def embedding(self) -> Tensor:
        """Tied: rows of tokens [V, D] going in, and of logits coming out."""
        module, _, name = self.EMBEDDINGS[0].rpartition(".")
        return getattr(self.get_submodule(module), name)

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
        matrices = sum(
            parameter.numel() * self.product_share(name) for name, parameter in self.named_parameters()
            if parameter.ndim == 2 and name not in self.EMBEDDINGS[1:])
        return 6.0 * matrices + 12.0 * self.config.layers * self.config.width * self.config.context_tokens

    def product_share(self, name: str) -> float:
        """The share of a sequence's tokens that are multiplied with this matrix."""
        return 1.0

    def logits(self, examples: Examples) -> Tensor:
        """Logits [B, U, V], whole: for tests, never for training."""
        states, bias = self.head(self.states(examples)), self.output_bias
        return functional.linear(
            states, self.embedding.to(states.dtype), None if bias is None else bias.to(states.dtype))

    def summed_nats(self, examples: Examples, z_loss: float = 0.0) -> Tensor:
        """Sum of -ln p(target) over the targets asked, for training; its gradient holds the z-loss, too."""
        states, targets = self.states(examples).flatten(0, 1), examples.targets.flatten()
        if examples.targets_asked < len(targets):
            asked = targets != IGNORED
            states, targets = states[asked], targets[asked]
        return summed_nats(self.head(states), self.embedding, targets, z_loss, self.output_bias)


class Decoder(LanguageModel):
    """A causal language model: each token from those before it."""

    @abstractmethod
    def hidden(self, tokens: Tensor, mask: Mask, segments: Tensor | None = None) -> Tensor:
        """Hidden states [B, T, D], normed, of `tokens` [B, T]; times the embedding matrix they are logits."""

    def states(self, examples: Examples) -> Tensor:
        return self.hidden(examples.tokens, document_mask(examples.segments), examples.segments)

    @torch.no_grad()
    def token_nats(self, tokens: Tensor, targets: Tensor) -> Tensor:
        """-ln p(target) [B, T] float32, every row one document; 0 where nothing is asked."""
        asked = targets != IGNORED
        nats = torch.zeros(targets.shape, device=targets.device)
        nats[asked] = token_nats(self.hidden(tokens, None)[asked], self.embedding, targets[asked])
        return nats


def attend(q: Tensor, k: Tensor, v: Tensor, mask: Mask, grouped: bool = False, causal: bool = True) -> Tensor:
    """Attention of queries [B, H, T, K] to keys and values [B, G, T, K], `grouped` when G < H.

    `causal` says what no mask means: everything before, or everything.
    """
    if isinstance(mask, BlockMask):
        return flex_attention(q, k, v, block_mask=mask, enable_gqa=grouped)
    return functional.scaled_dot_product_attention(
        q, k, v, attn_mask=None if mask is None else mask.to(q.dtype),  # float32 beside bfloat16 is refused or misread
        is_causal=causal and mask is None, enable_gqa=grouped)


def document_mask(segments: Tensor | None, causal: bool = True) -> Mask:
    """Position i sees position j when both are of the same segment (`segments` [B, T] integers), and j ≤ i if `causal`.

    On CUDA a FlexAttention block mask, whose empty blocks cost nothing. Elsewhere an additive mask [B, 1, T, T] for
    SDPA: FlexAttention has no backward on CPU, and at a context of some hundred tokens a dense mask is cheap.
    """
    if segments is None:
        return None
    batch, length = segments.shape
    if segments.device.type == "cuda":
        rule = _same_document(segments, causal)
        return _compiled_block_mask()(rule, batch, None, length, length, device=segments.device)
    return dense_mask(segments, segments, causal)


def dense_mask(queries: Tensor, keys: Tensor, causal: bool) -> Tensor:
    """The additive mask [B, 1, T, U] of queries of these segments [B, T] on keys of those [B, U]."""
    allowed = queries[:, :, None] == keys[:, None, :]
    if causal:
        positions = torch.arange(keys.shape[1], device=keys.device)
        allowed &= positions[: queries.shape[1], None] >= positions
    return torch.zeros(allowed.shape, device=keys.device).masked_fill_(~allowed, -math.inf)[:, None]


def _same_document(segments: Tensor, causal: bool = True) -> Any:
    def visible(batch: Tensor, head: Tensor, query: Tensor, key: Tensor) -> Tensor:
        same = segments[batch, query] == segments[batch, key]
        return (query >= key) & same if causal else same

    return visible


@functools.cache
def _compiled_block_mask() -> Any:
    return torch.compile(create_block_mask, dynamic=False)
