"""The record in a frame of a web archive: its type, address, date, digest and block, by fastwarc or warcio."""

import hashlib
import io
import re
from base64 import b32encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from maslin.curation.ingest.web.arc import arc_head
from maslin.curation.ingest.web.body import parse_http
from maslin.curation.ingest.web.framing import ARC, Frame
from maslin.curation.ingest.web.urls import without_brackets

ReaderName = Literal["fastwarc", "warcio"]

_DIGESTS = {"md5": hashlib.md5, "sha1": hashlib.sha1, "sha256": hashlib.sha256, "sha512": hashlib.sha512}
_ARC_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})")


@dataclass(frozen=True, slots=True)
class WarcRecord:
    """What documents need of a record; `headers` in lower case, of repeated ones the first."""

    type: str
    uri: str
    date: str | None
    headers: Mapping[str, str]
    block: bytes

    @property
    def record_id(self) -> str | None:
        found = self.headers.get("warc-record-id")
        return without_brackets(found) if found else None


def read_record(frame: Frame, reader: ReaderName) -> WarcRecord:
    """The record of a frame. Raises ValueError when the head is none of the format's."""
    if frame.format is ARC:
        return _arc_record(frame)
    headers = _PARSERS[reader](frame.head)
    if not headers:
        raise ValueError("the record's head cannot be read")
    return WarcRecord(
        headers.get("warc-type", "").lower(), without_brackets(headers.get("warc-target-uri", "")),
        headers.get("warc-date"), headers, frame.block,
    )


def payload_digest(record: WarcRecord, payload: bytes) -> str:
    """The payload's digest: the crawler's if it gave one, else the sha1 it would have given."""
    given = record.headers.get("warc-payload-digest")
    return given or "sha1:" + b32encode(hashlib.sha1(payload, usedforsecurity=False).digest()).decode("ascii")


def wrong_digest(record: WarcRecord, frame: Frame) -> str | None:
    """How a record differs from the digest that it gives; None where it does not, or cannot be told.

    That of the block is looked at, or else that of the payload, where nothing was taken off in between.
    """
    if frame.format is ARC or len(frame.block) < frame.block_length:
        return None
    headers = record.headers
    given, data = headers.get("warc-block-digest"), frame.block
    if given is None and record.type in ("response", "resource"):
        given = headers.get("warc-payload-digest")
        if record.type == "response":
            message = parse_http(frame.block)
            if message is None or "transfer-encoding" in message.headers or "warc-truncated" in headers:
                return None
            data = message.body
    if given is None:
        return None
    name, _, value = given.partition(":")
    digest_bytes = _DIGESTS.get(name.strip().lower().replace("-", ""))
    if digest_bytes is None:
        return None
    found = digest_bytes(data, usedforsecurity=False).digest()
    value = value.strip()
    if value.lower() == found.hex() or value.upper().rstrip("=") == b32encode(found).decode("ascii").rstrip("="):
        return None
    return f"its bytes have the digest {b32encode(found).decode('ascii')}, it says {given[:100]}"


def _fastwarc_headers(head: bytes) -> dict[str, str]:
    from fastwarc.warc import HeaderMap

    parsed = HeaderMap()
    # It takes only lines that end in CRLF.
    parsed.parse(io.BytesIO(head if b"\r\n" in head else head.replace(b"\n", b"\r\n")))
    items = parsed.items_bytes()[::-1]
    try:
        return {_header_name(name): value.decode().strip() for name, value in items}
    except UnicodeDecodeError:
        return {_header_name(name): _text(value) for name, value in items}


def _warcio_headers(head: bytes) -> dict[str, str]:
    from warcio.statusandheaders import StatusAndHeadersParser, StatusAndHeadersParserException

    version = head.split(maxsplit=1)[0].decode("latin-1")
    try:
        parsed = StatusAndHeadersParser([version]).parse(io.BytesIO(head))
    except (StatusAndHeadersParserException, EOFError) as error:
        raise ValueError(str(error)) from error
    return {name.lower(): value for name, value in reversed(parsed.headers)}


_PARSERS: dict[str, Callable[[bytes], dict[str, str]]] = {"fastwarc": _fastwarc_headers, "warcio": _warcio_headers}


@lru_cache(maxsize=256)  # the same few names in every record
def _header_name(name: bytes) -> str:
    return _text(name).lower()


def _text(value: bytes) -> str:
    try:
        return value.decode("utf-8").strip()
    except UnicodeDecodeError:
        return value.decode("latin-1").strip()


def _arc_record(frame: Frame) -> WarcRecord:
    """A record of the older ARC format, as a WARC record."""
    head = arc_head(frame.head)
    if head is None:
        raise ValueError("the record's head has not the fields of ARC")
    uri, date = _text(head.uri), head.date.decode("ascii")
    found = _ARC_DATE.fullmatch(date)
    return WarcRecord(
        "warcinfo" if uri.startswith("filedesc:") else "response", uri,
        "{}-{}-{}T{}:{}:{}Z".format(*found.groups()) if found else date, {"content-type": _text(head.type)},
        frame.block)
