"""What a run writes down as it trains: `metrics.jsonl`, the same bytes on every run, and `timing.jsonl` beside it."""

import json
import math
import os
import time
from pathlib import Path
from types import TracebackType
from typing import Any

METRICS_NAME = "metrics.jsonl"
TIMING_NAME = "timing.jsonl"  # measured, hence in no manifest


class MetricsLog:
    """Append a line to both files for every logged step; begin after `step` finished ones, dropping lines beyond."""

    def __init__(self, directory: Path, step: int) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._metrics = _open_at(directory / METRICS_NAME, step)
        self._timing = _open_at(directory / TIMING_NAME, step)
        self._since = time.perf_counter()

    def write(self, line: dict[str, Any], tokens: int) -> None:
        """`line` has the step and no times; `tokens` were trained since the last line."""
        now = time.perf_counter()
        seconds, self._since = now - self._since, now
        self._metrics.write(json.dumps(line, allow_nan=False) + "\n")
        timing = {"step": line["step"], "seconds": round(seconds, 6), "tokens_per_second": round(tokens / seconds, 1)}
        self._timing.write(json.dumps(timing) + "\n")

    def to_disk(self) -> None:
        """Before a checkpoint: what it stands on must not be lost after it."""
        for file in (self._metrics, self._timing):
            file.flush()
            os.fsync(file.fileno())

    def __enter__(self) -> "MetricsLog":
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._metrics.close()
        self._timing.close()


def read_metrics(path: Path) -> list[dict[str, Any]]:
    """The lines of a JSON-lines file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def read_timing(directory: Path) -> dict[str, float]:
    """Seconds and tokens a second of the whole run, over all processes that had a part in it."""
    lines = read_metrics(directory / TIMING_NAME)
    seconds = sum(line["seconds"] for line in lines)
    tokens = sum(line["seconds"] * line["tokens_per_second"] for line in lines)
    return {"train_seconds": round(seconds, 3), "tokens_per_second": round(tokens / seconds, 1)}


def _open_at(path: Path, step: int) -> Any:
    """Open for appending after the line of the last finished step; a line that a crash cut is dropped with the rest."""
    end = 0
    if path.exists():
        with open(path, "rb") as file:
            for line in file:
                if not line.endswith(b"\n") or _step_of(line) > step:
                    break
                end += len(line)
        os.truncate(path, end)
    return open(path, "a", encoding="utf-8", newline="\n")


def _step_of(line: bytes) -> float:
    """A line that a power cut filled with zeros counts as later than every step."""
    try:
        return json.loads(line)["step"]
    except ValueError:
        return math.inf
