"""A run is a pure function of its mixture, seed and settings, however often it was killed on the way."""

import os
import pickle
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from maslin.manifests.errors import DataError, MaslinError, UsageError
from maslin.manifests.identity import hash_int
from maslin.manifests.workspace import Workspace, read_manifest, serial_map, verify
from maslin.trainer.config.training import TrainingConfig
from maslin.trainer.data.sampler import Sampler
from maslin.trainer.models.layers import positions
from maslin.trainer.models.model import document_mask
from maslin.trainer.models.new_model import initialise
from maslin.trainer.models.saved_model import load_model, save_model
from maslin.trainer.runs.checkpoint import note_path, write_checkpoint
from maslin.trainer.runs.metrics import read_metrics
from maslin.trainer.runs.optimizer import learning_rate
from maslin.trainer.runs.train import build_run, train_runs
from tests.trainer.mixture_workspace import MODEL, TRAINING, run_step, tokenizer_step


def contents(directory: Path) -> dict[str, bytes]:
    """The bytes of every file that a step's manifest names."""
    return {entry.path: (directory / entry.path).read_bytes() for entry in read_manifest(directory).files}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    workspace, step = run_step(tmp_path_factory.mktemp("trained"))
    return workspace, step, build_run(step, workspace, serial_map)


def test_a_run_learns_and_says_what_it_saw(trained):
    workspace, step, manifest = trained
    metrics = read_metrics(workspace.path(step) / "metrics.jsonl")
    assert [line["step"] for line in metrics] == list(range(1, 13))
    assert metrics[-1]["loss"] < metrics[0]["loss"] - 0.3
    assert metrics[-1]["tokens"] == manifest.sizes["tokens"] == 12 * 128
    corpora = manifest.summary["corpora"]
    assert metrics[-1]["corpora"] == corpora
    assert corpora["ab"]["tokens"] == 0.75 * 12 * 128 and corpora["ab"]["planned_share"] == 0.75
    assert corpora["abc"]["documents"] > 0 and corpora["abc"]["epochs"] == pytest.approx(384 / 1900, rel=0.2)
    assert manifest.summary["final_loss_nats"] == metrics[-1]["loss"]
    assert verify(workspace.path(step)) == []


def test_what_is_kept_is_metrics_a_final_checkpoint_and_a_model(trained):
    workspace, step, _ = trained
    assert sorted(contents(workspace.path(step))) == [
        "checkpoints/step-00000012.json", "checkpoints/step-00000012.safetensors", "metrics.jsonl",
        "model/config.json", "model/model.safetensors", "model/tokenizer.json", "model/tokenizer_config.json"]
    assert len(list((workspace.path(step) / "checkpoints").iterdir())) == 2  # one, and the note beside it
    assert load_model(workspace.path(step) / "model").config == replace(MODEL, vocab_size=60)


def test_the_same_run_gives_the_same_bytes(trained, tmp_path):
    workspace, step, _ = trained
    torch.manual_seed(int(time.time()))
    again, same = run_step(tmp_path)
    build_run(same, again, serial_map)
    assert contents(again.path(same)) == contents(workspace.path(step))


def test_another_seed_gives_other_weights_and_another_order(trained, tmp_path):
    workspace, step, _ = trained
    other_workspace, other = run_step(tmp_path, seed=1)
    build_run(other, other_workspace, serial_map)
    ours, theirs = (read_metrics(w.path(s) / "metrics.jsonl") for w, s in ((workspace, step), (other_workspace, other)))
    assert ours[0]["loss"] != theirs[0]["loss"] and ours[-1]["loss"] != theirs[-1]["loss"]


# Everything that a recipe may ask for beyond the defaults.
ALL_ELSE = {
    "model": replace(MODEL, architecture="gpt2", kv_heads=2, hidden=128), "optimizer": "muon", "schedule": "wsd",
    "z_loss": 1e-4, "average_checkpoints": 2, "micro_batch": 1,
}


@pytest.fixture(scope="module")
def trained_otherwise(tmp_path_factory):
    workspace, step = run_step(tmp_path_factory.mktemp("otherwise"), **ALL_ELSE)
    return workspace, step, build_run(step, workspace, serial_map)


