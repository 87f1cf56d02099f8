"""Tokens a second of our trainer beside a plain GPT in the manner of nanoGPT, eager and compiled, of the same shape.

`python -m benchmarks.trainer [--model tiny] [--turns 5] [--json FILE]`; what is compared: benchmarks/README.md.
"""

import argparse
import math
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from torch import Tensor, nn
from torch.nn import functional

from maslin.manifests.files import file_entry, write_json, write_text
from maslin.manifests.tables import part_name, write_table
from maslin.manifests.workspace import Step, Workspace, commit
from maslin.trainer.config.model import ModelConfig
from maslin.trainer.config.resolve import resolve_model
from maslin.trainer.config.training import TrainingConfig
from maslin.trainer.runs.loop import train
from maslin.trainer.runs.task import Task

LEARNING_RATE, WEIGHT_DECAY, CLIP = 1e-3, 0.1, 1.0
DOCUMENT_TOKENS = 400  # the mean; ours keeps attention within a document, the peer's crosses


class CausalSelfAttention(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.c_attn, self.c_proj = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        batch, length, width = x.shape
        q, k, v = (part.view(batch, length, self.heads, -1).transpose(1, 2) for part in self.c_attn(x).split(width, 2))
        y = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.c_proj(y.transpose(1, 2).reshape(batch, length, width))


class Block(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.ln_1, self.attn, self.ln_2 = nn.LayerNorm(width), CausalSelfAttention(width, heads), nn.LayerNorm(width)
        self.mlp = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(approximate="tanh"), nn.Linear(4 * width, width))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))


