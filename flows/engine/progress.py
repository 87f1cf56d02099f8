"""What the terminal shows while work runs: stage, rate, kept and dropped, time left."""

import contextlib
import os
import struct
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType, TracebackType

from maslin.flows import lines
from maslin.flows.lines import Line
from maslin.flows.terminal import printable
from maslin.manifests.progress import set_sink

# Work number, done, kept, dropped, done by an earlier process, note in UTF-8: short enough to be written whole.
_NOTE_BYTES = 80
_MESSAGE = struct.Struct(f"<iqqqq{_NOTE_BYTES}s")
_SEND_SECONDS = 0.2
_LINE_SECONDS = 15.0
_ESTIMATE_SECONDS = 2.0  # before, what is left is guessed from starting up


@dataclass
class Work:
    """One mapper call: what is being done, in which unit, and how far it is."""

    label: str
    unit: str
    total: int | None
    started: float = field(default_factory=time.monotonic)
    done: int = 0
    kept: int = 0
    dropped: int = 0
    resumed: int = 0  # done by an earlier process, of `done`
    note: str = ""

    def describe(self) -> str:
        """`web  36 % · 0:18 left · 12.1 of 33.7 MB · 1.2 MB/s · kept 1,204 dropped 98`

        What matters stands first, as terminals cut lines off. No rate and no time left before anything is done.
        """
        rate = (self.done - self.resumed) / self.seconds
        parts = []
        if self.share:
            parts.append(f"{self.share:.0%}")
        if self.total and rate > 0 and self.seconds >= _ESTIMATE_SECONDS:
            parts.append(f"{clock((self.total - min(self.done, self.total)) / rate)} left")
        if self.unit:
            done = quantity(self.done, self.unit)
            parts.append(f"{done.partition(' ')[0]} of {quantity(self.total, self.unit)}" if self.total else done)
        if self.unit and rate > 0:
            parts.append(f"{quantity(rate, self.unit)}/s")
        if self.kept or self.dropped:
            parts.append(f"kept {self.kept:,} dropped {self.dropped:,}")
        if self.note:
            parts.append(self.note)
        return f"{self.label}  {' · '.join(parts)}"

    @property
    def seconds(self) -> float:
        """Since it began; above 0."""
        return max(time.monotonic() - self.started, 1e-6)

    @property
    def share(self) -> float | None:
        """Done of all, between 0 and 1; None: nobody knows."""
        return min(self.done / self.total, 1) if self.total else None

    def line(self) -> Line:
        counts = {"done": self.done, "total": self.total, "kept": self.kept, "dropped": self.dropped}
        unit = f"_{self.unit}" if self.unit else ""
        return Line(self.describe(), stage=self.label, counts={
            (f"{name}{unit}" if name in ("done", "total") else name): count
            for name, count in counts.items() if count is not None})


def quantity(number: float, unit: str) -> str:
    """A number with its unit; bytes as MB."""
    return f"{number / 1e6:,.1f} MB" if unit == "bytes" else f"{number:,.0f} {unit}"


def clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


