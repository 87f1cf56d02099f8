"""Runs of BERT and T5 on the same shards: they learn, and stopped anywhere they go on bit for bit."""

from dataclasses import replace

import pytest

from maslin.manifests.workspace import read_manifest, serial_map
from maslin.trainer.config.training import TrainingConfig
from maslin.trainer.models.saved_model import load_model
from maslin.trainer.runs.metrics import read_metrics
from maslin.trainer.runs.optimizer import learning_rate
from maslin.trainer.runs.train import build_run
from tests.trainer.mixture_workspace import MODEL, run_step

SETTINGS = {
    "bert": {"model": replace(MODEL, architecture="bert", kv_heads=2, hidden=128), "objective": "masked"},
    "t5": {"model": replace(MODEL, architecture="t5", kv_heads=2), "objective": "span_corruption"},
}
MORE = {"tokens": 30 * 128, "checkpoint_every": 8}


@pytest.fixture(scope="module", params=SETTINGS)
def trained(request, tmp_path_factory):
    workspace, step = run_step(tmp_path_factory.mktemp(request.param), **SETTINGS[request.param], **MORE)
    build_run(step, workspace, serial_map)
    return request.param, workspace.path(step)


def test_it_learns_on_the_tokens_that_a_causal_model_would_read(trained):
    architecture, root = trained
    metrics, summary = read_metrics(root / "metrics.jsonl"), read_manifest(root).summary
    assert sum(line["loss"] for line in metrics[-5:]) < sum(line["loss"] for line in metrics[:5]) - 2
    assert metrics[-1]["tokens"] == 30 * 128 and summary["objective"] == SETTINGS[architecture]["objective"]
    assert 0.13 * 128 < metrics[-1]["targets"] < 0.45 * 128
    assert load_model(root / "model").config.architecture == architecture


@pytest.mark.parametrize("stop", [3, 17])
def test_stopped_it_goes_on_bit_for_bit(trained, tmp_path, monkeypatch, stop):
    architecture, root = trained
    workspace, step = run_step(tmp_path, **SETTINGS[architecture], **MORE)

    def dies(config: TrainingConfig, number: int) -> float:
        if number >= stop:
            raise KeyboardInterrupt
        return learning_rate(config, number)

    with monkeypatch.context() as patch:
        patch.setattr("maslin.trainer.runs.loop.learning_rate", dies)
        with pytest.raises(KeyboardInterrupt):
            build_run(step, workspace, serial_map)
    build_run(step, workspace, serial_map)
    for entry in read_manifest(root).files:
        assert (workspace.path(step) / entry.path).read_bytes() == (root / entry.path).read_bytes()
