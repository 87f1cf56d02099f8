"""Where the records of a web archive begin and end: gzip per record or plain, WARC or ARC, damaged or cut short.

The libraries that parse records neither go on after a damaged one nor tell that a file was cut, and read past a wrong
Content-Length into the next record. So the frames are found here and a library is only given whole ones.

A split reads the records that begin in its range. Of a compressed file the range begins anywhere: the first member in
it is found by its gzip signature and by decoding to the beginning of a record. (The one thing that can fool this is an
archive that was itself crawled and stored uncompressible inside a record, just where a split begins.)
"""

import os
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from maslin.curation.ingest.web.arc import begins_with_head, may_be_damaged_head

_FEED_BYTES = 16 << 10
_SCAN_BYTES = 1 << 20
_MAX_HEAD_BYTES = 64 << 10
_MAX_SKIP_BYTES = 64 << 20  # of a record nobody keeps; beyond, the next member is looked for without decompressing

GZIP_MAGIC = b"\x1f\x8b\x08"
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"


@dataclass(frozen=True)
class Format:
    """How records of an archive format begin, where their head ends, and how it says the length of the block.

    `probe_bytes`: how much of a record tells that it begins. `sign`: what stands before its head in an uncompressed
    file, with its beginning. `is_over`: whether what follows a record says that it is over, although it is damaged.
    """

    name: str
    starts: Callable[[bytes], object]
    probe_bytes: int
    head_end: re.Pattern[bytes]
    length: re.Pattern[bytes]
    sign: re.Pattern[bytes]
    is_over: Callable[[bytes], bool]


