"""Bytes of a page → text: byte-order mark, valid UTF-8, HTTP header, meta element, detection, in this order."""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from resiliparse.parse.encoding import detect_encoding

_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_META = re.compile(
    rb"""<meta[^>]+?charset\s*=\s*["']?\s*([A-Za-z0-9_:.\-]{2,40})|<\?xml[^>]+?encoding\s*=\s*["']([A-Za-z0-9_:.\-]{2,40})""",
    re.IGNORECASE,
)
_HEADER = re.compile(r"""charset\s*=\s*["']?\s*([A-Za-z0-9_:.\-]{2,40})""", re.IGNORECASE)
_META_BYTES = 4096  # browsers look at the first 1,024; long preambles are common
_SNIFF_BYTES = 1024
_DETECT_BYTES = 1 << 17
_HIGH_BYTES = bytes(range(0x80, 0x100))
_TOLERATED_ONE_IN = 20  # bytes beyond ASCII: a page with a few damaged characters is still in its encoding
# Encodings of seven bits would pass for UTF-8: how a shift to two-byte characters looks.
_SHIFTS = {"iso2022_jp_ext": rb"\x1b\$[@B]", "iso2022_kr": rb"\x1b\$\)C", "hz": rb"~\{[!-w]"}
_UTF_16 = (
    (re.compile(rb"(?:\s\0)*+<\0[!?A-Za-z]\0"), "utf-16-le"), (re.compile(rb"(?:\0\s)*+\0<\0[!?A-Za-z]"), "utf-16-be"),
)
# Detected, but pages in the other have all its letters.
_DETECTED = {"koi8-r": "koi8-u"}

# What pages mean by a label, as browsers read it (WHATWG Encoding Standard): the superset that is really used.
_SUPERSETS = {
    "ascii": "cp1252", "iso8859-1": "cp1252", "gb2312": "gb18030", "gbk": "gb18030",
    "shift_jis": "cp932", "euc_kr": "cp949", "ksc5601": "cp949", "big5": "big5hkscs", "iso8859-9": "cp1254",
    "tis-620": "cp874", "iso8859-11": "cp874",
    "euc_jp": "euc_jis_2004",  # with circled digits and the like
    "iso2022_jp": "iso2022_jp_ext",  # with half-width katakana
}
# Labels of the web that Python does not know, or knows as something else, by codec: WHATWG's and those of old Macs.
_LABELS = {label: codec for codec, labels in {
    "": "none utf-7 replacement iso-2022-cn iso-2022-cn-ext",
    "utf-8": "unicode-1-1-utf-8 utf8 unicode11utf8 unicode20utf8 x-unicode20utf8",
    "utf-16-le": "utf-16 csunicode iso-10646-ucs-2 ucs-2 unicode unicodefeff",
    "utf-16-be": "unicodefffe",
    "big5hkscs": "x-x-big5 cn-big5",
    "cp874": "windows-874 dos-874 iso885911",
    "cp932": "x-sjis windows-31j ms_kanji",
    "cp949": "ks_c_5601-1987 ks_c_5601-1989 windows-949 x-euc-kr cseuckr csksc56011987 iso-ir-149 ksc_5601",
    "cp1250": "x-cp1250", "cp1251": "x-cp1251", "cp1252": "x-cp1252 x-user-defined iso88591", "cp1253": "x-cp1253",
    "cp1254": "x-cp1254 iso88599", "cp1255": "x-cp1255", "cp1256": "x-cp1256", "cp1257": "x-cp1257",
    "cp1258": "x-cp1258",
    "euc_jis_2004": "x-euc-jp cseucpkdfmtjapanese",
    "gb18030": "x-gbk gb_2312-80 csgb2312 gb_2312",
    "iso8859-2": "iso88592", "iso8859-3": "iso88593", "iso8859-4": "iso88594", "iso8859-5": "iso88595",
    "iso8859-6": "csiso88596e csiso88596i iso-8859-6-e iso-8859-6-i iso88596",
    "iso8859-7": "iso88597 sun_eu_greek",
    "iso8859-8": "iso-8859-8-i logical csiso88598e csiso88598i iso-8859-8-e iso88598 visual",
    "iso8859-10": "iso885910", "iso8859-13": "iso885913", "iso8859-14": "iso885914",
    "iso8859-15": "iso885915 csisolatin9", "koi8-r": "koi8 koi", "koi8-u": "koi8-ru",
    "mac_roman": "macintosh csmacintosh mac x-mac-roman", "mac_cyrillic": "x-mac-cyrillic x-mac-ukrainian",
    "mac_latin2": "x-mac-ce x-mac-centraleurroman x-mac-centralroman", "mac_greek": "x-mac-greek",
    "mac_turkish": "x-mac-turkish", "mac_iceland": "x-mac-icelandic", "mac_croatian": "x-mac-croatian",
    "mac_romanian": "x-mac-romanian", "mac_arabic": "x-mac-arabic",
}.items() for label in labels.split()}
_NOT_OF_PAGES = frozenset((
    "base64", "bz2", "hex", "quopri", "rot_13", "uu", "zlib", "punycode", "idna", "unicode_escape",
    "raw_unicode_escape", "undefined", "mbcs", "oem", "utf_7",
))


