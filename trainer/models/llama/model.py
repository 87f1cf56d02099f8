"""The `llama`-like decoder: RoPE, RMSNorm, SwiGLU, QK-norm, tied embeddings.

Names and shapes are those of Hugging Face's Qwen3 decoder (RoPE on half-split heads, RMSNorm per head on queries and
keys before it). Letters of shapes are those of `maslin.trainer.models.model`.
"""

import functools
import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from maslin.trainer.config.model import ModelConfig
from maslin.trainer.models.layers import Linear, RMSNorm
from maslin.trainer.models.model import Decoder, Mask, attend

EMBEDDING_STD = 0.02


def rotate(x: Tensor, cosines: Tensor, sines: Tensor) -> Tensor:
    """Rotate [B, heads, T, K] by its position; component i pairs with i + K/2."""
    first, second = x.chunk(2, dim=-1)
    return torch.cat((first * cosines - second * sines, second * cosines + first * sines), dim=-1)


class Attention(nn.Module):
    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.head_width = config.head_width
        self.grouped = config.heads != config.kv_heads
        self.q_proj = Linear(config.width, config.heads * config.head_width)
        self.k_proj = Linear(config.width, config.kv_heads * config.head_width)
        self.v_proj = Linear(config.width, config.kv_heads * config.head_width)
        self.o_proj = Linear(config.heads * config.head_width, config.width)
        self.q_norm = RMSNorm(config.head_width, config.norm_eps)
        self.k_norm = RMSNorm(config.head_width, config.norm_eps)

    def forward(self, x: Tensor, cosines: Tensor, sines: Tensor, mask: Mask) -> Tensor:
        split = (*x.shape[:2], -1, self.head_width)
        q = rotate(self.q_norm(self.q_proj(x).view(split)).transpose(1, 2), cosines, sines)
        k = rotate(self.k_norm(self.k_proj(x).view(split)).transpose(1, 2), cosines, sines)
        v = self.v_proj(x).view(split).transpose(1, 2)
        return self.o_proj(attend(q, k, v, mask, self.grouped).transpose(1, 2).flatten(2))


class FeedForward(nn.Module):
    """SwiGLU (Shazeer 2020)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.gate_proj = Linear(config.width, config.hidden)
        self.up_proj = Linear(config.width, config.hidden)
        self.down_proj = Linear(config.hidden, config.width)

    def forward(self, x: Tensor) -> Tensor:
        return self.down_proj(functional.silu(self.gate_proj(x)) * self.up_proj(x))


class Layer(nn.Module):
    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.input_layernorm = RMSNorm(config.width, config.norm_eps)
        self.self_attn = Attention(config)
        self.post_attention_layernorm = RMSNorm(config.width, config.norm_eps)
        self.mlp = FeedForward(config)

    def forward(self, x: Tensor, cosines: Tensor, sines: Tensor, mask: Mask) -> Tensor:
        x = x + self.self_attn(self.input_layernorm(x), cosines, sines, mask)
        return x + self.mlp(self.post_attention_layernorm(x))


class Llama(Decoder):
    PREFIX = "model."
    EMBEDDINGS = ("embed_tokens.weight",)

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        with torch.device("meta"):
            self.embed_tokens = nn.Embedding(config.padded_vocab_size, config.width)
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.layers))
        self.norm = RMSNorm(config.width, config.norm_eps)

    def forward(self, tokens: Tensor, cosines: Tensor, sines: Tensor, mask: Mask) -> Tensor:
        """Hidden states [B, T, D], normed. Only this is compiled on CUDA: shapes are fixed, tables and masks given."""
        x = self.embed_tokens(tokens).to(self.compute_dtype)
        for layer in self.layers:
            x = layer(x, cosines, sines, mask)
        return self.norm(x)

    def hidden(self, tokens: Tensor, mask: Mask, segments: Tensor | None = None) -> Tensor:
        """As in `Decoder`. RoPE knows distances only, so segments need no positions of their own."""
        length = tokens.shape[1]
        cosines, sines = _rotary_table(self.config, self.device, self.compute_dtype)
        return self(tokens, cosines[:length], sines[:length], mask)

    def initial(self, name: str, shape: torch.Size) -> tuple[float, float]:
        """Normal with 1/√inputs, divided by √(2 × layers) where a matrix writes into the residual stream;
        embeddings 0.02; norms one."""
        if name.endswith("norm.weight"):
            return 1.0, 0.0
        std = EMBEDDING_STD if name in self.EMBEDDINGS else shape[1] ** -0.5
        if name.endswith(("o_proj.weight", "down_proj.weight")):
            std /= math.sqrt(2 * self.config.layers)
        return 0.0, std


@functools.lru_cache(maxsize=4)
def _rotary_table(config: ModelConfig, device: torch.device, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Cosines and sines [context, K/2] of RoPE (Su et al. 2021), in float64 and rounded once."""
    exponents = torch.arange(0, config.head_width, 2, dtype=torch.float64) / config.head_width
    angles = torch.outer(torch.arange(config.context_tokens, dtype=torch.float64), config.rope_base**-exponents)
    return angles.cos().to(dtype).to(device), angles.sin().to(dtype).to(device)  # MPS has no float64
