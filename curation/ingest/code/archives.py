"""Walk the files of an archive or a folder without ever writing one: zip and wheels, tar in any compression, folders.

Contents are handed out on request and up to a bound. Links, devices and names that leave the archive are told, not
followed. Compressed data that expand beyond all proportion end the walk, as does damage; what came before stays. The
format is told by content, never by name.
"""

import lzma
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from maslin.curation.ingest.code.archive_stream import BLOCK, Stream, decompressed
from maslin.curation.ingest.decompression import Bounded, Unreadable
from maslin.manifests.recipe.inputs import tree_files

MAX_MEMBERS = 500_000
MAX_NAME_CHARACTERS = 4096
MAX_EXTENDED_HEADER = 1 << 20  # bytes of a tar header that holds a long name or attributes
MAX_ZIP_DIRECTORY = 128 << 20  # bytes of the list of members, read whole

Kind = Literal["file", "link", "special", "unsafe_path"]


@dataclass(frozen=True, slots=True)
class Member:
    """A file of an archive. `read(limit)` gives at most that many bytes, once, while the walk stands at this member.

    `offset` is where its data begin in the uncompressed tar, or its header in the zip; null in a folder. `size` is what
    the archive says, which need not be true.
    """

    path: str
    kind: Kind
    size: int
    offset: int | None
    read: Callable[[int], bytes]
    position: int = 0  # bytes of the input that are behind, for progress


@dataclass(frozen=True, slots=True)
class Broken:
    """The walk met damage: of one member (`path`) or of the rest of the archive."""

    cause: str
    detail: str
    path: str | None = None


class MemberError(Exception):
    """Raised by `Member.read`: this member's data are damaged, the walk can go on. (After Unreadable it cannot.)"""


def walk(path: Path) -> Iterator[Member | Broken]:
    """The files of an archive in its order, of a folder in sorted order."""
    if path.is_dir():
        yield from _walk_folder(path)
        return
    with open(path, "rb") as file:
        magic = file.read(4)
    if magic in (b"PK\x03\x04", b"PK\x05\x06"):
        yield from _walk_zip(path)
    else:
        yield from _walk_tar(path)


def safe_path(name: str) -> str | None:
    """The name as a relative path of plain parts; None when it is absolute, has `..` or cannot be a name."""
    name = name.replace("\\", "/")
    if name.startswith("/") or name[1:3] == ":/" or "\0" in name or len(name) > MAX_NAME_CHARACTERS:
        return None
    parts = [part for part in name.split("/") if part not in ("", ".")]
    return "/".join(parts) if parts and ".." not in parts else None


def _member(
    name: str, kind: Kind, size: int, offset: int | None, read: Callable[[int], bytes], position: int
) -> Member:
    path = safe_path(name)
    if path is None:
        return Member(name[:200].replace("\0", "?"), "unsafe_path", size, offset, read, position)
    return Member(path, kind, size, offset, read, position)


def _walk_folder(folder: Path) -> Iterator[Member | Broken]:
    position = 0
    for path in tree_files(folder):
        size = path.stat().st_size
        relative = os.fsencode(path.relative_to(folder)).decode("utf-8", "replace")
        yield _member(relative, "file", size, None, _file_reader(path), position)
        position += size


def _file_reader(path: Path) -> Callable[[int], bytes]:
    def read(limit: int) -> bytes:
        try:
            with open(path, "rb") as file:
                return file.read(limit)
        except OSError as error:
            raise MemberError(f"cannot be read: {error.strerror}") from error

    return read


# --- zip ---

_ZIP_DAMAGE = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, OSError, NotImplementedError, RuntimeError,
    ValueError,
)


def _walk_zip(path: Path) -> Iterator[Member | Broken]:
    if (directory := _zip_directory_bytes(path)) > MAX_ZIP_DIRECTORY:
        yield Broken("archive_bomb", f"its list of members has {directory} bytes; the bound is {MAX_ZIP_DIRECTORY}")
        return
    try:
        archive = zipfile.ZipFile(path)
    except _ZIP_DAMAGE as error:
        yield Broken("damaged_archive", f"not a readable zip file: {error}")
        return
    with archive:
        bound = Bounded(path.stat().st_size)
        for index, info in enumerate(archive.infolist()):
            if index >= MAX_MEMBERS:
                yield Broken("too_many_members", f"more than {MAX_MEMBERS} members; the rest is not read")
                return
            if info.filename.endswith("/"):  # `is_dir` fails for a name of nothing
                continue
            mode = info.external_attr >> 16
            kind: Kind = "file"
            if stat.S_ISLNK(mode):
                kind = "link"
            elif stat.S_IFMT(mode) not in (0, stat.S_IFREG):
                kind = "special"
            read = _zip_reader(archive, info, bound)
            yield _member(info.filename, kind, info.file_size, info.header_offset, read, info.header_offset)


def _zip_reader(archive: zipfile.ZipFile, info: zipfile.ZipInfo, bound: Bounded) -> Callable[[int], bytes]:
    def read(limit: int) -> bytes:
        if info.flag_bits & 1:
            raise MemberError("encrypted")
        try:
            with archive.open(info) as file:
                data = file.read(limit)
        except _ZIP_DAMAGE as error:
            raise MemberError(str(error) or type(error).__name__) from error
        bound.note(len(data))
        return data

    return read