class ProgressBoard:
    """Collects what workers report through a named pipe and shows it; lines for logs, a live board on a terminal.

    A named pipe, not a queue: a worker that dies in the middle cannot hold a lock that others wait for.
    """

    def __init__(self, stream: object = None) -> None:
        # Beneath what makes printing safe: the board itself moves the cursor. Its lines are `printable` all the same.
        self._stream = getattr(stream or sys.stderr, "beneath", stream or sys.stderr)
        self._live = not lines.is_json() and bool(getattr(self._stream, "isatty", lambda: False)())
        self._folder = tempfile.TemporaryDirectory(prefix="maslin-progress-")
        self.pipe = Path(self._folder.name) / "pipe"
        os.mkfifo(self.pipe, 0o600)
        self._descriptor = os.open(self.pipe, os.O_RDWR | os.O_NONBLOCK)
        self._works: dict[int, Work] = {}
        self._numbers = 0
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._shown_lines = 0
        self._thread = threading.Thread(target=self._watch, name="progress", daemon=True)

    def __enter__(self) -> "ProgressBoard":
        self._thread.start()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join()
        os.close(self._descriptor)
        self._folder.cleanup()

    def start(self, label: str, unit: str, total: int | None) -> int:
        with self._lock:
            self._numbers += 1
            self._works[self._numbers] = Work(label, unit, total)
            return self._numbers

    def finish(self, number: int) -> None:
        with self._lock:
            del self._works[number]

    def under_way(self) -> dict[int, Work]:
        """What is being done now, by the number that `start` gave it: as it stands, to look at."""
        with self._lock:
            return {number: replace(work) for number, work in self._works.items()}

    def say(self, message: str, stage: str = "", counts: Mapping[str, int] = MappingProxyType({})) -> None:
        """A line that stays."""
        with self._lock:
            self._clear()
            with contextlib.suppress(OSError):  # nobody sees it: the work goes on
                lines.write(Line(printable(message, self._stream), stage=stage, counts=counts), self._stream)

    def _print(self, text: str) -> None:
        with contextlib.suppress(OSError):
            print(printable(text, self._stream), file=self._stream, flush=True)

    def _watch(self) -> None:
        shown = time.monotonic()
        while not self._stop.wait(0.25 if self._live else 1.0):
            with self._lock:
                self._receive()
                if self._live:
                    self._draw()
                elif time.monotonic() - shown >= _LINE_SECONDS:
                    shown = time.monotonic()
                    for work in self._works.values():
                        self._print(lines.as_json(work.line()) if lines.is_json() else f"  … {work.describe()}")
        with self._lock:
            self._clear()

    def _receive(self) -> None:
        while True:
            try:
                data = os.read(self._descriptor, _MESSAGE.size * 1024)
            except BlockingIOError:
                return
            whole = data[:len(data) // _MESSAGE.size * _MESSAGE.size]
            for number, done, kept, dropped, resumed, note in _MESSAGE.iter_unpack(whole):
                if work := self._works.get(number):
                    work.done += done
                    work.kept += kept
                    work.dropped += dropped
                    work.resumed += resumed
                    work.note = note.rstrip(b"\0").decode() or work.note

    def _clear(self) -> None:
        if self._live and self._shown_lines:
            print(f"\x1b[{self._shown_lines}F\x1b[J", end="", file=self._stream, flush=True)
            self._shown_lines = 0

    def _draw(self) -> None:
        self._clear()
        width = os.get_terminal_size(self._stream.fileno()).columns  # type: ignore[attr-defined]
        lines = [f"  … {work.describe()}"[:width - 1] for work in self._works.values()]
        if lines:
            self._print("\n".join(lines))
        self._shown_lines = len(lines)


class Reporter:
    """The worker's end, a `maslin.manifests.progress.Sink`: sums what it is told and sends it a few times a second."""

    def __init__(self, pipe: Path, number: int) -> None:
        self._descriptor = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        self._number = number
        self._sums = [0, 0, 0, 0]
        self._note = b""
        self._sent = time.monotonic()

    def __enter__(self) -> None:
        set_sink(self)

    def __exit__(self, *_: object) -> None:
        set_sink(None)
        self._send()
        os.close(self._descriptor)

    def advance(self, done: int, kept: int, dropped: int) -> None:
        self._add(done, kept, dropped, 0)

    def resume(self, done: int) -> None:
        self._add(done, 0, 0, done)

    def note(self, text: str) -> None:
        """Sent at once, with the sums: what is noted may be the last word for a long time."""
        if self._note != (new := text.encode()[:_NOTE_BYTES]):
            self._note = new
            self._send()

    def _add(self, *amounts: int) -> None:
        self._sums = [total + amount for total, amount in zip(self._sums, amounts, strict=True)]
        if time.monotonic() - self._sent >= _SEND_SECONDS:
            self._send()

    def _send(self) -> None:
        self._sent = time.monotonic()
        try:
            os.write(self._descriptor, _MESSAGE.pack(self._number, *self._sums, self._note))
        except (BlockingIOError, BrokenPipeError):
            return  # nobody reads just now: the sums go with the next message
        self._sums = [0, 0, 0, 0]