WARC = Format(
    "WARC", re.compile(rb"WARC/\d\.\d").match, 512, re.compile(rb"\r?\n\r?\n"),
    re.compile(rb"^content-length[ \t]*:[ \t]*(\d{1,18})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE),
    re.compile(rb"\nWARC/"), lambda data: False,
)
ARC = Format(
    "ARC", begins_with_head, 8192, re.compile(rb"\n"), re.compile(rb" (\d{1,18})\r?\n\Z"),
    re.compile(rb"\n[A-Za-z][A-Za-z0-9+.-]{1,11}:"), may_be_damaged_head,
)
_GZIP_SIGN = re.compile(re.escape(GZIP_MAGIC))
_SIGN_BYTES = 16  # at most


@dataclass(frozen=True, slots=True)
class Frame:
    """A record: its head, and its block up to the bytes asked for. `length` is null where several share a member."""

    format: Format
    offset: int
    length: int | None
    head: bytes
    block: bytes
    block_length: int
    end: int  # how far the file is read


@dataclass(frozen=True, slots=True)
class Damage:
    """A place where no record could be read."""

    cause: str
    detail: str
    offset: int
    end: int


class _Broken(Exception):
    def __init__(self, cause: str, detail: str) -> None:
        super().__init__(detail)
        self.cause, self.detail = cause, detail


class ArchiveFile:
    """An open archive; `frames` walks over it. Use as a context manager. `first`: where what is there of it begins."""

    first = 0

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> Self:
        self._descriptor = os.open(self._path, os.O_RDONLY)
        try:
            self.size = self._length()
            self._look()
        except BaseException:  # an interrupt while it waits, too: no file stays open without who closes it
            os.close(self._descriptor)
            raise
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        os.close(self._descriptor)

    def _look(self) -> None:
        """Tell by the beginning what the archive is."""
        head = self.read(self.first, ARC.probe_bytes)
        self.is_gzip = not _starts(WARC, head) and (head.startswith(GZIP_MAGIC) or self._path.suffix == ".gz")
        self.is_zstd = head.startswith(_ZSTD_MAGIC)
        beginning = _inflated(head, ARC.probe_bytes) if self.is_gzip else head
        self.format = ARC if _starts(ARC, beginning) else WARC

    def _length(self) -> int:
        return os.fstat(self._descriptor).st_size

    def read(self, offset: int, size: int) -> bytes:
        return os.pread(self._descriptor, size, offset)

    def frames(self, start: int, end: int, keep: int) -> Iterator[Frame | Damage]:
        """The records that begin in [start, end), at most `keep` bytes of each block, and what is damaged there."""
        if self.size == 0:
            yield Damage("empty_file", "the file is empty", 0, 0)
            return
        if self.is_zstd:
            yield Damage("not_warc", "compressed with zstd; WARCs are read plain or compressed with gzip", 0, self.size)
            return
        walk = self._gzip_member if self.is_gzip else self._plain_record
        offset: int | None = start if start == 0 or self._is_start(start) else self._find(start, end)
        while offset is not None and offset < end:
            try:
                offset = yield from walk(offset, keep)
            except _Broken as broken:
                after = self._find(offset + 1, end)
                is_other = offset == 0 and after is None and self.is_gzip and self.read(0, 3) != GZIP_MAGIC
                cause = "not_warc" if is_other else broken.cause
                yield Damage(cause, broken.detail, offset, end if after is None else after)
                offset = after
            else:
                if end <= offset < self.size and not self._is_start(offset):
                    yield Damage("damaged_record", "no record begins here", offset, end)  # the next split cannot tell

    def _is_start(self, offset: int) -> bool:
        head = self.read(offset, self.format.probe_bytes)
        return _starts(self.format, _inflated(head, self.format.probe_bytes) if self.is_gzip else head)

    def _find(self, start: int, end: int) -> int | None:
        """The first record's (or member's) offset in [start, end)."""
        sign, shift = (_GZIP_SIGN, 0) if self.is_gzip else (self.format.sign, 1)
        position = start - shift
        while position < end:
            block = self.read(position, _SCAN_BYTES + _SIGN_BYTES)
            for found in sign.finditer(block):
                at = position + found.start() + shift
                if at >= end or not block:
                    return None
                if self._is_start(at):
                    return at
            position += _SCAN_BYTES
        return None

    def _gzip_member(self, offset: int, keep: int) -> Iterator[Frame]:
        """The records of the member at `offset`; returns where the next member begins."""
        stream = _GzipStream(self, offset)
        buffer = _Buffer(stream, self.format)
        alone = True
        while True:
            member = stream.member
            buffer.skip_line_ends()
            if buffer.is_over():
                return stream.position
            head, length = self._head(buffer, offset)
            block = buffer.take(min(keep, length))
            if not buffer.skip(length - len(block)):
                yield Frame(self.format, member, None, head, block, length, stream.position)
                after = self._find(stream.position, self.size)
                return self.size if after is None else after
            buffer.skip_line_ends()
            over = buffer.is_over()
            if not over and not buffer.at_start() and not buffer.after_record():
                raise _Broken("damaged_record", f"the record does not end after its {length} bytes")
            alone = alone and over and stream.member == member
            yield Frame(
                self.format, member, stream.position - member if alone else None, head, block, length, stream.position
            )
            alone = False

    def _plain_record(self, offset: int, keep: int) -> Iterator[Frame]:
        """The record at `offset`; returns where the next one begins."""
        buffer = _Buffer(_PlainStream(self, offset), self.format)
        lead = buffer.skip_line_ends()
        if buffer.is_over():
            return self.size
        head, length = self._head(buffer, offset)
        begin = offset + lead
        end = begin + len(head) + length
        if end > self.size:
            raise _Broken("truncated", f"the record says {length} bytes, the file ends after "
                                       f"{self.size - begin - len(head)}")
        block = buffer.take(min(keep, length))
        tail = _Buffer(_PlainStream(self, end), self.format)
        after = end + tail.skip_line_ends()
        if after < self.size and not tail.at_start() and not tail.after_record():
            raise _Broken("damaged_record", f"the record does not end after its {length} bytes")
        yield Frame(self.format, begin, end - begin, head, block, length, after)
        return after

    def _head(self, buffer: "_Buffer", offset: int) -> tuple[bytes, int]:
        if not buffer.at_start():
            cause = "not_warc" if offset == 0 else "damaged_record"
            raise _Broken(cause, f"no {self.format.name} record begins here")
        head = buffer.take_head()
        found = self.format.length.search(head)
        if not found:
            raise _Broken("damaged_record", "the record's head says no valid length")
        return head, int(found[1])


class _PlainStream:
    """The bytes of a file from an offset on."""

    def __init__(self, file: ArchiveFile, offset: int) -> None:
        self._file, self.position = file, offset

    def read(self, size: int) -> bytes:
        data = self._file.read(self.position, min(size, _FEED_BYTES))
        self.position += len(data)
        return data

    def goes_on(self) -> bool:
        return False


class _GzipStream:
    """The decompressed bytes of a gzip member, and of the next ones while `goes_on` is asked for."""

    def __init__(self, file: ArchiveFile, offset: int) -> None:
        self._file, self.position = file, offset
        self._begin()

    def _begin(self) -> None:
        self.member = self.position
        self._decoder = zlib.decompressobj(zlib.MAX_WBITS | 16)

    def read(self, size: int) -> bytes:
        """At most `size` bytes; none when the member is over."""
        while not self._decoder.eof:
            fed = self._file.read(self.position, _FEED_BYTES)
            try:
                data = self._decoder.decompress(fed, size)
            except zlib.error as error:
                raise _Broken("damaged_record", f"the gzip member is damaged ({error})") from error
            left = self._decoder.unused_data if self._decoder.eof else self._decoder.unconsumed_tail
            self.position += len(fed) - len(left)
            if data:
                return data
            if not fed:
                raise _Broken("truncated", "the file ends inside a gzip member")
        return b""

    def goes_on(self) -> bool:
        """Go to the next member in the middle of a record, unless that member begins a record of its own."""
        if self.position >= self._file.size or self._file._is_start(self.position):
            return False
        self._begin()
        return True


class _Buffer:
    """Bytes of a stream with a little look-ahead."""

    def __init__(self, stream: _PlainStream | _GzipStream, format: Format) -> None:
        self._stream, self._format = stream, format
        self._data = b""

    def _more(self, size: int = _FEED_BYTES) -> bool:
        data = self._stream.read(size)
        self._data = self._data + data if self._data else data
        return bool(data)

    def is_over(self) -> bool:
        return not self._data and not self._more()

    def skip_line_ends(self) -> int:
        skipped = 0
        while not self.is_over():
            rest = self._data.lstrip(b"\r\n")
            skipped += len(self._data) - len(rest)
            self._data = rest
            if rest:
                break
        return skipped

    def at_start(self) -> bool:
        while len(self._data) < self._format.probe_bytes and self._more():
            continue
        return _starts(self._format, self._data)

    def after_record(self) -> bool:
        """Whether what is here, which is no record, yet says that the one before it is over."""
        return self._format.is_over(self._data)

    def take_head(self) -> bytes:
        while not (found := self._format.head_end.search(self._data)):
            if len(self._data) > _MAX_HEAD_BYTES:
                raise _Broken("damaged_record", f"the record's head is longer than {_MAX_HEAD_BYTES} bytes")
            if not self._more() and not self._stream.goes_on():
                raise _Broken("damaged_record", "the record's head does not end")
        head, self._data = self._data[:found.end()], self._data[found.end():]
        return head

    def take(self, size: int) -> bytes:
        parts, missing = [], size
        while missing:
            if not self._data and not self._more(max(missing, _FEED_BYTES)):
                if self._stream.goes_on():
                    continue
                raise _Broken("damaged_record", f"the record says {size} bytes or more, {size - missing} are there")
            part, self._data = self._data[:missing], self._data[missing:]
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)

    def skip(self, size: int) -> bool:
        """Pass over `size` bytes; False when they are too many to decompress for nothing."""
        allowed = _MAX_SKIP_BYTES
        while size:
            part = min(size, 1 << 20)
            if part > allowed:
                return False
            self.take(part)
            size -= part
            allowed -= part
        return True


def _starts(format: Format, data: bytes) -> bool:
    return bool(format.starts(data.lstrip(b"\r\n")))


def _inflated(data: bytes, size: int) -> bytes:
    """The first bytes of what a gzip member holds; empty when these are none."""
    if not data.startswith(GZIP_MAGIC):
        return b""
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(data, size)
    except zlib.error:
        return b""
