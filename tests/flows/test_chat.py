"""From a base model to one that answers: two recipes in one workspace, the second goes on from the first."""

import json

import pytest

from maslin.flows.cli import main
from maslin.manifests.files import read_json
from maslin.manifests.workspace import read_manifest
from maslin.trainer.runs.metrics import read_metrics

COLOURS = ["red", "green", "blue", "white", "black", "brown", "grey", "pink"]


def conversations(number):
    """Whose answers follow from their questions, in words that the base model has seen."""
    for index in range(number):
        first, second = COLOURS[index % 8], COLOURS[index // 8 % 8]
        yield {"id": str(index), "instruction": f"Which comes after {first} in {first} and {second}?",
               "output": f"After {first} comes {second}."}


@pytest.mark.slow
def test_a_base_model_learns_to_answer(tmp_path, capsys):
    texts = (f"Of {a} and {b} and {c}, {a} comes first and {c} after {b}. Number {n}."
             for n, (a, b, c) in enumerate((a, b, c) for a in COLOURS for b in COLOURS for c in COLOURS))
    (tmp_path / "texts.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    (tmp_path / "chat.jsonl").write_text("".join(json.dumps(row) + "\n" for row in conversations(640)))
    training = "{model: tiny, context_tokens: 64, batch_tokens: 512, seeds: 1, max_epochs: 50"
    (tmp_path / "base.yaml").write_text(
        "name: base\nsources: {texts: {kind: jsonl, paths: [texts.jsonl]}}\ntokenizer: {vocab_size: 400}\n"
        f"mixtures: {{plain: {{texts: 1}}}}\ntraining: {training}, tokens: 8192}}\n")
    (tmp_path / "chat.yaml").write_text(
        "name: chat\nsources: {talk: {kind: chat, paths: [chat.jsonl]}}\nmixtures: {talk: {talk: 1}}\n"
        f"training: {training}, tokens: 32768, objective: sft, init_from: plain-s0, learning_rate: 0.003}}\n")
    options = ["--workspace", str(tmp_path / "ws"), "--prefect", "off", "--workers", "1"]
    assert main(["train", str(tmp_path / "base.yaml"), *options]) == 0
    assert main(["train", str(tmp_path / "chat.yaml"), *options]) == 0
    lock = read_json(tmp_path / "ws" / "recipes" / "chat.lock.json")
    run = tmp_path / "ws" / lock["runs"]["talk-s0"]
    metrics = read_metrics(run / "metrics.jsonl")
    assert metrics[-1]["loss"] < metrics[0]["loss"] / 2 and metrics[-1]["targets"] < 0.5 * 512
    base, chat = (read_manifest(path).summary["vocab_size"] for path in (
        next((tmp_path / "ws" / "run").glob("plain-s0@*")), run))
    assert chat == base + 2
    assert read_manifest(run).summary["cut_documents"] == {"talk": 0}
    assert "initial_model" in read_manifest(run).inputs
    capsys.readouterr()
    question = "Which comes after red in red and blue?"
    assert main(["generate", str(run), "--chat", "--prompt", question, "--temperature", "0"]) == 0
    answer = capsys.readouterr().out
    assert answer.startswith("After ") and answer.endswith(".\n") and "<|" not in answer
    assert main(["generate", str(next((tmp_path / "ws" / "run").glob("plain-s0@*"))), "--chat"]) == 2
    assert "knows no conversations" in capsys.readouterr().err
