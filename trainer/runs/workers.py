"""What the loop asks of the workers of a run. For one process alone that is little; for several see `distributed`."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

import torch
from torch import Tensor

from maslin.trainer.config.training import TrainingConfig
from maslin.trainer.models.examples import Examples
from maslin.trainer.models.model import LanguageModel
from maslin.trainer.runs.background import Background
from maslin.trainer.runs.checkpoint import save_checkpoint

# Examples and z-loss → summed nats.
LossFunction = Callable[[Examples, float], Tensor]


class Alone:
    """A run in one process. `rank` of `size` workers; only the first one writes."""

    rank, size = 0, 1

    def wait(self) -> None:
        """For all workers to come here."""

    def check(self, config: TrainingConfig, sequences: int) -> None:
        """Raises UsageError when the workers cannot share such a run, of so many sequences a batch."""

    def loss(self, model: LanguageModel) -> LossFunction:
        """The model's loss, such that the gradients of all workers are averaged. Compiled on CUDA, shapes fixed."""
        if model.device.type == "cuda":
            model.compile(dynamic=False)
        return model.summed_nats

    def place(self, parameter: Tensor, moment: Tensor) -> Tensor:
        """A whole moment, laid out as its parameter is."""
        return moment

    def accumulating(self, loss: LossFunction, last: bool) -> AbstractContextManager[None]:
        """Around the backward pass of a micro-batch: gradients are exchanged with that of the `last` one."""
        return nullcontext()

    def clip(self, model: LanguageModel, norm: float) -> Tensor:
        """Scale gradients down to a global norm; returns what it was."""
        return torch.nn.utils.clip_grad_norm_(model.parameters(), norm)

    def mean(self, values: Tensor) -> Tensor:
        """Over workers."""
        return values

    def save(
        self, root: Path, step: int, model: LanguageModel, optimizers: Sequence[torch.optim.Optimizer], mixture: str,
        kept: int, branch_steps: Collection[int], background: Background,
    ) -> None:
        """Begin to write a checkpoint, as `save_checkpoint` does."""
        save_checkpoint(root, step, model, optimizers, mixture, kept, branch_steps, background)

    @contextmanager
    def saving(self) -> Iterator[None]:
        """Around a run: at its end, every checkpoint that was begun is on the disk."""
        yield

    def whole(self, model: LanguageModel) -> LanguageModel:
        """The model with whole weights."""
        return model


ALONE = Alone()
