"""A few steps tell a rate for every architecture and objective, in bounded time, also of models that are too large."""

import dataclasses
import time

import pytest

from maslin.trainer.config.resolve import MODELS, resolve_model, resolve_training
from maslin.trainer.runs import few_steps

SMALL = {"layers": 1, "width": 64, "heads": 1, "kv_heads": 1, "hidden": 64, "context_tokens": 32}


@pytest.mark.parametrize(("architecture", "objective", "together"), [
    ("llama", "causal", 1), ("llama", "causal", 2), ("llama", "sft", 1), ("gpt2", "causal", 1), ("bert", "masked", 1),
    ("t5", "span_corruption", 1)])
def test_every_kind_of_run_has_a_rate(architecture, objective, together):
    model = dataclasses.replace(resolve_model("tiny", architecture), **SMALL)
    training = resolve_training(model, 10_000, batch_tokens=64, objective=objective, together=together)
    found = few_steps.measure_steps(0, model.to_json(), training.to_json(), 300, 0.05)
    assert found["tokens_per_second"] > 10 and found["device"]


def test_a_model_too_large_for_seconds_is_tried_with_fewer_layers():
    xl = dataclasses.replace(MODELS["xl"], vocab_size=4096)
    tried = few_steps._affordable(xl)
    assert tried.layers == 1 and tried.width == xl.width
    assert few_steps._affordable(dataclasses.replace(MODELS["tiny"], vocab_size=4096)).layers == MODELS["tiny"].layers


def test_the_time_asked_for_bounds_it():
    model = dataclasses.replace(MODELS["tiny"], **SMALL)
    training = resolve_training(model, 100_000, batch_tokens=2048)
    began = time.process_time()
    few_steps.measure_steps(0, model.to_json(), training.to_json(), 300, 0.2)
    assert time.process_time() - began < 10
