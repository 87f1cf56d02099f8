"""JSON Lines, plain or compressed (told by content, not by name): anyone's documents, an object a line.

`text` is needed; `id`, `url`, `date`, `language` and `licence` are taken when there. Blank lines are no records.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from maslin.curation.ingest.decompression import SIGN_BYTES, Bounded, Unreadable, compression, expanded
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
from maslin.manifests.recipe.sources import Later, NoOptions, SourceKind

MAX_LINE_BYTES = 64 << 20
_MAX_SKIP_BYTES = 256 << 20  # of a line too long to read: beyond, the rest of the file is given up
_BLOCK_BYTES = 1 << 20
_HEAD_BYTES = 512  # by which a file is told to be of another format
_OTHER_FORMATS = {  # what files are that begin so, and lie where JSON Lines are looked for
    b"PK\x03\x04": "a zip archive", b"7z\xbc\xaf\x27\x1c": "a 7z archive", b"PAR1": "a Parquet file (kind: parquet)",
    b"ARROW1": "an Arrow file", b"SQLite format 3": "an SQLite database", b"\x04\x22\x4d\x18": "compressed with lz4",
    b"\x1f\x9d": "compressed with compress (.Z)", b"]\0\0": "compressed with lzma", b"\xff\xfe": "in UTF-16",
    b"\xfe\xff": "in UTF-16",
}


class _OtherFormat(Unreadable):
    cause = "not_json_lines"


class _EndlessLine(Unreadable):
    cause = "line_too_long"


def splits(inputs: Sequence[InputFile], options: NoOptions) -> list[Split]:
    """Ranges of plain files; a compressed file is one split."""
    target = split_bytes(inputs)
    found = []
    for file in inputs:
        with open(file.path, "rb") as handle:
            head = handle.read(_HEAD_BYTES)
        is_cut = compression(head) is None and _other_format(head) is None
        found += byte_splits([file], target if is_cut else max(1, file.bytes))
    return found


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
        kind = compression(handle.read(SIGN_BYTES))
        lines = _lines(_blocks(handle, kind, split), split, watch, handle, ranged=kind is None)
        while True:
            try:
                offset, line = next(lines)
            except StopIteration:
                return
            except Unreadable as error:
                yield Failed(error.cause, f"{name}: {error}", Origin(name, split.start))
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
        there = f" (its keys: {', '.join(key[:40] for key in [*row][:20])})" if isinstance(row, dict) else ""
        return Failed("no_text", f"{line.place}: no string `text` in it{there}", line.origin)
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
    blocks: Iterator[bytes], split: Split, watch: Watch, handle: BinaryIO, ranged: bool,
) -> Iterator[tuple[int, bytes | None]]:
    """(offset, line) of every line of a split; None instead of a line that is too long.

    Offsets are of decompressed bytes. A line belongs to the range in which it begins, so a range that begins inside one
    passes over the rest of it. Not `ranged`: all lines are the split's.
    """
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
            raise _EndlessLine(f"a line longer than {_MAX_SKIP_BYTES} bytes; the file is not read beyond")
        if held > MAX_LINE_BYTES or inside:
            parts.clear()
        else:
            parts.append(block[start:])
        watch.reached(min(handle.tell(), split.end) - split.start)
    if held and not inside and not (ranged and offset >= split.end):
        yield offset, b"".join(parts) if held <= MAX_LINE_BYTES else None


def _blocks(handle: BinaryIO, kind: str | None, split: Split) -> Iterator[bytes]:
    """The content of a split, decompressed. Raises Unreadable for damage, and for a file of another format."""
    handle.seek(max(0, split.start - 1) if kind is None else 0)
    bound = Bounded(split.input.bytes)
    for number, block in enumerate(
        iter(lambda: handle.read(_BLOCK_BYTES), b"") if kind is None else expanded(handle.read, kind)
    ):
        if number == 0 and split.start == 0 and (other := _other_format(block)):
            raise _OtherFormat(f"no JSON Lines, but {other}")
        if kind is not None:
            bound.note(len(block))
        yield block


def _other_format(beginning: bytes) -> str | None:
    """What a file is that is told by its first bytes to hold no lines: one failure, not one a line."""
    if beginning[257:262] == b"ustar":
        return "a tar archive"
    return next((what for sign, what in _OTHER_FORMATS.items() if beginning.startswith(sign)), None)


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


SUFFIXES = (".jsonl", ".ndjson", ".jl", ".jsonlines")
JSONL = SourceKind(
    read=read, splits=splits, suffixes=SUFFIXES, belongs=Later("maslin.curation.ingest.told_by_content:has_documents"),
    units=("site", "repository"))
