"""The loss on held-out documents is taken on the way, changes nothing of the run, and resumes to the bit."""

from dataclasses import replace

import pytest
import torch

from maslin.manifests.errors import DataError
from maslin.manifests.plan import VALIDATION
from maslin.manifests.workspace import serial_map
from maslin.trainer.config.resolve import MAX_VALIDATION_TOKENS, resolve_model, resolve_training
from maslin.trainer.runs.metrics import read_metrics
from maslin.trainer.runs.together import build_stack
from maslin.trainer.runs.train import build_run
from maslin.trainer.runs.validation import Validation, _beginnings
from tests.trainer.mixture_workspace import TRAINING, run_step, tokenizer_step, tokens_step


def validating(root, **training):
    """A run that validates on two domains, three times."""
    workspace, step = run_step(root, validations=3, validation_tokens=240, **training)
    tokenizer = step.inputs["tokenizer"]
    domains = {f"{VALIDATION}{name}": tokens_step(workspace, name, tokenizer, kind="held-out") for name in ("xy", "z")}
    return workspace, replace(step, inputs={**step.inputs, **domains})


def metrics_of(workspace, step):
    return read_metrics(workspace.path(step) / "metrics.jsonl")


@pytest.fixture(scope="module")
def validated(tmp_path_factory):
    workspace, step = validating(tmp_path_factory.mktemp("validated"))
    build_run(step, workspace, serial_map)
    return workspace, step


def test_it_is_taken_at_even_steps_and_falls(validated):
    lines = {line["step"]: line["validation"] for line in metrics_of(*validated) if "validation" in line}
    assert list(lines) == [4, 8, 12]
    assert all(set(line) == {"xy", "z"} for line in lines.values())
    assert lines[12]["xy"] < lines[4]["xy"] - 0.1
    timing = read_metrics(validated[0].path(validated[1]) / "timing.jsonl")
    assert [line["step"] for line in timing if "validation_seconds" in line] == [4, 8, 12]


def test_no_byte_of_the_run_is_otherwise_without_it(validated, tmp_path):
    workspace, step = validated
    plain_workspace, plain = run_step(tmp_path)
    build_run(plain, plain_workspace, serial_map)
    for name in ("model/model.safetensors", "checkpoints/step-00000012.safetensors"):
        assert (workspace.path(step) / name).read_bytes() == (plain_workspace.path(plain) / name).read_bytes()
    without = [{key: value for key, value in line.items() if key != "validation"} for line in metrics_of(*validated)]
    assert without == metrics_of(plain_workspace, plain)


def test_it_resumes_to_the_bit(validated, tmp_path, monkeypatch):
    """Stopped between two validations, after a checkpoint."""
    workspace, step = validating(tmp_path)
    real, asked = Validation.losses, []

    def failing(self, model):
        asked.append(1)
        if len(asked) == 2:
            raise RuntimeError("stopped")
        return real(self, model)

    monkeypatch.setattr(Validation, "losses", failing)
    with pytest.raises(RuntimeError, match="stopped"):
        build_run(step, workspace, serial_map)
    torch.manual_seed(5)
    build_run(step, workspace, serial_map)
    for name in ("metrics.jsonl", "model/model.safetensors"):
        assert (workspace.path(step) / name).read_bytes() == (validated[0].path(validated[1]) / name).read_bytes()


def test_a_stack_validates_each_of_its_runs(tmp_path):
    workspace, step = validating(tmp_path)
    stack = replace(step, kind="stack", parameters={
        key: value for key, value in step.parameters.items() if key != "seed"} | {"seeds": [0, 1]})
    build_stack(stack, workspace, serial_map)
    first, second = (read_metrics(workspace.path(stack) / f"s{seed}/metrics.jsonl") for seed in (0, 1))
    assert [line["step"] for line in first if "validation" in line] == [4, 8, 12]
    assert first[-1]["validation"] != second[-1]["validation"]


def test_the_documents_are_a_fixed_part_of_the_validation_split(tmp_path):
    workspace, step = validating(tmp_path)
    path, tokenizer = workspace.path(step.inputs[f"{VALIDATION}xy"]), workspace.path(step.inputs["tokenizer"]).name
    _, few = _beginnings(path, tokenizer, 100, 32)
    _, more = _beginnings(path, tokenizer, 200, 32)
    assert sum(map(len, few)) == 100 and sum(map(len, more)) == 200
    assert max(map(len, more)) <= 32
    assert all(left.tolist() == right.tolist() for left, right in zip(few[:-1], more, strict=False))  # more of the same
    _, every = _beginnings(path, tokenizer, 10**6, 32)
    assert len(every) == 48  # of 60, a fifth is in the closed part


def test_other_tokenizers_are_refused(tmp_path):
    workspace, step = validating(tmp_path)
    other = tokenizer_step(workspace, "others")
    domain = tokens_step(workspace, "q", other, kind="held-out")
    with pytest.raises(DataError, match="build both with one tokenizer"):
        Validation({"q": workspace.path(domain)}, step.inputs["tokenizer"].digest, 100, 32)


@pytest.mark.parametrize("changes, expected", [
    ({"validations": 0}, []), ({"validations": 3}, [4, 8, 12]), ({"validations": 5}, [3, 6, 9, 12]),
    ({"validations": 100}, list(range(1, 13))), ({"validations": 3, "log_every": 5}, [5, 10, 12]),
    ({"validations": 2, "schedule": "wsd", "horizons": (6 * 128,)}, [3, 6, 9, 12]),
])
def test_steps_of_validation(changes, expected):
    config = replace(TRAINING, **changes)
    assert [step for step in range(1, 13) if config.validates_after(step)] == expected


def test_a_branch_is_validated_as_its_trunk_until_it_leaves():
    trunk = replace(TRAINING, validations=2, schedule="wsd", horizons=(6 * 128,))
    (branch,) = trunk.branches()
    assert all(branch.validates_after(step) == trunk.validates_after(step) for step in range(1, branch.decay_start + 1))


def test_what_is_scored_is_a_hundredth_of_the_budget():
    model = resolve_model("tiny")
    assert resolve_training(model, 2_000_000, validations=10).validation_tokens == 20_000
    assert resolve_training(model, 10**12, validations=10).validation_tokens == MAX_VALIDATION_TOKENS
    assert resolve_training(model, 2_000_000, validations=0).validation_tokens == 0