def test_another_architecture_and_optimizer_learn_too(trained_otherwise):
    workspace, step, _ = trained_otherwise
    metrics = read_metrics(workspace.path(step) / "metrics.jsonl")
    assert metrics[-1]["loss"] < metrics[0]["loss"] - 0.3
    assert load_model(workspace.path(step) / "model").config.architecture == "gpt2"


def test_the_model_is_the_average_of_the_checkpoints_kept(trained_otherwise):
    workspace, step, _ = trained_otherwise
    root = workspace.path(step)
    names = [name for name in contents(root) if name.startswith("checkpoints/") and name.endswith(".safetensors")]
    assert names == ["checkpoints/step-00000008.safetensors", "checkpoints/step-00000012.safetensors"]
    first, last = (load_file(root / name) for name in names)
    for name, weights in load_model(root / "model").state_dict().items():
        assert torch.allclose(weights, (first[f"model.{name}"] + last[f"model.{name}"]) / 2, atol=1e-7), name
    assert not torch.equal(first["model.wte.weight"], last["model.wte.weight"])


def test_muon_has_the_matrices_and_adamw_the_rest(trained_otherwise):
    workspace, step, _ = trained_otherwise
    state = load_file(workspace.path(step) / "checkpoints" / "step-00000012.safetensors")
    momenta = {name.removeprefix("optimizer.momentum.") for name in state if name.startswith("optimizer.momentum.")}
    moments = {name.removeprefix("optimizer.exp_avg.") for name in state if name.startswith("optimizer.exp_avg.")}
    assert "h.0.attn.c_attn.weight" in momenta and "h.1.mlp.c_proj.weight" in momenta and len(momenta) == 8
    assert {"wte.weight", "wpe.weight", "ln_f.bias", "h.0.attn.c_attn.bias"} <= moments and not momenta & moments


@pytest.mark.parametrize("stop", [1, 4, 6, 9])
@pytest.mark.parametrize("settings", [{}, ALL_ELSE], ids=["defaults", "all-else"])
def test_stopped_at_any_step_it_goes_on_bit_for_bit(
    trained, trained_otherwise, tmp_path, monkeypatch, stop, settings,
):
    """Killed in the middle of a step, with half a line written and the newest checkpoint cut short."""
    workspace, step, _ = trained_otherwise if settings else trained
    stopped, same = run_step(tmp_path, **settings)
    with monkeypatch.context() as patch:
        patch.setattr("maslin.trainer.runs.loop.learning_rate", dies_after(stop))
        with pytest.raises(KeyboardInterrupt):
            build_run(same, stopped, serial_map)
    root = stopped.path(same)
    with open(root / "metrics.jsonl", "a") as file:
        file.write('{"step": 7, "lo')
    if stop == 9:
        newest = max((root / "checkpoints").glob("*.safetensors"))
        newest.write_bytes(newest.read_bytes()[:1000])
    build_run(same, stopped, serial_map)
    assert contents(root) == contents(workspace.path(step))


STAGED = {
    "simulate_target_tokens": 20_000, "stages": [
        {"until": 0.5, "weights": {"ab": 1.0}}, {"until": 1.0, "weights": {"ab": 0.5, "abc": 0.5}}]}


def test_a_run_over_stages_and_half_of_the_documents_goes_on_bit_for_bit(tmp_path, monkeypatch):
    whole, step = run_step(tmp_path / "whole", mixture_more=STAGED)
    manifest = build_run(step, whole, serial_map)
    metrics = read_metrics(whole.path(step) / "metrics.jsonl")
    shares = [(line["corpora"]["abc"]["stage_share"], line["corpora"]["abc"]["sequences"]) for line in metrics]
    assert shares == [*[(0.0, 0)] * 6, *[(0.5, 2 * (step + 1)) for step in range(6)]]
    assert metrics[-1]["corpora"] == manifest.summary["corpora"]
    assert manifest.summary["corpora"]["ab"]["planned_share"] == 0.75
    stopped, same = run_step(tmp_path / "stopped", mixture_more=STAGED)
    with monkeypatch.context() as patch:
        patch.setattr("maslin.trainer.runs.loop.learning_rate", dies_after(7))
        with pytest.raises(KeyboardInterrupt):
            build_run(same, stopped, serial_map)
    build_run(same, stopped, serial_map)
    assert contents(stopped.path(same)) == contents(whole.path(step))


