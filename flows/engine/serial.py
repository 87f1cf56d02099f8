"""The command's own process as an engine: one task after the other, for debuggers, profilers and notebooks."""

from collections.abc import Callable, Collection, Sequence
from types import TracebackType
from typing import Any, ClassVar, Self

from maslin.flows.engine.progress import ProgressBoard, Reporter
from maslin.manifests.errors import UsageError
from maslin.manifests.workspace import ShardResult


class SerialEngine:
    """Each task is a plain call in the thread that asks, so a breakpoint stops there and an interrupt ends it there.

    A task that kills its process kills the command. Run again, it goes on from the last finished shard; a record that
    was at fault twice is then failed by name, as everywhere.
    """

    takes_threads: ClassVar[bool] = False

    def __init__(self, workers: int | None, board: ProgressBoard) -> None:
        if workers not in (None, 1):
            raise UsageError(f"--engine serial works in one process: --workers {workers} is for --engine local.")
        self.workers = 1
        self.board = board

    @property
    def described(self) -> str:
        return "the command's own process"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        """Nothing is left to end."""

    def prepare(self, modules: Collection[str]) -> None:
        """Tasks import what they need."""

    def stop(self) -> None:
        """Nothing to end: KeyboardInterrupt is raised in the task itself."""

    def run(self, function: Callable[[Any], ShardResult], task: Any, number: int) -> ShardResult:
        with Reporter(self.board.pipe, number):
            return function(task)

    def map(
        self, function: Callable[[Any], ShardResult], tasks: Sequence[Any], label: str, *, total: int | None = None,
        unit: str = "",
    ) -> list[ShardResult]:
        number = self.board.start(label, unit, total)
        try:
            return [self.run(function, task, number) for task in tasks]
        finally:
            self.board.finish(number)
