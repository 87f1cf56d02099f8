"""What a run writes down as it trains: `metrics.jsonl`, the same bytes on every run, and `timing.jsonl` beside it."""

import itertools
import json
import math
import os
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from maslin.manifests import progress
from maslin.trainer.runs.throughput import Throughput, describe

METRICS_NAME = "metrics.jsonl"
TIMING_NAME = "timing.jsonl"  # measured, hence in no manifest
TENSORBOARD_NAME = "tensorboard"  # a folder of event files, when asked for; in no manifest either


class MetricsLog:
    """Append lines to both files as steps are done; begin after `step` finished ones, dropping lines beyond.

    `write` False: as one of several workers, of which another one writes.
    """

    def __init__(
        self, directory: Path, step: int, throughput: Throughput, tensorboard: bool = False, write: bool = True,
    ) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._board = _board(directory / TENSORBOARD_NAME, step) if tensorboard and write else None
        self._write = write
        self._metrics = _open_at(directory / METRICS_NAME if write else Path(os.devnull), step)
        self._timing = _open_at(directory / TIMING_NAME if write else Path(os.devnull), step)
        self._throughput = throughput
        self._step, self._since = step, time.perf_counter()

    def write(self, line: dict[str, Any]) -> None:
        """A line of metrics: it has the step and no times."""
        self._metrics.write(json.dumps(line, allow_nan=False) + "\n")
        if self._board is not None:
            for domain, nats in line.get("validation", {}).items():
                self._board.add_scalar(f"validation/{domain}", nats, line["step"])
            for name in ("loss", "learning_rate", "gradient_norm"):
                self._board.add_scalar(name, line[name], line["step"])
            for corpus, seen in line["corpora"].items():
                self._board.add_scalar(f"epochs/{corpus}", seen["epochs"], line["step"])

    def time(self, step: int, batch_tokens: int, validation_seconds: float = 0.0) -> None:
        """A line of timing: the rate since the last one. The device has finished `step` steps.

        `validation_seconds` of the time since were spent on held-out documents, and are no part of the rate.
        """
        now = time.perf_counter()
        seconds = now - self._since - validation_seconds
        rate = (step - self._step) * batch_tokens / seconds
        shares = self._throughput.shares(rate)
        timing = {"step": step, "seconds": round(seconds, 6), "tokens_per_second": round(rate, 1), **shares,
                  **({"validation_seconds": round(validation_seconds, 6)} if validation_seconds else {})}
        self._timing.write(json.dumps(timing) + "\n")
        self._step, self._since = step, now
        progress.note(describe(shares))
        if self._board is not None:
            for name in ("tokens_per_second", "mfu", "matmul_share"):
                if timing[name] is not None:
                    self._board.add_scalar(f"speed/{name}", timing[name], step)

    def to_disk(self) -> None:
        """Before a checkpoint: what it stands on must not be lost after it."""
        for file in (self._metrics, self._timing) if self._write else ():
            file.flush()
            os.fsync(file.fileno())

    def __enter__(self) -> "MetricsLog":
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._metrics.close()
        self._timing.close()
        if self._board is not None:
            self._board.close()


def _board(directory: Path, step: int) -> Any:
    """A writer of TensorBoard's event files, which hides what a killed process wrote of steps beyond `step`."""
    from torch.utils.tensorboard import SummaryWriter  # an extra: the command has seen that it is there

    return SummaryWriter(str(directory), purge_step=step + 1)


def read_metrics(path: Path) -> list[dict[str, Any]]:
    """The lines of a JSON-lines file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def read_timing(directory: Path, throughput: Throughput) -> dict[str, Any]:
    """Seconds, tokens a second and their shares of the whole run, over all processes that had a part in it."""
    lines = read_metrics(directory / TIMING_NAME)
    seconds = sum(line["seconds"] for line in lines)
    rate = sum(line["seconds"] * line["tokens_per_second"] for line in lines) / seconds
    return {
        "train_seconds": round(seconds, 3),
        "validation_seconds": round(sum(line.get("validation_seconds", 0.0) for line in lines), 3),
        "tokens_per_second": round(rate, 1), **throughput.shares(rate),
        **throughput.to_json()}


def _open_at(path: Path, step: int) -> Any:
    """Open for appending after the line of the last finished step; a line that a crash cut is dropped with the rest."""
    if path.is_file():
        os.truncate(path, sum(map(len, lines_until(path, step))))
    return open(path, "a", encoding="utf-8", newline="\n")


def lines_until(path: Path, step: int) -> Iterator[bytes]:
    """The whole lines of a JSON-lines file from its beginning up to the first one of a later step."""
    with open(path, "rb") as file:
        yield from itertools.takewhile(lambda line: line.endswith(b"\n") and _step_of(line) <= step, file)


def _step_of(line: bytes) -> float:
    """A line that is none, as one that a power cut filled with zeros, counts as later than every step."""
    try:
        return float(json.loads(line)["step"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return math.inf
