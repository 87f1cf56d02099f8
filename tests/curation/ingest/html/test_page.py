import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maslin.curation.ingest.html.page import main_text
from tests.curation.web_archives import LINE


def wrapped(inner: str) -> str:
    return f"<html><body><div><div><div><div>{inner}</div></div></div></div></body></html>"


@pytest.mark.parametrize("inner, expected", [
    (f"<h1>Title</h1><p>{LINE}</p><h2>Part</h2><p>x</p>", f"Title\n\n{LINE.strip()}\n\nPart\n\nx"),
    ("x<pre>\ndef f():\n    if a:\n        return 1\n</pre>y", "x\n\ndef f():\n    if a:\n        return 1\n\ny"),
    ("<pre>  first\r\n\n\tsecond</pre>", "  first\n\n\tsecond"),
    ("<pre>a<br>  <b>b</b>\n<i>c</i></pre>", "a\n  b\nc"),
    ("<p>x</p><ul><li>one two</li><li>three</li></ul>y", "x\n\n  one two\n  three\n\ny"),
    ("<ul><li>a<ol><li>b<li>c</ol><li><p>d</p><p>e</p></ul>", "  a\n    b\n    c\n\n  d\n\n  e"),
    ("<ul><li>a<pre>x = 1\n  y</pre></ul>", "  a\n\n  x = 1\n    y"),
    ("<dl><dt>a<dd>b<dt>c<dd>d</dl>", "a\nb\nc\nd"),
    ("<p>x</p><table><tr><th>A</th><th>B</th></tr><tr><td>1</td><td>2</td></tr></table>", "x\n\nA\t\tB\n1\t\t2"),
    ("<table><caption>T</caption><tr><td><p>1</p><td><p>2</p><tr><td>3</table>", "T\n1\t\t2\n3"),
    ("x<table><thead><th>A<th>B<tbody><tr><td>1<br>2<td>3</table>y", "x\n\nA\t\tB\n1\n2\n3\n\ny"),
    ("<blockquote><p>a</p>b</blockquote>c", "a\n\nb\n\nc"),
    ("<div>a</div><div>b <b>c</b><br>d<br><br>e</div>f", "a\nb c\nd\n\ne\nf"),
    ("<details><summary>a</summary>b</details><ruby>c<rp>(</rp><rt>d</rt><rp>)</rp></ruby>", "a\nb\nc(d)"),
    ("<p>x <img alt='ALT'></p><script>bad('</p>')</script><!-- bad --><style>p{}</style>", "x"),
    ("<svg><title>bad</title><text>bad</text></svg><noscript>bad</noscript><template>bad</template>x", "x"),
    ("a<input><select><option>bad</select><p>b &lt;b&gt; &amp;amp; c&nbsp;d", "a\n\nb <b> &amp; c\xa0d"),
    ("<h3><button>a</button></h3><p>b<button>bad</button>", "a\n\nb"),
    ("<x-y><template shadowrootmode=open><p>a</template></x-y><template shadowroot=closed>b</template>", "a\n\nb"),
    ("<template>bad</template><template shadowrootmode=x>bad</template>a<template id=shadowroot>bad", "a"),
])
def test_main_text(inner, expected):
    assert main_text(wrapped(inner)) == expected


@pytest.mark.parametrize("inner, expected", [
    ("<tr><th></th><th>1</th></tr><tr><td></td><td>2</td><td>3</td></tr>", "1\n2\t\t3"),  # the first is empty
    ("<tr><td>1<td><td>2<tr><td>3<td>4<td></tr><tr><td>5", "1\t\t2\n3\t\t4\n5"),  # one between, the last
    ("<tr><td>1<tr><td><td><tr><td> <td><br><tr><td>2", "1\n2"),  # all
    ("<tr><td><br><td>1<tr><td>2<td><br><td>3<tr><td><p></p><td>4", "1\n2\t\t3\n4"),  # empty in other ways
    ("<tr><td><img><td>1<tr><td>2", "1\n2"),
    ("<tr><td rowspan=2>1<td>2<tr><td>3", "1\t\t2\n3"),
    ("<caption>T</caption><tr><td><td>1", "T\n1"),
    ("<thead><tr><th><th>1<tbody><tr><td><td>2<tfoot><tr><td><td>3", "1\n2\n3"),
    ("<tr><td>1<td><table><tr><td>2<td>3<tr><td><td>4</table><td>5<tr><td>6", "1\n2\t\t3\n4\n5\n6"),
    ("<tr><td><table><tr><td><tr><td></table><td>1<tr><td><td>2", "1\n2"),
    ("<tr><td><ul><li>1</ul><td>2<tr><td><pre>3</pre><td>4", "  1\n2\n\n3\n4"),
])
@pytest.mark.parametrize("before", ["<p>x</p>", "<h2>x</h2>", "x"])
def test_rows_of_tables_have_lines_whatever_is_empty(inner, expected, before):
    assert main_text(wrapped(f"{before}<table>{inner}</table><p>y")) == f"x\n\n{expected}\n\ny"


