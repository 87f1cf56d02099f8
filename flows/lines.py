"""The lines of a command beside its results, on standard error: for people, or one JSON object each; who hears them.

Light: it is there before a command is known.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

from maslin.flows import interrupts

FORMATS = ("text", "json")


class Line(NamedTuple):
    """`stage`: the step it is about, or what is being done; `counts`: numbers by name, units in their names."""

    message: str
    level: str = "info"
    stage: str = ""
    counts: Mapping[str, int] = {}

    @property
    def text(self) -> str:
        return f"warning: {self.message}" if self.level == "warning" else self.message

    def to_json(self) -> dict[str, Any]:
        """`time` is of now, in UTC, to the millisecond."""
        now = time.time()
        stamp = f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(now))}.{int(now * 1000) % 1000:03d}Z"
        return {"time": stamp, "level": self.level, "stage": self.stage, "message": self.message,
                "counts": dict(self.counts)}


_format = "text"
_hearers: list[Callable[[Line], None]] = []


def use(log_format: str) -> None:
    """How lines of this process are written from here on, those of Python's warnings and of an interrupt, too."""
    global _format
    _format = log_format
    interrupts.worded = _last_words if is_json() else interrupts.for_people
    if is_json():
        import warnings

        warnings.showwarning = _show_warning


def is_json() -> bool:
    return _format == "json"


def as_json(line: Line) -> str:
    """ASCII, without a line feed: safe to look at."""
    return json.dumps(line.to_json())


def write(line: Line, stream: Any, prefix: str = "") -> None:
    """Write the line, and have it heard; `prefix` stands before it where people read. Raises OSError."""
    print(as_json(line) if is_json() else prefix + line.text, file=stream, flush=True)
    for hear in _hearers:
        hear(line)


@contextmanager
def heard_by(hear: Callable[[Line], None]) -> Iterator[None]:
    """Let `hear` have every line, too, from whatever thread it comes."""
    _hearers.append(hear)
    try:
        yield
    finally:
        _hearers.remove(hear)


def _last_words(message: str) -> str:
    return as_json(Line(message, "error")) + "\n"


def _show_warning(message: object, category: type, filename: str, lineno: int, *_: object) -> None:
    with suppress(OSError):
        write(Line(f"{category.__name__}: {message}", "warning"), sys.stderr)
