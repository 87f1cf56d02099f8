"""`maslin plan`: optimum, GPU hours and the epochs of a recipe's corpora, without heavy imports."""

import subprocess
import sys

import pytest

from flows.cli import main
from flows.job import Options, make_plan, source_inputs
from manifests.recipe import read_recipe
from manifests.workspace import Workspace, commit
from trainer.scaling import BESIROGLU, GPU_PEAK_FLOP

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
    plan = make_plan(parsed, source_inputs(parsed, workspace), Options("plan", recipe, workspace.root))
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
    code = (f"import sys; from flows.cli import main; main(['plan', {str(recipe)!r}, '--flops', '1e18']); "
            "sys.exit(any(name in sys.modules for name in ('torch', 'pyarrow', 'numpy', 'prefect')))")
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0
