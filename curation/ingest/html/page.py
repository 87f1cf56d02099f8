"""HTML pages → main text. Imports kernels, and with them their compiler: for workers alone."""

from dataclasses import dataclass

import numpy as np

from maslin.curation.ingest.html.elements import ELEMENT_HASHES, ELEMENT_KINDS
from maslin.curation.ingest.html.furniture import WORD_HASHES, WORD_KINDS
from maslin.curation.ingest.html.labels import IS_LABEL, LABEL_HASHES, drop_labels
from maslin.curation.ingest.html.parts import ALL, STRICT, gone_parts
from maslin.curation.ingest.html.text import write_text
from maslin.curation.ingest.html.tree import read_tree
from maslin.curation.text.references import unescaped
from maslin.manifests.kernels.kernel import njit


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
    page, how, text = np.frombuffer(data, np.uint8), STRICT, ""
    while not text and how <= ALL:
        written, how, metas = _read(
            page, how, ELEMENT_HASHES, ELEMENT_KINDS, WORD_HASHES, WORD_KINDS, LABEL_HASHES, IS_LABEL)
        text = unescaped(written.tobytes().decode()).lstrip("\r\n").rstrip()
    return Page(text, _metas(data, metas))


@njit(cache=True)
def _read(page, how, hashes, kinds, words, word_kinds, label_hashes, is_label):
    """The text of a page looked for as `how` says or, where that finds nothing, in the ways after it.

    Returns it (uint8, character references as they stand), the next way, and where the page's `meta` tags are.
    """
    kind, said, parent, close, own, linked, spaces, of, start, end, metas = read_tree(
        page, hashes, kinds, words, word_kinds)
    text = np.empty(0, np.uint8)
    while len(text) == 0 and how <= ALL:
        gone = gone_parts(kind, said, parent, own, linked, spaces, how)
        if how != ALL:
            drop_labels(page, kind, close, linked, of, start, end, label_hashes, is_label, gone)
        text = write_text(page, kind, said, close, of, start, end, gone)
        how += 1
    return text, how, metas


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
