"""Worker processes on this machine as an engine: a process pool that survives the death of a worker."""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any, ClassVar, Self

from maslin.flows.engine.contract import map_by_threads
from maslin.flows.engine.progress import ProgressBoard, Reporter
from maslin.flows.engine.startup import start_light
from maslin.manifests.errors import MaslinError
from maslin.manifests.workspace import ShardResult

MAX_DEATHS = 50  # of one task; ingest names and skips a record after it killed its worker twice


class LocalEngine:
    """`run` one task in a worker process, `map` many. Threads of the command wait; processes work."""

    takes_threads: ClassVar[bool] = True

    def __init__(self, workers: int | None, board: ProgressBoard) -> None:
        self.workers = workers or default_workers()
        self.board = board
        self._strangers = set(multiprocessing.active_children())  # of a notebook or script: not ours to end
        self._pool: ProcessPoolExecutor | None = None
        self._lock = threading.Lock()
        self._stopping = False

    @property
    def described(self) -> str:
        return f"{self.workers} workers"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        if error is not None:
            self.stop()
        if self._pool is not None:
            self._pool.shutdown(wait=error is None, cancel_futures=True)

    def stop(self) -> None:
        """Kill the workers; whoever waits for one gets KeyboardInterrupt. Finished shards stay finished."""
        self._stopping = True
        for process in set(multiprocessing.active_children()) - self._strangers:
            process.kill()

    def run(self, function: Callable[[Any], ShardResult], task: Any, number: int) -> ShardResult:
        """Run `function(task)` in a worker process and wait; `number` is the board's work it counts for.

        When a worker dies, all tasks of the pool fail; each is then run again in a pool of its own, so that only the
        one at fault dies again.
        """
        with self._lock:
            if self._pool is None:
                self._pool = self._new_pool(self.workers)
            pool = self._pool
        try:
            return pool.submit(_call, function, task, self.board.pipe, number).result()
        except BrokenProcessPool:
            with self._lock:
                if self._pool is pool:
                    self._pool = None
        for _ in range(MAX_DEATHS):
            if self._stopping:
                raise KeyboardInterrupt
            with self._new_pool(1) as alone:
                try:
                    return alone.submit(_call, function, task, self.board.pipe, number).result()
                except BrokenProcessPool:
                    continue
        raise MaslinError(
            f"a worker process died {MAX_DEATHS} times at the same work ({function}). "
            "Out of memory? Try fewer --workers."
        )

    def map(
        self, function: Callable[[Any], ShardResult], tasks: Sequence[Any], label: str, *, total: int | None = None,
        unit: str = "",
    ) -> list[ShardResult]:
        return map_by_threads(self, function, tasks, label, total, unit)

    def _new_pool(self, workers: int) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(workers, mp_context=_Context(), initializer=_start_worker)


_MAIN = threading.Lock()


class _Worker(ForkServerProcess):
    """A process that begins without the module which runs the command.

    multiprocessing has every worker run the main module again, for what tasks may hold of it. Ours hold nothing of it,
    and a script that calls `maslin.curate(…)` without `if __name__ == "__main__"` would begin anew in each worker.
    """

    @staticmethod
    def _Popen(process: Any) -> Any:
        with _MAIN:
            main, sys.modules["__main__"] = sys.modules["__main__"], ModuleType("__main__")
            try:
                return ForkServerProcess._Popen(process)  # type: ignore[attr-defined]
            finally:
                sys.modules["__main__"] = main


class _Context(ForkServerContext):
    Process = _Worker  # type: ignore[assignment]


def _start_worker() -> None:
    """Workers leave interrupts to the command, and end when it does, however it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    command = multiprocessing.parent_process()
    assert command is not None

    def watch() -> None:
        command.join()
        os._exit(1)

    threading.Thread(target=watch, name="command-watch", daemon=True).start()
    start_light()


def _call(function: Callable[[Any], ShardResult], task: Any, pipe: Path, number: int) -> ShardResult:
    with Reporter(pipe, number):
        return function(task)


def default_workers() -> int:
    """The cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
