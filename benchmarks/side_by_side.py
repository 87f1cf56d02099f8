"""Two runs at once with a thread each, or one after the other with two: which is sooner done on a CPU?

`python -m benchmarks.side_by_side [--models tiny small] [--steps 40] [--turns 3] [--json FILE]`

Both ways train the same two runs of the same steps, in processes of their own that are warm before the clock starts.
A third way has one run with one thread and the other core idle: what a second run costs the first. Is the CPU one that
multiplies bfloat16 (AMX, AVX512_BF16)? Then its matrix products are timed beside those in float32.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from benchmarks.trainer import Ours
from maslin.manifests.files import write_json
from maslin.manifests.workspace import Workspace
from maslin.trainer.config.resolve import resolve_model

VOCABULARY, BATCH_TOKENS, TOKENS = 8192, 2048, 1_000_000
BFLOAT16_FLAGS = ("amx_bf16", "avx512_bf16")
WAYS = {"two at once, a thread each": (2, 1, 1), "one after the other, two threads": (1, 2, 2), "one alone": (1, 1, 1)}


def work(model: str, threads: int, steps: int) -> None:
    """A process of a way: warm, then a run for each line that it reads."""
    config = resolve_model(model, "gpt2", vocab_size=VOCABULARY)
    with tempfile.TemporaryDirectory() as folder:
        ours = Ours(Workspace(Path(folder)), TOKENS, config, BATCH_TOKENS // config.context_tokens, threads)
        ours(3)
        print("ready", flush=True)
        for _ in sys.stdin:
            ours(steps)
            print("done", flush=True)


def timed(model: str, processes: int, runs_each: int, threads: int, steps: int, turns: int) -> list[float]:
    """Wall seconds of each turn."""
    command = [sys.executable, "-m", "benchmarks.side_by_side", "--work", model, str(threads), str(steps)]
    workers = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
               for _ in range(processes)]
    try:
        for worker in workers:
            _expect(worker, "ready")
        seconds = []
        for _ in range(turns):
            begin = time.perf_counter()
            for _ in range(runs_each):
                for worker in workers:
                    worker.stdin.write("run\n")
                    worker.stdin.flush()
                for worker in workers:
                    _expect(worker, "done")
            seconds.append(time.perf_counter() - begin)
        return seconds
    finally:
        for worker in workers:
            worker.stdin.close()
            worker.wait()


def _expect(worker: subprocess.Popen[str], word: str) -> None:
    line = worker.stdout.readline().strip()
    if line != word:
        raise SystemExit(f"a process of the benchmark said {line!r} in the place of {word!r}")


def bfloat16() -> str:
    """Matrix products in bfloat16 beside float32, or why they are not timed."""
    try:
        flags = Path("/proc/cpuinfo").read_text().split()
    except OSError:
        return "bfloat16: what this CPU has cannot be read"
    if not set(BFLOAT16_FLAGS) & set(flags):
        return f"bfloat16: this CPU has none of {', '.join(BFLOAT16_FLAGS)}"
    seconds = {}
    for dtype in (torch.float32, torch.bfloat16):
        one, other = (torch.randn(2048, 2048, dtype=dtype) for _ in range(2))
        times = []
        for _ in range(10):
            begin = time.perf_counter()
            one @ other
            times.append(time.perf_counter() - begin)
        seconds[dtype] = statistics.median(times)
    return f"bfloat16: products {seconds[torch.float32] / seconds[torch.bfloat16]:.2f} times as fast as in float32"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="+", default=["tiny", "small"])
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--work", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.work:
        work(options.work[0], int(options.work[1]), int(options.work[2]))
        return
    answer: dict[str, Any] = {}
    for model in options.models:
        print(f"{model} as gpt2, {BATCH_TOKENS} tokens a step, {options.steps} steps a run, median of {options.turns}, "
              f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
        for name, (processes, runs_each, threads) in WAYS.items():
            seconds = statistics.median(timed(model, processes, runs_each, threads, options.steps, options.turns))
            rate = processes * runs_each * options.steps * BATCH_TOKENS / seconds
            answer.setdefault(model, {})[name] = {"seconds": seconds, "tokens_per_second": rate}
            print(f"  {name:34}  {seconds:7.1f} s  {rate:9,.0f} tokens/s")
    answer["bfloat16"] = bfloat16()
    print(answer["bfloat16"])
    if options.json:
        write_json(options.json, answer)


if __name__ == "__main__":
    main()
