"""Text from a run: a pure function of run, prompt and seed; quantiles of the model's own distribution."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers

from maslin.flows.cli import main
from maslin.manifests.files import file_entry, write_json
from maslin.manifests.manifest import FileEntry
from maslin.manifests.workspace import serial_map
from maslin.trainer.comparison.generate import next_logits, sample
from maslin.trainer.models.saved_model import load_model
from maslin.trainer.runs.train import build_run
from tests.trainer.mixture_workspace import END_OF_TEXT, VOCABULARY, run_step


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run whose tokens are written as numbers."""
    workspace, step = run_step(tmp_path_factory.mktemp("run"), tokens=40 * 128)
    build_run(step, workspace, serial_map)
    vocabulary = {str(index): index for index in range(VOCABULARY - 1)} | {"<|endoftext|>": END_OF_TEXT}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="0"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    root = workspace.path(step)
    tokenizer.save(str(root / "model/tokenizer.json"))
    manifest = workspace.manifest(step)
    entry = FileEntry(**file_entry(root, root / "model/tokenizer.json"))
    files = tuple(entry if each.path == entry.path else each for each in manifest.files)
    write_json(root / "manifest.json", replace(manifest, files=files).to_json())
    return root


def generated(capsys, *arguments: object) -> str:
    assert main(["generate", *map(str, arguments)]) == 0
    return capsys.readouterr().out


def test_the_same_seed_gives_the_same_text_and_another_another(run, capsys):
    torch.manual_seed(1)
    first = generated(capsys, run, "--prompt", "3 5 7", "--tokens", 30)
    torch.manual_seed(2)
    assert generated(capsys, run, "--prompt", "3 5 7", "--tokens", 30) == first
    assert generated(capsys, run, "--prompt", "3 5 7", "--tokens", 30, "--seed", 1) != first
    assert first.startswith("3 5 7") and first.endswith("\n")


def test_a_longer_text_begins_like_a_shorter_one_even_beyond_the_context(run, capsys):
    short = generated(capsys, run, "--prompt", "3", "--tokens", 8, "--top-k", 5).strip()
    long = generated(capsys, run, "--prompt", "3", "--tokens", 50, "--top-k", 5).strip()
    assert long.startswith(short)


def test_without_temperature_and_with_one_candidate_it_is_the_likeliest(run, capsys):
    greedy = generated(capsys, run, "--prompt", "3 5", "--tokens", 4, "--temperature", 0, "--seed", 1)
    assert greedy == generated(capsys, run, "--prompt", "3 5", "--tokens", 4, "--top-k", 1, "--seed", 2)
    logits = next_logits(load_model(run / "model"), [END_OF_TEXT, 3, 5])
    assert logits.shape == (VOCABULARY,)
    assert greedy.removeprefix("3 5").split()[0] == str(logits.argmax())


def test_draws_are_quantiles_of_the_softmax():
    logits = np.array([0.0, 2.0, 1.0, -1.0])
    draws = [sample(logits, (index + 0.5) / 10_000, 0.7, None) for index in range(10_000)]
    expected = np.exp(logits / 0.7) / np.exp(logits / 0.7).sum()
    assert np.bincount(draws) / 10_000 == pytest.approx(expected, abs=1e-3)
    assert {sample(logits, draw, 0.7, 2) for draw in (0.0, 0.5, 1 - 2**-53)} == {1, 2}
    assert sample(np.zeros(4), 0.0, 1.0, None) == 0
    assert sample(np.array([0.0, 1e5]), 1 - 2**-53, 1e-3, None) in (0, 1)  # no overflow


def test_what_is_no_finished_run_is_refused(run, tmp_path, capsys):
    assert main(["generate", str(tmp_path)]) == 2
    assert "no finished run" in capsys.readouterr().err
    (tokenizer,) = (run.parents[1] / "tokenizer").iterdir()
    assert main(["generate", str(tokenizer)]) == 2
    assert "of kind tokenizer" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["generate", str(run), "--temperature", "-1"])


def test_refusing_needs_no_torch(tmp_path):
    code = (f"import sys; from maslin.flows.cli import main; assert main(['generate', {str(tmp_path)!r}]) == 2; "
            "sys.exit('torch' in sys.modules)")
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0
