import gzip
import hashlib
import time

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
    ("text/html; charset=utf-16le", None, "<!DOCTYPE html><p>Съезд учёных".encode("utf-16-le"), True),
    ("text/html", None, "<html><body><p>Съезд учёных начался".encode("utf-16"), True),
    ("text/html", None, b"<RSS version='2.0'><channel><item>", False),
    ("text/html", None, b'<?xml version="1.0"?><!-- a --><kml xmlns="http://www.opengis.net/kml/2.2"><p>x', False),
    ("text/html", None, b'<?xml version="1.0"?>\n<s:Envelope a="1" xmlns:s=\'x\'><p>x', False),
    ("text/html", None, b'<?xml version="1.0"?><div xmlns="http://www.w3.org/1999/xhtml"><p>x', True),
    ("text/html", None, b'<?xml version="1.0"?><h:html xmlns:h="http://www.w3.org/1999/xhtml"><p>x', True),
    ("text/html", None, b' {"html" : "<p>x</p>"}', False), ("text/html", None, b'[{"a":"<p>"}]', False),
    ("text/html", None, b'{{ "a" }}<p>x', True), ("text/html", None, b"{a} [b] <p>x", True),
    ("text/html", None, b"BEGIN:VCALENDAR\r\nDESCRIPTION:<p>x", False),
    ("text/html", None, b"MIME-Version: 1.0\r\nContent-Type: multipart/related\r\n\r\n<p>x", False),
    ("text/html", None, b"From: <Saved by Mozilla>\r\nSubject: x\r\nMIME-Version: 1.0\r\n\r\n<p>x", False),
    ("text/xml", None, XHTML, True),
    ("text/xml", None, b"<?xml version='1.0'?><rss></rss>", False),
    (None, None, PAGE, True),
    (None, "text/html", b"<p>words", True),
    ("application/octet-stream", None, b"\x00\x00\x00\x01", False),
    ("text/plain", "text/html", PAGE, False),
    ("image/png", None, PAGE, False),
    ("application/json", None, PAGE, False),
    ("text/html, text/html; charset=UTF-8", None, PAGE, True), ("text/html, image/png", None, PAGE, False),
    ("text/html charset=utf-8", None, PAGE, True), ("garbage", None, b"<div>x</div>", True),  # by the content
    (None, None, b" <p>x", True), (None, None, b"x <p>y", False), (None, None, b"<rss><item>", False),
    ("application/octet-stream", None, b"<p>x", False),
])
def test_html_by_header_and_content(header, identified, body, expected):
    assert (may_be_html(header, identified) and is_html(header, identified, body)) is expected


def test_endless_comments_do_not_stall_the_sniffing():
    assert not is_html("", None, b"<!---->" * 600)


RSS = b'<rss version="2.0"><channel><item><description>words</description></item></channel></rss>'
RDF = b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">'
OPEN = b'<?xml version="1.0"?>\n'


@pytest.mark.parametrize("body", [
    RSS, OPEN + RSS, b"\xef\xbb\xbf \n" + OPEN + b"<!-- x --><?xml-stylesheet href='a'?>" + RSS,
    b'<!DOCTYPE rss PUBLIC "a" "b.dtd">' + RSS, b"<!DOCTYPE rss [<!ENTITY a 'b'>]>\n" + RSS,
    OPEN + b"<feed xmlns='http://www.w3.org/2005/Atom'><entry/></feed>", b"<a:feed xmlns:a='x'></a:feed>",
    RDF + b"<item/></rdf:RDF>", OPEN + b"<urlset><url><loc>http://a.test/</loc></url></urlset>", b"<opml><p>",
    (OPEN + RSS).decode().encode("utf-16-le"), (OPEN + RSS).decode().encode("utf-16"),
])
def test_a_feed_is_no_page_whatever_its_header_says(body):
    assert not is_html("text/html", None, body) and not is_html("application/xhtml+xml", None, body)


def noise(length):
    return b"".join(hashlib.sha256(bytes((number % 256, number >> 8))).digest() for number in range(length // 32))


@pytest.mark.parametrize("body", [
    b"%PDF-1.4\n<html>", b"\n%PDF-1.7", b"%!PS-Adobe-3.0 <a>", b"{\\rtf1 <b>x}", b"PK\x03\x04" + noise(4096),
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + noise(4096), b"ID3\x03\0" + noise(4096),
    b"\xff\xfb\x90\x64" + noise(4096),
    b"FWS\x06" + noise(4096), b"CWS\x0a" + noise(4096), gzip.compress(PAGE), b"GIF89a" + noise(400),
    b"\xff\xd8\xff<p>",
    b"\x89PNG\r\n<p>", b"RIFF\x10\0\0\0WAVE<p>", b"\0\0\0\x18ftypmp42<p>", b"begin 644 a.zip\nM<A<B",
    b"MZ\x90\0\x03<p>",
    noise(8192), b"name.html" + bytes(503) + noise(4096), b"\x7fELF<p>", b"BZh91AY<p>",
], ids=range(22))
def test_binary_data_is_no_page_whatever_its_header_says(body):
    assert not is_html("text/html", None, body)


@pytest.mark.parametrize("body", [
    b"\xef\xbb\xbf" + PAGE, "\ufeff".encode("utf-16-le") + PAGE.decode().encode("utf-16-le"),
    PAGE.decode().encode("utf-16"), PAGE.decode().encode("utf-16-be"), b"\0\0\0" + PAGE, b"\x01\x02\xff" + PAGE,
    bytes(300) + PAGE, b"\x0c\x1a" + PAGE + b"\0" * 3000, b"MZ is a signature <p>of programs", b"ID3 tags <p>explained",
    b"BZh is <b>bzip2</b>", b"PK <i>x</i>", b"RIFF files <p>x", b"\x1b$B<p>", b"<p>\x01a few\x02",
    "<p>日本".encode("utf-16"),
    b"<rssreader>x</rssreader><p>", b"<rdf:RDF><html><p>a licence", b"<feedback>x</feedback>",
    b"<!doctype html><p>how to write &lt;rss> <rss>",
], ids=range(20))
def test_a_page_is_one_however_it_begins(body):
    assert is_html("text/html", None, body)


@pytest.mark.parametrize("body", [
    b"<!--x-->" * 600, b"<?xml " * 800, b"<!a[" * 1000, b"\xff" * 4096, b" " * 4096, b"<!DOCTYPE x [" + b"]" * 4000,
    b"<?xml ?><a " + b" xmlns:" * 600, b"<?xml ?>" + b"<!-- " * 900, b"From: <Saved by" + b"a\n" * 2000,
    b'{"' + b"\\a" * 2000,
])
def test_made_up_beginnings_take_no_time(body):
    began = time.process_time()
    is_html("text/html", None, body)
    assert time.process_time() - began < 0.1
