"""Settings: what follows from size and budget, what is refused, and JSON there and back."""

import subprocess
import sys
from dataclasses import replace

import pytest

from maslin.manifests.errors import UsageError
from maslin.trainer.config.model import ModelConfig
from maslin.trainer.config.resolve import MODELS, resolve_model, resolve_training
from maslin.trainer.config.training import TrainingConfig
from maslin.trainer.models.known import ARCHITECTURES
from maslin.trainer.runs.optimizer import learning_rate

TINY = MODELS["tiny"]


def test_settings_survive_json():
    training = resolve_training(TINY, 10**6)
    assert ModelConfig.from_json(TINY.to_json()) == TINY
    assert TrainingConfig.from_json(training.to_json()) == training


def test_the_objective_is_the_architecture_s_own():
    found = {name: resolve_training(resolve_model("tiny", name), 10**6).objective for name in ARCHITECTURES}
    assert found == {"llama": "causal", "gpt2": "causal", "bert": "masked", "t5": "span_corruption"}


def test_the_planner_reads_settings_without_torch():
    code = ("import sys, maslin.trainer.config.resolve; "
            "sys.exit(any(name in sys.modules for name in ('torch', 'pyarrow', 'numba')))")
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.parametrize(("name", "tokens", "batch", "rate"), [
    ("tiny", 250_000, 512, 0.00427), ("tiny", 2_000_000, 2048, 0.00808), ("small", 200_000_000, 16_384, 0.00619),
    ("base", 1_700_000_000, 65_536, 0.00271), ("xl", 26_500_000_000, 262_144, 0.000888),
])
def test_batch_and_rate_of_adamw_follow_step_law(name, tokens, batch, rate):
    config = resolve_training(resolve_model(name), tokens, optimizer="adamw")
    assert config.batch_tokens == batch and config.learning_rate == pytest.approx(rate, rel=0.01)
    assert config.steps == tokens // batch
    assert (batch // MODELS[name].context_tokens) % config.micro_batch == 0


@pytest.mark.parametrize(("name", "sequences"), [("tiny", 32), ("medium", 16), ("base", 32), ("large", 16), ("xl", 4)])
def test_as_many_sequences_are_in_memory_as_a_core_or_a_gpu_wants(name, sequences):
    model = resolve_model(name)
    asked = resolve_training(model, 10**9, batch_tokens=64 * model.context_tokens, optimizer="adamw")
    assert asked.micro_batch == sequences and 64 % asked.micro_batch == 0


@pytest.mark.parametrize(("name", "tokens", "batch", "rate"), [
    ("tiny", 50_000, 512, 0.012), ("tiny", 250_000, 1024, 0.012), ("tiny", 20_000_000, 16_384, 0.0164),
    ("mini", 250_000, 1024, 0.0083), ("small", 50_000, 1024, 0.0059), ("small", 30_000, 512, 0.0059),
    ("small", 212_000_000, 65_536, 0.0063),
])
def test_small_decoders_train_with_muon_at_twice_the_batch_and_at_a_rate_that_short_budgets_do_not_lower(
        name, tokens, batch, rate):
    config = resolve_training(resolve_model(name), tokens)
    assert (config.optimizer, config.batch_tokens) == ("muon", batch)
    assert config.learning_rate == pytest.approx(rate, rel=0.01)
    assert config == resolve_training(resolve_model(name), tokens, optimizer="muon")


@pytest.mark.parametrize(("size", "architecture", "objective"), [
    ("medium", "llama", None), ("base", "gpt2", None), ("tiny", "gpt2", None), ("tiny", "llama", "sft"),
    ("tiny", "bert", None), ("tiny", "t5", None),
])
def test_where_muon_was_not_measured_adamw_trains_and_muon_has_step_law_s_rate(size, architecture, objective):
    model = resolve_model(size, architecture)
    config = resolve_training(model, 10**6, objective=objective)
    asked = resolve_training(model, 10**6, objective=objective, optimizer="muon")
    assert config.optimizer == "adamw" and asked == replace(config, optimizer="muon")


@pytest.mark.parametrize(("architecture", "share"), [("gpt2", 1), ("bert", 0.1), ("t5", 0.3)])
def test_other_architectures_take_a_share_of_the_law_s_rate(architecture, share):
    model = resolve_model("base", architecture)
    law = 1.79 * model.parameters**-0.713 * 1_700_000_000**0.307
    assert resolve_training(model, 1_700_000_000).learning_rate == pytest.approx(share * law, rel=0.01)


def test_what_a_recipe_says_is_taken():
    config = resolve_training(TINY, 10**5, batch_tokens=768, learning_rate=0.1)
    assert (config.batch_tokens, config.micro_batch, config.learning_rate) == (768, 3, 0.1)
    assert resolve_training(TINY, 10**5, batch_tokens=1024, micro_batch=2).micro_batch == 2
    with pytest.raises(UsageError, match="micro_batch 3 does not divide the batch of 4 sequences"):
        resolve_training(TINY, 10**5, batch_tokens=1024, micro_batch=3)


@pytest.mark.parametrize(("make", "message"), [
    (lambda: resolve_model("huge"), "none of tiny, mini, small, medium, base, large, xl"),
    (lambda: resolve_model("tiny", heads=3), "width 128 is not a multiple of heads 3"),
    (lambda: resolve_model("tiny", heads=128), "RoPE needs an even number"),
    (lambda: resolve_model("tiny", kv_heads=3), "kv_heads 3 does not divide the heads: 2"),
    (lambda: resolve_model("tiny", "gpt2", kv_heads=1), "kv_heads is 1, but gpt2 has as many as heads: 2"),
    (lambda: resolve_model("tiny", "gpt3"), "architecture is 'gpt3', it is one of llama, gpt2, bert, t5"),
    (lambda: resolve_training(TINY, 10**5, objective="masked"), "objective is masked, but llama .* causal or sft"),
    (lambda: TrainingConfig.from_json({**resolve_training(TINY, 10**5).to_json(), "objective": "x"}), "is 'x': causal"),
    (lambda: resolve_model("tiny", context_tokens=0), "context_tokens is 0"),
    (lambda: resolve_training(TINY, 10**5, batch_tokens=300), "300 is not a multiple of the context of 256"),
    (lambda: resolve_training(TINY, 100), "tokens 100: a budget of less than one batch, which has 256"),
    (lambda: resolve_training(TINY, 10**5, schedule="wsd", decay_share=0.95), "are more than all steps"),
    (lambda: resolve_training(TINY, 10**5, schedule="wds"), "schedule is 'wds': cosine, linear or wsd"),
    (lambda: resolve_training(TINY, 10**5, optimizer="adam"), "optimizer is 'adam': adamw or muon"),
    (lambda: resolve_training(TINY, 10**5, average_checkpoints=0), "average_checkpoints is 0"),
    (lambda: resolve_training(TINY, 10**5, z_loss=-1.0), "z_loss is -1.0"),
    (lambda: resolve_training(TINY, 10**5, learning_rate=-1.0), "learning_rate is -1.0"),
    (lambda: ModelConfig.from_json({**TINY.to_json(), "depth": 3}), r"model: unknown settings \['depth'\]"),
    (lambda: ModelConfig.from_json({"layers": 3}), "model: .*missing"),
])
def test_what_cannot_be_is_refused_with_the_reason(make, message):
    with pytest.raises(UsageError, match=message):
        make()


@pytest.mark.parametrize("schedule", ["cosine", "linear", "wsd"])
def test_the_rate_warms_up_peaks_and_ends_at_its_share(schedule):
    config = resolve_training(TINY, 51_200, schedule=schedule, final_share=0.1)
    rates = [learning_rate(config, step) for step in range(config.steps)]
    peak = rates.index(max(rates))
    assert max(rates) == pytest.approx(config.learning_rate) and rates[-1] == pytest.approx(0.1 * config.learning_rate)
    assert rates[: peak + 1] == sorted(rates[: peak + 1]) and rates[peak:] == sorted(rates[peak:], reverse=True)
    assert 0 < rates[0] <= config.learning_rate / 10


def test_wsd_stays_at_the_peak_until_the_decay():
    config = resolve_training(TINY, 51_200, batch_tokens=512, schedule="wsd", decay_share=0.3, learning_rate=0.01)
    rates = [learning_rate(config, step) for step in range(100)]
    assert rates[9:70] == [0.01] * 61 and rates[8] < 0.01
    assert rates[70:] == sorted(rates[70:], reverse=True) and rates[70] < 0.01
    assert rates[84] == pytest.approx(0.01 * (0.1 + 0.9 * (1 - 0.5**0.5)))  # half of the decay done: 1 - √½ left
    longer = resolve_training(TINY, 102_400, batch_tokens=512, schedule="wsd", warmup_share=0.05, learning_rate=0.01)
    assert [learning_rate(longer, step) for step in range(70)] == rates[:70]  # a longer run begins the same
