"""JSON Lines, plain or compressed (.gz, .zst): anyone's documents, an object a line.

`text` is needed; `id`, `url`, `date`, `language` and `licence` are taken when there. Blank lines are no records.
"""

import hashlib
import json
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import zstandard

from maslin.curation.ingest.records import (
    Document,
    Dropped,
    Failed,
    Origin,
    Record,
    Split,
    Watch,
    byte_splits,
    split_bytes,
)
from maslin.manifests.identity import document_id
from maslin.manifests.recipe.inputs import InputFile
from maslin.manifests.recipe.sources import NoOptions, SourceKind

MAX_LINE_BYTES = 64 << 20
_MAX_SKIP_BYTES = 256 << 20  # of a line too long to read: beyond, the rest of the file is given up
_BLOCK_BYTES = 1 << 20
_ZSTD_FEED_BYTES = 1024  # a block is 4 bytes at least and gives 128 KiB at most, so a step gives 32 MiB at most
_COMPRESSED = (".gz", ".zst")


class _Broken(Exception):
    def __init__(self, cause: str, detail: str) -> None:
        super().__init__(detail)
        self.cause, self.detail = cause, detail


def splits(inputs: Sequence[InputFile], options: NoOptions) -> list[Split]:
    """Ranges of plain files; a compressed file is one split."""
    target = split_bytes(inputs)
    return [
        split for file in inputs
        for split in byte_splits([file], max(1, file.bytes) if file.path.suffix in _COMPRESSED else target)
    ]


@dataclass(frozen=True, slots=True)
class Line:
    """A line's bytes without its end, where it lies, and the words for that."""

    content: bytes
    origin: Origin
    place: str


def read(split: Split, options: NoOptions, watch: Watch) -> Iterator[Record]:
    """The documents of the lines that begin in the split's range."""
    return read_lines(split, watch, _document)


def read_lines(split: Split, watch: Watch, record: Callable[[Any, Line], Record]) -> Iterator[Record]:
    """What `record` makes of the JSON value of each line that begins in the split's range; a bad line fails."""
    name = split.input.name
    number = _LineNumbers(split)
    with open(split.input.path, "rb") as handle:
        lines = _lines(_blocks(handle, split.input.path.suffix, split.start), split, watch, handle)
        while True:
            try:
                offset, line = next(lines)
            except StopIteration:
                return
            except _Broken as broken:
                yield Failed(broken.cause, f"{name}: {broken.detail}", Origin(name, split.start))
                return
            number.passed()
            if line is None:
                yield Failed("line_too_long", f"{name}, line {number}: longer than {MAX_LINE_BYTES} bytes",
                             Origin(name, offset), None, float(MAX_LINE_BYTES), float(MAX_LINE_BYTES))
            elif line.strip():
                place = Line(line.rstrip(b"\r\n"), Origin(name, offset, len(line)), f"{name}, line {number}")
                yield _parsed(place, record)


def _parsed(line: Line, record: Callable[[Any, Line], Record]) -> Record:
    try:
        row = json.loads(line.content.decode("utf-8-sig" if line.origin.offset == 0 else "utf-8"))
    except UnicodeDecodeError as error:
        return Failed("invalid_utf8", f"{line.place}: {error.reason} at byte {error.start}", line.origin)
    except RecursionError:
        return Failed("invalid_json", f"{line.place}: nested too deeply", line.origin)
    except ValueError as error:  # json.JSONDecodeError, and integers with too many digits
        return Failed("invalid_json", f"{line.place}: {error}", line.origin)
    return record(row, line)


def _document(row: Any, line: Line) -> Record:
    text = row.get("text") if isinstance(row, dict) else None
    if not isinstance(text, str):
        return Failed("no_text", f"{line.place}: no string `text` in it", line.origin)
    source_id, url = string(row.get("id")), string(row.get("url"))
    id = document_id("jsonl", hashlib.sha256(line.content).hexdigest() if source_id is None else source_id)
    if not text.strip():
        return Dropped("empty_text", id, url or line.place, 0.0, 1.0, "<")
    return Document(
        id, text, line.origin, url, string(row.get("date")), source_id, string(row.get("language")),
        licence=string(row.get("licence")),
    )


