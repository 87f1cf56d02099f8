"""The process that workers are forked from: it has imported what they need and loaded their kernels, once for all.

It runs no thread and none of the work, so that nothing is in the middle of anything where it is copied. Torch, whose
threads a copy would lack, is never imported there. It ends with the command, however that ends; workers, who watch the
command themselves, outlive it.
"""

import contextlib
import gc
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Collection, Iterator
from importlib import import_module
from typing import NoReturn

from maslin.flows.engine import serving, startup

# What the process runs: paths as the command has them, and nothing of the module that runs the command. A script that
# calls `maslin.curate(…)` would begin anew in each worker if that were run there.
_BEGIN = """\
import os, sys
try:
    sys.path[:] = {path!r}
    from maslin.flows.engine.template import begin
    begin({socket}, {modules!r})
except BaseException as error:
    os.write({socket}, repr(error).encode())
    os._exit(1)
"""
_FORK, _WAIT = b"f", b"w"  # what is asked
_IS_NUMBER = b"\0"  # how an answer begins that is a number, and no repr of an error
_NUMBER = struct.Struct("<q")


class TemplateDiedError(Exception):
    """The process ended before it did what it was asked for; `how`, in words."""


class _Forked:
    """What `subprocess.Popen` is for a process that was started, for one that was forked."""

    def __init__(self, pid: int) -> None:
        self._pid, self._code = pid, None

    def wait(self) -> int:
        if self._code is None:
            self._code = os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])
        return self._code

    def kill(self) -> None:
        if self._code is None:
            os.kill(self._pid, signal.SIGKILL)


class Template:
    """The command's side. Raises OSError when there can be no further process.

    Where the command's process is Maslin's alone and runs one thread, it imports `modules` itself and is forked, since
    it needs most of them, too. Otherwise (a notebook, a script, torch is there) a process is started that imports them.
    """

    def __init__(self, modules: Collection[str]) -> None:
        self._asked = threading.Lock()
        self._process: subprocess.Popen | _Forked
        if forked := startup.is_alone():
            _import_all(modules)
        self._control, there = socket.socketpair()
        # Interrupts are left to the command. Blocked, not ignored: so they are from the first instruction on, and in
        # workers, too.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        try:
            with there:
                self._process = _forked(there.fileno()) if forked else _started(there.fileno(), modules)
        except BaseException:  # an interrupt too: no socket stays open without a process behind it
            self._control.close()
            raise
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def fork(self, connection: int) -> int:
        """Fork a worker that serves on this descriptor; returns its process number.

        Raises OSError when the system refuses, TemplateDiedError.
        """
        with self._asked:
            with self._ended_meanwhile():
                socket.send_fds(self._control, [_FORK], [connection])
            number = self._answer()
        if number < 0:
            raise OSError(-number, os.strerror(-number))
        return number

    def exit_code(self, worker: int) -> int:
        """Wait until a worker has ended; negative: the signal that ended it. Its number is its own until then."""
        with self._asked:
            with self._ended_meanwhile():
                self._control.sendall(_WAIT + _NUMBER.pack(worker))
            return self._answer()

    @contextlib.contextmanager
    def _ended_meanwhile(self) -> Iterator[None]:
        """The process is gone, or another thread has closed the socket: what reads the answer says so."""
        try:
            yield
        except ConnectionError:
            pass
        except OSError:
            if self._control.fileno() >= 0:
                raise

    def _answer(self) -> int:
        """A number; or, until the end, the error for which there is no process any more."""
        answer = b""
        while not (answer.startswith(_IS_NUMBER) and len(answer) == 1 + _NUMBER.size):
            more = b""
            with self._ended_meanwhile():
                more = self._control.recv(1 + _NUMBER.size if answer.startswith(_IS_NUMBER) or not answer else 1024)
            if not more:
                raise TemplateDiedError(answer.decode(errors="replace") or how_it_ended(self._process.wait()))
            answer += more
        return _NUMBER.unpack(answer[1:])[0]

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    def close(self) -> None:
        """End it, and wait for that."""
        self._control.close()
        self._process.wait()


def how_it_ended(code: int) -> str:
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name


def _started(control: int, modules: Collection[str]) -> subprocess.Popen:
    code = _BEGIN.format(path=sys.path, socket=control, modules=tuple(modules))
    return subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.DEVNULL, pass_fds=[control])


def _forked(control: int) -> _Forked:
    for stream in (sys.stdout, sys.stderr):
        stream.flush()  # what is still to be written is written once
    if pid := os.fork():
        return _Forked(pid)
    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        with open(os.devnull) as nothing:
            os.dup2(nothing.fileno(), 0)
        os.closerange(3, control)  # the workspace's lock among them
        os.closerange(control + 1, os.sysconf("SC_OPEN_MAX"))
        _serve(control)
    finally:
        os._exit(1)


def begin(control: int, modules: Collection[str]) -> NoReturn:
    """What a process does that was started for it."""
    startup.start_light()
    if sys.platform != "darwin":  # whose frameworks do not stand a fork
        _import_all(modules)
    _serve(control)


def _serve(control: int) -> NoReturn:
    """Fork when asked, until the command closes the socket or ends."""
    gc.collect()
    gc.freeze()  # or the first collection in each worker would write to, and so copy, all that is shared
    with socket.socket(fileno=control) as asked:
        while True:
            what, descriptors, _, _ = socket.recv_fds(asked, 1, 1)
            if what == _FORK:
                asked.sendall(_IS_NUMBER + _NUMBER.pack(_fork(asked, *descriptors)))
            elif what == _WAIT:
                worker = _NUMBER.unpack(asked.recv(_NUMBER.size, socket.MSG_WAITALL))[0]
                code = os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1])
                asked.sendall(_IS_NUMBER + _NUMBER.pack(code))
            else:
                os._exit(0)


def _import_all(modules: Collection[str]) -> None:
    """What cannot be imported, the worker that needs it will say."""
    from maslin.flows.engine import kernels

    for module in modules:
        with contextlib.suppress(Exception):
            import_module(module)
    with contextlib.suppress(Exception):
        kernels.load(sys.modules)


def _fork(asked: socket.socket, connection: int) -> int:
    """The number of the new worker's process; what is below 0 is the error for which there is none."""
    try:
        worker = os.fork()
    except OSError as error:
        os.close(connection)
        return -(error.errno or 1)
    if worker:
        os.close(connection)
        return worker
    try:
        asked.close()
        serving.serve(connection)
    finally:
        os._exit(1)
