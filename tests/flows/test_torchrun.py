"""`python -m maslin.flows.torchrun`: the runs of a recipe by the workers of a process group, here of one."""

import json
import socket

import pytest

from maslin.flows import torchrun
from maslin.flows.cli import main
from maslin.manifests.files import read_json

RECIPE = """\
name: n
sources: {a: {kind: jsonl, paths: [a.jsonl]}}
tokenizer: {vocab_size: 300}
mixtures: {m: {a: 1}}
training: {tokens: 1024, seeds: 2, context_tokens: 32, max_epochs: 100}
"""


@pytest.fixture
def one_worker(monkeypatch):
    """What torchrun tells the only worker of a group."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    for name, value in {
        "RANK": 0, "LOCAL_RANK": 0, "WORLD_SIZE": 1, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port,
    }.items():
        monkeypatch.setenv(name, str(value))


@pytest.mark.slow
def test_runs_are_trained_after_mix_and_found_by_the_command(tmp_path, capsys, one_worker):
    rows = [json.dumps({"text": f"The mill number {n} grinds wheat and rye. " * 8}) for n in range(40)]
    (tmp_path / "a.jsonl").write_text("\n".join(rows))
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    arguments = [str(tmp_path / "recipe.yaml"), "--workspace", str(tmp_path / "ws")]
    assert torchrun.main(arguments) == 2
    assert "`maslin mix" in capsys.readouterr().err
    assert main(["mix", *arguments, "--prefect", "off", "--workers", "1"]) == 0
    assert torchrun.main([*arguments, "--seed", "1"]) == 0
    assert "m-s1" in capsys.readouterr().out
    runs = read_json(tmp_path / "ws" / "recipes" / "n.lock.json")["runs"]
    assert list(runs) == ["m-s1"]
    assert read_json(tmp_path / "ws" / runs["m-s1"] / "measured.json")["devices"] == 1
    assert main(["train", *arguments, "--seed", "1", "--dry-run"]) == 0
    assert "0 of" in capsys.readouterr().out
