"""A compressed file as one stream of bytes, read forwards, with a bound on how far it may expand."""

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO

import zstandard

BLOCK = 512
READ_BYTES = 1 << 18
FREE_BYTES = 512 << 20  # expansion is not looked at below this
MAX_EXPANSION = 200  # text rarely shrinks below a twentieth
_LZMA_MEMORY = 512 << 20
_ZSTD_WINDOW = 256 << 20


class WalkEnded(Exception):
    """Nothing more can be read of this archive; `cause` says why."""

    cause = "damaged_archive"


class Bomb(WalkEnded):
    """The data expand beyond the bound."""

    cause = "archive_bomb"


class Truncated(WalkEnded):
    """The data end, or are damaged, before what was asked for."""

    cause = "truncated"


class Bounded:
    """Counts expanded bytes against the size of what holds them."""

    def __init__(self, packed: int) -> None:
        self.allowed = max(FREE_BYTES, MAX_EXPANSION * packed)
        self.read = 0
        self.packed = packed

    def note(self, number: int) -> None:
        """Count bytes. Raises Bomb beyond the bound."""
        self.read += number
        if self.read > self.allowed:
            raise Bomb(f"expands to more than {self.allowed} bytes from {self.packed}")


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
            except (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError, zstandard.ZstdError) as error:
                raise Truncated(f"the compressed data are damaged: {error}") from error
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
        """`number` bytes. Raises Truncated when the data end before."""
        data = self.read(number)
        if len(data) < number:
            raise Truncated("the archive ends inside a member")
        return data

    def skip(self, number: int, padding: int = 0) -> None:
        """Pass over bytes and then over padding, which may be missing. Raises Truncated when the data end before."""
        while number > 0:
            part = self._take(number)
            if not part:
                raise Truncated("the archive ends inside a member")
            number -= len(part)
        while padding > 0 and (part := self._take(padding)):
            padding -= len(part)


def decompressed(file: BinaryIO) -> Stream:
    """The content of a file, decompressed by its first bytes: gzip, bzip2, xz, zstandard, else as it is."""
    magic = file.read(6)
    size = file.seek(0, 2)
    file.seek(0)
    if magic[:2] == b"\x1f\x8b":
        chunks = _members(file, lambda: zlib.decompressobj(31), "gzip")
    elif magic[:3] == b"BZh":
        chunks = _members(file, bz2.BZ2Decompressor, "bzip2")
    elif magic == b"\xfd7zXZ\0":
        chunks = _members(file, lambda: lzma.LZMADecompressor(memlimit=_LZMA_MEMORY), "xz")
    elif magic[:4] == b"\x28\xb5\x2f\xfd":
        chunks = _zstandard(file)
    else:
        chunks = iter(lambda: file.read(READ_BYTES), b"")
    return Stream(chunks, Bounded(size), lambda: min(file.tell(), size))


def _members(file: BinaryIO, new, name: str) -> Iterator[bytes]:  # type: ignore[no-untyped-def]
    """Chunks of a file of one or several compressed streams, none larger than a few READ_BYTES."""
    decoder = None
    data = b""
    while True:
        if not data:
            data = file.read(READ_BYTES)
            if not data:
                if decoder is not None:
                    raise EOFError(f"the {name} data end before their end mark")
                return
        if decoder is None:
            data = data.lstrip(b"\0")  # padding between and after streams
            if not data:
                continue
            decoder = new()
        chunk = decoder.decompress(data, READ_BYTES * 4)
        if decoder.eof:
            data, decoder = decoder.unused_data, None
        elif isinstance(decoder, bz2.BZ2Decompressor | lzma.LZMADecompressor):
            data = b""
            while not decoder.needs_input and not decoder.eof:
                yield chunk
                chunk = decoder.decompress(b"", READ_BYTES * 4)
            if decoder.eof:
                data, decoder = decoder.unused_data, None
        else:
            data = decoder.unconsumed_tail
        if chunk:
            yield chunk


def _zstandard(file: BinaryIO) -> Iterator[bytes]:
    decoder = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
    with decoder.stream_reader(file, read_across_frames=True, closefd=False) as reader:
        while chunk := reader.read(READ_BYTES):
            yield chunk
