"""The metric of docs/extending.md, added as the page says: declared, scored, compared and spoken of."""

import re
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from maslin.manifests.tables import read_table
from maslin.manifests.workspace import Step, serial_map
from maslin.trainer.comparison import metrics
from maslin.trainer.comparison.compare import compare
from maslin.trainer.comparison.evaluate import build_evaluation
from maslin.trainer.runs.train import build_run
from tests.trainer.mixture_workspace import run_step, tokens_step

PAGE = Path(__file__).resolve().parents[2] / "docs/extending.md"


@pytest.fixture
def metric(monkeypatch) -> metrics.Metric:
    section = PAGE.read_text(encoding="utf-8").partition("## A scored metric\n")[2].partition("\n## ")[0]
    scorer, declaration = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    module = ModuleType("maslin.trainer.comparison.top_5")
    exec(scorer, vars(module))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    declared: dict[str, metrics.Metric] = {}
    exec(declaration, vars(metrics).copy(), declared)
    (metric,) = declared.values()
    monkeypatch.setitem(metrics.METRICS, metric.name, metric)
    return metric


def test_the_example_scores_compares_and_speaks(metric, tmp_path):
    workspace, run = run_step(tmp_path)
    build_run(run, workspace, serial_map)
    inputs = {"run": run, "domain:xy": tokens_step(workspace, "xy", run.inputs["tokenizer"], kind="held-out")}
    found = {}
    for name in ("next_token_accuracy", metric.name):
        parameters = {
            "metric": name, "split": "validation", "context_tokens": 32, "stride_tokens": 16, "max_bytes": 10**6}
        step = Step("evaluation", run.name, 1, parameters, inputs)
        build_evaluation(step, workspace, serial_map)
        rows = read_table(workspace.path(step) / "items/part-00000.parquet")
        found[name] = compare(rows, {"both": [run.name]}, "both", metric=metrics.METRICS[name]).runs[0].domains["xy"]
    first, top_5 = found["next_token_accuracy"], found[metric.name]
    assert 0 < first.figure < top_5.figure < 100 and top_5.figure == pytest.approx(100 * top_5.score / top_5.tokens)
    assert top_5.to_json(metric).keys() >= {"top_5_accuracy", "in_top_5"}
    assert metric.is_gain(0.1) and replace(metric, lower_is_better=True).is_gain(-0.1)
