"""HTTP messages as crawlers record them: status, headers, and the body decoded within a bound."""

import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import brotli
import zstandard

_STATUS = re.compile(rb"[\r\n]{0,4}(?:HTTP(?:/\d+(?:\.\d+)?)?|ICY)[ \t]+(\d{3})(?!\d)", re.IGNORECASE)
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_INTERIM = re.compile(
    rb"[\r\n]{0,4}HTTP/\d+(?:\.\d+)?[ \t]+(?:1\d\d(?!\d)|200[ \t]+Connection established)", re.IGNORECASE)
_CHUNK_SIZE = re.compile(rb"[\r\n \t]*([0-9A-Fa-f]{1,16})[ \t]*(?:;[^\r\n]*)?\r?\n")
_NEXT_CHUNK = re.compile(rb"\r?\n([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]{0,1000})?\r?\n")
_CHUNK_END = re.compile(rb"\r?\n|\Z|[0-9A-Fa-f]{1,8}[ \t]*\r?\n")
_NO_SIZE = re.compile(rb"[\r\n]*(?:[^\r\n<]{0,20}(?:\r?\n|\Z))?")
_REST = re.compile(rb"\s*+\Z")
_MAX_TRAILER_BYTES = 4096  # behind the last chunk
_MAX_HEAD_BYTES = 1 << 20
_FEED_BYTES = 1024  # of zstd: a block is 4 bytes at least and gives 128 KiB at most, so a step gives 32 MiB at most
_MAX_ENCODINGS = 4


class TooLarge(Exception):
    """The decoded body exceeds the bound. The argument is how many bytes were seen."""


class BadBody(Exception):
    """The body does not decode as its headers say; `part`: what came out before it broke off."""

    def __init__(self, message: str, part: bytes = b"") -> None:
        super().__init__(message)
        self.part = part


@dataclass(frozen=True, slots=True)
class HttpMessage:
    status: int
    headers: dict[str, str]  # names in lower case; of repeated ones the values joined by commas
    body: bytes  # as transferred


def parse_http(block: bytes) -> HttpMessage | None:
    """Take an HTTP response apart; None when it does not start as one.

    As in browsers, bare line feeds pass, and so do blank lines before it and a version that is left out.

    Interim responses (1xx) and a proxy's word that it is connected are passed over where another response follows.
    """
    begin = 0
    while _INTERIM.match(block, begin) and (
            end := _HEAD_END.search(block, begin, begin + _MAX_HEAD_BYTES)) and _STATUS.match(block, end.end()):
        begin = end.end()
    found = _STATUS.match(block, begin)
    if not found:
        return None
    end = _HEAD_END.search(block, found.end(), begin + _MAX_HEAD_BYTES)
    head, body = (block[begin:end.start()], block[end.end():]) if end else (block[begin:], b"")
    headers: dict[str, str] = {}
    key = ""
    for line in head.decode("latin-1").split("\n")[1:]:
        name, colon, value = line.partition(":")
        if key and line[:1] in (" ", "\t"):  # goes on from the line before
            headers[key] = f"{headers[key]} {line.strip()}"
        elif colon and name and not name[0].isspace():
            key = name.strip().lower()
            headers[key] = f"{headers[key]}, {value.strip()}" if key in headers else value.strip()
    return HttpMessage(int(found[1]), headers, body)


def decoded_body(message: HttpMessage, limit: int) -> bytes:
    """The body without transfer and content encodings.

    Crawls often store a body decoded and its headers unchanged: an encoding whose signature is absent is passed over.
    Raises TooLarge beyond `limit` bytes, having made little more than that; BadBody for a body that breaks off.
    """
    body = message.body
    for header in ("transfer-encoding", "content-encoding"):
        encodings = message.headers.get(header, "").lower().split(",")
        for name in reversed(encodings[-_MAX_ENCODINGS:]):
            if decode := _DECODERS.get(name.partition(";")[0].strip(" \t\"")):
                body = decode(body, limit)
    if len(body) > limit:
        raise TooLarge(len(body))
    return body


