"""GPT-2 (Radford et al. 2019) exactly: learned positions, LayerNorm and linear maps with bias, GELU by tanh, tied.

Names and shapes are those of Hugging Face's GPT2Model, whose matrices are [inputs, outputs]. No dropout. Positions
begin anew with every document: packed or alone, a document gives the same logits. Letters of shapes are those of
`maslin.trainer.models.model`.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from maslin.trainer.config.model import ModelConfig
from maslin.trainer.models.gpt2.spec import STD
from maslin.trainer.models.layers import LayerNorm, positions
from maslin.trainer.models.model import Decoder, Mask, attend


class Conv1D(nn.Module):
    """A linear map with bias, its matrix [inputs, outputs] as in GPT-2's files; float32 at rest."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(inputs, outputs, device="meta"))
        self.bias = nn.Parameter(torch.empty(outputs, device="meta"))

    def forward(self, x: Tensor) -> Tensor:
        return functional.linear(x, self.weight.to(x.dtype).T, self.bias.to(x.dtype))


class Attention(nn.Module):
    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.head_width = config.head_width
        self.c_attn = Conv1D(config.width, 3 * config.width)
        self.c_proj = Conv1D(config.width, config.width)

    def forward(self, x: Tensor, mask: Mask) -> Tensor:
        split = (*x.shape[:2], -1, self.head_width)
        q, k, v = (part.view(split).transpose(1, 2) for part in self.c_attn(x).chunk(3, dim=-1))
        return self.c_proj(attend(q, k, v, mask).transpose(1, 2).flatten(2))


class FeedForward(nn.Module):
    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.c_fc = Conv1D(config.width, config.hidden)
        self.c_proj = Conv1D(config.hidden, config.width)

    def forward(self, x: Tensor) -> Tensor:
        return self.c_proj(functional.gelu(self.c_fc(x), approximate="tanh"))


class Block(nn.Module):
    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.ln_1 = LayerNorm(config.width, config.norm_eps)
        self.attn = Attention(config)
        self.ln_2 = LayerNorm(config.width, config.norm_eps)
        self.mlp = FeedForward(config)

    def forward(self, x: Tensor, mask: Mask) -> Tensor:
        x = x + self.attn(self.ln_1(x), mask)
        return x + self.mlp(self.ln_2(x))


class GPT2(Decoder):
    PREFIX = "transformer."
    EMBEDDINGS = ("wte.weight", "wpe.weight")
    JOINED = {"attn.c_attn.weight": 3}  # noqa: RUF012 - nobody writes into it; queries, keys, values

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        with torch.device("meta"):
            self.wte = nn.Embedding(config.padded_vocab_size, config.width)
            self.wpe = nn.Embedding(config.context_tokens, config.width)
        self.h = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.ln_f = LayerNorm(config.width, config.norm_eps)

    def forward(self, tokens: Tensor, positions: Tensor, mask: Mask) -> Tensor:
        """Hidden states [B, T, D], normed. Only this is compiled on CUDA: shapes are fixed, the rest is given."""
        x = (self.wte(tokens) + self.wpe(positions)).to(self.compute_dtype)
        for block in self.h:
            x = block(x, mask)
        return self.ln_f(x)

    def hidden(self, tokens: Tensor, mask: Mask, segments: Tensor | None = None) -> Tensor:
        return self(tokens, positions(tokens, segments), mask)

    def initial(self, name: str, shape: torch.Size) -> tuple[float, float]:
        """Normal with 0.02, divided by √(2 × layers) where a matrix writes into the residual stream; biases zero."""
        if name.endswith("bias"):
            return 0.0, 0.0
        if len(shape) == 1:
            return 1.0, 0.0
        return 0.0, STD / math.sqrt(2 * self.config.layers) if name.endswith("c_proj.weight") else STD
