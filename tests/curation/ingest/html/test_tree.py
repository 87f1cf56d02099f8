"""The reader of pages against lexbor, a whole parser of HTML 5 (by resiliparse), and what names say."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from resiliparse.parse.html import HTMLTree

from maslin.curation.ingest.html.elements import ELEMENT_HASHES, ELEMENT_KINDS
from maslin.curation.ingest.html.furniture import (
    ASIDE_NAME,
    CAPTIONED,
    FURNITURE,
    HEADER_NAME,
    HIDDEN,
    IS_MAIN,
    NOTE,
    PART_OF_TEXT,
    REMARKS,
    THREAD,
    WORD_HASHES,
    WORD_KINDS,
)
from maslin.curation.ingest.html.text import write_text
from maslin.curation.ingest.html.tree import MAX_DEPTH, read_tree

UNSHOWN = "script, style, title, textarea, select, svg, template, noscript, iframe"


def read(page: str):
    data = np.frombuffer(page.encode(), np.uint8)
    return data, read_tree(data, ELEMENT_HASHES, ELEMENT_KINDS, WORD_HASHES, WORD_KINDS)[:-1]


def all_text(page: str) -> str:
    data, (kind, said, _, close, _, _, _, of, start, end) = read(page)
    return write_text(data, kind, said, close, of, start, end, np.zeros(len(kind), np.uint8)).tobytes().decode()


def parsed_text(page: str) -> str:
    tree = HTMLTree.parse(f"<!doctype html><body>{page}")
    for element in tree.document.query_selector_all(UNSHOWN).values():
        element.remove()
    return tree.body.text_content


NAMES = (
    "p", "div", "span", "a", "b", "ul", "li", "dl", "dt", "dd", "h1", "h2", "pre", "br", "hr", "blockquote", "main",
    "section", "table", "tr", "td", "th", "tbody", "caption", "button", "form", "script", "style", "title", "textarea",
    "svg", "path", "foreignObject", "select", "option", "template", "em", "x-y",
)
MARKUP = st.lists(st.one_of(
    st.tuples(st.sampled_from(["<", "</"]), st.sampled_from(NAMES), st.sampled_from([">", " class=x>", "/>"])).map(
        "".join),
    st.sampled_from(["word", "é漢", " ", "\n", "<", "</", "<!-- x -->", "<!--", "-->", "<!doctype html>", "<3", "&amp",
                     "=", "<a href='x>y'>", '<i title="</p>">', "<!-->", "<?php ?>"]),
), max_size=40).map("".join)


@given(MARKUP)
@example("<svg><p>a</svg>b")
@example("<select><p>a</select>b")
@example("<p><table><td><p>a</p></table>b")
def test_the_tree_is_whole(page):
    _, (kind, _, parent, close, own, linked, _, of, start, end) = read(page)
    assert (parent[1:] < np.arange(1, len(kind))).all() and (linked <= own).all()
    opened = []
    for event, (element, begin) in enumerate(zip(of.tolist(), start.tolist(), strict=True)):
        if begin == -1:
            assert not opened or parent[element] == opened[-1]
            opened.append(element)
        elif begin == -2:
            assert opened.pop() == element and close[element] == event
        else:
            assert opened[-1] == element and begin < end[event]
    assert not opened


PROSE = st.lists(st.sampled_from(
    ["word ", "é漢", "<b>", "</b>", "<p>", "</p>", "<div>", "</div>", "<ul>", "</ul>", "<li>", "<a href=x>", "</a>",
     "<h2>", "</h2>", "<br>", "<!-- x -->", "<script>if (a<b) '<p>'</script>", "<style>p</style>", "<i title='a>b'>",
     "<", "<3 ", "<svg><path/></svg>", "<textarea><p>x</textarea>", "<blockquote>", "</blockquote>", "<pre>", "</pre>",
     "<x-y>"]
), max_size=40).map("".join)


@given(PROSE)
def test_the_text_is_that_of_a_parser(page):
    assert "".join(all_text(page).split()) == "".join(parsed_text(page).split())


@pytest.mark.parametrize("page, text", [
    ("<p>a<p>b", "a\n\nb"), ("<p>a<div>b", "a\n\nb"),
    ("<ul><li>a<li>b<ul><li>c</ul>d</ul>e", "  a\n  b\n    c\n  d\n\ne"),
    ("<table><tr><td>a<td>b<tr><td>c</table>d", "a\t\tb\nc\n\nd"),
    ("<p>a<table><td>b<p>c</table>d", "a\n\nb\n\nc\n\nd"),
    ("<p><b>a</p>b", "a\n\nb"), ("<i><div>a</i>b</div>c", "ab\nc"), ("<p>a<button>b<p>c</button>d", "ab\n\nc\n\nd"),
    ("<select><option>a<div>b", "b"), ("<svg><g>a</svg>b<svg/>c", "bc"), ("<svg><p>a", "a"),
    ("a</span></div>b", "ab"), ("a</p>b", "a\n\nb"), ("a</br>b", "a\nb"), ("a<!-->b<!--->c<!-- -- > --!>d", "abcd"),
    ("a</ b>c</>d<!x>e<?f?>g", "acdeg"), ("<title><p>a</title>b<textarea></p></textarea>c", "bc"),
    ("1 < 2 <3", "1 < 2 <3"),
])
def test_where_elements_end(page, text):
    assert all_text(page) == text


def test_depth_is_bounded():
    _, (kind, _, parent, *_) = read("<div>" * 3000 + "a" + "</div>" * 3000 + "<p>b")
    assert len(kind) == MAX_DEPTH + 2 and parent[-1] == 0


@pytest.mark.parametrize("value, bits", [
    ("related", FURNITURE | ASIDE_NAME), ("post-share", FURNITURE), ("entry ShareBar", FURNITURE | ASIDE_NAME),
    ("read-more", FURNITURE), ("js-readNext2", FURNITURE), ("article__most_popular", FURNITURE),
    ("read x-more", 0), ("shareholder adverse unrelated", 0),  # of two names; of other words
    ("main-nav", ASIDE_NAME), ("nav-of-lambs", 0), ("footer", ASIDE_NAME), ("card-footer", 0),
    ("post-footer", FURNITURE), ("entry-meta", FURNITURE), ("site-header", FURNITURE | HEADER_NAME),
    ("header", HEADER_NAME), ("user-comments", REMARKS | THREAD), ("hidden", HIDDEN), ("hidden-lambs", 0),
    ("wp-caption", CAPTIONED), ("note", NOTE), ("section", PART_OF_TEXT), ("entry-content", IS_MAIN),
    ("", 0), ("é-related-é", FURNITURE | ASIDE_NAME),
])
@pytest.mark.parametrize("tag", ["<div class=\"{}\">", "<DIV title=x CLASS = '{}' id=b>", "<i\nclass=\"{}\"/>"])
def test_what_class_names_say(value, bits, tag):
    assert read(tag.format(value))[1][1][1] == bits


@pytest.mark.parametrize("tag, bits", [
    ("<div id=related-work>", 0), ("<div id=comments>", REMARKS | THREAD), ("<div id=main-nav>", ASIDE_NAME),
    ("<div class=section id=comments>", PART_OF_TEXT), ("<h2 id=comments>", 0), ("<div data-class=share>", 0),
    ("<div role=search>", ASIDE_NAME), ("<div role=main>", IS_MAIN), ("<div role=note>", 0), ("<div hidden>", HIDDEN),
    ("<div aria-hidden=true>", HIDDEN), ("<div aria-hidden=false>", 0), ("<p style='a:b; display : none'>", HIDDEN),
    ("<p style=visibility:hidden>", HIDDEN), ("<p style='display:block;x:none'>", 0),
])
def test_what_other_attributes_say(tag, bits):
    assert read(tag)[1][1][1] == bits
