"""Weights to go on from: another run's model, on another mixture, with a new optimizer and a new schedule."""

from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from maslin.manifests.errors import UsageError
from maslin.manifests.files import read_json
from maslin.manifests.soundness import checked
from maslin.trainer.config.model import ModelConfig
from maslin.trainer.models.model import LanguageModel


def load_initial_weights(model: LanguageModel, weights: Path, tokenizer: Path) -> None:
    """Put the weights of another run into a new `model`, whose vocabulary is that of `tokenizer`.

    `weights` is the run's `model/model.safetensors` or one of its checkpoints. The new vocabulary may have more special
    tokens behind the old one's: their rows stay as they were begun. Raises UsageError when it is another vocabulary, or
    the weights cannot be read.
    """
    folder = weights.parent.parent / "model"
    try:
        config = ModelConfig.from_json(read_json(checked(folder / "config.json"))["maslin"])
        tensors = load_file(checked(weights), device=str(model.device))
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise UsageError(f"{weights}: cannot be read ({error}).") from error
    check_same_vocabulary(folder / "tokenizer.json", tokenizer, config.spec.reserved)
    prefix = model.PREFIX if weights.parent == folder else "model."
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            old = tensors[prefix + name]
            if name not in model.token_parameters:
                parameter.copy_(old)
                continue
            begun, rows = parameter.clone(), min(len(parameter), len(old))
            parameter[:rows] = old[:rows]  # with those that nothing uses, which have learned to be unlikely
            parameter[config.vocab_size : model.config.vocab_size] = begun[config.vocab_size : model.config.vocab_size]
            for token in config.spec.reserved:
                parameter[model.config.reserved_id(token)] = old[config.reserved_id(token)]


def check_same_vocabulary(old: Path, new: Path, reserved: tuple[str, ...]) -> None:
    """Raise UsageError unless texts have the ids under `new` that they have under `old`, `reserved` tokens aside."""
    before, after = (read_json(checked(path)) for path in (old, new))
    for part in ("model", "normalizer", "pre_tokenizer"):
        if before.get(part) != after.get(part):
            raise UsageError(
                f"{new}: another vocabulary than that of {old} ({_difference(part, before, after)}): the model would "
                "read other words. Give `tokenizer: {path: …}` with the tokenizer.json of the run to go on from.")
    added = _added(after)
    for token, number in _added(before).items():
        if token not in reserved and added.get(token) != number:
            raise UsageError(
                f"{new}: {token} has the id {added.get(token)} here and {number} in {old}. Give the tokenizer.json of "
                "the run to go on from.")


def _added(tokenizer: dict[str, Any]) -> dict[str, int]:
    return {token["content"]: token["id"] for token in tokenizer.get("added_tokens", ())}


def _difference(part: str, before: dict[str, Any], after: dict[str, Any]) -> str:
    if part != "model" or before[part].get("vocab") == after[part].get("vocab"):
        return f"its {part.replace('_', ' ')} differs"
    old, new = before[part]["vocab"], after[part]["vocab"]
    differ = sum(new.get(token) != number for token, number in old.items())
    return f"{len(new):,} tokens and {len(old):,}, of which {differ:,} are not the same"
