"""A trained model on disk: safetensors, and a config that `transformers` opens, with our own inside it."""

from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from maslin.manifests.errors import UsageError
from maslin.manifests.files import atomic_path, file_entry, read_json, write_json
from maslin.manifests.soundness import checked
from maslin.trainer.config.model import ModelConfig
from maslin.trainer.models.known import decoders
from maslin.trainer.models.model import Decoder, LanguageModel
from maslin.trainer.models.new_model import make_model
from maslin.trainer.models.saved_tokenizer import save_tokenizer

WEIGHTS_NAME, CONFIG_NAME = "model.safetensors", "config.json"


def save_model(root: Path, model: LanguageModel, tokenizer: Path, end_of_text: int) -> list[dict[str, Any]]:
    """Write `<root>/model/` with weights (float32), config and tokenizer; returns the manifest's entries."""
    folder = root / "model"
    tensors = {model.PREFIX + name: parameter.detach().cpu() for name, parameter in model.named_parameters()}
    with atomic_path(folder / WEIGHTS_NAME) as temporary:
        save_file(tensors, temporary, {"format": "pt"})
    write_json(folder / CONFIG_NAME, {
        **model.config.spec.transformers_config(model.config), "dtype": "float32",
        "bos_token_id": end_of_text, "eos_token_id": end_of_text,
        "maslin": model.config.to_json(),
    })
    files = save_tokenizer(folder, tokenizer, model.config, end_of_text)
    return [file_entry(root, folder / name) for name in (WEIGHTS_NAME, CONFIG_NAME, *files)]


def load_decoder(folder: Path, purpose: str, device: torch.device | str = "cpu") -> Decoder:
    """As `load_model`. Raises UsageError, naming the purpose, when the model gives texts no probability."""
    model = load_model(folder, device)
    if not isinstance(model, Decoder):
        raise UsageError(
            f"{folder}: a {model.config.architecture} model, which {purpose} cannot use: it takes "
            f"{' or '.join(decoders())}. `transformers` opens it as {model.config.spec.opens_as}.")
    return model


def load_model(folder: Path, device: torch.device | str = "cpu") -> LanguageModel:
    """The model that `save_model` wrote into `<run>/model/`. Raises UsageError when there is none or it is damaged."""
    try:
        config = ModelConfig.from_json(read_json(checked(folder / CONFIG_NAME))["maslin"])
        tensors = load_file(checked(folder / WEIGHTS_NAME), device=str(device))
        model = make_model(config)
        weights = {name.removeprefix(model.PREFIX): tensor for name, tensor in tensors.items()}
        model.load_state_dict(weights, assign=True)
    except (OSError, SafetensorError, KeyError, ValueError, RuntimeError) as error:
        raise UsageError(f"{folder}: no model of Maslin that can be read ({error}).") from error
    return model

