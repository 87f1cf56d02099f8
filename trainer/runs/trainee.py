"""What the loop trains, one run or several at once: all that it asks of them."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor, nn

from maslin.trainer.models.examples import Examples
from maslin.trainer.models.model import LanguageModel
from maslin.trainer.runs.checkpoint import Checkpoint, restore_moments
from maslin.trainer.runs.workers import Alone


class Trainee(ABC):
    """K runs with parameters to optimize. A tensor [K] has a value of each."""

    MATRIX_DIMENSIONS: ClassVar[int]  # of a parameter that is a matrix of each run
    EMBEDDINGS: tuple[str, ...]  # parameters that are looked up: no decay, no Muon

    @abstractmethod
    def named_parameters(self) -> Iterator[tuple[str, nn.Parameter]]:
        """All, by the names that they have in a model."""

    @abstractmethod
    def nats(self, examples: Sequence[Examples], part: slice, z_loss: float) -> Tensor:
        """-ln p(target) [K], summed over a part of each run's examples, divided by the targets of all of them.

        Its gradient, summed over all parts, is the batch's.
        """

    @abstractmethod
    def clip(self, norm: float) -> Tensor:
        """Scale the gradients of each run down to a global norm; returns what these were [K]."""

    @abstractmethod
    def restore_moments(self, checkpoints: Sequence[Checkpoint], optimizers: Sequence[torch.optim.Optimizer]) -> None:
        """Put the optimizers' state back, bit for bit; `checkpoints` has one of each run."""

    @abstractmethod
    def save(
        self, roots: Sequence[Path], step: int, optimizers: Sequence[torch.optim.Optimizer], mixture: str, kept: int,
        branch_steps: Collection[int],
    ) -> None:
        """Write a checkpoint of each run, or begin to; remove all but the newest `kept` and those at `branch_steps`."""

    @abstractmethod
    def models(self) -> Iterator[LanguageModel]:
        """The model of each run, whole."""

    def accumulating(self, last: bool) -> AbstractContextManager[None]:
        """Around the backward pass of a micro-batch, the `last` one or not."""
        return nullcontext()


class Single(Trainee):
    """One run, in one process or shared by several workers: its gradient is then the mean of theirs."""

    MATRIX_DIMENSIONS = 2

    def __init__(self, model: LanguageModel, workers: Alone) -> None:
        self.EMBEDDINGS = model.EMBEDDINGS
        self._model, self._workers = model, workers
        self._summed_nats = workers.loss(model)

    def named_parameters(self) -> Iterator[tuple[str, nn.Parameter]]:
        return self._model.named_parameters()

    def nats(self, examples: Sequence[Examples], part: slice, z_loss: float) -> Tensor:
        (mine,) = examples
        nats = self._summed_nats(mine[part], z_loss)
        return (nats / (max(1, mine.targets_asked) / self._workers.size)).reshape(1)

    def accumulating(self, last: bool) -> AbstractContextManager[None]:
        return self._workers.accumulating(self._summed_nats, last)

    def clip(self, norm: float) -> Tensor:
        return self._workers.clip(self._model, norm).reshape(1)

    def restore_moments(self, checkpoints: Sequence[Checkpoint], optimizers: Sequence[torch.optim.Optimizer]) -> None:
        restore_moments(checkpoints[0], self.named_parameters(), optimizers, self._workers.place)

    def save(
        self, roots: Sequence[Path], step: int, optimizers: Sequence[torch.optim.Optimizer], mixture: str, kept: int,
        branch_steps: Collection[int],
    ) -> None:
        self._workers.save(roots[0], step, self._model, optimizers, mixture, kept, branch_steps)

    def models(self) -> Iterator[LanguageModel]:
        yield self._workers.whole(self._model)
