import pytest

from curation.ingest.html import Excess, is_html, main_text, may_be_html
from tests.curation.web_archives import LINE

PAGE = b"<!DOCTYPE html><html><body><p>words</p></body></html>"
XHTML = b'<?xml version="1.0"?>\n<!-- note -->\n<!DOCTYPE html PUBLIC "x"><html><p>words</p></html>'


@pytest.mark.parametrize("header, identified, body, expected", [
    ("text/html; charset=utf-8", None, PAGE, True),
    ("application/xhtml+xml", None, XHTML, True),
    ("text/html", None, b"{% load i18n %}<p>words</p>", True),  # a page that a content sniffer calls JavaScript
    ("text/html", None, b"no tag anywhere", False),
    ("text/html", None, b"%PDF-1.4 <html>", False),
    ("text/html", None, "<p>x</p>".encode("utf-16-le"), True),
    ("text/xml", None, XHTML, True),
    ("text/xml", None, b"<?xml version='1.0'?><rss></rss>", False),
    (None, None, PAGE, True),
    (None, "text/html", b"<p>words", True),
    ("application/octet-stream", None, b"\x00\x00\x00\x01", False),
    ("text/plain", "text/html", PAGE, False),
    ("image/png", None, PAGE, False),
    ("application/json", None, PAGE, False),
])
def test_html_by_header_and_content(header, identified, body, expected):
    assert (may_be_html(header, identified) and is_html(header, identified, body)) is expected


def test_endless_comments_do_not_stall_the_sniffing():
    assert not is_html("", None, b"<!---->" * 600)


def wrapped(inner: str) -> str:
    return f"<html><body><div><div><div><div>{inner}</div></div></div></div></body></html>"


@pytest.mark.parametrize("inner, expected", [
    (f"<h1>Title</h1><p>{LINE}</p><h2>Part</h2><p>x</p>", f"Title\n\n{LINE.strip()}\n\nPart\n\nx"),
    ("<p>x</p><pre>def f():\n    if a:\n        return 1\n</pre>", "x\n\ndef f():\n    if a:\n        return 1"),
    ("<p>x</p><ul><li>one two</li><li>three</li></ul>", "x\n\n  one two\n  three"),
    ("<p>x</p><table><tr><th>A</th><th>B</th></tr><tr><td>1</td><td>2</td></tr></table>", "x\n\nA\t\tB\n1\t\t2"),
    ("<p>x <img alt='ALT'></p><script>bad()</script><!-- bad -->", "x"),
    ("<pre>  first\n    second</pre>", "  first\n    second"),
])
def test_main_text(inner, expected):
    assert main_text(wrapped(inner)) == expected


@pytest.mark.parametrize("html, cause", [
    (wrapped("<p>x</p>" * 1000), None),
    ("<div>" * 600, "too_deep"),
    ("".join(f"<font size={size}>" for size in range(600)), "too_deep"),
    ("<div " + " ".join(f"a{number}=1" for number in range(1100)) + ">", "too_many_attributes"),
    ("<div>" * 500 + "<p>x" * 50_000, "too_much_markup"),
])
def test_excess(html, cause):
    found = main_text(html)
    assert isinstance(found, Excess) == (cause is not None)
    assert cause is None or (found.cause == cause and found.value > found.threshold)


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
    ("<p><a href=x>lamb_feed()</a></p>", "lamb_feed()"),
    ("<p><a name=x>Ten more stories about lambs</a></p>", "Ten more stories about lambs"),
    ("<p>See <a href=x>ten more stories about lambs</a></p>", "See ten more stories about lambs"),
    ("<blockquote class=twitter-tweet><p>The lamb was here.</p></blockquote>", "The lamb was here."),
    ("<section id=related-work><p>Others have lambs too.</p></section>", "Others have lambs too."),
    (f"<div class=has-newsletter><p>{LINE}</p><p>{LINE}</p></div>", f"{LINE.strip()}\n\n{LINE.strip()}"),
])
def test_furniture_leaves_and_text_stays(inner, kept):
    assert main_text(wrapped(MORE + inner)) == TEXT + (f"\n\n{kept}" if kept else "")


def test_captions_of_code_stay():
    listing = "<div class=code-block-caption>Listing 1</div><pre>if a:\n    b()</pre>"
    assert main_text(wrapped(MORE + listing)) == f"{TEXT}\n\nListing 1\nif a:\n    b()"
    figure = "<figure><pre>a</pre><figcaption>Listing 1</figcaption></figure>"
    assert main_text(wrapped(MORE + figure)).endswith("a\nListing 1")


@pytest.mark.parametrize("page", ["<body>{}</body>", "<body><main>{}</main></body>", "<body><div><div>{}</div></div>"])
def test_lists_near_the_body_are_text_unless_they_are_links(page):
    inner = "<p>Lambs are:</p><ul><li>white<ul><li>as snow</li></ul></li></ul><ul><li><a href=x>Home</a></li></ul>"
    assert main_text(page.format(inner)).split() == ["Lambs", "are:", "white", "as", "snow"]


def test_markup_shown_as_text_is_not_changed():
    assert main_text(wrapped("<p>x</p><pre>&lt;div class='share'&gt;</pre>")) == "x\n\n<div class='share'>"


def test_a_page_of_links_is_not_emptied():
    links = "".join(f"<p><a href={n}>The story of lamb number {n}</a></p>" for n in range(3))
    assert main_text(wrapped(links)).count("story") == 3


def test_a_page_that_is_called_a_comment_is_not_empty():
    assert main_text(wrapped("<div class=comment><p>COMMENT ON TABLE</p></div>")) == "COMMENT ON TABLE"
