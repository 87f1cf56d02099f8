"""A compressed file as one stream of bytes, read forwards, with a bound on how far it may expand."""

from collections.abc import Callable, Iterator
from typing import BinaryIO

from maslin.curation.ingest.decompression import (
    SIGN_BYTES,
    Bounded,
    CutShort,
    Unreadable,
    compression,
    expanded,
)

BLOCK = 512
READ_BYTES = 1 << 18


class Stream:
    """Read and skip forwards over chunks. `position` counts uncompressed bytes."""

    def __init__(self, chunks: Iterator[bytes], bound: Bounded, behind: Callable[[], int]) -> None:
        self._chunks, self._bound, self.behind = chunks, bound, behind
        self._buffer = memoryview(b"")
        self.position = 0

    def _take(self, number: int) -> memoryview:
        """Up to `number` bytes, at least one unless the data end."""
        while not self._buffer:
            try:
                chunk = next(self._chunks)
            except StopIteration:
                return memoryview(b"")
            except Unreadable as error:
                raise CutShort(str(error)) from error
            self._bound.note(len(chunk))
            self._buffer = memoryview(chunk)
        taken, self._buffer = self._buffer[:number], self._buffer[number:]
        self.position += len(taken)
        return taken

    def read(self, number: int) -> bytes:
        """`number` bytes, fewer only at the end of the data."""
        parts = []
        while number > 0 and (part := self._take(number)):
            parts.append(bytes(part))
            number -= len(part)
        return b"".join(parts)

    def read_exactly(self, number: int) -> bytes:
        """`number` bytes. Raises CutShort when the data end before."""
        data = self.read(number)
        if len(data) < number:
            raise CutShort("the archive ends inside a member")
        return data

    def skip(self, number: int, padding: int = 0) -> None:
        """Pass over bytes and then over padding, which may be missing. Raises CutShort when the data end before."""
        while number > 0:
            part = self._take(number)
            if not part:
                raise CutShort("the archive ends inside a member")
            number -= len(part)
        while padding > 0 and (part := self._take(padding)):
            padding -= len(part)


def decompressed(file: BinaryIO) -> Stream:
    """The content of a file, decompressed by its first bytes: gzip, bzip2, xz, zstandard, else as it is."""
    kind = compression(file.read(SIGN_BYTES))
    size = file.seek(0, 2)
    file.seek(0)
    chunks = iter(lambda: file.read(READ_BYTES), b"") if kind is None else expanded(file.read, kind)
    return Stream(chunks, Bounded(size), lambda: min(file.tell(), size))
