"""Interrupts of a command (Ctrl-C, SIGTERM while it works): the first ends it in order, the second at once.

Neither shows a traceback. Where our functions are called by a notebook or a script, each raises KeyboardInterrupt.
"""

import contextlib
import os
import signal
from collections.abc import Callable

EXIT_CODE = 130
SENTENCE = "interrupted; run the same command again to go on from the last finished shard."

# How many more interrupts are answered in order before one ends the process; None: never, it is not ours to end.
_in_order: int | None = None
_times = 0


def for_people(message: str) -> str:
    return f"maslin: {message}\n"


worded: Callable[[str], str] = for_people  # how a last line is written


def take() -> None:
    """Answer interrupts in this process, which is a command's alone; until `in_order` the first one ends it."""
    global _in_order
    _in_order = 0
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:  # `nohup`, or `&` in a script: as the caller has it
        signal.signal(signal.SIGINT, interrupted)


def in_order() -> None:
    """From here on there may be something to tidy up: the first interrupt is a KeyboardInterrupt."""
    global _in_order
    if _in_order is not None:
        _in_order = 1


def interrupted(*_: object) -> None:
    """What a signal handler does. Raises KeyboardInterrupt, or ends the process."""
    global _times
    _times += 1
    if _in_order is not None and _times > _in_order:
        with contextlib.suppress(OSError):
            os.write(2, worded(SENTENCE).encode())
        os._exit(EXIT_CODE)  # workers see it and end, as does what `with` would have removed: it is marked unfinished
    raise KeyboardInterrupt


def seen() -> bool:
    """Whether there was an interrupt. In the middle of an import it may come out as another error."""
    return _in_order is not None and _times > 0
