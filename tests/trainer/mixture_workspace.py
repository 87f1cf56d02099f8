"""A workspace with a tokenizer, tokens and a mixture, as curation leaves them: documents that count in steps."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from tokenizers import Tokenizer, models

from maslin.manifests.files import file_entry, write_text
from maslin.manifests.tables import part_name, write_table
from maslin.manifests.workspace import Step, Workspace, commit
from maslin.trainer.config.model import ModelConfig
from maslin.trainer.config.training import TrainingConfig

VOCABULARY, END_OF_TEXT = 60, 59
MODEL = ModelConfig(layers=2, width=32, heads=2, kv_heads=1, hidden=48, context_tokens=32)
TRAINING = TrainingConfig(tokens=12 * 128, batch_tokens=128, micro_batch=2, learning_rate=0.01, checkpoint_every=4)


def tokenizer_step(workspace: Workspace, name: str = "words") -> Step:
    step = Step("tokenizer", name, 1, {"kind": "file"}, {"file": name})
    root = workspace.path(step)
    vocabulary = {str(index): index for index in range(VOCABULARY)} | {"<|endoftext|>": END_OF_TEXT}
    del vocabulary[str(END_OF_TEXT)]
    write_text(root / "tokenizer.json", Tokenizer(models.WordLevel(vocabulary, unk_token="0")).to_str())
    commit(root, step, [file_entry(root, root / "tokenizer.json")])
    return step


def tokens_step(workspace: Workspace, name: str, tokenizer: Step, documents: int = 60, kind: str = "corpus") -> Step:
    """Documents of 5 to 60 tokens, each a counting sequence: there is something to learn. One part, uint16."""
    step = Step("tokens", name, 1, {}, {"documents": f"{kind}-{name}", "tokenizer": tokenizer})
    root, rng = workspace.path(step), np.random.default_rng(len(name))
    rows, ids = [], []
    for index in range(documents):
        length = int(rng.integers(5, 60))
        text = (rng.integers(0, 50) + np.arange(length) * len(name)) % 50
        rows.append({
            "id": f"{name}-{index:03d}", "start": len(ids), "end": len(ids) + length + 1, "bytes": 3 * length,
            "split": "test" if index % 5 == 4 else "validation", "site": f"site-{index // 2}"})
        ids += [*text.tolist(), END_OF_TEXT]
    (root / "tokens").mkdir(parents=True)
    path = root / "tokens" / "part-00000.bin"
    path.write_bytes(np.array(ids, "<u2").tobytes())
    if kind == "corpus":
        rows = [{key: row[key] for key in ("id", "start", "end", "bytes")} for row in rows]
    commit(
        root, step,
        [file_entry(root, path), write_table(root, f"index/{part_name(0)}", pa.Table.from_pylist(rows))],
        sizes={"tokens": len(ids), "bytes": sum(row["bytes"] for row in rows), "documents": len(rows)},
        summary={"vocab_size": VOCABULARY, "end_of_text": END_OF_TEXT, "dtype": "uint16"})
    return step


def run_step(
    root: Path, seed: int = 0, max_epochs: float = 4.0, model: ModelConfig = MODEL,
    mixture_more: Mapping[str, Any] | None = None, **training: Any,
) -> tuple[Workspace, Step]:
    """A workspace below `root`, and a planned run over a mixture of two corpora in it.

    `mixture_more` are further parameters of the mixture: `stages`, `simulate_target_tokens`.
    """
    workspace = Workspace(root)
    tokenizer = tokenizer_step(workspace)
    corpora = {name: tokens_step(workspace, name, tokenizer) for name in ("ab", "abc")}
    mixture = Step(
        "mixture", "both", 1,
        {"weights": {"ab": 0.75, "abc": 0.25}, "budget_tokens": 10_000, "max_epochs": max_epochs,
         **(mixture_more or {})},
        {f"tokens:{name}": step for name, step in corpora.items()})
    commit(workspace.path(mixture), mixture, [])
    parameters = {
        "seed": seed, "model": model.to_json(), "training": replace(TRAINING, **training).to_json()}
    return workspace, Step("run", f"both-s{seed}", 1, parameters, {"mixture": mixture, "tokenizer": tokenizer})
