"""Whether a body is a page: by what its header says and by its first bytes, as neither is believed alone."""

import re

from maslin.curation.ingest.web.charset import wide_encoding
from maslin.curation.ingest.web.content_type import content_type

_HTML_TYPES = frozenset(("text/html", "application/xhtml+xml", "application/vnd.wap.xhtml+xml"))
_UNKNOWN_TYPES = frozenset(("", "unknown/unknown", "application/unknown"))  # browsers go by the content
_VAGUE_TYPES = frozenset((
    *_UNKNOWN_TYPES, "text/xml", "application/xml", "application/octet-stream", "text/*", "content/unknown",
    "httpd/unix-directory", "text/htm", "application/html", "text/xhtml",
))
_SNIFF_BYTES = 4096
_OTHER = re.compile(  # how documents, archives, media, programs and JSON begin, as no page does
    rb"\s*+(?:%PDF-|%!PS|\{\\rtf|begin [0-7]{3} \S|\x89PNG|GIF8[79]a|\xff\xd8\xff|II\*\x00|MM\x00\*|\x00\x00\x01\x00"
    rb"|RIFF....(?:WAVE|AVI |WEBP)|PK\x03\x04|PK\x05\x06|\x1f\x8b\x08|BZh[1-9]1AY|7z\xbc\xaf|Rar!\x1a|\xfd7zXZ"
    rb"|\x28\xb5\x2f\xfd|\xd0\xcf\x11\xe0|ID3[\x02-\x04]|OggS\x00|fLaC\x00|MThd\x00|FLV\x01|\x1aE\xdf\xa3|....ftyp"
    rb"|[FCZ]WS[\x01-\x40]|wOF[F2][\x00O]|OTTO\x00|\x00\x01\x00\x00|\x7fELF|MZ.\x00|\xca\xfe\xba\xbe|\x00asm"
    rb"|SQLite format 3\x00|\(This file must be converted with BinHex|BEGIN:VC(?:ALENDAR|ARD)\r?\n"
    rb"|(?:From: <Saved by[^\n]{0,200}\n(?:[^\n]{1,500}\n){0,9}?)?MIME-Version: 1\.0\r?\n"
    rb"|\{\s*\"(?:[^\"\\]|\\.){0,200}\"\s*:|\[\s*(?:\{\s*)?\")", re.DOTALL)
_CONTROLS = bytes((*range(0x09), 0x0B, *range(0x0E, 0x1B), *range(0x1C, 0x20)))  # what no text has; ESC shifts some
_MAX_CONTROLS = 0.02  # of the first bytes; compressed ones have .1
_PROLOGUE = rb"(?:\xef\xbb\xbf)?\s*+(?:<\?xml[^>]*+>\s*+|(?><!--.*?-->)\s*+)*+"
_HTML = rb"<(?:!doctype\s+html|html|head|body)\b"
_BEGINS_AS_HTML = re.compile(_PROLOGUE + _HTML, re.IGNORECASE | re.DOTALL)
_BEGINS_DAMAGED = re.compile(  # a page with stray bytes before it
    rb"[\s\x00-\x1f\x7f-\xff]{0,512}+" + _PROLOGUE + _HTML, re.IGNORECASE | re.DOTALL)
_BEGINS_WITH_TAG = re.compile(  # WHATWG MIME Sniffing, "identifying a resource with an unknown MIME type"
    _PROLOGUE + rb"<(?:script|iframe|h1|div|font|table|a|style|title|b|br|p)[\s>]", re.IGNORECASE | re.DOTALL)
_FEED = re.compile(  # the same, "sniffing a mislabeled feed"; and lists of addresses that are none of its formats
    rb"(?:\xef\xbb\xbf)?\s*+"
    rb"(?:<\?.*?\?>\s*+|(?><!--.*?-->)\s*+|<!(?!--)[^>\[]*+(?:\[.*?\]\s*+)?>\s*+)*+"
    rb"<(?:(?:rss|(?:\w+:)?feed|opml|urlset|sitemapindex)[\s>]"
    rb"|rdf:RDF[\s>](?=.*?(?:purl\.org/(?:net/)?rss|my\.netscape\.com/rdf/simple)))",
    re.DOTALL | re.IGNORECASE)
_OTHER_XML = re.compile(  # another vocabulary than HTML: maps, drawings, answers of services
    rb"(?:\xef\xbb\xbf)?\s*+<\?xml\s[^>]*+>\s*+(?:<\?[^>]*+>\s*+|(?><!--.*?-->)\s*+|<!(?!--)[^>\[]*+>\s*+)*+"
    rb"<(?:(\w++):\w[^>]*?\sxmlns:\1|\w[^>:]*?\sxmlns)\s*+=\s*+[\"']"
    rb"(?!http://www\.w3\.org/1999/xhtml|http://www\.wapforum\.org)", re.DOTALL)
_TAG = re.compile(rb"<[A-Za-z!?/]")


def may_be_html(header: str | None, identified: str | None = None) -> bool:
    """Whether the header leaves it open that a body is HTML, so that it is worth decoding."""
    kind, _ = content_type(header)
    return kind in _HTML_TYPES or kind in _VAGUE_TYPES or (not kind and content_type(identified)[0] in _HTML_TYPES)


def is_html(header: str | None, identified: str | None, body: bytes) -> bool:
    """Tell HTML by header and content together.

    An HTML header needs a body with a tag in it that is no binary data and no feed. A vague or missing one needs a body
    that begins as HTML does, or a crawler that identified it as such (`WARC-Identified-Payload-Type`). Any other header
    (`text/plain`, `application/json`, scripts, feeds) is believed: browsers would not show it as a page either.
    """
    (kind, _), head = content_type(header), body[:_SNIFF_BYTES]
    if _BEGINS_AS_HTML.match(head):
        return kind in _HTML_TYPES or kind in _VAGUE_TYPES
    if _OTHER.match(head):
        return False
    if wide := wide_encoding(head):
        head = head.decode(wide, "ignore").lstrip("\ufeff").encode()
    if _FEED.match(head) or _OTHER_XML.match(head):
        return False
    if kind in _HTML_TYPES or (kind in _VAGUE_TYPES and content_type(identified)[0] in _HTML_TYPES):
        return bool(_TAG.search(head)) and (_is_text(head) or _BEGINS_DAMAGED.match(head) is not None)
    return kind in _UNKNOWN_TYPES and bool(_BEGINS_WITH_TAG.match(head))


def _is_text(head: bytes) -> bool:
    return len(head) - len(head.translate(None, _CONTROLS)) <= 2 + _MAX_CONTROLS * len(head)
