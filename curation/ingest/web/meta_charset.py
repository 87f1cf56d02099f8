"""What a page's markup says of its encoding: a browser's scan of its first bytes, before anything is decoded.

WHATWG HTML, "prescan a byte stream to determine its encoding": comments, attributes of other elements and declarations
that name no encoding are passed over. So are the contents of elements that hold plain text, as browsers
change to what a real `meta` element says.
"""

import re

from maslin.curation.ingest.web.labels import python_encoding

_SCAN_BYTES = 4096  # the standard asks for 1,024, but long heads are common, and browsers read on
_ATTRIBUTE = rb"""[\s/]*+([^\s/>][^\s/>=]*+)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s>"'][^\s>]*+)?+))?+"""
_ATTRIBUTES = re.compile(_ATTRIBUTE)
_ALL_ATTRIBUTES = re.sub(rb"\((?!\?)", b"(?:", _ATTRIBUTE)
_MARKUP = re.compile(
    rb"<!(?=--).*?-->"
    rb"|<meta(?=[\s/])(?P<meta>(?:" + _ALL_ATTRIBUTES + rb")*+)"
    rb"|<(?P<text>script|style|title|textarea|xmp|iframe|noembed|noframes)(?=[\s/>]).*?</(?P=text)(?=[\s/>])"
    rb"|</?[a-z][^\s/>]*+(?:" + _ALL_ATTRIBUTES + rb")*+"
    rb"|<\?xml(?=\s)(?P<xml>[^>]*+)>"
    rb"|<[!/?][^>]*+>",
    re.IGNORECASE | re.DOTALL,
)
_ENCODING = re.compile(rb"""\sencoding\s*=\s*["']\s*([A-Za-z0-9_:.\-]{1,40})""")
_CHARSET = re.compile(rb"""charset\s*+=\s*+(?:"([^"]*)"|'([^']*)'|([^\s;"'][^\s;]*))""", re.IGNORECASE)
_LANGUAGE = re.compile(rb"""<html\s[^>]*?\blang\s*=\s*["']?\s*([A-Za-z]{2,3}(?:-[A-Za-z0-9]+)*)""", re.IGNORECASE)


def meta_encoding(body: bytes) -> str:
    """The encoding that the first `meta` element with a known one names, else the XML declaration; empty for none."""
    head = body[:_SCAN_BYTES]
    if b"charset" not in head.lower() and b"<?xml" not in head:
        return ""
    encoding = in_xml = ""
    for markup in _MARKUP.finditer(head):
        if markup["meta"] and (encoding := _declared(markup["meta"])):
            break
        if markup["xml"] and not in_xml and (found := _ENCODING.search(markup["xml"])):
            in_xml = python_encoding(found[1].decode("ascii"))
    encoding = encoding or in_xml
    return "utf-8" if encoding.startswith("utf-16") else encoding  # it was readable as ASCII: it cannot be UTF-16


def page_language(body: bytes) -> str:
    """The language that the `html` element names; empty for none."""
    found = _LANGUAGE.search(body, 0, _SCAN_BYTES)
    return found[1].decode("ascii") if found else ""


def _declared(attributes: bytes) -> str:
    """The encoding that a `meta` element names by `charset`, or by `content` beside `http-equiv="content-type"`."""
    values: dict[bytes, bytes] = {}
    for name, double, single, bare in _ATTRIBUTES.findall(attributes):
        values.setdefault(name.lower(), double or single or bare)
    if b"charset" in values:
        return python_encoding(values[b"charset"].decode("latin-1"))
    if values.get(b"http-equiv", b"").strip().lower() == b"content-type" and (
            found := _CHARSET.search(values.get(b"content", b""))):
        return python_encoding((found[1] or found[2] or found[3] or b"").decode("latin-1"))
    return ""
