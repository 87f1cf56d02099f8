"""The architecture that docs/extending.md adds: its text is taken from there, and trains."""

import re
import subprocess
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest
import torch

import maslin.trainer.models
from maslin.manifests.workspace import serial_map
from maslin.trainer.config.resolve import resolve_model, resolve_training
from maslin.trainer.models.known import ARCHITECTURES
from maslin.trainer.models.new_model import initialise
from maslin.trainer.models.saved_model import load_decoder
from maslin.trainer.runs.metrics import read_metrics
from maslin.trainer.runs.train import build_run
from tests.trainer.mixture_workspace import MODEL, run_step

PAGE = Path(__file__).resolve().parents[2] / "docs" / "extending.md"


@pytest.fixture
def bigram(tmp_path, monkeypatch):
    """The folder of the page beside the other architectures, and its line in the list."""
    section = PAGE.read_text(encoding="utf-8").split("\n## An architecture\n")[1].split("\n## ")[0]
    found = dict(re.findall(r"`trainer/models/(bigram/\w+\.py)`:\n\n```python\n(.*?)```", section, re.DOTALL))
    assert found.keys() == {"bigram/spec.py", "bigram/model.py"}
    known = re.search(r"^ARCHITECTURES.*?^}", section, re.DOTALL | re.MULTILINE)[0].replace(", Bigram()", "")
    assert known in (PAGE.parents[1] / "trainer" / "models" / "known.py").read_text(encoding="utf-8")
    (tmp_path / "bigram").mkdir()
    (tmp_path / "bigram" / "__init__.py").touch()
    for name, text in found.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.setattr(maslin.trainer.models, "__path__", [*maslin.trainer.models.__path__, str(tmp_path)])
    spec = import_module("maslin.trainer.models.bigram.spec").Bigram()
    monkeypatch.setitem(ARCHITECTURES, spec.name, spec)
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith("maslin.trainer.models.bigram")]:
        del sys.modules[name]


def test_the_spec_is_light(bigram):
    code = (f"import sys, maslin.trainer.models; maslin.trainer.models.__path__.append({str(bigram)!r}); "
            "import maslin.trainer.models.bigram.spec; sys.exit('torch' in sys.modules)")
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_it_is_planned_as_any_other(bigram):
    model = resolve_model("tiny", "bigram", vocab_size=300)
    counted = sum(
        parameter.numel() for name, parameter in initialise(model, 0, torch.device("cpu")).named_parameters()
        if name != "embed.weight")
    assert model.parameters == counted and resolve_training(model, 10**6).objective == "causal"


def test_it_learns_and_comes_back(bigram, tmp_path):
    workspace, step = run_step(
        tmp_path / "workspace", model=replace(MODEL, architecture="bigram", kv_heads=2, hidden=128), tokens=30 * 128)
    build_run(step, workspace, serial_map)
    losses = [line["loss"] for line in read_metrics(workspace.path(step) / "metrics.jsonl")]
    assert losses[-1] < losses[0] - 0.3
    assert load_decoder(workspace.path(step) / "model", "writing").config.architecture == "bigram"
