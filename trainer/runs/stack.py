"""Several runs of one shape as one: their parameters lie in stacks, and every kernel works for all of them.

A model of a few million parameters leaves a GPU waiting for the next kernel to be launched; K runs stacked launch as
many as one. Mathematically each run is itself alone; sums are taken in another order, so that losses differ in the last
digits. On a CPU, where products fill a core, processes side by side are as fast.
"""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from maslin.trainer.models.cross_entropy import summed_nats
from maslin.trainer.models.examples import Examples
from maslin.trainer.models.model import Decoder, LanguageModel, dense_mask
from maslin.trainer.models.new_model import make_model
from maslin.trainer.runs.background import Background
from maslin.trainer.runs.checkpoint import (
    Checkpoint,
    checkpoint_metadata,
    checkpoint_path,
    checkpoint_tensors,
    copied,
    remove_checkpoints,
    restore_moments,
    write_checkpoint,
)
from maslin.trainer.runs.trainee import Trainee


class _Hidden(nn.Module):
    """`Decoder.hidden` as a module's forward, which is what functional_call calls."""

    def __init__(self, model: Decoder) -> None:
        super().__init__()
        self.model = model

    def forward(self, tokens: Tensor, mask: Tensor, segments: Tensor) -> Tensor:
        return self.model.hidden(tokens, mask, segments)


class Stack(Trainee):
    """K decoders of one shape. A parameter [K, …] holds those of all, under the name that it has in each.

    Shapes are those of `maslin.trainer.models.model`, with K runs before them.
    """

    MATRIX_DIMENSIONS = 3

    def __init__(self, models: Sequence[LanguageModel]) -> None:
        first = models[0]
        assert isinstance(first, Decoder)
        self.EMBEDDINGS, self.JOINED = first.EMBEDDINGS, first.JOINED
        self._config, self._size, self._device = first.config, len(models), first.device
        template = make_model(first.config)
        assert isinstance(template, Decoder)
        for name, _ in first.named_parameters():
            stacked = torch.stack([model.get_parameter(name).detach() for model in models])
            owner, _, last = name.rpartition(".")
            template.get_submodule(owner).register_parameter(last, nn.Parameter(stacked))
        self._template = _Hidden(template)
        hidden = torch.func.vmap(self._hidden)
        self._run = torch.compile(hidden, dynamic=False) if first.device.type == "cuda" else hidden

    def named_parameters(self) -> Iterator[tuple[str, nn.Parameter]]:
        return self._template.model.named_parameters()

    def clip(self, norm: float) -> Tensor:
        gradients = [parameter.grad for _, parameter in self.named_parameters()]
        squares = [gradient.flatten(1).square().sum(1) for gradient in gradients]
        norms = torch.stack(squares).sum(0).sqrt()
        scales = (norm / (norms + 1e-6)).clamp(max=1.0)
        for gradient in gradients:
            gradient *= scales.view(-1, *[1] * (gradient.ndim - 1))
        return norms

    def summed_nats(self, examples: Sequence[Examples], z_loss: float) -> Tensor:
        tokens, segments = (torch.stack([getattr(each, name) for each in examples]) for name in ("tokens", "segments"))
        flat = segments.flatten(0, 1)
        mask = dense_mask(flat, flat, causal=True).unflatten(0, (self._size, -1))
        parameters = {f"model.{name}": parameter for name, parameter in self.named_parameters()}
        hidden = self._run(parameters, tokens, mask, segments).flatten(1, 2)
        embedding = parameters[f"model.{self.EMBEDDINGS[0]}"]
        return torch.stack([
            summed_nats(hidden[run], embedding[run], each.targets.flatten(), z_loss)
            for run, each in enumerate(examples)])

    def targets(self, examples: Sequence[Examples]) -> Tensor:
        return torch.tensor([float(each.targets_asked) for each in examples], device=self._device)

    def restore_moments(self, checkpoints: Sequence[Checkpoint], optimizers: Sequence[torch.optim.Optimizer]) -> None:
        moments = {
            key: torch.stack([checkpoint.moments[key] for checkpoint in checkpoints]) for key in checkpoints[0].moments}
        stacked = Checkpoint(checkpoints[0].step, {}, moments)
        restore_moments(stacked, self.named_parameters(), optimizers, lambda parameter, moment: moment)

    def save(
        self, roots: Sequence[Path], step: int, optimizers: Sequence[torch.optim.Optimizer], mixture: str, kept: int,
        branch_steps: Collection[int], background: Background,
    ) -> None:
        tensors = copied(checkpoint_tensors(self.named_parameters(), optimizers))
        metadata = checkpoint_metadata(step, self._device, mixture)

        def write() -> None:
            for number, root in enumerate(roots):
                mine = {name: tensor[number] for name, tensor in tensors.items()}
                write_checkpoint(checkpoint_path(root, step), mine, metadata)
            for root in roots:  # only now: until all have the new one, the old one is the common one
                remove_checkpoints(root, kept, branch_steps)

        background.run(write)

    def models(self) -> Iterator[LanguageModel]:
        """Copies."""
        for number in range(self._size):
            model = make_model(self._config)
            weights = {name: parameter.detach()[number].clone() for name, parameter in self.named_parameters()}
            model.load_state_dict(weights, assign=True)
            yield model

    def _hidden(self, parameters: dict[str, Tensor], tokens: Tensor, mask: Tensor, segments: Tensor) -> Tensor:
        return torch.func.functional_call(self._template, parameters, (tokens, mask, segments))
