"""Parts that several architectures are made of: float32 at rest, in the type of the activations in use.

They take no memory until a model is initialised. Letters of shapes are those of `maslin.trainer.models.model`.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional


class Linear(nn.Linear):
    """A linear map, its matrix [outputs, inputs]."""

    def __init__(self, inputs: int, outputs: int, bias: bool = False) -> None:
        super().__init__(inputs, outputs, bias=bias, device="meta")

    def forward(self, x: Tensor) -> Tensor:
        return functional.linear(x, self.weight.to(x.dtype), None if self.bias is None else self.bias.to(x.dtype))


class RMSNorm(nn.Module):
    def __init__(self, width: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(width, device="meta"))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        return functional.rms_norm(x, self.weight.shape, self.weight.to(x.dtype), self.eps)


class LayerNorm(nn.Module):
    def __init__(self, width: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(width, device="meta"))
        self.bias = nn.Parameter(torch.empty(width, device="meta"))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        return functional.layer_norm(x, self.weight.shape, self.weight.to(x.dtype), self.bias.to(x.dtype), self.eps)


def positions(tokens: Tensor, segments: Tensor | None) -> Tensor:
    """Positions [B, T] of tokens in their documents, a document being a run of equal `segments` [B, T]."""
    steps = torch.arange(tokens.shape[1], device=tokens.device).expand(tokens.shape)
    if segments is None:
        return steps
    begins = steps[:, 1:] * (segments[:, 1:] != segments[:, :-1])
    return steps - torch.cat((torch.zeros_like(begins[:, :1]), begins), dim=1).cummax(dim=1).values
