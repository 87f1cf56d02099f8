"""Progress that workers report and a command may show. Reporting never changes a result."""

from collections.abc import Callable

# Set by the engine in each worker process; None: nobody watches.
_sink: Callable[[int, int, int], None] | None = None


def advance(done: int, kept: int = 0, dropped: int = 0) -> None:
    """Report `done` more units of the running work (the unit its mapper call named), and documents kept and dropped."""
    if _sink is not None:
        _sink(done, kept, dropped)


def set_sink(sink: Callable[[int, int, int], None] | None) -> None:
    """Say where `advance` reports to, for this process."""
    global _sink
    _sink = sink