def string(value: Any) -> str | None:
    """A field that is text or a number, as text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return str(value) or None


def _lines(
    blocks: Iterator[bytes], split: Split, watch: Watch, handle: BinaryIO
) -> Iterator[tuple[int, bytes | None]]:
    """(offset, line) of every line of a split; None instead of a line that is too long.

    Offsets are of decompressed bytes. A line belongs to the range in which it begins, so a range that begins inside one
    passes over the rest of it.
    """
    ranged = split.input.path.suffix not in _COMPRESSED
    parts: list[bytes] = []
    held, offset = 0, split.start
    inside = split.start > 0  # the block begins one byte early: a line that begins here has its line feed there
    if inside:
        offset -= 1
    for block in blocks:
        start = 0
        while (end := block.find(b"\n", start)) >= 0:
            size = held + end + 1 - start
            if inside:
                inside = False
            elif size > MAX_LINE_BYTES:
                yield offset, None
            else:
                yield offset, b"".join((*parts, block[start:end + 1]))
            offset, held, start = offset + size, 0, end + 1
            parts.clear()
            if ranged and offset >= split.end:
                return
        held += len(block) - start
        if held > _MAX_SKIP_BYTES:
            raise _Broken("line_too_long", f"a line longer than {_MAX_SKIP_BYTES} bytes; the file is not read beyond")
        if held > MAX_LINE_BYTES or inside:
            parts.clear()
        else:
            parts.append(block[start:])
        watch.reached(min(handle.tell(), split.end) - split.start)
    if held and not inside and not (ranged and offset >= split.end):
        yield offset, b"".join(parts) if held <= MAX_LINE_BYTES else None


def _blocks(handle: BinaryIO, suffix: str, start: int) -> Iterator[bytes]:
    if suffix == ".gz":
        yield from _gunzipped(handle)
    elif suffix == ".zst":
        yield from _unzstd(handle)
    else:
        handle.seek(max(0, start - 1))
        while block := handle.read(_BLOCK_BYTES):
            yield block


def _gunzipped(handle: BinaryIO) -> Iterator[bytes]:
    """Not by the gzip module: it keeps back the last megabyte of a file that is cut short."""
    decoder = None
    left = b""
    try:
        while fed := left or handle.read(_BLOCK_BYTES):
            if decoder is None:
                decoder = zlib.decompressobj(zlib.MAX_WBITS | 16)
            if data := decoder.decompress(fed, _BLOCK_BYTES):
                yield data
            left = decoder.unused_data if decoder.eof else decoder.unconsumed_tail
            if decoder.eof:
                decoder = None
    except zlib.error as error:
        raise _Broken("damaged_file", f"the compressed file is damaged ({error})") from error
    if decoder is not None:
        raise _Broken("truncated", "the compressed file is cut short")


def _unzstd(handle: BinaryIO) -> Iterator[bytes]:
    decoder = None
    left = b""
    try:
        while fed := left or handle.read(_ZSTD_FEED_BYTES):
            if decoder is None:
                decoder = zstandard.ZstdDecompressor(max_window_size=1 << 27).decompressobj()
            if data := decoder.decompress(fed):
                yield data
            left = decoder.unused_data if decoder.eof else b""
            if decoder.eof:
                decoder = None
    except zstandard.ZstdError as error:
        raise _Broken("damaged_file", f"the compressed file is damaged ({error})") from error
    if decoder is not None:
        raise _Broken("truncated", "the compressed file is cut short")


class _LineNumbers:
    """The number of the present line in its file; lines before the split are counted only when somebody asks."""

    def __init__(self, split: Split) -> None:
        self._split = split
        self._before: int | None = None if split.start else 0
        self._here = 0

    def passed(self) -> None:
        self._here += 1

    def __str__(self) -> str:
        if self._before is None:
            self._before = _line_feeds(self._split.input.path, self._split.start)
        return str(self._before + self._here)


def _line_feeds(path: Path, end: int) -> int:
    """Lines that begin before `end` (of a range that begins inside a line, its rest is passed over uncounted)."""
    found, position = 0, 0
    with open(path, "rb") as handle:
        while position < end and (block := handle.read(min(_BLOCK_BYTES, end - position))):
            found += block.count(b"\n")
            position += len(block)
            last = block[-1:]
    return found + (last != b"\n")


JSONL = SourceKind(read=read, splits=splits)
