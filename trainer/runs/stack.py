"""Several runs of one shape as one: their parameters lie in stacks, and every kernel works for all of them.

A model of a few million parameters leaves a GPU waiting for the next kernel to be launched; K runs stacked launch as
many as one. Mathematically each run is itself alone; sums are taken in another order, so that losses differ in the last
digits. On a CPU, where products fill a core, processes side by side are as fast.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from maslin.trainer.models.cross_entropy import summed_nats
from maslin.trainer.models.examples import Examples
from maslin.trainer.models.model import Decoder, LanguageModel, dense_mask
from maslin.trainer.models.new_model import make_model
from maslin.trainer.runs.checkpoint import Checkpoint


class _Hidden(nn.Module):
    """`Decoder.hidden` as a module's forward, which is what functional_call calls."""

    def __init__(self, model: Decoder) -> None:
        super().__init__()
        self.model = model

    def forward(self, tokens: Tensor, mask: Tensor, segments: Tensor) -> Tensor:
        return self.model.hidden(tokens, mask, segments)


class Stack(nn.Module):
    """K decoders of one shape. A parameter [K, …] holds those of all, under the name that it has in each.

    Shapes are those of `maslin.trainer.models.model`, with K runs before them.
    """

    MATRIX_DIMENSIONS = 3  # of a stack of matrices

    def __init__(self, models: Sequence[LanguageModel]) -> None:
        super().__init__()
        first = models[0]
        assert isinstance(first, Decoder)
        self.config, self.size, self.EMBEDDINGS = first.config, len(models), first.EMBEDDINGS
        template = make_model(first.config)
        assert isinstance(template, Decoder)
        for name, _ in first.named_parameters():
            stacked = torch.stack([model.get_parameter(name).detach() for model in models])
            owner, _, last = name.rpartition(".")
            template.get_submodule(owner).register_parameter(last, nn.Parameter(stacked))
        self._template = [_Hidden(template)]  # in a list: its parameters bear their names without ours
        hidden = torch.func.vmap(self._hidden)
        self._run = torch.compile(hidden, dynamic=False) if first.device.type == "cuda" else hidden

    def named_parameters(self, *args: Any, **kwargs: Any) -> Iterator[tuple[str, nn.Parameter]]:
        return self._template[0].model.named_parameters(*args, **kwargs)

    def clip(self, norm: float) -> Tensor:
        """Scale the gradients of each run down to a global norm of its own; returns what they were [K]."""
        gradients = [parameter.grad for _, parameter in self.named_parameters()]
        squares = [gradient.flatten(1).square().sum(1) for gradient in gradients]
        norms = torch.stack(squares).sum(0).sqrt()
        scales = (norm / (norms + 1e-6)).clamp(max=1.0)
        for gradient in gradients:
            gradient *= scales.view(-1, *[1] * (gradient.ndim - 1))
        return norms

    def load(self, checkpoints: Sequence[Checkpoint], optimizers: Sequence[torch.optim.Optimizer]) -> None:
        """Put the weights and moments of every run back."""
        parameters = dict(self.named_parameters())
        names = {parameter: name for name, parameter in parameters.items()}
        for name, parameter in parameters.items():
            parameter.data.copy_(torch.stack([checkpoint.weights[name] for checkpoint in checkpoints]))
        for optimizer in optimizers:
            for parameter in (parameter for group in optimizer.param_groups for parameter in group["params"]):
                keys = [key.partition(".")[0] for key in checkpoints[0].moments
                        if key.partition(".")[2] == names[parameter]]
                optimizer.state[parameter] = {
                    "step": torch.tensor(float(checkpoints[0].step), device=parameter.device),
                    **{key: torch.stack([checkpoint.moments[f"{key}.{names[parameter]}"] for checkpoint in checkpoints])
                       for key in keys}}

    def run(self, index: int) -> LanguageModel:
        """One of the models, a copy."""
        model = make_model(self.config)
        weights = {name: parameter.detach()[index].clone() for name, parameter in self.named_parameters()}
        model.load_state_dict(weights, assign=True)
        return model

    def _hidden(self, parameters: dict[str, Tensor], tokens: Tensor, mask: Tensor, segments: Tensor) -> Tensor:
        return torch.func.functional_call(self._template[0], parameters, (tokens, mask, segments))

    def summed_nats(self, batches: Sequence[Examples], z_loss: float) -> Tensor:
        """Sum of -ln p(target) of each run [K] over its batch."""
        tokens, segments = (torch.stack([getattr(batch, name) for batch in batches]) for name in ("tokens", "segments"))
        flat = segments.flatten(0, 1)
        mask = dense_mask(flat, flat, causal=True).unflatten(0, (self.size, -1))
        parameters = {f"model.{name}": parameter for name, parameter in self.named_parameters()}
        hidden = self._run(parameters, tokens, mask, segments).flatten(1, 2)
        embedding = parameters[f"model.{self.EMBEDDINGS[0]}"]
        return torch.stack([
            summed_nats(hidden[run], embedding[run], batch.targets.flatten(), z_loss)
            for run, batch in enumerate(batches)])
