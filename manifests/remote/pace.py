"""Requests one after the other at a stated rate, over all processes that work together.

They share one small file: when the next request may begin. Where a server asks for patience, all of them wait.
"""

import contextlib
import fcntl
import os
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path

MOST_AHEAD_SECONDS = 600.0  # a time beyond is of a clock that was set back
_NEXT = struct.Struct("<d")
_LOOK_AGAIN_SECONDS = 0.1


class Pace:
    """At most `per_second` requests. Without `path` it is this process's own."""

    def __init__(self, per_second: float, path: Path | None = None) -> None:
        self._gap_seconds = 1 / per_second
        self._path = path
        self._next = 0.0

    def wait(self) -> None:
        """Return when a request may begin."""
        turn = 0.0

        def take(following: float, now: float) -> float:
            nonlocal turn
            turn = max(now, following)
            return turn + self._gap_seconds

        self._change(take)
        time.sleep(max(0.0, turn - time.time()))

    def pause(self, seconds: float) -> None:
        """Let no request begin for so long, of any process."""
        self._change(lambda following, now: max(following, now + min(seconds, MOST_AHEAD_SECONDS)))

    def _change(self, change: Callable[[float, float], float]) -> None:
        now = time.time()
        if self._path is None:
            self._next = change(self._next, now)
            return
        with open(self._path, "a+b", buffering=0) as file:  # its lock ends with it
            fcntl.flock(file, fcntl.LOCK_EX)
            held = os.pread(file.fileno(), _NEXT.size, 0)
            following = _NEXT.unpack(held)[0] if len(held) == _NEXT.size else 0.0
            if not following <= now + MOST_AHEAD_SECONDS:  # NaN too
                following = now
            file.truncate(0)
            file.write(_NEXT.pack(change(following, now)))


@contextlib.contextmanager
def one_of(number: int, folder: Path) -> Iterator[None]:
    """Hold one of so many places that processes share by a folder; wait until one is free."""
    folder.mkdir(parents=True, exist_ok=True)
    while True:
        for place in range(number):
            with open(folder / f"place-{place}", "ab") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    continue
                yield
                return
        time.sleep(_LOOK_AGAIN_SECONDS)
