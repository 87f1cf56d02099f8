"""HTML pages → main text. Imports kernels, and with them their compiler: for workers alone."""

from dataclasses import dataclass

import numpy as np

from maslin.curation.ingest.html.elements import ELEMENT_HASHES, ELEMENT_KINDS
from maslin.curation.ingest.html.furniture import WORD_HASHES, WORD_KINDS
from maslin.curation.ingest.html.labels import IS_LABEL, LABEL_HASHES, drop_labels
from maslin.curation.ingest.html.parts import ALL, STRICT, WITH_REMARKS, gone_parts
from maslin.curation.ingest.html.text import write_text
from maslin.curation.ingest.html.tree import read_tree
from maslin.curation.text.references import unescaped


@dataclass(frozen=True, slots=True)
class Page:
    """What is read of a page: its main text, and its `meta` tags as they stand."""

    text: str
    metas: list[str]


def read_page(html: str, url: str | None = None) -> Page:
    """Read a page; its main text is paragraphs, headings, lists, tables, quotes and preformatted code.

    Blocks stand on lines of their own, lists are indented, the cells of a row have two tabs between them. Navigation,
    remarks of readers and what pages call share, related and the like are left out; where nothing else is there, they
    are the text. `url` has no part in it: it is what other extractors are given.
    """
    data = html.encode("utf-8", "replace")
    page = np.frombuffer(data, np.uint8)
    kind, said, parent, close, own, linked, spaces, of, start, end, metas = read_tree(
        page, ELEMENT_HASHES, ELEMENT_KINDS, WORD_HASHES, WORD_KINDS)
    for how in (STRICT, WITH_REMARKS, ALL):
        gone = gone_parts(kind, said, parent, own, linked, spaces, how)
        if how != ALL:
            drop_labels(page, kind, close, linked, of, start, end, LABEL_HASHES, IS_LABEL, gone)
        text = write_text(page, kind, said, close, of, start, end, gone).tobytes().decode()
        if "&" in text:
            text = unescaped(text)
        text = text.lstrip("\r\n").rstrip()
        if text:
            break
    return Page(text, _metas(data, metas))


def read_metas(html: str) -> list[str]:
    """The `meta` tags of a page as they stand."""
    data = html.encode("utf-8", "replace")
    *_, metas = read_tree(
        np.frombuffer(data, np.uint8), ELEMENT_HASHES, ELEMENT_KINDS, WORD_HASHES, WORD_KINDS)
    return _metas(data, metas)


def _metas(data: bytes, metas: np.ndarray) -> list[str]:
    places = metas.tolist()
    return [data[begin:behind].decode() for begin, behind in zip(places[::2], places[1::2], strict=True)]


def main_text(html: str) -> str:
    """The main text of a page."""
    return read_page(html).text
