"""A worker process: forked from the template, asked one call at a time over a socket, by the thread that waits for it.

No thread or queue stands between: whatever ends the process, or keeps it from starting, its caller hears at once.
"""

import os
import pickle
import select
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection, Pipe
from typing import Any, NoReturn

from maslin.flows.engine.template import Template, TemplateDiedError, how_it_ended
from maslin.manifests.workspace import ShardResult

_BEGUN, _DONE, _FAILED = range(3)


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
            while (answer := self._connection.recv())[0] == _BEGUN:
                begun = True
        except (EOFError, ConnectionError):
            raise WorkerDiedError(begun, self._wait()) from None
        kind, value, trace = answer
        if kind == _FAILED:
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


def serve(socket: int) -> NoReturn:
    """The worker's side: call after call, until the command closes the socket, or ends, however that ends.

    Leaves without tidying up: what a task has written is written.
    """
    connection = Connection(socket)
    threading.Thread(target=_end_with, args=(socket,), name="command-watch", daemon=True).start()
    while True:
        try:
            asked = connection.recv_bytes()
        except (EOFError, ConnectionError):
            os._exit(0)
        connection.send_bytes(_answer(connection, asked))
        for stream in (sys.stdout, sys.stderr):
            stream.flush()


def _end_with(socket: int) -> None:
    watched = select.poll()
    watched.register(socket, 0)  # that the other end is closed is always told
    watched.poll()
    os._exit(1)


def _answer(connection: Connection, asked: bytes) -> bytes:
    try:
        function, arguments = pickle.loads(asked)  # imports the function's module: that may fail too
        connection.send((_BEGUN,))
        return pickle.dumps((_DONE, function(*arguments), ""))
    except BaseException as error:
        trace = "".join(traceback.format_exception(error))
        try:
            answer = pickle.dumps((_FAILED, error, trace))
            pickle.loads(answer)
        except Exception:  # an error that does not travel
            answer = pickle.dumps((_FAILED, RuntimeError(f"{type(error).__name__}: {error}"), trace))
        return answer