def dies_after(steps: int):
    def rate(config: TrainingConfig, step: int) -> float:
        if step >= steps:
            raise KeyboardInterrupt
        return learning_rate(config, step)

    return rate


def test_steps_go_on_while_a_checkpoint_is_written(trained, tmp_path, monkeypatch):
    workspace, step, _ = trained
    reached, written = threading.Event(), []

    def rate(config: TrainingConfig, number: int) -> float:
        if number == 6:
            reached.set()
        return learning_rate(config, number)

    def slowly(path: Path, *rest: object) -> None:
        written.append(reached.wait(60))  # that of step 4 waits for step 6
        write_checkpoint(path, *rest)

    monkeypatch.setattr("maslin.trainer.runs.loop.learning_rate", rate)
    monkeypatch.setattr("maslin.trainer.runs.checkpoint.write_checkpoint", slowly)
    again, same = run_step(tmp_path)
    build_run(same, again, serial_map)
    assert written == [True] * 3 and contents(again.path(same)) == contents(workspace.path(step))


@pytest.mark.parametrize("behind", [0, 3])
def test_losses_are_the_same_however_late_they_are_read(trained, tmp_path, monkeypatch, behind):
    workspace, step, _ = trained
    monkeypatch.setattr("maslin.trainer.runs.loop.READINGS_BEHIND", behind)
    monkeypatch.setattr("maslin.trainer.runs.loop.READ_EVERY", 1)
    again, same = run_step(tmp_path)
    build_run(same, again, serial_map)
    assert contents(again.path(same)) == contents(workspace.path(step))


@pytest.mark.slow
def test_killed_and_then_terminated_it_goes_on_bit_for_bit(tmp_path):
    long = {"tokens": 200 * 128, "checkpoint_every": 7, "learning_rate": 0.003, "max_epochs": 1000.0}
    (tmp_path / "whole").mkdir()
    workspace, step = run_step(tmp_path / "whole", **long)
    build_run(step, workspace, serial_map)
    killed, _ = run_step(tmp_path / "killed", **long)
    (tmp_path / "step.pickle").write_bytes(pickle.dumps((step, killed)))
    script = (
        "import pickle, sys; from maslin.manifests.workspace import serial_map; "
        "from maslin.trainer.runs.train import build_run; "
        "step, workspace = pickle.load(open(sys.argv[1], 'rb')); build_run(step, workspace, serial_map)"
    )
    kills = 0
    for number in (signal.SIGKILL, signal.SIGTERM):
        before = _newest(killed.path(step))
        command = [sys.executable, "-c", script, str(tmp_path / "step.pickle")]
        process = subprocess.Popen(command, cwd=Path(__file__).parents[3])
        deadline = time.monotonic() + 120
        while _newest(killed.path(step)) <= before + 14 and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.005)
        if process.poll() is None:
            os.kill(process.pid, number)
            kills += 1
        process.wait()
    assert kills == 2 and not killed.is_complete(step)
    build_run(step, killed, serial_map)
    assert contents(killed.path(step)) == contents(workspace.path(step))


def _newest(root: Path) -> int:
    return max((int(path.stem.split("-")[1]) for path in (root / "checkpoints").glob("step-*.safetensors")), default=0)


def test_micro_batches_add_up_to_the_batch(trained, tmp_path):
    workspace, step, _ = trained
    other_workspace, other = run_step(tmp_path, micro_batch=3)
    build_run(other, other_workspace, serial_map)
    ours, theirs = (read_metrics(w.path(s) / "metrics.jsonl") for w, s in ((workspace, step), (other_workspace, other)))
    assert [line["loss"] for line in ours] == pytest.approx([line["loss"] for line in theirs], abs=1e-4)


def test_a_loss_that_is_no_number_stops_with_step_documents_and_checkpoint(tmp_path):
    workspace, step = run_step(tmp_path, learning_rate=1e30, checkpoint_every=1)
    with pytest.raises(DataError, match=r"at step 2 .* norm nan.*documents: abc?-\d.*step-00000001.*learning_rate"):
        build_run(step, workspace, serial_map)
    assert not workspace.is_complete(step)


