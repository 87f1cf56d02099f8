"""A worker process: forked from the template, asked one call at a time over a socket, by the thread that waits for it.

No thread or queue stands between: whatever ends the process, or keeps it from starting, its caller hears at once.
"""

import os
import pickle
import signal
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Pipe
from typing import Any

from maslin.flows.engine.serving import BEGUN, FAILED
from maslin.flows.engine.template import Template, TemplateDiedError, how_it_ended
from maslin.manifests.workspace import ShardResult


class WorkerDiedError(Exception):
    """The process ended. `begun`: it was at the task; otherwise it never came so far. `how` it ended, in words."""

    def __init__(self, begun: bool, how: str) -> None:
        super().__init__(how)
        self.begun, self.how = begun, how


class Worker:
    """A process of its own. Raises OSError when it cannot be forked, TemplateDiedError."""

    def __init__(self, template: Template) -> None:
        self._template = template
        self._connection, there = Pipe()
        try:
            self._pid: int | None = template.fork(there.fileno())  # None: it has ended, and its number may be another's
        except BaseException:  # an interrupt too: no socket stays open without a worker behind it
            self._connection.close()
            raise
        finally:
            there.close()

    def call(self, function: Callable[..., ShardResult], *arguments: Any) -> ShardResult:
        """`function(*arguments)` there. Raises what it raises, or WorkerDiedError."""
        begun = False
        try:
            self._connection.send_bytes(pickle.dumps((function, arguments)))
            while (answer := self._connection.recv())[0] == BEGUN:
                begun = True
        except (EOFError, ConnectionError):
            raise WorkerDiedError(begun, self._wait()) from None
        kind, value, trace = answer
        if kind == FAILED:
            value.add_note(f"in a worker process:\n{trace}")
            raise value
        return value

    def _wait(self) -> str:
        """Wait until it has ended; how it did, in words."""
        if self._pid is None:
            return "ended before"
        try:
            return how_it_ended(self._template.exit_code(self._pid))
        except TemplateDiedError:
            return "how, nobody knows"
        finally:
            self._pid = None

    def kill(self) -> None:
        """End it in the middle: who waits for it gets WorkerDiedError."""
        if (pid := self._pid) is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def close(self) -> None:
        """End it when it has nothing to do, and wait for that."""
        self._connection.close()
        self._wait()
