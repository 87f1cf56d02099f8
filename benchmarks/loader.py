"""Tokens a second that the loader gives by itself: two corpora, a context of 1,024 tokens, uint16 shards.

    nice python -m benchmarks.loader [--tokens 50_000_000] [--sequences 64]

`sampler alone`: batches in the calling thread. By objective: what a run asks for, through its thread, the consumer
doing nothing. `subset`: the same mixture with `simulate_target_tokens`, which reads document by document. One torch
thread, as runs on a CPU have; medians of five turns after one to warm up.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import torch

from maslin.manifests.files import file_entry
from maslin.manifests.tables import part_name, write_table
from maslin.manifests.workspace import Step, Workspace, commit
from maslin.trainer.config.resolve import resolve_model
from maslin.trainer.data.objectives import make_objective
from maslin.trainer.data.prefetch import prefetch
from maslin.trainer.data.sampler import Sampler
from maslin.trainer.threads import threads

CONTEXT = 1024
END_OF_TEXT = 0
VOCABULARY = 50_000
MEAN_DOCUMENT_TOKENS = 700
PART_TOKENS = 16 << 20
TURNS = 5
OBJECTIVES = {"causal": "llama", "masked": "bert", "span_corruption": "t5"}  # and an architecture of each


def tokens_step(workspace: Workspace, name: str, tokens: int) -> Step:
    """Random ids in documents of random lengths, as a finished tokens step."""
    step = Step("tokens", name, 1, {"made": tokens}, {"tokenizer": "tokenizer/made@0"})
    root, rng, files, documents = workspace.path(step), np.random.default_rng(len(name)), [], 0
    for part in range(-(-tokens // PART_TOKENS)):
        size = min(PART_TOKENS, tokens - part * PART_TOKENS)
        ends = np.cumsum(rng.geometric(1 / MEAN_DOCUMENT_TOKENS, 2 * size // MEAN_DOCUMENT_TOKENS) + 1)
        ends = np.append(ends[ends < size], size)
        ids = rng.integers(1, VOCABULARY, size, np.uint16)
        ids[ends - 1] = END_OF_TEXT
        path = root / "tokens" / f"part-{part:05d}.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(ids.tobytes())
        starts = np.concatenate([[0], ends[:-1]])
        table = pa.table({
            "id": [f"{name}-{part}-{number}" for number in range(len(ends))], "start": starts, "end": ends,
            "bytes": 4 * (ends - starts)})
        files += [file_entry(root, path), write_table(root, f"index/{part_name(part)}", table)]
        documents += len(ends)
    commit(root, step, files, sizes={"tokens": tokens, "bytes": 4 * tokens, "documents": documents},
           summary={"vocab_size": VOCABULARY, "end_of_text": END_OF_TEXT, "dtype": "uint16"})
    return step


def mixture(workspace: Workspace, corpora: list[Step], **more: int) -> Path:
    parameters = {"weights": {"web": 0.7, "code": 0.3}, "budget_tokens": 1 << 30, "max_epochs": 1e9, **more}
    step = Step("mixture", "both", 1, parameters, {f"tokens:{corpus.name}": corpus for corpus in corpora})
    commit(workspace.path(step), step, [])
    return workspace.path(step)


def rate(take: Callable[[], None], tokens: int) -> str:
    """Median of some turns after one to warm up, by the clock and by CPU time of all threads."""
    seconds, cpu = [], []
    take()
    for _ in range(TURNS):
        begin, cpu_begin = time.perf_counter(), time.process_time()
        take()
        seconds.append(time.perf_counter() - begin)
        cpu.append(time.process_time() - cpu_begin)
    median, cpu_median = sorted(seconds)[TURNS // 2], sorted(cpu)[TURNS // 2]
    return f"{tokens / median / 1e6:.1f}M tokens/s, {tokens / cpu_median / 1e6:.1f}M per CPU-second"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", type=int, default=50_000_000, help="of each corpus")
    parser.add_argument("--sequences", type=int, default=64, help="of a step")
    parser.add_argument("--steps", type=int, default=100)
    arguments = parser.parse_args()
    steps, tokens = arguments.steps, arguments.steps * arguments.sequences * CONTEXT
    with tempfile.TemporaryDirectory() as folder, threads(1):
        workspace = Workspace(Path(folder))
        corpora = [tokens_step(workspace, name, arguments.tokens) for name in ("web", "code")]
        print(f"2 × {arguments.tokens:,} tokens, {arguments.sequences} sequences of {CONTEXT} a step, {steps} steps")
        for name, more in (("whole corpora", {}), ("subset", {"simulate_target_tokens": 4 << 30})):
            with Sampler(
                mixture(workspace, corpora, **more), seed=1, context_tokens=CONTEXT,
                sequences_per_step=arguments.sequences, steps=steps,
            ) as sampler:
                print(f"{name}, sampler alone: {rate(partial(alone, sampler, steps), tokens)}")
                for objective in OBJECTIVES if not more else ("causal",):
                    print(f"{name}, {objective}: {rate(partial(ahead, sampler, steps, objective), tokens)}")


def alone(sampler: Sampler, steps: int) -> None:
    for step in range(steps):
        sampler.batch(step)


def ahead(sampler: Sampler, steps: int, objective: str) -> None:
    model = resolve_model("tiny", OBJECTIVES[objective], context_tokens=CONTEXT, vocab_size=VOCABULARY)
    examples = make_objective(objective, model, END_OF_TEXT, Path(), 0)
    with prefetch(sampler, range(steps), examples, torch.device("cpu")) as batches:
        for _ in batches:
            pass


if __name__ == "__main__":
    main()
