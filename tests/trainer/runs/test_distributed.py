"""Two workers under torchrun train as one process does, whole (DDP) and in parts (FSDP2), and go on with its runs."""

import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from safetensors.torch import load_file

from maslin.manifests.errors import UsageError
from maslin.manifests.workspace import serial_map, verify
from maslin.trainer.runs.distributed import process_group
from maslin.trainer.runs.metrics import read_metrics
from maslin.trainer.runs.train import build_run
from tests.trainer.mixture_workspace import MODEL, run_step
from tests.trainer.runs.test_train import dies_after

MASKED = replace(MODEL, architecture="bert", kv_heads=2, hidden=128)


@pytest.mark.slow
def test_two_workers_lose_what_one_loses_and_resume_what_one_began(tmp_path, monkeypatch):
    """DDP from the start, one objective with as many targets in each worker and one without; FSDP2 from the start and
    from step 8 of a run that one process began. All within 1e-5, with checkpoints of the same tensors."""
    kinds = {
        "ddp": {}, "ddp-masked": {"model": MASKED, "objective": "masked"}, "fsdp": {}, "fsdp-resumed": {},
        "ddp-resumed": {},
    }
    alone, shared = {}, {}
    for name, settings in kinds.items():
        alone[name] = run_step(tmp_path / "alone" / name, **settings)
        build_run(alone[name][1], alone[name][0], serial_map)
        shared[name] = run_step(tmp_path / "shared" / name, **settings)
        if name.endswith("resumed"):
            with monkeypatch.context() as patch:
                patch.setattr("maslin.trainer.runs.loop.learning_rate", dies_after(9))
                with pytest.raises(KeyboardInterrupt):
                    build_run(shared[name][1], shared[name][0], serial_map)
    tasks = {
        sharded: [run for name, run in shared.items() if name.startswith("fsdp") is sharded]
        for sharded in (False, True)}
    (tmp_path / "tasks.pickle").write_bytes(pickle.dumps(tasks))
    subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2",
         "-m", "tests.trainer.distributed_runs", str(tmp_path / "tasks.pickle")],
        cwd=Path(__file__).parents[3], check=True, timeout=90)
    for name in kinds:
        roots = [workspace.path(step) for workspace, step in (alone[name], shared[name])]
        ours, theirs = (read_metrics(root / "metrics.jsonl") for root in roots)
        assert [line["step"] for line in theirs] == list(range(1, 13))
        for key in ("loss", "gradient_norm", "targets"):
            assert [line[key] for line in theirs] == pytest.approx([line[key] for line in ours], abs=1e-5), (name, key)
        assert verify(roots[1]) == []
        one, two = (load_file(root / "checkpoints" / "step-00000012.safetensors") for root in roots)
        assert one.keys() == two.keys() and all(one[key].shape == two[key].shape for key in one)
        assert not list((roots[1] / "checkpoints").glob(".parts-*"))


def test_without_torchrun_there_are_no_workers():
    with pytest.raises(UsageError, match=r"no worker of torchrun"), process_group(False):
        pass