@pytest.mark.parametrize(("micro_batch", "advice"), [
    (2, "2 sequences of 32 tokens .* 128 tokens a batch; set training.micro_batch to 1 or less"),
    (1, "1 sequences of 32 .*: lower training.context_tokens"),
])
def test_exhausted_memory_names_the_setting_to_change(tmp_path, monkeypatch, micro_batch, advice):
    workspace, step = run_step(tmp_path, micro_batch=micro_batch)
    monkeypatch.setattr("maslin.trainer.models.llama.model.Llama.hidden", lambda *_: torch.empty(1 << 50))
    with pytest.raises(MaslinError, match=f"out of memory with {advice}"):
        build_run(step, workspace, serial_map)


def test_deterministic_mode_holds_while_a_run_trains_and_changes_no_bit_on_a_cpu(trained, tmp_path, monkeypatch):
    workspace, step, _ = trained
    other_workspace, other = run_step(tmp_path, deterministic=True)
    seen = []
    monkeypatch.setattr("maslin.trainer.runs.loop.learning_rate", lambda config, step: (
        seen.append(torch.are_deterministic_algorithms_enabled()), learning_rate(config, step))[1])
    build_run(other, other_workspace, serial_map)
    assert all(seen) and len(seen) >= 12 and not torch.are_deterministic_algorithms_enabled()
    assert contents(other_workspace.path(other)) == contents(workspace.path(step))


def test_what_does_not_fit_together_is_refused(tmp_path):
    workspace, step = run_step(tmp_path)
    small = replace(step, parameters={**step.parameters, "model": replace(MODEL, vocab_size=10).to_json()})
    with pytest.raises(UsageError, match="vocabulary of 60, the model has 10"):
        build_run(small, workspace, serial_map)
    other = replace(step, inputs={**step.inputs, "tokenizer": tokenizer_step(workspace, "other")})
    with pytest.raises(UsageError, match="one tokenizer"):
        build_run(other, workspace, serial_map)
    long = replace(step, parameters={**step.parameters, "training": replace(TRAINING, tokens=10**6).to_json()})
    with pytest.raises(DataError, match="max_epochs"):
        build_run(long, workspace, serial_map)


def test_a_tokenizer_that_another_recipe_gave_another_name_is_the_same(trained, tmp_path):
    workspace, step, _ = trained
    other_workspace, other = run_step(tmp_path)
    tokenizer = other.inputs["tokenizer"]
    shutil.copytree(other_workspace.path(tokenizer), other_workspace.path(replace(tokenizer, name="again")))
    named = replace(other, inputs={**other.inputs, "tokenizer": replace(tokenizer, name="again")})
    assert named.digest == step.digest
    build_run(named, other_workspace, serial_map)
    assert contents(other_workspace.path(named)) == contents(workspace.path(step))


