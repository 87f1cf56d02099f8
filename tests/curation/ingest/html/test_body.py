"""The part of a page that holds its text: what an element holds weighs against what it is called."""

import pytest

from maslin.curation.ingest.html.page import main_text
from tests.curation.web_archives import LINE

TEXT = LINE * 2
ARTICLE = "".join(f"<p>{TEXT}</p>" for _ in range(4))
SHOWN = "\n\n".join([TEXT.strip()] * 4)
TEASER = "<div><h3><a href=x>The lamb that went to school</a></h3>The teacher was surprised by it.</div>"


def page(inner: str) -> str:
    return f"<html><body><div><div><div><h1>Lambs</h1>{inner}</div></div></div></body></html>"


@pytest.mark.parametrize("name", [
    "entry__content steady-paywall-container", "entry-content-read-more", "photo-gallery", "MtnCommentBody",
    "with-sidebar related-wrapper", "newsletter-page",
])
def test_an_article_stays_whatever_it_is_called(name):
    lists = "<p>" + "</p><p>".join(["Lamb"] * 30) + "</p>"  # so that it holds a small share of all paragraphs
    assert SHOWN in main_text(page(f"<div class='{name}'>{ARTICLE}</div>{lists}"))
    as_divs = main_text(page(f"<div class='{name}'>{ARTICLE.replace('p>', 'div>')}</div>{lists}"))
    assert " ".join(SHOWN.split()) in " ".join(as_divs.split())


def test_a_report_of_many_remarks_stays_and_a_thread_leaves():
    units = "".join(f"<div class=live-match-comment><p>{TEXT}</p></div>" for _ in range(6))
    assert main_text(page(units)).count("Mary had") == 12
    assert main_text(page(f"<div id=comments>{units}</div>{ARTICLE}")) == f"Lambs\n\n{SHOWN}"
    assert main_text(page(f"{ARTICLE}{units}")) == f"Lambs\n\n{SHOWN}"


@pytest.mark.parametrize("beside, kept", [
    (TEASER * 3, None),
    ("<div>Text size</div>", None),
    ("<ul><li><a href=x>Lambs</a><li>12 entries</ul>", None),
    (f"<div><p>{TEXT}</p></div>", TEXT.strip()),  # another part of the text
    (f"<div><h2>Wool</h2><p>{TEXT} See <a href=x>lambs</a></p></div>", f"Wool\n\n{TEXT.strip()} See lambs"),
    ("<div><h2>Wool</h2><p>It is white.</p></div>", "Wool\n\nIt is white."),
    ("<div><pre>shear(lamb)</pre></div>", "shear(lamb)"),
])
def test_what_stands_beside_the_body(beside, kept):
    assert main_text(page(f"<div>{ARTICLE}</div>{beside}")) == f"Lambs\n\n{SHOWN}" + (f"\n\n{kept}" if kept else "")


def test_a_page_of_short_lines_has_no_body():
    lines = "".join(f"<div>Lamb {number}</div>" for number in range(9))
    assert main_text(page(f"<div>{lines}</div><div>Ewe</div>")).endswith("Lamb 8\nEwe")


def test_blocks_of_headlines_leave():
    line = "<p>Today: <a href={}>The lamb that went to school</a></p>"
    headlines = "".join(line.format(number) for number in range(3))
    assert main_text(page(f"<div>{ARTICLE}<div>{headlines}</div></div>")) == f"Lambs\n\n{SHOWN}"
