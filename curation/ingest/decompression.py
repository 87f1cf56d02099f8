"""A compressed file as chunks of its content, read forwards. How it is compressed is told by its first bytes.

gzip, bzip2, xz and zstandard, of one stream or several joined, with zeros as padding between them. No chunk is larger
than 32 MiB, whatever the file says; `Bounded` counts how far one expands.
"""

import bz2
import contextlib
import lzma
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import zstandard

SIGN_BYTES = 6  # of a file's beginning, by which `compression` decides
FREE_BYTES = 512 << 20  # expansion is not looked at below this
MAX_EXPANSION = 200  # text rarely shrinks below a twentieth
_CHUNK_BYTES = 1 << 20
_FED_BYTES = 32 << 10  # what follows the end of a stream is copied: with much fed, many empty streams would be slow
_ZSTD_FED_BYTES = 1024  # a block is 4 bytes at least and gives 128 KiB at most, so a step gives 32 MiB at most
_ZSTD_WINDOW = 256 << 20
_LZMA_MEMORY = 512 << 20


class Unreadable(Exception):
    """Nothing more can be read of this file; `cause` says why."""

    cause = "damaged_file"


class CutShort(Unreadable):
    """The file ends before its compressed data do."""

    cause = "truncated"


class Bomb(Unreadable):
    """The data expand beyond the bound."""

    cause = "archive_bomb"


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


_DECODERS: dict[str, Callable[[], Any]] = {
    "gzip": lambda: zlib.decompressobj(zlib.MAX_WBITS | 16),
    "bzip2": bz2.BZ2Decompressor,
    "xz": lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_LZMA_MEMORY),
    "zstandard": lambda: zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).decompressobj(),
}


def compression(head: bytes) -> str | None:
    """How a file that begins with these bytes is compressed: gzip, bzip2, xz, zstandard, or None."""
    if head[:2] == b"\x1f\x8b":
        return "gzip"
    if head[:3] == b"BZh":
        return "bzip2"
    if head[:6] == b"\xfd7zXZ\0":
        return "xz"
    skippable = head[1:4] == b"\x2a\x4d\x18" and head[0] >> 4 == 5  # a frame of zstandard's that holds no data
    return "zstandard" if head[:4] == b"\x28\xb5\x2f\xfd" or skippable else None


def expanded(read: Callable[[int], bytes], kind: str) -> Iterator[bytes]:
    """The content of compressed data that `read(bytes)` gives from their beginning.

    What can be read before damage is given. Raises Unreadable for damage, CutShort when the data end too early.
    """
    fed_bytes = _ZSTD_FED_BYTES if kind == "zstandard" else _FED_BYTES
    decoder = None
    data = b""
    while data := data or read(fed_bytes):
        if decoder is None:
            data = data.lstrip(b"\0")  # padding between and after streams
            if not data:
                continue
            decoder = _DECODERS[kind]()
        try:
            data = yield from _decoded(decoder, data, kind)
        except (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError, zstandard.ZstdError) as error:
            raise Unreadable(f"the {kind} data are damaged: {error}") from error
        if decoder.eof:
            decoder = None
    if decoder is not None:
        raise CutShort(f"the {kind} data end before their end mark")


def _decoded(decoder: Any, data: bytes, kind: str) -> Iterator[bytes]:  # returns what is left of `data`
    while True:
        chunk = decoder.decompress(data) if kind == "zstandard" else decoder.decompress(data, _CHUNK_BYTES)
        if chunk:
            yield chunk
        if decoder.eof:
            return decoder.unused_data
        if kind == "gzip":
            return decoder.unconsumed_tail
        if kind == "zstandard" or decoder.needs_input:
            return b""
        data = b""


def beginning(path: Path, number: int) -> bytes:
    """The first bytes of a file's content, decompressed; fewer where the file ends or is damaged."""
    found = b""
    with open(path, "rb") as file:
        kind = compression(file.read(SIGN_BYTES))
        file.seek(0)
        if kind is None:
            return file.read(number)
        with contextlib.suppress(Unreadable):
            for chunk in expanded(file.read, kind):
                found += chunk
                if len(found) >= number:
                    break
    return found[:number]
