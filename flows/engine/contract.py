"""What an engine is: where shards run. Nothing of it is in a step's identity: every engine gives the same bytes.

An engine is a class, one file in this folder, and one line in `maslin.flows.engine.known`. It is made with
`(workers, board)`, used as a context manager by one command, and asked to `map` functions over tasks.
"""

import signal
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any, ClassVar, Protocol, Self

from maslin.flows.engine.progress import ProgressBoard
from maslin.flows.interrupts import interrupted
from maslin.manifests.workspace import ShardResult


class Engine(Protocol):
    """Runs tasks and shows on `board` how far they are. Leaving the context ends whatever it started.

    `function` is importable (a module-level function or a partial of one), and it and its tasks pickle. It writes its
    results itself, atomically, so a task may be run again; what it returns is small and JSON.
    """

    takes_threads: ClassVar[bool]  # `run` may be called by several threads at a time, as Prefect's tasks do
    workers: int  # tasks that run at the same time; as many steps are built at once
    board: ProgressBoard

    def __init__(self, workers: int | None, board: ProgressBoard) -> None:
        """`workers`: None: as many as are good here. Raises UsageError for a number it cannot have."""

    @property
    def described(self) -> str:
        """`4 workers`: what does the work, for the line with which a command begins."""

    def __enter__(self) -> Self: ...

    def __exit__(self, kind: type | None, error: BaseException | None, traceback: TracebackType | None) -> None: ...

    def prepare(self, modules: Collection[str]) -> None:
        """Hear before work begins which modules its tasks will import, torch aside: once may do for all processes."""

    def stop(self) -> None:
        """End running tasks now, from a signal handler; finished shards stay finished, the others are run again."""

    def run(self, function: Callable[[Any], ShardResult], task: Any, number: int) -> ShardResult:
        """`function(task)`, waited for; what it reports counts for the board's work `number` (see `Reporter`).

        Errors of the function are raised as they are. A task whose process died is run again, and MaslinError is
        raised when it keeps dying.
        """

    def map(
        self, function: Callable[[Any], ShardResult], tasks: Sequence[Any], label: str, *, total: int | None = None,
        unit: str = "",
    ) -> list[ShardResult]:
        """`maslin.manifests.workspace.Mapper`: all results in the order of the tasks, and one work on the board."""


def map_by_threads(
    engine: Engine, function: Callable[[Any], ShardResult], tasks: Sequence[Any], label: str, total: int | None,
    unit: str,
) -> list[ShardResult]:
    """`map` of an engine that takes threads: twice as many wait in `run` as can work, so that no worker stands idle.

    The thread that asks is one of them, so that there is one where no other can be started. The first error ends all.
    """
    number = engine.board.start(label, unit, total)
    results: list[ShardResult | None] = [None] * len(tasks)
    left = iter(range(len(tasks)))
    lock = threading.Lock()
    errors: list[BaseException] = []

    def work() -> None:
        while not errors:
            with lock:
                index = next(left, None)
            if index is None:
                return
            try:
                results[index] = engine.run(function, tasks[index], number)
            except BaseException as error:
                errors.append(error)

    helpers: list[threading.Thread] = []
    try:
        with suppress(RuntimeError):  # can't start new thread: fewer wait, and the work is done all the same
            for _ in range(min(len(tasks), 2 * engine.workers) - 1):
                helper = threading.Thread(target=work, name="shard", daemon=True)
                helper.start()
                helpers.append(helper)
        work()
    finally:
        for helper in helpers:
            helper.join()
        engine.board.finish(number)
    if errors:
        raise errors[0]
    return [result for result in results if result is not None]


@contextmanager
def stopped_by_signals(engine: Engine) -> Iterator[None]:
    """Let SIGINT and SIGTERM end the work at once: tasks stopped, finished shards kept, to be run again.

    Signals reach the main thread alone: work that is begun in another one ends with the process.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(*_: object) -> None:
        engine.stop()
        interrupted()

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
