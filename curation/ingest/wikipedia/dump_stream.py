"""The pages of an XML dump as bytes: decompressed as a stream, cut at `<page>` and `</page>`, bounded in memory."""

import bz2
import codecs
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from maslin.curation.ingest.decompression import SIGN_BYTES, CutShort, Unreadable, compression, expanded
from maslin.curation.ingest.records import Watch

READ_BYTES = 1 << 18
MAX_PAGE_BYTES = 32 << 20  # of a page's XML; MediaWiki refuses texts of more than 2 MB
MAX_HEAD_BYTES = 4 << 20
MAX_GAP_BYTES = 256 << 20  # read without a page beginning: no dump has that, a bomb has
PROBE_BYTES = 4 << 20  # looked through for the start of a bzip2 stream; multistream dumps have several in that

_STREAM = re.compile(rb"BZh[1-9]1AY&SY")
_TEXT_ENCODING = re.compile(
    r"utf-?(?:16|32)(?:-?[lb]e)?|iso-8859-(?:[1-9]|1[013-6])|latin-?1|windows-125[0-8]|koi8-[ru]|euc-(?:jp|kr)|shift_jis"
    r"|gb2312|gbk|gb18030|big5", re.I,
)
_OPEN, _CLOSE = b"<page>", b"</page>"


@dataclass(frozen=True, slots=True)
class Page:
    """A `<page>` element, or what stands before the first one (`is_head`); `offset` in the uncompressed XML."""

    data: bytes
    offset: int
    is_head: bool = False


@dataclass(frozen=True, slots=True)
class Damage:
    """Something that could not be read, and where."""

    cause: str
    detail: str
    offset: int
    length: int | None = None


def stream_start(path: Path, place: int) -> int | None:
    """Where the next bzip2 stream at or after `place` starts; None where no start is near, or the file is not bzip2."""
    with open(path, "rb") as file:
        if not _STREAM.match(file.read(10)):
            return None
        file.seek(place)
        found = _STREAM.search(file.read(PROBE_BYTES))
    return place + found.start() if found else None


def pages(path: Path, start: int, end: int, watch: Watch | None, head_only: bool = False) -> Iterator[Page | Damage]:
    """The pages that begin in the compressed bytes [start, end), in order, with the damage between them.

    A split that does not start the file leaves what precedes its first `<page>` to the split before it, which reads on
    beyond its end until the page it began is complete.
    """
    with open(path, "rb") as file:
        source = _Chunks(file, start, end, watch)
        yield from _cut(source, is_first=start == 0, head_only=head_only)


class _Chunks:
    """Decompressed chunks of a file, each with whether it came from inside the split; damage is noted on the way."""

    def __init__(self, file: BinaryIO, start: int, end: int, watch: Watch | None) -> None:
        self.file, self.start, self.end, self.watch = file, start, end, watch
        self.damage: list[tuple[str, str]] = []
        self.beyond = False  # the chunk just given belongs to the next split
        file.seek(0)
        self.kind = compression(file.read(SIGN_BYTES))
        file.seek(start)

    def __iter__(self) -> Iterator[bytes]:
        raw = self._plain() if self.kind is None else self._bzip2() if self.kind == "bzip2" else self._one_split()
        decode: Callable[[bytes], bytes] | None = None
        for index, chunk in enumerate(raw):
            if index == 0 and self.start == 0:
                decode = self._decoder(chunk)
            yield decode(chunk) if decode else chunk

    def _read(self, number: int = READ_BYTES) -> bytes:
        data = self.file.read(number)
        if self.watch is not None:
            self.watch.reached(min(self.file.tell(), self.end) - self.start)
        return data

    def _plain(self) -> Iterator[bytes]:
        while data := self._read():
            yield data

    def _bzip2(self) -> Iterator[bytes]:
        data = b""
        while True:
            position = self.file.tell() - len(data)
            if not data:
                data = self._read()
                if not data:
                    return
            if not data.startswith(b"BZh"[:len(data)]):  # bytes that are no stream: padding, a signature
                data = self._next_stream(position)
                if not data:
                    return
                position = self.file.tell() - len(data)
            self.beyond = position >= self.end
            decoder = bz2.BZ2Decompressor()
            failed = False
            try:
                while not decoder.eof:
                    if decoder.needs_input and not data:
                        data = self._read()
                        if not data:
                            self.damage.append(("truncated", "the bzip2 data end before their end mark"))
                            return
                    chunk = decoder.decompress(data, max_length=READ_BYTES * 4)
                    data = b""
                    if chunk:
                        yield chunk
            except (OSError, ValueError) as error:
                self.damage.append(("damaged_compression", f"{error}; going on at the next bzip2 stream"))
                failed = True
            if failed:
                yield b""  # lets the reader note the damage before more arrives
                data = self._next_stream(position + 1)
                if not data:
                    return
            else:
                data = decoder.unused_data

    def _next_stream(self, place: int) -> bytes:
        """Go to the next start of a stream after damage; the bytes from there, empty at the end of the file."""
        self.file.seek(place)
        tail = b""
        while block := self._read():
            block = tail + block
            if found := _STREAM.search(block):
                return block[found.start():]
            tail = block[-9:]
        return b""

    def _one_split(self) -> Iterator[bytes]:
        """gzip, xz, zstandard: read from the beginning, as nothing says where a stream starts."""
        assert self.kind is not None
        try:
            yield from expanded(self._read, self.kind)
        except CutShort as error:
            self.damage.append((error.cause, str(error)))
        except Unreadable as error:
            self.damage.append(("damaged_compression", str(error)))

    def _decoder(self, first: bytes) -> Callable[[bytes], bytes] | None:
        """What turns the stream into UTF-8: None where it is that already."""
        declared = re.match(rb"\s*<\?xml[^>]{0,200}?encoding=[\"']([A-Za-z0-9._-]{1,40})[\"']", first)
        if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            name = "utf-16"
        elif declared and declared[1].lower() not in (b"utf-8", b"utf8", b"us-ascii"):
            name = declared[1].decode()
        else:
            return None
        if not _TEXT_ENCODING.fullmatch(name):
            self.damage.append(("unknown_encoding", f"the XML declares encoding {name!r}; read as UTF-8"))
            return None
        decoder = codecs.getincrementaldecoder(name)("replace")
        return lambda data: decoder.decode(data).encode("utf-8", "replace")


