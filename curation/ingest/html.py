"""HTML pages → main text: whether a body is HTML, whether it is fit to be parsed, and its text by Resiliparse."""

import re
from dataclasses import dataclass
from itertools import pairwise

from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.html import DocumentNode, ElementNode, HTMLTree

from curation.ingest.html_scan import Scan, scan

# Parsing and extracting at these bounds takes two seconds; real pages stay far below.
MAX_DEPTH = 512
MAX_ATTRIBUTES = 1000
MAX_WORK = 20_000_000

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
# Resiliparse passes over what is `hidden`; the other name tells ours from the page's own.
_MARK = b"x-furniture hidden "
_SELECTOR = (
    "[x-furniture]:has(p), [x-furniture]:has(h1), "
    "p > a[href]:only-child, p > :only-child > a[href]:only-child, "
    "body > ul, body > :not(li) > ul, body > * > :not(li) > ul"
)
_MAIN_ONE_IN = 5
_MIN_LINK_CHARACTERS = 20
_MAX_LISTS = 1000  # that are looked at near the body
_LOOKS = 10  # at a paragraph, on average: more than nested furniture of real pages takes


@dataclass(frozen=True, slots=True)
class Excess:
    """The bound a page exceeds: cause, measured value, threshold."""

    cause: str
    value: int
    threshold: int


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


def main_text(html: str) -> str | Excess:
    """The main text of a page: paragraphs, headings, lists, tables, quotes and preformatted code, one block a line.

    Or the bound that the page exceeds; then no parser has seen it. Resiliparse's main-content heuristics without
    alternative texts, list bullets, comments and post metadata (on news pages these four cost more precision than all
    its other mistakes together), after what `_tidy` does to the document.
    """
    page = html.encode("utf-8", "replace")
    found = scan(page)
    for cause, value, threshold in (
        ("too_deep", found.depth, MAX_DEPTH), ("too_many_attributes", found.attributes, MAX_ATTRIBUTES),
        ("too_much_markup", found.work, MAX_WORK),
    ):
        if value > threshold:
            return Excess(cause, value, threshold)
    tree = HTMLTree.parse(_marked(page, found).decode())
    _tidy(tree, found.paragraphs)
    if b"<figure" in page and (found.has_code or b"<table" in page):
        _open_figures(tree)
    # A page may call itself a comment: the manual of SQL's COMMENT does. Then the comments are its text.
    return _extract(tree, comments=False) or _extract(tree, comments=True)


def _extract(tree: HTMLTree, comments: bool) -> str:
    return extract_plain_text(
        tree, preserve_formatting=True, main_content=True, list_bullets=False, alt_texts=False, links=False,
        form_fields=False, noscript=False, comments=comments, post_meta=False,
    ).lstrip("\r\n").rstrip()


def _marked(page: bytes, found: Scan) -> bytes:
    """The page with an attribute more on its furniture, and with misleading attributes renamed.

    Resiliparse takes a quoted tweet, `<blockquote class="twitter-tweet">`, for a button to share something, and
    `<section id="related-work">` for a list of other pages.
    """
    furniture = found.furniture if found.has_code else found.furniture + found.captions
    inserts = [(place, _MARK) for place in furniture] + [(place, b"x-") for place in found.misleading]
    if not inserts:
        return page
    parts, begin = [], 0
    for place, insert in sorted(inserts):
        parts += page[begin:place], insert
        begin = place
    return b"".join((*parts, page[begin:]))


def _tidy(tree: HTMLTree, paragraphs: int) -> None:
    """Take away paragraphs that are one link; keep lists near the body; look at the furniture once more.

    Furniture that holds a top heading, or more than a fifth of the page's paragraphs and of their text, is none
    whatever its name is: pages call themselves `has-newsletter`.
    """
    if tree.document is None:
        return
    links: list[ElementNode] = []
    text, looks, lists = -1, _LOOKS * paragraphs, 0
    for element in tree.document.query_selector_all(_SELECTOR).values():
        tag = element.tag
        if element.has_attribute("x-furniture"):
            inside = len(element.get_elements_by_tag_name("p"))
            if inside and not len(element.get_elements_by_tag_name("h1")):
                looks -= inside
                if inside * _MAIN_ONE_IN <= paragraphs or looks < 0:
                    continue
                text = _paragraph_characters(tree.document) if text < 0 else text
                if _paragraph_characters(element) * _MAIN_ONE_IN <= text:
                    continue
            element.remove_attribute("hidden")
        elif tag == "a":
            words = element.text_content.strip()
            paragraph = element.closest("p") if _reads_on(words) else None
            if paragraph is not None and len(words) == len(paragraph.text_content.strip()):
                links.append(paragraph)
        elif lists < _MAX_LISTS:
            lists += 1
            _keep_near_body(tree, element)
    if len(links) * 2 <= paragraphs:  # otherwise the page is a list of links
        for paragraph in links:
            paragraph.remove()


def _open_figures(tree: HTMLTree) -> None:
    """Have figures of code and tables read, with what is written under them: Resiliparse takes figures for pictures."""
    for figure in tree.document.get_elements_by_tag_name("figure").values():
        if any(len(figure.get_elements_by_tag_name(name)) for name in ("pre", "table")):
            for element in (*figure.get_elements_by_tag_name("figcaption").values(), figure):
                plain = tree.create_element("div")
                plain.append(*element.child_nodes.values())
                element.replace_with(plain)


def _reads_on(words: str) -> bool:
    """Whether the text of a link is a sentence or a headline, and not the name of something."""
    return len(words) >= _MIN_LINK_CHARACTERS and " " in words


def _paragraph_characters(node: DocumentNode | ElementNode) -> int:
    return sum(len(paragraph.text_content or "") for paragraph in node.get_elements_by_tag_name("p").values())


def _keep_near_body(tree: HTMLTree, items: ElementNode) -> None:
    """Lay a list that is text deeper: Resiliparse takes one less than three elements below the body for navigation."""
    linked = sum(len(link.text_content or "") for link in items.get_elements_by_tag_name("a").values())
    if linked * 2 >= len(items.text_content or "") or items.closest("nav, header, footer, aside") is not None:
        return
    shells = [tree.create_element("div") for _ in range(3)]
    items.replace_with(shells[0])
    for outer, inner in pairwise((*shells, items)):
        outer.append_child(inner)