CELLS = st.lists(st.lists(st.sampled_from(["", "a", "b c", "<p>d</p>", "<br>", "<b> </b>"]),
                          max_size=4), max_size=5)


@given(CELLS, st.sampled_from(["<p>x</p>", "<h2>x</h2>", "<ul><li>x</ul>"]))
def test_no_row_holds_two(rows, before):
    table = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    words = [[text for cell in row if (text := re.sub("<[^>]*>", "", cell).strip())] for row in rows]
    found = main_text(wrapped(f"{before}<table>{table}</table>")).split("\n", 2)[2:]
    expected = "\n".join("\t\t".join(row) for row in words if row)
    assert found == ([expected] if expected else [])


@pytest.mark.parametrize("page", [
    "<div>" * 100_000 + "words", "<p>" + "<b>" * 600 + "words</p>" * 100_000, "<a>" * 100_000 + "words",
    "<i a=" * 100_000 + ">words", "<ul>" * 600 + "<li>" * 100_000 + "words", "<table>" * 600 + "<td>words" * 50_000,
])
def test_made_up_pages_take_no_time(page):
    began = time.process_time()
    assert "words" in main_text(page)
    assert time.process_time() - began < 2


MORE = f"<h1>Title</h1><p>{LINE}</p><p>{LINE}</p>"
TEXT = f"Title\n\n{LINE.strip()}\n\n{LINE.strip()}"


@pytest.mark.parametrize("inner, kept", [
    ("<div class='related-posts'><ul><li><a href=x>Another text</a></li></ul></div>", None),
    ("<div class=newsletter-box>Get our letter every morning.</div>", None),
    ("<figure><img><figcaption>A lamb on a meadow</figcaption></figure>", None),
    ("<p class=wp-caption-text>A lamb on a meadow</p>", None),
    ("<p><a href=x>Ten more stories about lambs</a></p>", None),
    ("<p><strong><a href=x>Ten more stories about lambs</a></strong></p>", None),
    ("<div class=navfooter><table><tr><td>Prev</td><td>Next</td></tr></table></div>", None),
    ("<nav>Home</nav><footer>All rights</footer><aside>Aside</aside><dialog>Accept?</dialog>", None),
    ("<div role=navigation>Home</div><div id=sidebar>Archive</div><div class=site-header>The Lamb</div>", None),
    ("<div style='color: red; DISPLAY:none'>a</div><p hidden>b</p><i aria-hidden=true>c</i>", None),
    ("<div id=comments><h2>2 comments</h2><p>I have a lamb, too.</p></div>", None),
    ("<ul class=post-meta><li>By Mary</ul><span class=entry-date>May 1</span>", None),
    ("<form action=search>Find <input><button>Go</button></form>", None),
    ("<aside class=admonition-note><p>Lambs bite.</p></aside>", "Lambs bite."),
    ("<p><a href=x>lamb_feed()</a></p>", "lamb_feed()"),
    ("<p><a href=x>https://lamb.test/meadow/of/the/lamb</a></p>", "https://lamb.test/meadow/of/the/lamb"),
    ("<p><a name=x>Ten more stories about lambs</a></p>", "Ten more stories about lambs"),
    ("<p>See <a href=x>ten more stories about lambs</a></p>", "See ten more stories about lambs"),
    ("<blockquote class=twitter-tweet><p>The lamb was here.</p></blockquote>", "The lamb was here."),
    ("<section id=related-work><p>Others have lambs too.</p></section>", "Others have lambs too."),
    ("<div class=section id=comments><p>Lambs say baa.</p></div>", "Lambs say baa."),
    ("<div class=shareholders><p>Lambs have no shares.</p></div>", "Lambs have no shares."),
    (f"<div class=has-newsletter><p>{LINE}</p><p>{LINE}</p></div>", f"{LINE.strip()}\n\n{LINE.strip()}"),
])
def test_furniture_leaves_and_text_stays(inner, kept):
    assert main_text(wrapped(MORE + inner)) == TEXT + (f"\n\n{kept}" if kept else "")


