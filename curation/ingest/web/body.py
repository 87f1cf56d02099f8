"""HTTP messages as crawlers record them: status, headers, and the body decoded within a bound."""

import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import brotli
import zstandard

_STATUS = re.compile(rb"HTTP/\d+(?:\.\d+)?[ \t]+(\d{3})(?!\d)")
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_CHUNK_SIZE = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?\r?\n")
_MAX_HEAD_BYTES = 1 << 20
_FEED_BYTES = 1024  # of zstd: a block is 4 bytes at least and gives 128 KiB at most, so a step gives 32 MiB at most
_MAX_ENCODINGS = 4


class TooLarge(Exception):
    """The decoded body exceeds the bound. The argument is how many bytes were seen."""


class BadBody(Exception):
    """The body does not decode as its headers say."""


@dataclass(frozen=True, slots=True)
class HttpMessage:
    status: int
    headers: dict[str, str]  # names in lower case; of repeated ones the values joined by commas
    body: bytes  # as transferred


def parse_http(block: bytes) -> HttpMessage | None:
    """Take an HTTP response apart; None when it does not start as one. As in browsers, bare line feeds pass."""
    found = _STATUS.match(block)
    if not found:
        return None
    end = _HEAD_END.search(block, found.end(), _MAX_HEAD_BYTES)
    head, body = (block[:end.start()], block[end.end():]) if end else (block, b"")
    headers: dict[str, str] = {}
    for line in head.decode("latin-1").split("\n")[1:]:
        name, colon, value = line.partition(":")
        if colon and name and not name[0].isspace():
            key = name.strip().lower()
            headers[key] = f"{headers[key]}, {value.strip()}" if key in headers else value.strip()
    return HttpMessage(int(found[1]), headers, body)


def decoded_body(message: HttpMessage, limit: int) -> bytes:
    """The body without transfer and content encodings.

    Crawls often store a body decoded and its headers unchanged: an encoding whose signature is absent is passed over.
    Raises TooLarge beyond `limit` bytes, having made little more than that; BadBody for a body that breaks off.
    """
    body = message.body
    if "chunked" in message.headers.get("transfer-encoding", "").lower():
        body = _dechunked(body)
    encodings = message.headers.get("content-encoding", "").lower().split(",")
    for name in reversed(encodings[-_MAX_ENCODINGS:]):
        if decode := _DECODERS.get(name.strip()):
            body = decode(body, limit)
    if len(body) > limit:
        raise TooLarge(len(body))
    return body


def _dechunked(body: bytes) -> bytes:
    """A chunked body put together; as it is when it is not chunked after all. A missing last chunk is let pass."""
    parts, position = [], 0
    while found := _CHUNK_SIZE.match(body, position):
        size = int(found[1], 16)
        if size == 0:
            return b"".join(parts)
        parts.append(body[found.end():found.end() + size])
        position = found.end() + size
        if body[position:position + 2] == b"\r\n":
            position += 2
        elif body[position:position + 1] == b"\n":
            position += 1
    if not parts or position < len(body):  # never chunked, or stored unchunked and starting like a number
        return body
    return b"".join(parts)


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
    """`deflate` means zlib, but some servers send it bare."""
    try:
        return _inflate(body, limit, zlib.MAX_WBITS)[0]
    except BadBody:
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
        raise BadBody("compressed body breaks off")
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
        raise BadBody("brotli body breaks off")
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
    raise BadBody("zstd body breaks off")


_DECODERS: dict[str, Callable[[bytes, int], bytes]] = {
    "gzip": _gunzip, "x-gzip": _gunzip, "deflate": _undeflate, "br": _unbrotli, "zstd": _unzstd,
}
