"""A trained model on disk: safetensors, and a config that `transformers` opens, with our own inside it."""

import json
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from manifests.errors import UsageError
from manifests.files import atomic_path, file_entry, write_json
from trainer.architectures import make_decoder
from trainer.config import ModelConfig
from trainer.model import Decoder

WEIGHTS_NAME, CONFIG_NAME, TOKENIZER_NAME = "model.safetensors", "config.json", "tokenizer.json"


def save_model(root: Path, model: Decoder, tokenizer: Path, end_of_text: int) -> list[dict[str, Any]]:
    """Write `<root>/model/` with weights (float32), config and tokenizer; returns the manifest's entries."""
    folder = root / "model"
    tensors = {model.PREFIX + name: parameter.detach().cpu() for name, parameter in model.named_parameters()}
    with atomic_path(folder / WEIGHTS_NAME) as temporary:
        save_file(tensors, temporary, {"format": "pt"})
    write_json(folder / CONFIG_NAME, {
        **model.transformers_config(), "dtype": "float32", "bos_token_id": end_of_text, "eos_token_id": end_of_text,
        "maslin": model.config.to_json(),
    })
    with atomic_path(folder / TOKENIZER_NAME) as temporary:
        shutil.copyfile(tokenizer, temporary)
    return [file_entry(root, folder / name) for name in (WEIGHTS_NAME, CONFIG_NAME, TOKENIZER_NAME)]


def load_model(folder: Path, device: torch.device | str = "cpu") -> Decoder:
    """The model that `save_model` wrote into `<run>/model/`. Raises UsageError when there is none or it is damaged."""
    try:
        config = ModelConfig.from_json(json.loads((folder / CONFIG_NAME).read_text(encoding="utf-8"))["maslin"])
        tensors = load_file(folder / WEIGHTS_NAME, device=str(device))
        model = make_decoder(config)
        weights = {name.removeprefix(model.PREFIX): tensor for name, tensor in tensors.items()}
        model.load_state_dict(weights, assign=True)
    except (OSError, SafetensorError, KeyError, ValueError, RuntimeError) as error:
        raise UsageError(f"{folder}: no model of Maslin that can be read ({error}).") from error
    return model