def _zip_directory_bytes(path: Path) -> int:
    """How many bytes the zip's end record says its list of members has."""
    with open(path, "rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 65_700))
        tail = file.read()
    end = tail.rfind(b"PK\x05\x06")
    if end < 0 or len(tail) < end + 16:
        return 0
    (length,) = struct.unpack_from("<I", tail, end + 12)
    wide = tail.rfind(b"PK\x06\x06", 0, end)
    if wide >= 0 and len(tail) >= wide + 48:
        length = max(length if length != 0xFFFFFFFF else 0, struct.unpack_from("<Q", tail, wide + 40)[0])
    return min(length, size)


# --- tar ---


def _walk_tar(path: Path) -> Iterator[Member | Broken]:
    with open(path, "rb") as file:
        stream = decompressed(file)
        try:
            yield from _tar_members(stream)
        except Unreadable as ended:
            yield Broken(ended.cause, str(ended))


def _tar_members(stream: Stream) -> Iterator[Member | Broken]:
    long_name: str | None = None
    overrides: dict[str, str] = {}
    members = 0
    damaged = False
    while True:
        header = stream.read(BLOCK)
        if len(header) < BLOCK:
            if not members and not damaged:
                cause = "empty_archive" if not header else "not_an_archive"
                yield Broken(cause, "no data" if not header else "neither a zip nor a tar archive")
            elif header.strip(b"\0"):
                yield Broken("truncated", "the archive ends inside a header")
            return
        if not header.strip(b"\0"):
            if damaged:
                continue  # zeros of a damaged member's data are not the end
            if not members and stream.position == BLOCK:
                rest = stream.read(BLOCK)
                if rest.strip(b"\0"):
                    yield Broken("not_an_archive", "neither a zip nor a tar archive")
                else:
                    yield Broken("empty_archive", "a tar archive without members")
            return
        size = _tar_size(header)
        if size is None:
            if not members and not damaged and long_name is None:
                yield Broken("not_an_archive", "neither a zip nor a tar archive")
                return
            if not damaged:
                yield Broken("damaged_archive", f"a header is damaged at byte {stream.position - BLOCK}; "
                                                "going on at the next one that is sound")
            damaged = True
            continue
        kind = header[156:157]
        if kind in b"LKxXg" and kind:
            if size > MAX_EXTENDED_HEADER:
                yield Broken("damaged_archive", f"an extended header of {size} bytes, over {MAX_EXTENDED_HEADER}")
                return
            data = stream.read_exactly(size)
            stream.skip(0, -size % BLOCK)
            if kind == b"L":
                long_name = data.rstrip(b"\0").decode("utf-8", "replace")
            elif kind in (b"x", b"X"):
                overrides = _extended_attributes(data)
            continue
        name = overrides.get("path") or long_name or _tar_name(header)
        if overrides.get("size", "").isdigit():
            size = int(overrides["size"][:18])
        sparse = any(key.startswith("GNU.sparse") for key in overrides)
        long_name, overrides = None, {}
        members += 1
        if members > MAX_MEMBERS:
            yield Broken("too_many_members", f"more than {MAX_MEMBERS} members; the rest is not read")
            return
        start = stream.position
        if kind in (b"0", b"\0", b"7") and not sparse:
            if name.endswith("/"):  # how the oldest tars write a folder
                continue

            def read(limit: int, start: int = start, size: int = size) -> bytes:
                if stream.position != start:
                    raise AssertionError("a member is read once, while the walk stands at it")
                return stream.read_exactly(min(limit, size))

            yield _member(name, "file", size, start, read, stream.behind())
            stream.skip(size - (stream.position - start), -size % BLOCK)
        elif kind == b"5":
            stream.skip(size, -size % BLOCK)
        else:
            # Hard and symbolic links carry no data, whatever size they claim.
            which: Kind = "link" if kind in (b"1", b"2") else "special"
            yield _member(name, which, size, start, lambda limit: b"", stream.behind())
            if which == "special" and kind not in (b"3", b"4", b"6"):
                stream.skip(size, -size % BLOCK)


def _tar_size(header: bytes) -> int | None:
    """The size of the member a header speaks of; None when the header is damaged."""
    said = _number(header[148:156])
    rest = header[:148] + header[156:]
    unsigned = sum(rest) + 8 * ord(" ")
    if said != unsigned and said != unsigned - 256 * sum(byte > 127 for byte in rest):  # old tars summed signed bytes
        return None
    size = _number(header[124:136])
    return size if size is not None and size >= 0 else None


def _number(digits: bytes) -> int | None:
    if digits[:1] in (b"\x80", b"\xff"):
        return int.from_bytes(digits[1:], "big") if digits[:1] == b"\x80" else -1
    text = digits.split(b"\0", 1)[0].strip()
    try:
        return int(text or b"0", 8)
    except ValueError:
        return None


def _tar_name(header: bytes) -> str:
    name = header[:100].split(b"\0", 1)[0]
    if header[257:263] == b"ustar\0" and header[345] != 0:
        name = header[345:500].split(b"\0", 1)[0] + b"/" + name
    return name.decode("utf-8", "replace")


def _extended_attributes(data: bytes) -> dict[str, str]:
    """The records `<length> <key>=<value>\\n` of a pax header; what is damaged in it is left out."""
    found: dict[str, str] = {}
    place = 0
    while place < len(data):
        space = data.find(b" ", place, place + 12)
        digits = data[place:space] if space > 0 else b""
        if not digits.isdigit() or int(digits) <= len(digits) + 1:
            break
        record = data[space + 1:place + int(digits)]
        key, _, value = record.partition(b"=")
        found[key.decode("utf-8", "replace")] = value.rstrip(b"\n").decode("utf-8", "replace")
        place += int(digits)
    return found
