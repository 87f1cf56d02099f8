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


CARD = "<div><a href=x><img></a><h3><a href=x>The lamb that went to school</a></h3>It did.</div>"
BOX = f"<h3>On wool</h3><p>{TEXT}</p>"
WIDE = "羊は白く、雪のように白く、どこへでもついて行きました。"


@pytest.mark.parametrize("inner, kept", [
    (f"<article>{ARTICLE}<article><a href=x>Ewes</a><p>{TEXT}</p></article></article>", ""),
    (f"{ARTICLE}<div>{CARD * 3}</div>", ""),  # of the links that hold text
    (f"<div>{ARTICLE}<div class=aside>{BOX}</div></div>", f"On wool\n\n{TEXT.strip()}"),  # in the text
    (f"<div>{ARTICLE}</div><div class=aside>{BOX}</div>", ""),  # beside it
    (f"<div>{ARTICLE}<div class=sidebar>{BOX}<p><a href=x>See the meadow</a></p></div></div>",
     f"On wool\n\n{TEXT.strip()}\n\nSee the meadow"),
    (f"<div>{ARTICLE}<div class=sidebar>{BOX}{'<p><a href=x>See the meadow</a></p>' * 9}</div></div>", ""),
    (f"{ARTICLE}<ul>{'<li><a href=x>Lambs</a> (<a href=y>wool</a>)' * 3}</ul>", "\n".join(["  Lambs (wool)"] * 3)),
    (f"{ARTICLE}<ul>{'<li><a href=x>Lambs in the meadow</a>' * 3}</ul>", ""),
    (f"{ARTICLE}<ul><li class=forum-message><p>{TEXT}</p></ul>", ""),
    (f"{ARTICLE}<p class='postmetadata alt'>Written on Monday by Mary.</p>", ""),
    (f"<div id=noscript>Please turn on the lamb.</div>{ARTICLE}", ""),
])
def test_what_stands_in_and_around_an_article(inner, kept):
    assert main_text(page(inner)) == f"Lambs\n\n{SHOWN}" + (f"\n\n{kept}" if kept else "")


def test_what_is_called_a_remark_stays_where_no_text_is_before_it():
    lead = f"<div class=PageArticle_commentLead>{TEXT}</div>"
    assert main_text(page(f"{lead}<div>{ARTICLE}</div>")).count("Mary had") == 10
    assert main_text(page(f"<div>{ARTICLE}</div>{lead}")).count("Mary had") == 8


def test_a_list_of_links_leaves_however_much_text_is_in_it():
    labels = "".join(f"<li><a href={n}>The lamb of the meadow number {n}</a> ({n * 1000})" for n in range(99))
    lyrics = "<p>Mary had a little lamb</p>" * 14
    assert "meadow" not in main_text(page(f"{lyrics}<aside><ul>{labels}</ul></aside>"))


@pytest.mark.parametrize("before, kept", [
    ("<div><h1>lamb(1)</h1><h2>NAME</h2><div><p>lamb - go to school</p></div></div>",
     "lamb(1)\n\nNAME\n\nlamb - go to school"),
    ("<div class=fancy_title>Lambs in C</div>", "Lambs in C"),
    ("<h2>Lambs in C</h2>", "Lambs in C"),
    ("<h1>Lambs</h1><div><ul><li>A lamb<li>A ewe, in the <a href=x>meadow</a> behind the school</ul></div>", "Lambs"),
    ("<h1>Lambs</h1><ul><li>A lamb<li>A ewe, which is in the <a href=x>meadow</a> right behind the school</ul>",
     "Lambs\n\n  A lamb\n  A ewe, which is in the meadow right behind the school"),
    ("<h1>Lambs</h1><table><tr><td><a href=x>Status:</a><td>white</table>", "Lambs\n\nStatus:\t\twhite"),
    (f"<h1>Lambs</h1><div class=highlights><div>{TEXT}</div>See the <a href=x>meadow</a></div>",
     f"Lambs\n\n{TEXT.strip()}\nSee the meadow"),
])
def test_what_manuals_have_before_their_text_stays(before, kept):
    sections = f"<h1>One</h1>{ARTICLE}<h1>Two</h1>{ARTICLE}" if "h1" not in before else ARTICLE
    shown = f"One\n\n{SHOWN}\n\nTwo\n\n{SHOWN}" if "h1" not in before else SHOWN
    assert main_text(f"<body>{before}<div>{sections}</div></body>") == f"{kept}\n\n{shown}"


def test_wide_letters_count_twice_and_are_words():
    article = f"<div>{f'<p>{WIDE}</p>' * 4}</div>"
    headline = "<p><a href=x>羊が学校に行った日のこと</a></p>"
    assert main_text(f"<body><h1>羊</h1>{article}{headline}</body>").count("学校") == 0
    assert main_text(f"<body><h1>羊</h1>{article}<div><div>文字</div></div></body>").endswith(WIDE)
