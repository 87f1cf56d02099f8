"""Architectures by name, and models that begin: every parameter a pure function of a seed and its name."""

import torch

from maslin.manifests.identity import hash_int
from maslin.trainer.config import ModelConfig
from maslin.trainer.models.bert import Bert
from maslin.trainer.models.gpt2 import GPT2
from maslin.trainer.models.llama import Llama
from maslin.trainer.models.model import LanguageModel
from maslin.trainer.models.t5 import T5

ARCHITECTURES: dict[str, type[LanguageModel]] = {"llama": Llama, "gpt2": GPT2, "bert": Bert, "t5": T5}


def make_model(config: ModelConfig) -> LanguageModel:
    """A model without memory: its parameters lie on the meta device."""
    return ARCHITECTURES[config.architecture](config)


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
