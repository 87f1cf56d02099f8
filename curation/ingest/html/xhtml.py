"""XHTML that was sent as XML → the page as HTML has it written, so that one reader reads both."""

import re
from html import escape
from xml.parsers import expat

_XML_TYPES = frozenset(("application/xhtml+xml", "application/vnd.wap.xhtml+xml", "application/xml", "text/xml"))
_VOID = frozenset((
    "area", "base", "basefont", "bgsound", "br", "col", "embed", "frame", "hr", "img", "input", "link", "meta", "param",
    "source", "track", "wbr", "keygen",
))
_EMPTY_RAW = re.compile(
    r"""<(script|style|title|textarea|iframe|noscript|noembed|noframes|xmp)(?=[\s/])"""
    r"""((?:[^<>"'/]|/(?!>)|"[^"]{0,2000}+"|'[^']{0,2000}+')*+)/>""", re.IGNORECASE)
# What XML writes otherwise than HTML: sections of characters, empty elements, and what may look like them and is none.
_OTHERWISE = re.compile(
    r"""<!--.*?-->|(?P<instruction><\?.*?\?>)|<!\[CDATA\[(?P<text>.*?)\]\]>|(?P<declared><!DOCTYPE[^\[>]*+\[.*?\]\s*>)"""
    r"""|<(?P<name>[^\s<>/!?'"=]++)(?P<attributes>(?:[^<>"'/]|/(?!>)|"[^"]*+"|'[^']*+')*+)/>""", re.DOTALL)
_REFERENCE = re.compile(r"&([A-Za-z_][\w.-]{0,60});")
_MAX_ENTITIES = 1000
_GROWTH = 2  # times a page may become as long by its own entities


def is_xml_type(media_type: str) -> bool:
    """Whether browsers read a page of this type as XML."""
    return media_type in _XML_TYPES


def html_of_xhtml(page: str) -> str:
    """The page with its empty elements closed, its sections of characters and its own entities written out.

    A page that is not well-formed was never read as XML by anyone, and stays as it is but for empty elements that would
    take what follows as their text: `<script src="a"/>`. Nothing outside of the page is read, and entities that hold
    others stay as they stand.
    """
    entities = _own_entities(page.lstrip())
    if entities is None:
        return _EMPTY_RAW.sub(r"<\1\2></\1>", page)
    page = _OTHERWISE.sub(_as_html, page)
    return _with_entities(page, entities) if entities else page


def _as_html(found: re.Match[str]) -> str:
    if (text := found["text"]) is not None:
        return escape(text, quote=False)
    if found["declared"]:  # declarations that HTML would show
        return "<!DOCTYPE html>"
    if found["instruction"]:
        return ""
    if (name := found["name"]) is None or name.lower() in _VOID:
        return found[0]
    return f"<{name}{found['attributes']}></{name}>"


def _own_entities(page: str) -> dict[str, str] | None:
    """Those that the page's document type declares, as far as they are plain text; None if the page is no XML."""
    entities: dict[str, str] = {}

    def declared(name: str, is_parameter: int, value: str | None, *_: object) -> None:
        if not is_parameter and value is not None and not set(value) & set("&<") and len(entities) < _MAX_ENTITIES:
            entities.setdefault(name, value)

    parser = expat.ParserCreate("utf-8")
    parser.EntityDeclHandler = declared
    parser.UseForeignDTD(True)  # names of HTML's entities are no error though their declarations are not read
    parser.ExternalEntityRefHandler = lambda *_: 1  # and nor is anything else
    try:
        parser.Parse(page.encode("utf-8", "replace"), True)
    except expat.ExpatError:
        return None
    return entities


def _with_entities(page: str, entities: dict[str, str]) -> str:
    room = _GROWTH * len(page)

    def value(found: re.Match[str]) -> str:
        nonlocal room
        text = entities.get(found[1])
        if text is None or room < len(text):
            return found[0]
        room -= len(text)
        return text

    return _REFERENCE.sub(value, page)
