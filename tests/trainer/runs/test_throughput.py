"""Rates against what a device could do: FLOP by hand, peaks that are known, a measured product, and files of both."""

import json

import pytest
import torch

from maslin.manifests.files import read_json
from maslin.manifests.workspace import serial_map
from maslin.trainer.config.resolve import resolve_model
from maslin.trainer.gpu_peaks import published_peak
from maslin.trainer.models.new_model import make_model
from maslin.trainer.runs.metrics import read_metrics
from maslin.trainer.runs.throughput import Throughput, describe, matmul_flop
from maslin.trainer.runs.train import build_run
from tests.trainer.mixture_workspace import run_step


def test_flop_of_gpt2_are_those_of_the_papers_formula():
    """trainer-speed's 0.854 GFLOP a token: 6 N + 12 L D T of GPT-2 124M at 1,024 tokens, head of 50,304 rows."""
    model = make_model(resolve_model("base", "gpt2", vocab_size=50_257))
    assert model.flop_per_token == 6 * (12 * 12 * 768**2 + 50_304 * 768) + 12 * 12 * 768 * 1024
    assert model.flop_per_token == pytest.approx(0.854e9, rel=0.001)


@pytest.mark.parametrize(("name", "peak"), [
    ("NVIDIA H200", 989e12), ("NVIDIA H100 80GB HBM3", 989e12), ("NVIDIA H100 PCIe", 756e12),
    ("NVIDIA A100-SXM4-40GB", 312e12), ("NVIDIA GeForce RTX 4090", 165.2e12), ("NVIDIA GeForce GTX 1080", None),
    ("x86_64 cpu", None),
])
def test_peaks_are_known_or_unknown_and_never_guessed(name, peak):
    assert published_peak(name) == peak


def test_shares_are_of_the_published_peak_and_of_the_measured_product():
    known = Throughput("NVIDIA H200", 1, 0.854e9, 989e12, 790e12)
    assert known.shares(520_000) == {"mfu": 0.449, "matmul_share": 0.5621}
    assert describe(known.shares(520_000)) == "MFU 45% · 56% of matmul peak"
    unknown = Throughput("x86_64 cpu", 1, 0.854e9, None, 790e12)
    assert unknown.shares(520_000)["mfu"] is None and describe(unknown.shares(1)).startswith("MFU unknown · 0%")


def test_nobody_is_told_to_be_faster_than_what_is_possible():
    disturbed = Throughput("x86_64 cpu", 1, 1e9, None, 1e6)
    possible = matmul_flop(torch.device("cpu"), torch.float32, torch.get_num_threads())
    assert 0 < disturbed.shares(possible / 2e9)["matmul_share"] <= 1  # measured again
    beyond = disturbed.shares(1e9)
    assert beyond["matmul_share"] is None and describe(beyond) == "MFU unknown"


def test_a_product_is_measured_once_for_a_number_of_threads():
    cpu = torch.device("cpu")
    first = matmul_flop(cpu, torch.float32, 1)
    assert first > 1e9 and matmul_flop(cpu, torch.float32, 1) == first
    assert matmul_flop(cpu, torch.float32, 2) != first


def test_rates_lie_beside_the_metrics_and_outside_the_manifest(tmp_path):
    workspace, step = run_step(tmp_path, checkpoint_every=5)
    manifest = build_run(step, workspace, serial_map)
    root = workspace.path(step)
    timing = read_metrics(root / "timing.jsonl")
    assert [line["step"] for line in timing] == [5, 10, 12]
    assert all(line["tokens_per_second"] > 0 and line["matmul_share"] > 0 and line["mfu"] is None for line in timing)
    measured = read_json(root / "measured.json")
    assert measured["tokens_per_second"] == pytest.approx(
        12 * 128 / sum(line["seconds"] for line in timing), rel=0.01)
    assert measured["mfu"] is None and measured["matmul_flop_per_second"] > 1e9
    assert "tokens_per_second" not in json.dumps(manifest.to_json()) and "timing" not in json.dumps(manifest.to_json())


def test_tensorboard_gets_the_same_numbers_when_asked(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    workspace, step = run_step(tmp_path)
    build_run(step, workspace, serial_map, tensorboard=True)
    events = EventAccumulator(str(workspace.path(step) / "tensorboard")).Reload()
    metrics = read_metrics(workspace.path(step) / "metrics.jsonl")
    assert [(event.step, event.value) for event in events.Scalars("loss")] == [
        (line["step"], pytest.approx(line["loss"])) for line in metrics]
    assert {"learning_rate", "gradient_norm", "epochs/ab", "speed/tokens_per_second"} <= set(events.Tags()["scalars"])
