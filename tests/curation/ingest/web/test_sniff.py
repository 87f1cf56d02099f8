import pytest

from maslin.curation.ingest.web.sniff import is_html, may_be_html

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
