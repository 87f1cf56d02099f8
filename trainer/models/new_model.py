"""Models that begin: every parameter a pure function of a seed and its name."""

import torch

from maslin.manifests.identity import hash_int
from maslin.manifests.named import named
from maslin.trainer.config.model import ModelConfig
from maslin.trainer.models.model import LanguageModel


def make_model(config: ModelConfig) -> LanguageModel:
    """A model without memory: its parameters lie on the meta device."""
    return named(config.spec.model)(config)


def initialise(config: ModelConfig, seed: int, device: torch.device) -> LanguageModel:
    """A new model whose every parameter is a pure function of (seed, its name): no global generator is touched."""
    model = make_model(config)
    weights = {}
    for name, parameter in model.named_parameters():
        mean, std = model.initial(name, parameter.shape)
        if std == 0:
            weights[name] = torch.full(parameter.shape, mean, device=device)
            continue
        # 63 bits: what a seed may hold. Drawn on the CPU, so a run on a GPU starts from the same weights.
        generator = torch.Generator("cpu").manual_seed(hash_int(seed, "init", name) >> 1)
        weights[name] = (torch.randn(parameter.shape, generator=generator) * std).to(device)
    model.load_state_dict(weights, assign=True)
    for parameter in model.parameters():
        parameter.requires_grad_(True)
    return model
