"""How a command ends when something went wrong: sentences on standard error, and the exit code. No tracebacks."""

import errno
import sys
import threading
import traceback

from maslin.flows import interrupts, lines
from maslin.flows.lines import Line
from maslin.manifests.errors import MaslinError
from maslin.manifests.visible import visible_line

_LINE_CHARACTERS = 4000  # what a recipe or a file says of itself may be of any length

# As libraries tell that the system gave them no memory, thread or mapping: few have an error of their own for it.
_SCARCE = (
    "can't start new thread", "cannot allocate memory", "can't allocate memory", "failed to map segment",
    "out of memory", "bad_alloc", "unable to allocate", "resource temporarily unavailable", "not enough memory",
    "libllvmlite.so", "static tls",
)
_SCARCE_ERRNO = {errno.ENOMEM, errno.EAGAIN, errno.EMFILE, errno.ENFILE}
_WHAT_TO_DO = ("Finished shards are kept: run the same command again with more of it (limits: `ulimit -a`), with less "
               "running beside it, or with fewer --workers.")


def end_with(error: BaseException) -> int:
    """Tell what went wrong, in words for people; returns the exit code."""
    if (isinstance(error, KeyboardInterrupt) or interrupts.seen()) and _can_start_a_thread():
        lines.write(Line(interrupts.SENTENCE, "error"), sys.stderr, "maslin: ")
        return interrupts.EXIT_CODE
    if isinstance(error, KeyboardInterrupt):  # OpenBLAS sends itself one, where it gets no thread
        error = MemoryError("can't start new thread")
    if not isinstance(error, MaslinError) and (known := _in_words(error)) is not None:
        error = known
    if isinstance(error, MaslinError):
        first, *further = (visible_line(line, _LINE_CHARACTERS) for line in error.lines)
        lines.write(Line("\n  ".join([first, *further]), "error"), sys.stderr, "maslin: ")
        return error.exit_code
    lines.write(Line("".join(traceback.format_exception(error)).rstrip("\n"), "error"), sys.stderr)
    lines.write(Line(
        f"this is a fault of Maslin's ({type(error).__name__}), not of what you asked. What is finished is kept, and "
        "the same command goes on from there. Please report it with the lines above.", "error"), sys.stderr, "maslin: ")
    return MaslinError.exit_code


def _can_start_a_thread() -> bool:
    try:
        threading.Thread(target=int, daemon=True).start()
    except (RuntimeError, MemoryError):
        return False
    return True


def _in_words(error: BaseException) -> MaslinError | None:
    """What the system refused, by the error or one that it came from; None: it is none of these."""
    while error is not None:
        if isinstance(error, MemoryError) or (
            isinstance(error, OSError) and error.errno in _SCARCE_ERRNO
        ) or (isinstance(error, OSError | RuntimeError | ImportError | SystemError)
              and any(sign in str(error).lower() for sign in _SCARCE)):
            said = " ".join(str(error).split()) or type(error).__name__
            return MaslinError(
                f"the system gave no more memory, threads or open files ({said}). {_WHAT_TO_DO}")
        if isinstance(error, OSError) and error.filename is not None:
            return MaslinError(f"{error.filename}: {error.strerror}.")
        error = error.__cause__ or error.__context__
    return None
