"""`maslin plan`: optimum, GPU hours and the epochs of a recipe's corpora, without heavy imports."""

import subprocess
import sys
from dataclasses import replace

import pytest

from maslin.flows.cli import main
from maslin.flows.job.planning import make_plan, source_inputs
from maslin.manifests.recipe.reading import read_recipe
from maslin.manifests.workspace import Workspace, commit
from maslin.trainer.config.resolve import resolve_model, resolve_training
from maslin.trainer.gpu_peaks import GPU_PEAK_FLOP
from maslin.trainer.scaling.laws import BESIROGLU

RECIPE = """\
name: n
sources: {a: {kind: jsonl, paths: [a.jsonl]}, b: {kind: jsonl, paths: [b.jsonl]}}
mixtures: {m: {a: 3, b: 1}}
training: {max_epochs: 2}
"""


@pytest.fixture
def recipe(tmp_path):
    for name in "ab":
        (tmp_path / f"{name}.jsonl").write_text(f'{{"text": "{name}"}}\n')
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    return tmp_path / "recipe.yaml"


def test_tokens_flops_and_gpu_hours_say_the_same(capsys):
    best = BESIROGLU.for_flop(1e18)
    outputs = []
    for option, value in (("--flops", 1e18), ("--tokens", best.tokens),
                          ("--gpu-hours", 1e18 / 3600 / 0.5 / GPU_PEAK_FLOP["h200"])):
        assert main(["plan", option, str(value), "--gpu", "h200", "--mfu", "0.5"]) == 0
        outputs.append(next(line for line in capsys.readouterr().out.splitlines() if "Besiroglu" in line))
    assert outputs[0] == outputs[1] == outputs[2]
    assert "80.5M" in outputs[0] and "2.07B" in outputs[0] and "25.7" in outputs[0]


def test_a_budget_far_from_the_fitted_runs_is_called_extrapolated(capsys):
    assert main(["plan", "--flops", "1e13"]) == 0
    assert "Extrapolated" in capsys.readouterr().out
    assert main(["plan", "--flops", "1e20"]) == 0
    assert "Extrapolated" not in capsys.readouterr().out


def test_a_recipe_shows_epochs_and_what_is_lacking(recipe, capsys):
    workspace = Workspace(recipe.parent / "ws")
    arguments = ["plan", str(recipe), "--tokens", "1000000", "--workspace", str(workspace.root)]
    assert main(arguments) == 0
    out = capsys.readouterr().out
    assert "Not tokenized" in out and "a, b" in out
    parsed = read_recipe(recipe)
    plan = make_plan(parsed, source_inputs(parsed, workspace), workspace)
    for corpus, tokens in (("a", 500_000), ("b", 100_000)):
        commit(workspace.path(plan.tokens[corpus]), plan.tokens[corpus], [], sizes={"tokens": tokens})
    assert main(arguments) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["m", "a", "0.750", "750k", "500k", "1.50", "none"] in rows
    assert ["m", "b", "0.250", "250k", "100k", "2.50", "50k"] in rows


@pytest.mark.parametrize("arguments", [
    ["plan"], ["plan", "--flops", "0"], ["plan", "--flops", "1e18", "--tokens", "5"],
    ["plan", "--gpu-hours", "1", "--mfu", "1.5"],
])
def test_a_budget_that_is_none_is_refused(arguments):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2


def test_it_needs_neither_torch_nor_arrow(recipe):
    code = (f"import sys; from maslin.flows.cli import main; main(['plan', {str(recipe)!r}, '--flops', '1e18']); "
            "sys.exit(any(name in sys.modules for name in ('torch', 'pyarrow', 'numpy', 'prefect')))")
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0


def commit_run(workspace: Workspace, plan, model: str, tokens: int) -> None:
    """A finished run of another model and budget on the same blend, with the loss of a known curve."""
    config = resolve_model(model)
    mixture = plan.mixtures["m"]
    mixture = replace(mixture, parameters={**mixture.parameters, "budget_tokens": tokens})
    commit(workspace.path(mixture), mixture, [])
    step = replace(
        plan.runs["m-s0"], inputs={**plan.runs["m-s0"].inputs, "mixture": mixture},
        parameters={"model": config.to_json(), "training": resolve_training(config, tokens).to_json(), "seed": 0})
    total = replace(config, vocab_size=16384).all_parameters
    commit(workspace.path(step), step, [], sizes={"tokens": tokens}, summary={
        "vocab_size": 16384, "final_loss_nats": BESIROGLU.loss(total, tokens)})


def test_the_runs_of_a_workspace_are_fitted_and_plotted(recipe, capsys):
    workspace = Workspace(recipe.parent / "ws")
    parsed = read_recipe(recipe)
    plan = make_plan(parsed, source_inputs(parsed, workspace), workspace)
    arguments = ["plan", str(recipe), "--flops", "1e16", "--from-runs", "--workspace", str(workspace.root)]
    assert main(arguments) == 2
    assert "0 finished runs of 0 model sizes" in capsys.readouterr().err
    for model in ("tiny", "small", "base"):
        for tokens in (10**7, 10**8, 10**9):
            commit_run(workspace, plan, model, tokens)
    assert main(arguments) == 0
    out = capsys.readouterr().out
    rows = {line.split()[0]: line.split()[1:] for line in out.splitlines() if len(line.split()) == 4}
    best = BESIROGLU.for_flop(1e16)
    assert rows["parameters"][0] == f"{best.parameters / 1e6:.3g}M" and rows["tokens"][0] == f"{best.tokens / 1e6:.3g}M"
    assert float(rows["α"][0]) == pytest.approx(BESIROGLU.alpha, abs=0.001)
    assert "9 runs" in out and "Not tokenized" in out and "Extrapolated" not in out
    assert "<svg" in (workspace.root / "ladders" / "n.html").read_text()
