"""What goes on beside a flow run: its log, the progress of long work, and whether somebody asks to cancel it."""

import logging
import re
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import copy_context
from types import TracebackType
from typing import Any, Self
from uuid import UUID

from maslin.flows.engine.contract import Engine
from maslin.flows.engine.progress import Work
from maslin.flows.lines import Line

LOOK_SECONDS = 4.0
_LONG_SECONDS = 10.0  # work that takes longer has its progress shown
_LEVELS = {"info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
_CANCELS = ("CANCELLING", "CANCELLED")


def artifact_key(*words: str) -> str:
    """As Prefect takes it: lower-case letters, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", " ".join(words).lower()).strip("-") or "maslin"


@contextmanager
def log_handler() -> Iterator[Callable[[Line], None]]:
    """What puts a line into the log of the flow run that calls, from any thread; all are sent at the end."""
    from prefect.logging.handlers import APILogHandler

    handler, context, lock = APILogHandler(), copy_context(), threading.Lock()

    def hear(line: Line) -> None:
        record = logging.LogRecord("maslin", _LEVELS[line.level], "", 0, line.message, None, None)
        with lock:  # a context runs in one thread at a time
            context.run(handler.handle, record)

    try:
        yield hear
    finally:
        handler.flush()


def _flow_run_id() -> UUID:
    from prefect.context import FlowRunContext

    context = FlowRunContext.get()
    assert context is not None and context.flow_run is not None
    return context.flow_run.id


class Watch:
    """A thread that looks at the flow run that calls and at the board every few seconds.

    Asked to cancel the run, it ends the work as an interrupt does: workers stopped, finished shards kept.
    """

    def __init__(self, recipe: str, engine: Engine) -> None:
        self._recipe, self._engine = recipe, engine
        self._context, self._flow_run = copy_context(), _flow_run_id()
        self._shown: dict[int, tuple[UUID, Work]] = {}
        self._in_main = threading.current_thread() is threading.main_thread()
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=self._context.copy().run, args=(self._watch,), name="prefect-watch", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join()

    def is_cancelled(self) -> bool:
        """Whether somebody asked to, as Prefect says now; False where it says nothing."""
        from prefect.client.orchestration import get_client

        with suppress(Exception), get_client(sync_client=True) as client:
            return self._asks_to_cancel(client)
        return False

    def _asks_to_cancel(self, client: Any) -> bool:
        state = client.read_flow_run(self._flow_run).state
        return state is not None and state.type.value in _CANCELS

    def _watch(self) -> None:
        from prefect.client.orchestration import get_client

        with get_client(sync_client=True) as client:
            while not self._stop.wait(LOOK_SECONDS):
                with suppress(Exception):  # an API that fails now may answer later; the work does not wait for it
                    if self._asks_to_cancel(client):
                        self._engine.board.say("cancelled by way of Prefect: the workers are stopped")
                        self._interrupt()
                        return
                    self._show_progress()
        with suppress(Exception):
            self._show_progress()

    def _interrupt(self) -> None:
        if self._in_main:  # a signal wakes it from whatever it waits for
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        else:
            self._engine.stop()

    def _show_progress(self) -> None:
        """An artifact for each work that takes long, from then on until it is done."""
        from prefect.artifacts import create_progress_artifact, update_progress_artifact

        under_way = self._engine.board.under_way()
        for number, work in under_way.items():
            if work.share is None or (number not in self._shown and work.seconds < _LONG_SECONDS):
                continue
            if number in self._shown:
                update_progress_artifact(self._shown[number][0], 100 * work.share, work.describe())
            else:
                made = create_progress_artifact(
                    100 * work.share, artifact_key(self._recipe, "progress", work.label), work.describe())
                self._shown[number] = (made, work)  # type: ignore[assignment]
        for number in self._shown.keys() - under_way.keys():
            made, work = self._shown.pop(number)
            update_progress_artifact(made, 100.0, f"{work.label}  done")
