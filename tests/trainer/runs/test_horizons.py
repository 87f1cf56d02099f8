"""Decayed runs to several horizons from one trunk: each is, bit for bit, the run trained alone to its horizon."""

from dataclasses import replace

import pytest

from maslin.manifests.errors import RecipeError, UsageError
from maslin.manifests.plan import plan_runs
from maslin.manifests.recipe.reading import read_recipe
from maslin.manifests.workspace import Step, Workspace, serial_map, verify
from maslin.trainer.config.resolve import MODELS, resolve_training
from maslin.trainer.config.training import TrainingConfig
from maslin.trainer.runs.metrics import read_metrics
from maslin.trainer.runs.optimizer import learning_rate
from maslin.trainer.runs.train import build_run
from tests.trainer.mixture_workspace import TRAINING, run_step
from tests.trainer.runs.test_train import contents, dies_after

WSD = {"schedule": "wsd", "tokens": 30 * 128, "decay_share": 0.3, "max_epochs": 100.0}
HORIZONS = (10 * 128, 20 * 128)


def branch_of(trunk: Step, tokens: int) -> Step:
    training = {**trunk.parameters["training"], "tokens": tokens}
    return replace(
        trunk, name=f"{trunk.name}-{tokens}", parameters={**trunk.parameters, "training": training},
        inputs={**trunk.inputs, "trunk": trunk})


@pytest.fixture(scope="module")
def trunk(tmp_path_factory) -> tuple[Workspace, Step]:
    workspace, step = run_step(tmp_path_factory.mktemp("trunk"), horizons=HORIZONS, **WSD)
    build_run(step, workspace, serial_map)
    return workspace, step


def test_the_trunk_keeps_what_branches_leave_from(trunk):
    workspace, step = trunk
    assert [name for name in contents(workspace.path(step)) if "step" in name] == [
        f"checkpoints/step-{done:08d}.{kind}" for done in (7, 14, 30) for kind in ("json", "safetensors")]


@pytest.mark.parametrize("tokens", HORIZONS)
def test_a_branch_is_the_run_trained_alone(trunk, tmp_path, monkeypatch, tokens):
    """Killed in its decay on the way; the run alone knows no horizons but its own warm-up, that of the shortest."""
    workspace, step = trunk
    branch = branch_of(step, tokens)
    with monkeypatch.context() as patch:
        patch.setattr("maslin.trainer.runs.loop.learning_rate", dies_after(tokens // 128 - 1))
        with pytest.raises(KeyboardInterrupt):
            build_run(branch, workspace, serial_map)
    build_run(branch, workspace, serial_map)
    assert min(line["step"] for line in read_metrics(workspace.path(branch) / "timing.jsonl")) > 0.7 * tokens / 128
    settings = {**WSD, "tokens": tokens, "warmup_share": 0.1 * min(HORIZONS) / tokens}
    alone_workspace, alone = run_step(tmp_path, **settings)
    build_run(alone, alone_workspace, serial_map)
    assert contents(workspace.path(branch)) == contents(alone_workspace.path(alone))
    assert verify(workspace.path(branch)) == []


def test_the_trunk_is_a_run_without_horizons_too(trunk, tmp_path):
    workspace, step = trunk
    other_workspace, plain = run_step(tmp_path, warmup_share=0.1 / 3, **WSD)
    build_run(plain, other_workspace, serial_map)
    assert contents(other_workspace.path(plain)).items() <= contents(workspace.path(step)).items()


def test_rates_agree_until_the_decay_of_each():
    config = resolve_training(MODELS["tiny"], 10**6, schedule="wsd", horizons=(0.25, 0.5, 1.0))
    assert config.horizons == (250_000, 500_000) and TrainingConfig.from_json(config.to_json()) == config
    for branch in config.branches():
        rates = [learning_rate(branch, step) for step in range(branch.steps)]
        assert rates[:branch.decay_start] == [learning_rate(config, step) for step in range(branch.decay_start)]
        assert rates[branch.decay_start] < config.learning_rate == rates[branch.decay_start - 1]
        assert rates[-1] == pytest.approx(0.1 * config.learning_rate)
        assert branch.decay_start / branch.steps == pytest.approx(0.8, abs=0.01)


@pytest.mark.parametrize(("settings", "reason"), [
    ({"schedule": "cosine"}, "need the schedule wsd, not cosine"),
    ({"average_checkpoints": 3}, "without average_checkpoints"),
    ({"horizons": (100,)}, "horizons begin at 100 tokens, less than one batch of 128"),
])
def test_settings_that_cannot_branch_are_refused(settings, reason):
    with pytest.raises(UsageError, match=reason):
        replace(TRAINING, **{"schedule": "wsd", "horizons": (512,), **settings})


RECIPE = """\
name: n
sources: {a: {kind: jsonl, paths: [a.jsonl]}, b: {kind: jsonl, paths: [a.jsonl]}}
mixtures: {m: %s}
training: {tokens: 100000, seeds: 2, schedule: wsd, horizons: %s}
"""


@pytest.mark.parametrize(("mixture", "horizons", "reason"), [
    ("{a: 1}", "[0.5, 1.5]", "1.5 is too large: at most 1"),
    ("{stages: [{until: 0.7, weights: {a: 1}}, {weights: {b: 1}}]}", "[0.5]", "stages do not go with"),
])
def test_a_recipe_that_cannot_branch_is_refused(tmp_path, mixture, horizons, reason):
    (tmp_path / "recipe.yaml").write_text(RECIPE % (mixture, horizons))
    with pytest.raises(RecipeError, match=reason):
        read_recipe(tmp_path / "recipe.yaml")


def test_every_run_is_planned_with_its_branches(tmp_path):
    from maslin.flows.job.planning import make_plan, source_inputs

    (tmp_path / "a.jsonl").write_text('{"text": "a"}\n')
    (tmp_path / "recipe.yaml").write_text(RECIPE % ("{a: 1}", "[0.25, 0.5, 1.0]"))
    recipe, workspace = read_recipe(tmp_path / "recipe.yaml"), Workspace(tmp_path / "ws")
    plan = make_plan(recipe, source_inputs(recipe, workspace), workspace)
    assert list(plan.runs) == [f"m-s{seed}{end}" for seed in (0, 1) for end in ("", "-25000-tokens", "-50000-tokens")]
    assert plan.groups == {"m": ["m-s0", "m-s1"]}
    assert plan.branches["m-s1"] == ["m-s1-25000-tokens", "m-s1-50000-tokens"]
    branch = plan.runs["m-s1-25000-tokens"]
    assert branch.inputs["trunk"] is plan.runs["m-s1"] and branch.parameters["training"]["tokens"] == 25_000
    assert plan_runs(plan, {}, {"tokens": 1}).runs.keys() == {"m-s0", "m-s1"}
