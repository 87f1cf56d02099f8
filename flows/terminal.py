"""What a command prints, as a terminal may have it: nothing of a text, a path or a recipe steers it, every sign fits.

Terminals obey what is printed: a title that holds an escape could move the cursor, write over lines, or answer for
the user. And one that is not UTF-8 cannot show all signs: the summary of long work must not fail for a minus.
"""

import codecs
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from maslin.manifests.errors import StorageError
from maslin.manifests.visible import visible

# Our own signs where the terminal's encoding has none of them; any other character is written as \u4f60.
_PLAIN = {
    "−": "-", "–": "-", "‐": "-", "—": "-", "─": "-", "│": "|", "→": "->", "←": "<-", "…": "...", "·": "-", "×": "x",
    "≤": "<=", "≥": ">=", "≠": "!=", "≈": "~", "±": "+-", "√": "sqrt", "Δ": "delta", "σ": "sigma", "Σ": "sum",
    "α": "alpha", "β": "beta", "²": "^2", "³": "^3", "’": "'", "‘": "'", "“": '"', "”": '"', "⟨": "<", "⟩": ">",
    "›": ">", "▲": "^", "▼": "v",
}


def _plainly(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    found = (_PLAIN.get(each) or each.encode("ascii", "backslashreplace").decode("ascii")
             for each in error.object[error.start:error.end])
    return "".join(found), error.end


codecs.register_error("maslin-plainly", _plainly)


def printable(text: str, stream: Any) -> str:
    """The text with what is hidden or steers written out (see `visible`), in characters that the stream can encode."""
    shown = visible(text)
    if shown.isascii():
        return shown
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return shown.encode(encoding, "maslin-plainly").decode(encoding)


class _Printable:
    """A text stream that writes `printable` text to the one beneath. Raises StorageError where that takes no more."""

    def __init__(self, beneath: Any, name: str) -> None:
        self.beneath, self._name = beneath, name

    def write(self, text: str) -> int:
        with self._errors():
            self.beneath.write(printable(text, self.beneath))
        return len(text)

    def flush(self) -> None:
        with self._errors():
            self.beneath.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.beneath, name)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except BrokenPipeError:  # the reader of our output (`| head`) has gone: no error
            raise
        except OSError as error:
            raise StorageError(f"{self._name} cannot be written ({error.strerror}).") from error


@contextmanager
def printing_safely() -> Iterator[None]:
    """Let everything that this process prints go through `printable`."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (  # type: ignore[assignment]
        stream and _Printable(stream, name)
        for stream, name in zip(before, ("standard output", "standard error"), strict=True))
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
