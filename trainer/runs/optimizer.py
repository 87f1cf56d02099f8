"""AdamW with decoupled decay on matrices, or Muon for these and AdamW for the rest; and the rate of every step."""

import math
from collections import defaultdict
from collections.abc import Mapping

import torch
from torch import Tensor

from maslin.trainer.config.training import TrainingConfig
from maslin.trainer.runs.trainee import Trainee

MUON_MOMENTUM = 0.95
MUON_RMS = 0.2  # of an update's elements, as AdamW's have: both then want the same rate and the same decay
_NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
_NEWTON_SCHULZ_STEPS = 5


def make_optimizers(trainee: Trainee, config: TrainingConfig) -> list[torch.optim.Optimizer]:
    """Optimizers that share all parameters among them. Only matrices decay, embeddings and norms do not.

    AdamW is fused (on CPU, too: one kernel instead of some dozens of calls).
    """
    matrices, rest, joined = [], [], {}
    for name, parameter in trainee.named_parameters():
        is_matrix = parameter.ndim == trainee.MATRIX_DIMENSIONS and name not in trainee.EMBEDDINGS
        (matrices if is_matrix else rest).append(parameter)
        for ending, parts in trainee.JOINED.items():
            if name.endswith(ending):
                joined[parameter] = parts
    free = {"params": rest, "weight_decay": 0.0}
    if config.optimizer == "muon":
        return [Muon(matrices, config.learning_rate, config.weight_decay, joined), _adamw([free], config)]
    return [_adamw([{"params": matrices, "weight_decay": config.weight_decay}, free], config)]


def _adamw(groups: list[dict], config: TrainingConfig) -> torch.optim.AdamW:
    return torch.optim.AdamW(groups, lr=config.learning_rate, betas=(config.beta1, config.beta2), fused=True)


class Muon(torch.optim.Optimizer):
    """Muon (Jordan et al. 2024): Nesterov momentum, its matrix made orthogonal by Newton-Schulz iterations.

    Updates are scaled by 0.2 · √max(rows, columns), and weights decay, as in Moonlight (Liu et al. 2025,
    arXiv 2502.16982). Its state is one matrix `momentum` a parameter. `joined`: parameters that are so many matrices
    side by side, each of which is made orthogonal by itself.
    """

    def __init__(
        self, matrices: list[Tensor], learning_rate: float, weight_decay: float, joined: Mapping[Tensor, int],
    ) -> None:
        super().__init__(matrices, {"lr": learning_rate, "weight_decay": weight_decay})
        self._joined = joined

    @torch.no_grad()
    def step(self, closure: None = None) -> None:
        for group in self.param_groups:
            alike: dict[tuple[torch.Size, int], list[Tensor]] = defaultdict(list)  # these meet in one batched product
            for parameter in group["params"]:
                alike[parameter.shape, self._joined.get(parameter, 1)].append(parameter)
            for (shape, parts), parameters in alike.items():
                gradients = [parameter.grad for parameter in parameters]
                momenta = [self._momentum(parameter) for parameter in parameters]
                torch._foreach_lerp_(momenta, gradients, 1 - MUON_MOMENTUM)
                ahead = torch._foreach_lerp(gradients, momenta, MUON_MOMENTUM)
                apart = torch.stack(ahead).unflatten(-1, (parts, -1)).transpose(-2, -3)
                whole = orthogonal(apart).transpose(-2, -3).flatten(-2)
                updates = whole.to(parameters[0].dtype).unbind()
                torch._foreach_mul_(parameters, 1 - group["lr"] * group["weight_decay"])
                scale = MUON_RMS * math.sqrt(max(shape[-2], shape[-1] // parts))
                torch._foreach_add_(parameters, updates, alpha=-group["lr"] * scale)

    def _momentum(self, parameter: Tensor) -> Tensor:
        state = self.state[parameter]
        if "momentum" not in state:
            state["momentum"] = torch.zeros_like(parameter)
        return state["momentum"]


def orthogonal(matrices: Tensor) -> Tensor:
    """The orthogonal factor of every matrix [n, rows, columns], roughly: singular values come near to 1 (0.7 to 1.2).

    bfloat16 on CUDA, else the matrices' own type. Equal input gives equal bits.
    """
    x = matrices.bfloat16() if matrices.device.type == "cuda" else matrices
    wide = x.shape[-2] <= x.shape[-1]
    x = x if wide else x.mT
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    a, b, c = _NEWTON_SCHULZ
    for _ in range(_NEWTON_SCHULZ_STEPS):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x if wide else x.mT


def learning_rate(config: TrainingConfig, step: int) -> float:
    """The rate of step 0 … steps - 1: linear up over the warm-up, then down to its final share at the last step.

    `wsd` (warm-up, stable, decay) stays at the peak and falls over the last `decay_share` of the steps as 1 - √x, which
    Hägele et al. 2024 (arXiv 2405.18392) found best.
    """
    warmup = config.warmup_steps
    if step < warmup:
        return config.learning_rate * (step + 1) / warmup
    done = (step + 1 - warmup) / (config.steps - warmup)
    match config.schedule:
        case "linear":
            left = 1 - done
        case "cosine":
            left = (1 + math.cos(math.pi * done)) / 2
        case "wsd":
            decaying = config.steps - config.decay_start
            left = 1 - math.sqrt(max(0, step + 1 - config.decay_start) / max(1, decaying))
    return config.learning_rate * (config.final_share + (1 - config.final_share) * left)
