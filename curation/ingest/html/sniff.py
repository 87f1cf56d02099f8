"""Whether a body is HTML, by its header and its first bytes."""

import re

_HTML_TYPES = frozenset(("text/html", "application/xhtml+xml", "application/vnd.wap.xhtml+xml"))
_VAGUE_TYPES = frozenset((
    "", "text/xml", "application/xml", "application/octet-stream", "unknown/unknown", "application/unknown", "*/*",
    "text/*", "content/unknown", "httpd/unix-directory", "text/htm", "html", "text", "application/html", "text/xhtml",
))
_SNIFF_BYTES = 4096
_BINARY = (
    b"%PDF-", b"\x89PNG", b"GIF8", b"\xff\xd8\xff", b"PK\x03\x04", b"\x1f\x8b", b"RIFF", b"\x00\x00\x01\x00", b"BZh",
    b"7z\xbc\xaf", b"Rar!", b"wOFF", b"wOF2", b"OggS", b"ID3", b"\x00\x00\x00", b"\x7fELF", b"MZ",
)
_BEGINS_AS_HTML = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*+(?:<\?xml[^>]*+>\s*+|(?><!--.*?-->)\s*+)*+<(?:!doctype\s+html|html|head|body)\b",
    re.IGNORECASE | re.DOTALL,
)
_TAG = re.compile(rb"<[A-Za-z!?/]")


def media_type(content_type: str | None) -> str:
    return (content_type or "").partition(";")[0].strip().lower()


def may_be_html(content_type: str | None, identified: str | None = None) -> bool:
    """Whether the header leaves it open that a body is HTML, so that it is worth decoding."""
    kind = media_type(content_type)
    return kind in _HTML_TYPES or kind in _VAGUE_TYPES or (not kind and media_type(identified) in _HTML_TYPES)


def is_html(content_type: str | None, identified: str | None, body: bytes) -> bool:
    """Tell HTML by header and content together; neither is believed alone.

    An HTML header needs a body with a tag in it that is not a known binary format. A vague or missing one needs a body
    that begins as HTML does, or a crawler that identified it as such (`WARC-Identified-Payload-Type`). Any other header
    (`text/plain`, `application/json`, scripts, feeds) is believed: browsers would not show it as a page either.
    """
    kind, head = media_type(content_type), body[:_SNIFF_BYTES]
    if head.startswith(_BINARY):
        return False
    if kind in _HTML_TYPES or (kind in _VAGUE_TYPES and media_type(identified) in _HTML_TYPES):
        return bool(_TAG.search(head)) or b"<\x00" in head or b"\x00<" in head  # the last two: UTF-16
    return kind in _VAGUE_TYPES and bool(_BEGINS_AS_HTML.match(head))
