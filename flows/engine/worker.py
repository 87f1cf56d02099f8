"""A worker process: started bare, asked one call at a time over a socket of its own, by the thread that waits for it.

No thread or queue stands between: whatever ends the process, or keeps it from starting, its caller hears at once.
"""

import os
import pickle
import select
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection, Pipe
from typing import Any, NoReturn

from maslin.manifests.workspace import ShardResult

# What the process runs: paths as the command has them, and nothing of the module that runs the command. A script that
# calls `maslin.curate(…)` would begin anew in each worker if that were run there.
_BEGIN = """\
import os, sys
try:
    sys.path[:] = {path!r}
    from maslin.flows.engine.worker import serve
    serve({socket})
except BaseException as error:
    import pickle
    why = pickle.dumps(repr(error))
    os.write({socket}, len(why).to_bytes(4, "big") + why)  # as a Connection would, which may be what could not be had
    os._exit(1)
"""
_BEGUN, _DONE, _FAILED = range(3)


class WorkerDiedError(Exception):
    """The process ended. `begun`: it was at the task; otherwise it never came so far. `how` it ended, in words."""

    def __init__(self, begun: bool, how: str) -> None:
        super().__init__(how)
        self.begun, self.how = begun, how


class Worker:
    """A process of its own. Raises OSError when it cannot be started; one that dies at start is told by `call`."""

    def __init__(self) -> None:
        self._connection, there = Pipe()
        try:
            code = _BEGIN.format(path=sys.path, socket=there.fileno())
            # Interrupts are left to the command. Blocked, not ignored: so they are from the first instruction on.
            before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
            try:
                self._process = subprocess.Popen(
                    [sys.executable, "-c", code], stdin=subprocess.DEVNULL, pass_fds=[there.fileno()])
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, before)
        except BaseException:  # an interrupt too: no socket stays open without a worker behind it
            self._connection.close()
            raise
        finally:
            there.close()
        self._is_ready = False

    def call(self, function: Callable[..., ShardResult], *arguments: Any) -> ShardResult:
        """`function(*arguments)` there. Raises what it raises, or WorkerDiedError."""
        begun = False
        try:
            if not self._is_ready:
                if why := self._connection.recv():
                    raise WorkerDiedError(begun, why)
                self._is_ready = True
            self._connection.send_bytes(pickle.dumps((function, arguments)))
            while (answer := self._connection.recv())[0] == _BEGUN:
                begun = True
        except (EOFError, ConnectionError):
            raise WorkerDiedError(begun, self._how_it_ended()) from None
        kind, value, trace = answer
        if kind == _FAILED:
            value.add_note(f"in a worker process:\n{trace}")
            raise value
        return value

    def _how_it_ended(self) -> str:
        code = self._process.wait()
        return f"exit code {code}" if code >= 0 else signal.Signals(-code).name

    def kill(self) -> None:
        """End it in the middle: who waits for it gets WorkerDiedError."""
        self._process.kill()

    def close(self) -> None:
        """End it when it has nothing to do, and wait for that."""
        self._connection.close()
        self._process.wait()


def serve(socket: int) -> NoReturn:
    """The worker's side: ready, then call after call, until the command closes the socket, or ends, however that ends.

    Leaves without tidying up: what a task has written is written.
    """
    from maslin.flows.engine.memory import keep_freed
    from maslin.flows.engine.startup import start_light

    keep_freed()
    connection = Connection(socket)
    threading.Thread(target=_end_with, args=(socket,), name="command-watch", daemon=True).start()
    start_light()
    connection.send(None)
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
