"""What the loop trains, one run or several at once: all that it asks of them."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor, nn

from maslin.trainer.models.examples import Examples
from maslin.trainer.models.model import LanguageModel
from maslin.trainer.runs.background import Background
from maslin.trainer.runs.checkpoint import Checkpoint, restore_moments
from maslin.trainer.runs.workers import Alone


class Trainee(ABC):
    """K runs with parameters to optimize. A tensor [K] has a value of each."""

    MATRIX_DIMENSIONS: ClassVar[int]  # of a parameter that is a matrix of each run
    EMBEDDINGS: tuple[str, ...]  # parameters that are looked up: no decay, no Muon
    JOINED: Mapping[str, int]  # endings of names of several matrices side by side → how many

    @abstractmethod
    def named_parameters(self) -> Iterator[tuple[str, nn.Parameter]]:
        """All, by the names that they have in a model."""

    @abstractmethod
    def summed_nats(self, examples: Sequence[Examples], z_loss: float) -> Tensor:
        """Sum of -ln p(target) [K] over the examples of each run; its gradient holds the z-loss, too."""

    @abstractmethod
    def targets(self, examples: Sequence[Examples]) -> float | Tensor:
        """What sums over parts of a whole batch are divided by: one number, or [K]."""

    @abstractmethod
    def clip(self, norm: float) -> Tensor:
        """Scale the gradients of each run down to a global norm; returns what these were [K]."""

    @abstractmethod
    def restore_moments(self, checkpoints: Sequence[Checkpoint], optimizers: Sequence[torch.optim.Optimizer]) -> None:
        """Put the optimizers' state back, bit for bit; `checkpoints` has one of each run."""

    @abstractmethod
    def save(
        self, roots: Sequence[Path], step: int, optimizers: Sequence[torch.optim.Optimizer], mixture: str, kept: int,
        branch_steps: Collection[int], background: Background,
    ) -> None:
        """Begin to write a checkpoint of each run, and to remove all but the newest `kept` and those at `branch_steps`.
        """

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
        self.EMBEDDINGS, self.JOINED = model.EMBEDDINGS, model.JOINED
        self._model, self._workers = model, workers
        self._loss = workers.loss(model)

    def named_parameters(self) -> Iterator[tuple[str, nn.Parameter]]:
        return self._model.named_parameters()

    def summed_nats(self, examples: Sequence[Examples], z_loss: float) -> Tensor:
        (mine,) = examples
        return self._loss(mine, z_loss).reshape(1)

    def targets(self, examples: Sequence[Examples]) -> float:
        """Of a worker's share: the mean of the gradients is taken."""
        (mine,) = examples
        return max(1, mine.targets_asked) / self._workers.size

    def accumulating(self, last: bool) -> AbstractContextManager[None]:
        return self._workers.accumulating(self._loss, last)

    def clip(self, norm: float) -> Tensor:
        return self._workers.clip(self._model, norm).reshape(1)

    def restore_moments(self, checkpoints: Sequence[Checkpoint], optimizers: Sequence[torch.optim.Optimizer]) -> None:
        restore_moments(checkpoints[0], self.named_parameters(), optimizers, self._workers.place)

    def save(
        self, roots: Sequence[Path], step: int, optimizers: Sequence[torch.optim.Optimizer], mixture: str, kept: int,
        branch_steps: Collection[int], background: Background,
    ) -> None:
        self._workers.save(roots[0], step, self._model, optimizers, mixture, kept, branch_steps, background)

    def models(self) -> Iterator[LanguageModel]:
        yield self._workers.whole(self._model)
