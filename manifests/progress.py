"""Progress that workers report and a command may show. Reporting never changes a result."""

from typing import Protocol


class Sink(Protocol):
    """Where reports go."""

    def advance(self, done: int, kept: int, dropped: int) -> None: ...

    def resume(self, done: int) -> None: ...

    def note(self, text: str) -> None: ...


# Set by the engine in each worker process; None: nobody watches.
_sink: Sink | None = None


def advance(done: int, kept: int = 0, dropped: int = 0) -> None:
    """Report `done` more units of the running work (the unit its mapper call named), and documents kept and dropped."""
    if _sink is not None:
        _sink.advance(done, kept, dropped)


def resume(done: int) -> None:
    """Report units that an earlier process did: they count as done and say nothing of the rate."""
    if _sink is not None and done:
        _sink.resume(done)


def note(text: str) -> None:
    """Report a few words to show behind the rate of the running work, until the next ones."""
    if _sink is not None:
        _sink.note(text)


def set_sink(sink: Sink | None) -> None:
    """Say where reports go, for this process."""
    global _sink
    _sink = sink