class GPT(nn.Module):
    """GPT-2 as most people write it: learned positions, tied head, logits whole, cross-entropy of torch."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.wte = nn.Embedding(config.padded_vocab_size, config.width)
        self.wpe = nn.Embedding(config.context_tokens, config.width)
        self.h = nn.ModuleList(Block(config.width, config.heads) for _ in range(config.layers))
        self.ln_f = nn.LayerNorm(config.width)
        self.lm_head = nn.Linear(config.width, config.padded_vocab_size, bias=False)
        self.lm_head.weight = self.wte.weight
        for name, parameter in self.named_parameters():
            if parameter.ndim == 2:
                std = 0.02 / math.sqrt(2 * config.layers) if name.endswith(("c_proj.weight", "2.weight")) else 0.02
                nn.init.normal_(parameter, 0.0, std)

    def forward(self, tokens: Tensor, targets: Tensor) -> Tensor:
        x = self.wte(tokens) + self.wpe(torch.arange(tokens.shape[1]))
        for block in self.h:
            x = block(x)
        logits = self.lm_head(self.ln_f(x))
        return functional.cross_entropy(logits.view(-1, logits.size(-1)), targets.view(-1))


class Peer:
    """A plain loop over random windows of one memory-mapped file."""

    def __init__(self, path: Path, config: ModelConfig, sequences: int, compiled: bool) -> None:
        torch.manual_seed(0)
        self.data, self.context, self.sequences = np.memmap(path, np.uint16, "r"), config.context_tokens, sequences
        model = GPT(config)
        matrices = [parameter for parameter in model.parameters() if parameter.ndim == 2]
        rest = [parameter for parameter in model.parameters() if parameter.ndim < 2]
        self.optimizer = torch.optim.AdamW(
            [{"params": matrices, "weight_decay": WEIGHT_DECAY}, {"params": rest, "weight_decay": 0.0}],
            lr=LEARNING_RATE, betas=(0.9, 0.95), fused=True)
        self.parameters = list(model.parameters())
        self.model = torch.compile(model) if compiled else model

    def __call__(self, steps: int) -> float:
        """Train for `steps` steps; the last loss."""
        for _ in range(steps):
            starts = torch.randint(len(self.data) - self.context, (self.sequences,)).tolist()
            tokens = torch.stack([
                torch.from_numpy(self.data[start:start + self.context + 1].astype(np.int64)) for start in starts])
            loss = self.model(tokens[:, :-1].contiguous(), tokens[:, 1:].contiguous())
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.parameters, CLIP)
            self.optimizer.step()
            self.optimizer.zero_grad(set_to_none=True)
        return loss.item()


class Ours:
    """Whole runs of `maslin.trainer.runs.loop.train`, from the first weight to the saved model."""

    def __init__(
        self, workspace: Workspace, tokens: int, model: ModelConfig, sequences: int, threads: int = 1,
    ) -> None:
        self.workspace, self.model, self.turn, self.threads = workspace, replace(model, vocab_size=None), 0, threads
        self.sequences, self.mixture, self.tokenizer = sequences, *_mixture(workspace, tokens, model)

    def __call__(self, steps: int) -> float:
        """Train a run of `steps` steps; its last loss."""
        self.turn += 1
        batch = self.sequences * self.model.context_tokens
        config = TrainingConfig(
            tokens=steps * batch, batch_tokens=batch, micro_batch=self.sequences, learning_rate=LEARNING_RATE,
            weight_decay=WEIGHT_DECAY, gradient_clip=CLIP, checkpoint_every=100, threads=self.threads)
        (result,) = train(Task(
            self.workspace.root / f"turn-{self.turn}", (self.turn,), self.mixture, self.tokenizer, self.model, config))
        return result.summary["final_loss_nats"]


def _mixture(workspace: Workspace, tokens: int, model: ModelConfig) -> tuple[Path, Path]:
    """A mixture of one corpus of random documents, and its tokenizer; the token file is the peer's, too."""
    assert model.vocab_size is not None
    tokenizer = Step("tokenizer", "random", 1, {}, {"file": "random"})
    root = workspace.path(tokenizer)
    words = {str(id): id for id in range(model.vocab_size)}
    write_text(root / "tokenizer.json", Tokenizer(WordLevel(words, unk_token="0")).to_str())
    commit(root, tokenizer, [file_entry(root, root / "tokenizer.json")])
    rng, end_of_text = np.random.default_rng(0), model.vocab_size - 1
    # Zipf's law, as tokens have it: the loss falls, and rows of the embedding are met as often as in text.
    ranks = 1 / np.arange(1, model.vocab_size)
    ids = rng.choice(model.vocab_size - 1, tokens, p=ranks / ranks.sum()).astype("<u2")
    ends = np.unique(np.r_[rng.choice(tokens - 1, tokens // DOCUMENT_TOKENS, replace=False) + 1, tokens])
    ids[ends - 1] = end_of_text
    starts = np.r_[0, ends[:-1]]
    corpus = Step("tokens", "random", 1, {}, {"documents": "random", "tokenizer": tokenizer})
    root = workspace.path(corpus)
    (root / "tokens").mkdir(parents=True)
    path = root / "tokens" / "part-00000.bin"
    path.write_bytes(ids.tobytes())
    ids = [f"{index:032x}" for index in range(len(ends))]
    rows = pa.table({"id": ids, "start": starts, "end": ends, "bytes": 4 * (ends - starts)})
    commit(
        root, corpus, [file_entry(root, path), write_table(root, f"index/{part_name(0)}", rows)],
        sizes={"tokens": tokens, "bytes": 4 * tokens, "documents": len(ends)},
        summary={"vocab_size": model.vocab_size, "end_of_text": end_of_text, "dtype": "uint16"})
    mixture = Step(
        "mixture", "random", 1, {"weights": {"random": 1.0}, "budget_tokens": tokens, "max_epochs": 1e6},
        {"tokens:random": corpus})
    commit(workspace.path(mixture), mixture, [])
    return workspace.path(mixture), workspace.path(tokenizer) / "tokenizer.json"


@dataclass(frozen=True)
class Turn:
    wall_seconds: float
    cpu_seconds: float


def measure(work: Callable[[int], float], steps: int) -> Turn:
    wall, cpu = time.perf_counter(), time.process_time()
    work(steps)
    return Turn(time.perf_counter() - wall, time.process_time() - cpu)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="tiny", help="a named size, as gpt2 (default tiny)")
    parser.add_argument("--vocabulary", type=int, default=8192)
    parser.add_argument("--batch-tokens", type=int, default=2048)
    parser.add_argument("--steps", type=int, default=40, help="of a turn")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    model = resolve_model(arguments.model, "gpt2", vocab_size=arguments.vocabulary)
    sequences = arguments.batch_tokens // model.context_tokens
    with tempfile.TemporaryDirectory() as folder:
        ours = Ours(Workspace(Path(folder)), 4_000_000, model, sequences, arguments.threads)
        data = next(Path(folder).glob("tokens/*/tokens/part-00000.bin"))
        contenders: dict[str, Callable[[int], float]] = {
            "maslin": ours,
            "plain GPT, eager": Peer(data, model, sequences, compiled=False),
            "plain GPT, compiled": Peer(data, model, sequences, compiled=True),
        }
        for work in contenders.values():
            work(3)  # compiles, opens files, measures the device
        turns: dict[str, list[Turn]] = {name: [] for name in contenders}
        for _ in range(arguments.turns):
            for name, work in contenders.items():
                turns[name].append(measure(work, arguments.steps))
    tokens = arguments.steps * arguments.batch_tokens
    results = {}
    print(f"{arguments.model} as gpt2, {arguments.vocabulary} entries, {sequences} × {model.context_tokens} tokens a "
          f"step, {arguments.threads} thread(s), {arguments.turns} turns of {arguments.steps} steps, "
          f"load {os.getloadavg()[0]:.1f}")
    for name, measured in turns.items():
        # Pairs of one round met the same neighbours: ratios are taken within it.
        ratio = {
            key: statistics.median(
                getattr(theirs, key) / getattr(our, key) for our, theirs in zip(turns["maslin"], measured, strict=True))
            for key in ("wall_seconds", "cpu_seconds")
        }
        results[name] = {
            "tokens_per_second": tokens / min(turn.wall_seconds for turn in measured),
            "tokens_per_cpu_second": tokens / statistics.median(turn.cpu_seconds for turn in measured),
            **{f"{key}_to_ours": value for key, value in ratio.items()},
        }
        print(f"{name:22}" + "".join(f"  {key} {value:,.2f}" for key, value in results[name].items()))
    if arguments.json:
        write_json(arguments.json, {"torch": torch.__version__, "results": results})


if __name__ == "__main__":
    main()
