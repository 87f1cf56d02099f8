"""A few steps of training on made-up tokens, to know how fast runs of a shape will be on this machine."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from maslin.manifests.identity import hash_int
from maslin.manifests.workspace import ShardResult
from maslin.trainer.config.model import ModelConfig
from maslin.trainer.config.training import TrainingConfig
from maslin.trainer.data.objectives import make_objective
from maslin.trainer.data.sampler import Batch
from maslin.trainer.device import choose_device, device_name
from maslin.trainer.models.examples import Examples
from maslin.trainer.models.new_model import initialise
from maslin.trainer.runs.optimizer import make_optimizers
from maslin.trainer.runs.stack import Stack
from maslin.trainer.runs.trainee import Single
from maslin.trainer.runs.workers import ALONE
from maslin.trainer.threads import threads

_FEWEST = 2  # times that each part of a step is measured, beside the first, which warms up
_CPU_PARAMETERS = 40_000_000  # of a model that steps of are seconds; of larger ones some layers are tried
_CPU_FLOP = 5e10  # of one part, about a second of a core
_MADE_UP_WORDS = 32_000  # where the tokenizer is not there yet and the recipe does not say


def measure_steps(
    task: int, model: dict[str, Any], training: dict[str, Any], vocabulary: int | None, seconds: float,
) -> ShardResult:
    """Train for about so many seconds, `task` telling runs side by side apart; tokens a second of the whole step.

    A model too large for seconds of a CPU is tried with fewer layers, and the rate taken to go with FLOP a token.
    """
    device, config = choose_device(), TrainingConfig.from_json(training)
    shape = replace(ModelConfig.from_json(model), vocab_size=vocabulary or _MADE_UP_WORDS)
    tried, sequences = shape, config.micro_batch
    if device.type != "cuda":
        tried = _affordable(shape)
        sequences = max(1, min(sequences, int(_CPU_FLOP / (tried.flop_per_token * tried.context_tokens))))
    with threads(config.threads):
        models = [initialise(tried, hash_int(index, "steps"), device) for index in range(config.together)]
        trainee = Stack(models) if config.together > 1 else Single(models[0], ALONE)
        optimizers = make_optimizers(trainee, config)
        examples = [_made_up(tried, config, sequences, task).to(device)] * config.together

        def gradients() -> None:
            with trainee.accumulating(last=True):
                (trainee.summed_nats(examples, config.z_loss) / trainee.targets(examples)).sum().backward()

        def update() -> None:
            trainee.clip(config.gradient_clip)
            for optimizer in optimizers:
                optimizer.step()

        for_gradients = _mean_seconds(gradients, 0.8 * seconds, device)
        for_update = _mean_seconds(update, 0.2 * seconds, device)
    tokens = sequences * tried.context_tokens
    step_seconds = for_gradients * config.batch_tokens / tokens + for_update
    return {
        "tokens_per_second": config.batch_tokens / step_seconds * tried.flop_per_token / shape.flop_per_token,
        "device": device_name(device)}


def _made_up(shape: ModelConfig, config: TrainingConfig, sequences: int, task: int) -> Examples:
    objective = "causal" if config.objective == "sft" else config.objective  # of answers the rest is as dear
    words, length, numbers = shape.vocab_size or 1, shape.context_tokens, np.arange(sequences)
    tokens = np.random.default_rng(task).integers(1, words, (sequences, length + 1), np.int32)
    batch = Batch(tokens, np.zeros((sequences, length), np.int32), numbers * 0, numbers)
    return make_objective(objective, shape, 0, Path(), task)(batch)


def _mean_seconds(function: Callable[[], None], seconds: float, device: torch.device) -> float:
    """Of a call, over so many seconds of calls, the first one aside."""
    function()
    calls, began = 0, time.perf_counter()
    while calls < _FEWEST or time.perf_counter() - began < seconds:
        function()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        calls += 1
    return (time.perf_counter() - began) / calls


def _affordable(shape: ModelConfig) -> ModelConfig:
    """The shape with as few layers as seconds allow, one at least."""
    layers = shape.layers
    while layers > 1 and replace(shape, layers=layers).all_parameters > _CPU_PARAMETERS:
        layers -= 1
    return replace(shape, layers=layers)
