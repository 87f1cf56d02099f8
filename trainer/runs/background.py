"""Work that the steps of a run need not wait for: writing checkpoints."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType


class Background:
    """One piece of work at a time, in a thread of its own; what it raises is raised where the next one is asked for.

    It is done, or was given up with an error, when the `with` block ends, however that does.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "background")
        self._begun: Future[None] | None = None

    def run(self, work: Callable[[], None]) -> None:
        """Wait for the work before and begin this."""
        self._wait()
        self._begun = self._thread.submit(work)

    def _wait(self) -> None:
        begun, self._begun = self._begun, None
        if begun is not None:
            begun.result()

    def __enter__(self) -> "Background":
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._thread.shutdown()
        if error is None:  # else that one is told
            self._wait()
