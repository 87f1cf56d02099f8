"""Worker processes on this machine as an engine: it survives the death of a worker."""

import os
import threading
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self

from maslin.flows.engine.contract import map_by_threads
from maslin.flows.engine.progress import ProgressBoard, Reporter
from maslin.flows.engine.template import Template, TemplateDiedError
from maslin.flows.engine.worker import Worker, WorkerDiedError
from maslin.manifests.errors import MaslinError
from maslin.manifests.workspace import ShardResult

MAX_DEATHS = 50  # of one task; ingest names and skips a record after it killed its worker twice
MAX_FALSE_STARTS = 3  # in succession: of workers that ended before they were at their task

_WHAT_TO_DO = ("Too little memory, or a limit on it or on processes (`ulimit -a`)? Finished shards are kept: run the "
               "same command again, with fewer --workers or with more memory.")


class LocalEngine:
    """`run` one task in a worker process, `map` many. Threads of the command wait; processes work."""

    takes_threads: ClassVar[bool] = True

    def __init__(self, workers: int | None, board: ProgressBoard) -> None:
        self.workers = workers or default_workers()
        self.board = board
        self._places = threading.Semaphore(self.workers)
        self._idle: list[Worker] = []
        self._alive: set[Worker] = set()
        self._lock = threading.Lock()
        self._modules: tuple[str, ...] = ()
        self._template: Template | None = None
        self._stopping = False

    @property
    def described(self) -> str:
        return f"{self.workers} workers"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        if error is not None:
            self.stop()
        for worker in self._alive:
            worker.close()
        if self._template is not None:
            self._template.close()

    def prepare(self, modules: Collection[str]) -> None:
        self._modules = tuple(modules)
        with self._lock, suppress(OSError):  # it is told when a worker is wanted
            self._template = self._template or Template(self._modules)

    def stop(self) -> None:
        """Kill the workers; whoever waits for one gets KeyboardInterrupt. Finished shards stay finished."""
        self._stopping = True
        for worker in list(self._alive):
            worker.kill()

    def run(self, function: Callable[[Any], ShardResult], task: Any, number: int) -> ShardResult:
        """Run `function(task)` in a worker process and wait; `number` is the board's work it counts for.

        When the worker dies, the task is run again in a new one.
        """
        deaths = false_starts = 0
        with self._places:
            while True:
                worker = None
                try:
                    worker = self._take()
                    result = worker.call(_call, function, task, self.board.pipe, number)
                except WorkerDiedError as death:
                    if worker is not None:
                        self._forget(worker)
                    if self._stopping:
                        raise KeyboardInterrupt from None
                    deaths += death.begun
                    false_starts = 0 if death.begun else false_starts + 1
                    if false_starts == MAX_FALSE_STARTS:
                        raise MaslinError(
                            f"worker processes end before they begin ({death.how}). {_WHAT_TO_DO}") from None
                    if deaths == MAX_DEATHS:
                        raise MaslinError(
                            f"a worker process died {MAX_DEATHS} times at the same work ({death.how}, in {function}). "
                            f"{_WHAT_TO_DO}") from None
                except Exception:  # the task's own error: the worker is sound and takes the next
                    if worker is not None:
                        self._idle.append(worker)
                    raise
                else:
                    self._idle.append(worker)
                    return result

    def map(
        self, function: Callable[[Any], ShardResult], tasks: Sequence[Any], label: str, *, total: int | None = None,
        unit: str = "",
    ) -> list[ShardResult]:
        return map_by_threads(self, function, tasks, label, total, unit)

    def _take(self) -> Worker:
        """An idle worker, or a new one. Raises WorkerDiedError when what it is forked from ends."""
        with self._lock:
            if self._stopping:
                raise KeyboardInterrupt
            if self._idle:
                return self._idle.pop()
            try:
                self._template = self._template or Template(self._modules)
                worker = Worker(self._template)
            except OSError as error:
                raise MaslinError(
                    f"a worker process could not be started ({error.strerror or error}). {_WHAT_TO_DO}") from error
            except TemplateDiedError as death:
                template, self._template = self._template, None
                template.close()
                raise WorkerDiedError(False, str(death)) from None
            self._alive.add(worker)
            if self._stopping:  # since we looked: `stop` has not seen this one
                worker.kill()
            return worker

    def _forget(self, worker: Worker) -> None:
        with self._lock:
            self._alive.discard(worker)
        worker.close()


def _call(function: Callable[[Any], ShardResult], task: Any, pipe: Path, number: int) -> ShardResult:
    with Reporter(pipe, number):
        return function(task)


def default_workers() -> int:
    """The cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
