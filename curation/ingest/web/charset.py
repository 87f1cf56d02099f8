"""Bytes of a page → text: byte-order mark, valid UTF-8, HTTP header, meta element, detection, in this order."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from maslin.curation.ingest.web.content_type import content_type
from maslin.curation.ingest.web.labels import python_encoding
from maslin.curation.ingest.web.meta_charset import meta_encoding, page_language
from maslin.curation.ingest.web.undeclared import undeclared_encoding

_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_SNIFF_BYTES = 1024
_HIGH_BYTES = bytes(range(0x80, 0x100))
_TOLERATED_ONE_IN = 20  # bytes beyond ASCII: a page with a few damaged characters is still in its encoding
_UNANNOUNCED_UTF_8 = 4  # characters to a damaged byte
# A character beyond the first 65,536 as some databases write it: two surrogates, each as if it were one (CESU-8).
_CESU_PAIR = re.compile(rb"\xed[\xa0-\xaf][\x80-\xbf]\xed[\xb0-\xbf][\x80-\xbf]")
# Encodings of seven bits would pass for UTF-8: how a shift to two-byte characters looks.
_SHIFTS = {"iso2022_jp_ext": rb"\x1b\$[@B]", "iso2022_kr": rb"\x1b\$\)C", "hz": rb"~\{[!-w]"}
_UTF_16 = (
    (re.compile(rb"(?:\s\0)*+<\0[!?A-Za-z]\0"), "utf-16-le"), (re.compile(rb"(?:\0\s)*+\0<\0[!?A-Za-z]"), "utf-16-be"),
)


@dataclass(frozen=True, slots=True)
class Decoded:
    """A page's text, the encoding it was read in, and whether what the page announced is something else."""

    text: str
    encoding: str
    differs: bool


def decode(body: bytes, header: str = "", language: str = "") -> Decoded:
    """Decode a page. Undecodable bytes become U+FFFD; a byte-order mark is taken off.

    `header`: of its `Content-Type`; `language`: of its `Content-Language`. The first encoding is taken that reads all
    but a few of the bytes beyond ASCII. Header and meta are only hints: servers announce ISO-8859-1 for whole
    sites and meta elements outlive conversions, but bytes that are valid UTF-8 by chance are next to impossible.
    """
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            return Decoded(body[len(mark):].decode(encoding, "replace"), encoding, False)
    if body.isascii() and not _may_shift(body):  # nearly half of all pages
        return Decoded(body.decode("ascii"), "utf-8", False)
    announced = [encoding for encoding in (python_encoding(content_type(header)[1]), meta_encoding(body)) if encoding]
    first = _seven_bit_encoding(body, announced) or wide_encoding(body)
    if not first:
        try:
            return _decoded(body.decode(), "utf-8", announced, ascii=body.isascii())
        except UnicodeDecodeError:
            text = _CESU_PAIR.sub(_character_of_pair, body).decode("utf-8", "replace")
            if _is_damaged_utf_8(text, "utf-8" in announced):
                return _decoded(text, "utf-8", announced)
    beyond_ascii = len(body) - len(body.translate(None, _HIGH_BYTES))
    damage: dict[str, int] = {}
    for encoding in _candidates(first, announced, body, language):
        text = body.decode(encoding, "replace")
        damage[encoding] = text.count("\ufffd")
        if damage[encoding] * _TOLERATED_ONE_IN <= beyond_ascii:
            return _decoded(text, encoding, announced)
    encoding = min(damage, key=damage.__getitem__)
    return _decoded(body.decode(encoding, "replace"), encoding, announced)


def _may_shift(body: bytes) -> bool:
    """Whether ASCII may be one of the encodings of seven bits, or UTF-16."""
    # One byte is found ten times as fast as two.
    return b"\x1b" in body or b"\0" in body or (b"~" in body and b"~{" in body)


def _character_of_pair(found: re.Match[bytes]) -> bytes:
    return found[0].decode("utf-8", "surrogatepass").encode("utf-16", "surrogatepass").decode("utf-16").encode()


def _is_damaged_utf_8(text: str, announced: bool) -> bool:
    """Whether text with U+FFFD is UTF-8 nevertheless: real texts in other encodings hold .45 characters by chance for
    each byte that is none, Japanese ones; those in Latin letters none at all.
    """
    damaged = text.count("\ufffd")
    characters = len(text) - len(text.encode("ascii", "ignore")) - damaged
    return characters >= damaged * (1 if announced else _UNANNOUNCED_UTF_8)


def _decoded(text: str, encoding: str, announced: list[str], ascii: bool = False) -> Decoded:
    return Decoded(text, encoding, not ascii and any(name != encoding for name in announced))


def _candidates(first: str, announced: list[str], body: bytes, language: str) -> Iterator[str]:
    if first:
        yield first
    yield from announced
    yield undeclared_encoding(body, page_language(body) or language)
    yield "cp1252"


def _seven_bit_encoding(body: bytes, announced: list[str]) -> str:
    """An encoding of seven bits that is announced and shifts; those of ISO 2022 also when they are not announced."""
    if b"\x1b" not in body and "hz" not in announced:  # one byte is found ten times as fast as two
        return ""
    for encoding in (*announced, "iso2022_jp_ext", "iso2022_kr"):
        if encoding in _SHIFTS and re.search(_SHIFTS[encoding], body):
            return encoding
    return ""


def wide_encoding(body: bytes) -> str:
    """The form of UTF-16 of a page, told by its mark, its first tag or the zeros of its ASCII part; empty for none."""
    for mark, encoding in _BOMS[1:]:
        if body.startswith(mark):
            return encoding
    for beginning, encoding in _UTF_16:
        if beginning.match(body, 0, _SNIFF_BYTES):
            return encoding
    head = body[:_SNIFF_BYTES]
    if head.count(0) * 5 < len(head) * 2:
        return ""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    return "utf-16-be" if even > 4 * odd else "utf-16-le" if odd > 4 * even else ""
