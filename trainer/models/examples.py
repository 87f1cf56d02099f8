"""What a model is asked in a step: the inputs it sees and the tokens it has to say.

Shapes: B sequences, T tokens, U tokens to predict at: T, or of T5's decoder.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

IGNORED = -1  # as a target: nothing is asked there


@dataclass(frozen=True)
class Examples:
    """Sequences made from a sampler's batch by an objective (`maslin.trainer.data.objectives`).

    tokens, segments: [B, T], inputs and the document of each, which attention does not leave
    targets: [B, U] int64, `IGNORED` where nothing is asked
    asked: [B] on the CPU, targets of each sequence that are not ignored
    decoder_tokens, decoder_segments: [B, U], of a model with a decoder beside its encoder
    """

    tokens: Tensor
    segments: Tensor | None
    targets: Tensor
    asked: np.ndarray
    decoder_tokens: Tensor | None = None
    decoder_segments: Tensor | None = None

    @property
    def targets_asked(self) -> int:
        return int(self.asked.sum())

    def __len__(self) -> int:
        return len(self.asked)

    def __getitem__(self, part: slice) -> "Examples":
        return replace(self, asked=self.asked[part], **{
            name: value[part] for name, value in self._tensors().items()})

    def pinned(self) -> "Examples":
        """In memory that CUDA copies from while it computes."""
        return replace(self, **{name: value.pin_memory() for name, value in self._tensors().items()})

    def to(self, device: torch.device) -> "Examples":
        return replace(self, **{name: value.to(device, non_blocking=True) for name, value in self._tensors().items()})

    def _tensors(self) -> dict[str, Tensor]:
        return {name: value for name, value in vars(self).items() if isinstance(value, Tensor)}
