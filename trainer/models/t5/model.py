"""T5 (Raffel et al. 2020): encoder and decoder, RMSNorm, relative position buckets, no biases, attention not scaled.

Feed-forwards are those of T5 1.1 (gated GELU by tanh), the embedding is tied as in 1.0 (and the decoder's states are
divided by √D before it). Names and shapes are those of Hugging Face's T5ForConditionalGeneration. No dropout. Letters
of shapes are those of `maslin.trainer.models.model`, and S stands for tokens of the encoder, U for those of the
decoder.
"""

import functools
import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from maslin.trainer.config.model import ModelConfig
from maslin.trainer.models.examples import Examples
from maslin.trainer.models.layers import Linear, RMSNorm
from maslin.trainer.models.model import LanguageModel, dense_mask
from maslin.trainer.models.t5.spec import BUCKETS, MAX_DISTANCE, MEAN_SPAN, NOISE_SHARE


class Attention(nn.Module):
    """`biased`: the stack's relative position biases are learned here, in its first layer, and used in all."""

    def __init__(self, config: ModelConfig, biased: bool = False) -> None:
        super().__init__()
        self.head_width = config.head_width
        self.q = Linear(config.width, config.width)
        self.k = Linear(config.width, config.width)
        self.v = Linear(config.width, config.width)
        self.o = Linear(config.width, config.width)
        if biased:
            with torch.device("meta"):
                self.relative_attention_bias = nn.Embedding(BUCKETS, config.heads)

    def forward(self, x: Tensor, seen: Tensor, mask: Tensor) -> Tensor:
        """Attention of x [B, T, D] to `seen` [B, T or S, D]; `mask` is added to the products."""
        q, k, v = (
            part(given).view(*given.shape[:2], -1, self.head_width).transpose(1, 2)
            for part, given in ((self.q, x), (self.k, seen), (self.v, seen)))
        mixed = functional.scaled_dot_product_attention(q, k, v, attn_mask=mask.to(q.dtype), scale=1.0)
        return self.o(mixed.transpose(1, 2).flatten(2))


class FeedForward(nn.Module):
    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.wi_0 = Linear(config.width, config.hidden)
        self.wi_1 = Linear(config.width, config.hidden)
        self.wo = Linear(config.hidden, config.width)

    def forward(self, x: Tensor) -> Tensor:
        return self.wo(functional.gelu(self.wi_0(x), approximate="tanh") * self.wi_1(x))


def _sublayer(name: str, module: nn.Module, config: ModelConfig) -> nn.ModuleDict:
    return nn.ModuleDict({name: module, "layer_norm": RMSNorm(config.width, config.norm_eps)})


class Block(nn.Module):
    def __init__(self, config: ModelConfig, decodes: bool, first: bool) -> None:
        super().__init__()
        self.layer = nn.ModuleList([_sublayer("SelfAttention", Attention(config, biased=first), config)])
        if decodes:
            self.layer.append(_sublayer("EncDecAttention", Attention(config), config))
        self.layer.append(_sublayer("DenseReluDense", FeedForward(config), config))

    def forward(self, x: Tensor, mask: Tensor, encoded: Tensor | None, cross_mask: Tensor | None) -> Tensor:
        for sublayer in self.layer:
            normed = sublayer["layer_norm"](x)
            if "SelfAttention" in sublayer:
                x = x + sublayer["SelfAttention"](normed, normed, mask)
            elif "EncDecAttention" in sublayer:
                x = x + sublayer["EncDecAttention"](normed, encoded, cross_mask)
            else:
                x = x + sublayer["DenseReluDense"](normed)
        return x


class Stack(nn.Module):
    def __init__(self, config: ModelConfig, decodes: bool) -> None:
        super().__init__()
        self.decodes = decodes
        self.block = nn.ModuleList(Block(config, decodes, first=index == 0) for index in range(config.layers))
        self.final_layer_norm = RMSNorm(config.width, config.norm_eps)

    def forward(
        self, x: Tensor, mask: Tensor, encoded: Tensor | None = None, cross_mask: Tensor | None = None,
    ) -> Tensor:
        bias = self.block[0].layer[0]["SelfAttention"].relative_attention_bias
        buckets = _buckets(x.shape[1], not self.decodes, x.device)
        mask = mask + bias(buckets).permute(2, 0, 1)
        for block in self.block:
            x = block(x, mask, encoded, cross_mask)
        return self.final_layer_norm(x)


class T5(LanguageModel):
    PREFIX = ""
    EMBEDDINGS = ("shared.weight", *(
        f"{stack}.block.0.layer.0.SelfAttention.relative_attention_bias.weight" for stack in ("encoder", "decoder")))

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        with torch.device("meta"):
            self.shared = nn.Embedding(config.padded_vocab_size, config.width)
        self.encoder = Stack(config, decodes=False)
        self.decoder = Stack(config, decodes=True)

    def forward(
        self, tokens: Tensor, decoder_tokens: Tensor, mask: Tensor, decoder_mask: Tensor, cross_mask: Tensor,
    ) -> Tensor:
        """The decoder's states [B, U, D], divided by √D. Only this is compiled on CUDA: masks are given."""
        encoded = self.encoder(self.shared(tokens).to(self.compute_dtype), mask)
        decoded = self.decoder(self.shared(decoder_tokens).to(self.compute_dtype), decoder_mask, encoded, cross_mask)
        return decoded * self.config.width**-0.5

    def states(self, examples: Examples) -> Tensor:
        segments, decoder_segments = examples.segments, examples.decoder_segments
        return self(
            examples.tokens, examples.decoder_tokens, dense_mask(segments, segments, causal=False),
            dense_mask(decoder_segments, decoder_segments, causal=True),
            dense_mask(decoder_segments, segments, causal=False))

    def product_share(self, name: str) -> float:
        """The decoder says what was cut out and a sentinel a span; its cross-attention reads the whole encoder."""
        reads = name.endswith(("EncDecAttention.k.weight", "EncDecAttention.v.weight"))
        decodes = name == self.EMBEDDINGS[0] or (name.startswith("decoder.") and not reads)
        return NOISE_SHARE * (1 + 1 / MEAN_SPAN) if decodes else 1.0

    def initial(self, name: str, shape: torch.Size) -> tuple[float, float]:
        """As in T5's code: normal with 1/√inputs, queries 1/√(inputs × head width); embeddings one, norms one."""
        if name.endswith("norm.weight"):
            return 1.0, 0.0
        if name == self.EMBEDDINGS[0]:
            return 0.0, 1.0
        if name in self.EMBEDDINGS:
            return 0.0, self.config.width**-0.5
        return 0.0, (shape[1] * (self.config.head_width if name.endswith(".q.weight") else 1)) ** -0.5


@functools.lru_cache(maxsize=8)
def _buckets(length: int, both_ways: bool, device: torch.device) -> Tensor:
    """Bucket [T, T] of each distance from query to key: exact while small, then by logarithm up to `MAX_DISTANCE`."""
    positions = torch.arange(length)
    distance = positions[:, None] - positions  # how far before the query the key is
    buckets = BUCKETS // 2 if both_ways else BUCKETS
    offset = buckets * (distance < 0) if both_ways else torch.zeros_like(distance)
    distance = distance.abs() if both_ways else distance.clamp(min=0)
    exact = buckets // 2
    far = torch.log(distance.clamp(min=1).float() / exact) / math.log(MAX_DISTANCE / exact) * (buckets - exact)
    far = (exact + far.long()).clamp(max=buckets - 1)
    return (offset + torch.where(distance < exact, distance, far)).to(device)