@dataclass(frozen=True, slots=True)
class Decoded:
    """A page's text, the encoding it was read in, and whether what the page announced is something else."""

    text: str
    encoding: str
    differs: bool


def decode(body: bytes, content_type: str = "") -> Decoded:
    """Decode a page. Undecodable bytes become U+FFFD; a byte-order mark is taken off.

    The first encoding is taken that reads all but a few of the bytes beyond ASCII. Header and meta are only hints:
    servers announce ISO-8859-1 for whole sites and meta elements outlive conversions, but bytes that are valid UTF-8 by
    chance are next to impossible.
    """
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            return Decoded(body[len(mark):].decode(encoding, "replace"), encoding, False)
    announced = [encoding for encoding in (_header_encoding(content_type), _meta_encoding(body)) if encoding]
    first = _seven_bit_encoding(body, announced) or _wide_encoding(body)
    if not first:
        try:
            return _decoded(body.decode(), "utf-8", announced, ascii=body.isascii())
        except UnicodeDecodeError:
            first = "utf-8"
    beyond_ascii = len(body) - len(body.translate(None, _HIGH_BYTES))
    damage: dict[str, int] = {}
    for encoding in _candidates(first, announced, body):
        text = body.decode(encoding, "replace")
        damage[encoding] = text.count("\ufffd")
        if damage[encoding] * _TOLERATED_ONE_IN <= beyond_ascii:
            return _decoded(text, encoding, announced)
    encoding = min(damage, key=damage.__getitem__)
    return _decoded(body.decode(encoding, "replace"), encoding, announced)


def _decoded(text: str, encoding: str, announced: list[str], ascii: bool = False) -> Decoded:
    return Decoded(text, encoding, not ascii and any(name != encoding for name in announced))


def _candidates(first: str, announced: list[str], body: bytes) -> Iterator[str]:
    yield first
    yield from announced
    # By the detector's own name: as a name of HTML 5 it calls Korean's cp949 UTF-8.
    if detected := python_encoding(detect_encoding(body[:_DETECT_BYTES], html5_compatible=False) or ""):
        yield _DETECTED.get(detected, detected)
    yield "cp1252"


@lru_cache(maxsize=1024)
def python_encoding(label: str) -> str:
    """Python's codec for a label as the web uses it; empty when there is none or it is no encoding of text."""
    label = label.strip().strip("\"'").lower()
    if label in _LABELS:
        return _LABELS[label]
    try:
        name = codecs.lookup(label).name
    except (LookupError, ValueError):  # ValueError: a label with a NUL
        return ""
    return "" if name.replace("-", "_") in _NOT_OF_PAGES else _SUPERSETS.get(name, name)


def _header_encoding(content_type: str) -> str:
    found = _HEADER.search(content_type)
    return python_encoding(found[1]) if found else ""


def _meta_encoding(body: bytes) -> str:
    found = _META.search(body, 0, _META_BYTES)
    if not found:
        return ""
    encoding = python_encoding((found[1] or found[2]).decode("ascii"))
    return "utf-8" if encoding.startswith("utf-16") else encoding  # it was readable as ASCII: it cannot be UTF-16


def _seven_bit_encoding(body: bytes, announced: list[str]) -> str:
    """An encoding of seven bits that is announced and shifts; those of ISO 2022 also when they are not announced."""
    if b"\x1b" not in body and "hz" not in announced:  # one byte is found ten times as fast as two
        return ""
    for encoding in (*announced, "iso2022_jp_ext", "iso2022_kr"):
        if encoding in _SHIFTS and re.search(_SHIFTS[encoding], body):
            return encoding
    return ""


def _wide_encoding(body: bytes) -> str:
    """UTF-16 without a byte-order mark, told by its first tag or by the zeros of its ASCII part."""
    for beginning, encoding in _UTF_16:
        if beginning.match(body, 0, _SNIFF_BYTES):
            return encoding
    head = body[:_SNIFF_BYTES]
    if head.count(0) * 5 < len(head) * 2:
        return ""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    return "utf-16-be" if even > 4 * odd else "utf-16-le" if odd > 4 * even else ""