POST = '<blockquote><p>Wool is back.</p>— M. (@mary) <a href="https://t.example/1">May 3, 2019</a></blockquote>'


@pytest.mark.parametrize("name", ["social-media-embed", "share-embed", "twitter"])
def test_posts_in_boxes_among_paragraphs_are_quotes_and_stay(name):
    page = wrapped(f'<p>{LINE * 3}</p><div class="{name}">{POST}</div><p>{LINE * 3}</p>')
    assert "Wool is back." in main_text(page)
    assert "Wool is back." not in main_text(page.replace("blockquote", "div"))


def test_captions_of_code_stay():
    listing = "<div class=code-block-caption>Listing 1</div><pre>if a:\n    b()</pre>"
    assert main_text(wrapped(MORE + listing)) == f"{TEXT}\n\nListing 1\n\nif a:\n    b()"
    figure = "<figure><pre>a</pre><figcaption>Listing 1</figcaption></figure>"
    assert main_text(wrapped(MORE + figure)).endswith("a\n\nListing 1")


@pytest.mark.parametrize("page", ["<body>{}", "<body><main>{}</main>", "<body><div><div>{}</div></div>"])
def test_lists_near_the_body_are_text_unless_they_are_links(page):
    inner = "<p>Lambs are:</p><ul><li>white<ul><li>as snow</li></ul></li></ul>"
    links = "<ul><li><a href=x>Home</a></li></ul>"
    assert main_text(page.format(inner + links)).split() == [
        "Lambs", "are:", "white", "as", "snow"]


def test_lists_of_links_leave_where_there_is_text():
    links = "<h2>More</h2><ul>" + "".join(f"<li><a href={n}>Lamb {n}</a>" for n in range(9)) + "</ul>"
    text = f"<p>{LINE * 3}</p><p>{LINE * 3}</p>"
    assert main_text(wrapped(text + links)).endswith("Lamb 8") == (len(LINE) * 6 < 250)
    assert main_text(wrapped(text * 3 + links)) == "\n\n".join([(LINE * 3).strip()] * 6)
    assert main_text(wrapped(f"<p>{LINE}</p>" + links)).endswith("Lamb 8")


def test_what_says_that_it_is_the_main_part_is_believed_when_it_holds_the_most():
    about = "<div><h1>Lambs</h1><p>Welcome!</p></div>{}<div><p>Other lambs</p></div>"
    for tag in ("main", "article", "div role=main", "div class=entry-content", "div itemprop=articleBody"):
        part = f"<{tag}><p>{LINE}</p><p>{LINE}</p></{tag.split()[0]}>"
        assert main_text(wrapped(about.format(part))) == f"Lambs\n\n{LINE.strip()}\n\n{LINE.strip()}"
        assert main_text(wrapped(about.format(part * 2))).endswith("Other lambs")  # two main parts are none
        assert main_text(wrapped(about.format(part) + f"<p>{LINE * 9}</p>")).startswith("Lambs\n\nWelcome!")


def test_headings_leave_with_what_is_under_them():
    share = "<h2>Share</h2><div class=share>Mail</div>"
    assert main_text(wrapped(MORE + share)) == TEXT
    assert main_text(wrapped(MORE + share + "<h2>More</h2><p>x")) == f"{TEXT}\n\nMore\n\nx"
    assert main_text(wrapped(MORE + share + "<h3>More</h3><p>x")) == f"{TEXT}\n\nShare\n\nMore\n\nx"
    assert main_text(wrapped(MORE + "<h2>Nothing yet</h2>")) == f"{TEXT}\n\nNothing yet"


def test_markup_shown_as_text_is_not_changed():
    assert main_text(wrapped("<p>x</p><pre>&lt;div class='share'&gt;</pre>")) == "x\n\n<div class='share'>"


def test_a_page_of_links_is_not_emptied():
    links = "".join(f"<p><a href={n}>The story of lamb number {n}</a></p>" for n in range(3))
    assert main_text(wrapped(links)).count("story") == 3


def test_a_page_that_is_called_a_comment_is_not_empty():
    assert main_text(wrapped("<div class=comment><p>COMMENT ON TABLE</p></div>")) == "COMMENT ON TABLE"