@pytest.mark.parametrize("what", ["weights", "note", "metrics"])
def test_a_flipped_bit_in_what_a_run_would_go_on_from_makes_it_go_on_from_before(trained, tmp_path, monkeypatch, what):
    """One that leaves the file readable and its size alone: weights a little other, a figure a little other."""
    workspace, step, _ = trained
    killed, same = run_step(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr("maslin.trainer.runs.loop.learning_rate", dies_after(10))
        with pytest.raises(KeyboardInterrupt):
            build_run(same, killed, serial_map)
    root = killed.path(same)
    newest = max((root / "checkpoints").glob("*.safetensors"))
    path = {"weights": newest, "note": note_path(newest), "metrics": root / "metrics.jsonl"}[what]
    damaged = bytearray(path.read_bytes())
    damaged[-9] ^= 1
    path.write_bytes(damaged)
    build_run(same, killed, serial_map)
    assert contents(root) == contents(workspace.path(step))


def test_a_checkpoint_of_another_device_is_refused(tmp_path, monkeypatch):
    workspace, step = run_step(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr("maslin.trainer.runs.loop.learning_rate", dies_after(5))
        with pytest.raises(KeyboardInterrupt):
            build_run(step, workspace, serial_map)
    (path,) = (workspace.path(step) / "checkpoints").glob("*.safetensors")
    write_checkpoint(path, load_file(path), {"maslin": '{"step": 4, "device": "cuda", "mixture": ""}'})
    with pytest.raises(UsageError, match="written on cuda"):
        build_run(step, workspace, serial_map)


def test_a_checkpoint_of_another_mixture_is_refused(trained, tmp_path):
    """As when directories are moved about by hand: a step's own directory never has another mixture."""
    workspace, step, _ = trained
    other_workspace, other = run_step(tmp_path, max_epochs=5.0)
    shutil.copytree(workspace.path(step), other_workspace.path(other))
    (other_workspace.path(other) / "manifest.json").unlink()
    with pytest.raises(UsageError, match=r"of a run on the mixture .* goes on with the data it began with"):
        build_run(other, other_workspace, serial_map)


def test_a_corpus_shorter_than_a_sequence_is_refused(tmp_path):
    workspace, step = run_step(tmp_path)
    model = replace(MODEL, context_tokens=4096)
    long = replace(step, parameters={**step.parameters, "model": model.to_json(), "training": replace(
        TRAINING, batch_tokens=4096, tokens=8192).to_json()})
    with pytest.raises(DataError, match="tokens, one sequence takes 4,097"):
        build_run(long, workspace, serial_map)


def test_finished_runs_are_not_run_again(trained):
    workspace, step, manifest = trained
    assert train_runs([step, step], workspace, lambda *_, **__: pytest.fail("ran")) == [manifest, manifest]


def test_runs_in_two_processes_are_those_of_one(trained, tmp_path):
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    workspace, step, _ = trained
    both, first = run_step(tmp_path)
    second = replace(first, name="both-s9", parameters={**first.parameters, "seed": 9})

    def pool_map(function, tasks, label, *, total=None, unit=""):
        with ProcessPoolExecutor(2, mp_context=get_context("forkserver")) as pool:
            return list(pool.map(function, tasks))

    train_runs([first, second], Workspace(both.root), pool_map)
    assert contents(both.path(first)) == contents(workspace.path(step))


@pytest.mark.slow
def test_a_gpt2_run_learns_as_the_model_of_transformers_does(tmp_path):
    """The same start, the same batches, a plain loop over `GPT2LMHeadModel`: the losses of every step agree."""
    transformers = pytest.importorskip("transformers")
    model = ALL_ELSE["model"]
    workspace, step = run_step(tmp_path, model=model)
    build_run(step, workspace, serial_map)
    ours = [line["loss"] for line in read_metrics(workspace.path(step) / "metrics.jsonl")]
    mixture, tokenizer = (workspace.path(step.inputs[role]) for role in ("mixture", "tokenizer"))
    start = initialise(replace(model, vocab_size=60), hash_int(0, "weights"), torch.device("cpu"))
    save_model(tmp_path, start, tokenizer / "tokenizer.json", 59)
    theirs = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "model")
    matrices = [value for name, value in theirs.named_parameters() if value.ndim == 2 and "wte" not in name and
                "wpe" not in name]
    rest = [value for value in theirs.parameters() if not any(value is matrix for matrix in matrices)]
    optimizer = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": TRAINING.weight_decay}, {"params": rest, "weight_decay": 0.0}],
        betas=(TRAINING.beta1, TRAINING.beta2))
    with Sampler(mixture, seed=hash_int(0, "order"), context_tokens=32, sequences_per_step=4, steps=12) as sampler:
        for index in range(12):
            batch = sampler.batch(index)
            tokens, segments = torch.from_numpy(batch.tokens).long(), torch.from_numpy(batch.segments)
            given = tokens[:, :-1]
            logits = theirs(
                given, attention_mask=document_mask(segments), position_ids=positions(given, segments)).logits
            loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten())
            loss.backward()
            torch.nn.utils.clip_grad_norm_(theirs.parameters(), TRAINING.gradient_clip)
            for group in optimizer.param_groups:
                group["lr"] = learning_rate(TRAINING, index)
            optimizer.step()
            optimizer.zero_grad()
            assert loss.item() == pytest.approx(ours[index], abs=1e-4), index
