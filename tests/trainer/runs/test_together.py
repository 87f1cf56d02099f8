"""Seeds trained as one stack are the runs that train alone, to the last digits, killed on the way or not."""

from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file

from maslin.manifests.errors import UsageError
from maslin.manifests.workspace import Step, Workspace, serial_map, verify
from maslin.trainer.models.saved_model import load_model
from maslin.trainer.runs.metrics import read_metrics
from maslin.trainer.runs.together import build_stack
from maslin.trainer.runs.train import build_run
from tests.trainer.mixture_workspace import MODEL, TRAINING, run_step
from tests.trainer.runs.test_train import contents, dies_after

STEPS, SEEDS = 100, [0, 1, 2]
LONG = {"tokens": STEPS * 128, "max_epochs": 100.0, "checkpoint_every": 30, "learning_rate": 0.003}


def stacked(root, **settings) -> tuple[Workspace, Step, list[Step]]:
    """A stack of three seeds below `root`, and the runs that are taken from it."""
    workspace, run = run_step(root, together=3, **settings)
    parameters = {key: run.parameters[key] for key in ("model", "training")}
    stack = Step("stack", "both-s0-to-s2", 1, {"seeds": SEEDS, **parameters}, run.inputs)
    runs = [
        replace(run, name=f"both-s{seed}", parameters={**run.parameters, "seed": seed},
                inputs={**run.inputs, "stack": stack}) for seed in SEEDS]
    return workspace, stack, runs


@pytest.mark.slow
@pytest.mark.parametrize("settings", [
    {"model": MODEL}, {"model": replace(MODEL, architecture="gpt2", kv_heads=2, hidden=128), "optimizer": "muon"},
], ids=["llama-adamw", "gpt2-muon"])
def test_after_a_hundred_steps_losses_are_those_of_separate_runs(tmp_path, settings):
    workspace, stack, runs = stacked(tmp_path / "stack", **LONG, **settings)
    build_stack(stack, workspace, serial_map)
    for seed, run in zip(SEEDS, runs, strict=True):
        build_run(run, workspace, serial_map)
        assert verify(workspace.path(run)) == []
        if seed == 1:
            continue  # two of three alone: time
        other, alone = run_step(tmp_path / f"alone-{seed}", seed=seed, **LONG, **settings)
        build_run(alone, other, serial_map)
        ours, theirs = (read_metrics(w.path(s) / "metrics.jsonl") for w, s in ((workspace, run), (other, alone)))
        for key in ("loss", "learning_rate", "targets"):
            assert [line[key] for line in ours] == pytest.approx([line[key] for line in theirs], abs=1e-4)
        assert [line["corpora"] for line in ours] == [line["corpora"] for line in theirs]
        assert contents(workspace.path(run)).keys() == contents(other.path(alone)).keys()
        ours, theirs = (load_file(w.path(s) / "checkpoints" / f"step-{STEPS:08d}.safetensors")
                        for w, s in ((workspace, run), (other, alone)))
        assert {name: tensor.shape for name, tensor in ours.items()} == {
            name: tensor.shape for name, tensor in theirs.items()}
    first, second = (load_model(workspace.path(run) / "model").embedding for run in runs[:2])
    assert not torch.equal(first, second)


@pytest.mark.parametrize("stop", [6, 9])
def test_a_stack_killed_goes_on_bit_for_bit_from_what_all_runs_have(tmp_path, monkeypatch, stop):
    workspace, stack, _ = stacked(tmp_path / "whole")
    build_stack(stack, workspace, serial_map)
    killed, same, _ = stacked(tmp_path / "killed")
    with monkeypatch.context() as patch:
        patch.setattr("maslin.trainer.runs.loop.learning_rate", dies_after(stop))
        with pytest.raises(KeyboardInterrupt):
            build_stack(same, killed, serial_map)
    if stop == 9:  # as if killed between the checkpoints of the first run and of the others
        for seed in (1, 2):
            (killed.path(same) / f"s{seed}" / "checkpoints" / "step-00000008.safetensors").unlink()
    build_stack(same, killed, serial_map)
    assert contents(killed.path(same)) == contents(workspace.path(stack))


@pytest.mark.parametrize("settings", [
    {"objective": "masked"}, {"average_checkpoints": 2}, {"schedule": "wsd", "horizons": (512,)}])
def test_what_a_stack_cannot_do_is_refused(settings):
    with pytest.raises(UsageError, match="together is for the objective causal, without horizons"):
        replace(TRAINING, together=2, **settings)
