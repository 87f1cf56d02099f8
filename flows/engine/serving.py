"""What a worker process does: call after call, over the socket that it has for itself."""

import os
import pickle
import select
import sys
import threading
import traceback
from multiprocessing.connection import Connection
from typing import NoReturn

from maslin.flows.engine.memory import keep_freed

BEGUN, DONE, FAILED = range(3)  # what an answer begins with: at the task; its result; its error


def serve(socket: int) -> NoReturn:
    """Answer calls until the command closes the socket, or ends, however that ends.

    Leaves without tidying up: what a task has written is written.
    """
    keep_freed()
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
        connection.send((BEGUN,))
        return pickle.dumps((DONE, function(*arguments), ""))
    except BaseException as error:
        trace = "".join(traceback.format_exception(error))
        try:
            answer = pickle.dumps((FAILED, error, trace))
            pickle.loads(answer)
        except Exception:  # an error that does not travel
            answer = pickle.dumps((FAILED, RuntimeError(f"{type(error).__name__}: {error}"), trace))
        return answer