def _cut(source: _Chunks, is_first: bool, head_only: bool) -> Iterator[Page | Damage]:
    buffer = bytearray()
    base = 0  # offset of the buffer's start in the uncompressed XML
    limit: int | None = None  # offset from which pages belong to the next split
    inside = False  # the buffer starts at a <page> that is not closed yet
    head = bytearray() if is_first else None  # what precedes the first page, where this split has it
    searched = gap = 0
    for chunk in source:
        for cause, detail in source.damage:
            yield Damage(cause, detail, base + len(buffer))
        if source.damage:  # a page cut by the damage is part of it
            source.damage.clear()
            base, inside = base + len(buffer), False
            buffer.clear()
        if source.beyond and limit is None:
            limit = base + len(buffer)
        buffer += chunk
        while True:
            if not inside:
                place = buffer.find(_OPEN)
                passed = place if place >= 0 else max(0, len(buffer) - len(_OPEN) + 1)
                if limit is not None and base + passed >= limit:
                    return
                if head is not None and len(head) < MAX_HEAD_BYTES:
                    head += buffer[:passed]
                gap, base = gap + passed, base + passed
                del buffer[:passed]
                if place < 0:
                    break
                if head is not None:
                    yield Page(bytes(head), 0, is_head=True)
                    head = None
                    if head_only:
                        return
                inside, searched, gap = True, len(_OPEN), 0
            # The next beginning first: it bounds the search for the end, so that a run of beginnings is read once.
            again = buffer.find(_OPEN, max(len(_OPEN), searched - len(_OPEN)))
            until = again if again >= 0 else len(buffer)
            close = buffer.find(_CLOSE, max(0, searched - len(_CLOSE)), until)
            if again >= 0 and close < 0:
                yield Damage("truncated_page", "another page begins before this one ends", base, again)
                passed, inside = again, False
            elif close >= 0:
                passed, inside = close + len(_CLOSE), False
                yield Page(bytes(buffer[:passed]), base)
            elif len(buffer) > MAX_PAGE_BYTES:
                yield Damage("page_too_large", f"more than {MAX_PAGE_BYTES} bytes", base, len(buffer))
                passed, inside = len(buffer), False
            else:
                searched = len(buffer)
                break
            base += passed
            del buffer[:passed]
        if gap > MAX_GAP_BYTES:
            yield Damage("no_pages", f"{gap} bytes without the beginning of a page; the rest is not read", base)
            return
    for cause, detail in source.damage:
        yield Damage(cause, detail, base + len(buffer))
    if inside and not source.damage:
        yield Damage("truncated_page", "the file ends inside a page", base, len(buffer))
    elif head is not None and not source.damage:
        yield Damage("no_pages", "no page in the whole file: is it a MediaWiki dump?", 0, base + len(buffer))