def _dechunked(body: bytes, limit: int) -> bytes:
    """A chunked body put together; as it is when it is not chunked after all.

    A missing last chunk is let pass. Where a chunk does not end as it says, its data are what comes before the next
    one that does; a line in the place of a size that is none is left out.
    """
    found = _CHUNK_SIZE.match(body)
    if not found:
        return body
    parts: list[bytes] = []
    is_chunked = found.end() + int(found[1], 16) > len(body)  # breaks off in its first chunk
    while found and (size := int(found[1], 16)):
        begin, end = found.end(), found.end() + size
        ends = end <= len(body) and _CHUNK_END.match(body, end) is not None
        is_chunked |= ends
        found = _CHUNK_SIZE.match(body, end) if ends else None
        if ends and (found or _REST.match(body, end)):
            parts.append(body[begin:end])
            continue
        found = _next_sound_chunk(body, begin)
        if ends and not (found and found.start() < end):  # the chunk is right, the size after it is none
            parts.append(body[begin:end])
            begin = _NO_SIZE.match(body, end).end()  # type: ignore[union-attr]
        parts.append(body[begin:found.start() if found else len(body)])
    return b"".join(parts) if is_chunked or found else body


def _next_sound_chunk(body: bytes, begin: int) -> re.Match[bytes] | None:
    """The next size that its chunk's end bears out, or the zero that ends a body."""
    for found in _NEXT_CHUNK.finditer(body, max(0, begin - 2)):
        size = int(found[1], 16)
        end = found.end() + size
        if end < len(body) and _CHUNK_END.match(body, end) if size else len(body) - found.end() < _MAX_TRAILER_BYTES:
            return found
    return None


def _gunzip(body: bytes, limit: int) -> bytes:
    if body[:2] != b"\x1f\x8b":
        return body
    parts: list[bytes] = []
    made = 0
    while body[:2] == b"\x1f\x8b":
        data, body = _inflate(body, limit - made, zlib.MAX_WBITS | 16)
        parts.append(data)
        made += len(data)
    return b"".join(parts)


def _undeflate(body: bytes, limit: int) -> bytes:
    """`deflate` means zlib, but some servers send it bare, or gzip."""
    if body.startswith(b"\x1f\x8b"):
        return _gunzip(body, limit)
    try:
        return _inflate(body, limit, zlib.MAX_WBITS)[0]
    except BadBody as broken:
        if broken.part:
            raise
        try:
            return _inflate(body, limit, -zlib.MAX_WBITS)[0]
        except BadBody:
            if b"<" in body[:256]:
                return body
            raise


def _inflate(body: bytes, limit: int, window: int) -> tuple[bytes, bytes]:
    decoder = zlib.decompressobj(window)
    try:
        data = decoder.decompress(body, limit + 1)
    except zlib.error as error:
        raise BadBody(f"compressed body is damaged ({error})") from error
    if len(data) > limit:
        raise TooLarge(len(data))
    if not decoder.eof:
        raise BadBody("compressed body breaks off", data)
    return data, decoder.unused_data


def _unbrotli(body: bytes, limit: int) -> bytes:
    decoder = brotli.Decompressor()
    parts, made, data = [], 0, body
    try:
        while not decoder.is_finished():
            part = decoder.process(data, output_buffer_limit=limit + 1)
            parts.append(part)
            made += len(part)
            if made > limit:
                raise TooLarge(made)
            if not part and decoder.can_accept_more_data():
                break
            data = b""
    except brotli.error as error:
        if b"<" in body[:256]:  # brotli has no signature
            return body
        raise BadBody(f"brotli body is damaged ({error})") from error
    if not decoder.is_finished():
        raise BadBody("brotli body breaks off", b"".join(parts))
    return b"".join(parts)


def _unzstd(body: bytes, limit: int) -> bytes:
    if body[:4] != b"\x28\xb5\x2f\xfd":
        return body
    decoder = zstandard.ZstdDecompressor(max_window_size=1 << 27).decompressobj()
    parts, made = [], 0
    try:
        for start in range(0, len(body), _FEED_BYTES):
            parts.append(decoder.decompress(body[start:start + _FEED_BYTES]))
            made += len(parts[-1])
            if made > limit:
                raise TooLarge(made)
            if decoder.eof:
                return b"".join(parts)
    except zstandard.ZstdError as error:
        raise BadBody(f"zstd body is damaged ({error})") from error
    raise BadBody("zstd body breaks off", b"".join(parts))


_DECODERS: dict[str, Callable[[bytes, int], bytes]] = {
    "chunked": _dechunked, "gzip": _gunzip, "x-gzip": _gunzip, "deflate": _undeflate, "br": _unbrotli, "zstd": _unzstd,
}
