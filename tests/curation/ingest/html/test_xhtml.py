"""XHTML that was sent as XML; pages that are no XML stay as they are; nothing outside of a page is read."""

import time

import pytest

from maslin.curation.ingest.html.page import main_text
from maslin.curation.ingest.html.xhtml import html_of_xhtml, is_xml_type

HEAD = '<?xml version="1.0" encoding="latin-1"?><!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "x.dtd"{}>'


def page(inner: str, declared: str = "") -> str:
    return HEAD.format(declared) + f'<html xmlns="http://www.w3.org/1999/xhtml"><body>{inner}</body></html>'


@pytest.mark.parametrize("inner, expected", [
    ("<script src='a.js'/>a", "a"), ("<title/>a<textarea/>b", "ab"), ("<p class='x'/>a<br/>b<img src='x'/>", "a\nb"),
    ("a<i title='b/>'>c</i><!-- <p/> --><?x <p/> ?>", "ac"), ("<![CDATA[a < b &amp; <p/> c]]>", "a < b &amp; <p/> c"),
    ("a&nbsp;&eacute;&#233;&amp;lt;", "a\xa0éé&lt;"), ("<ul><li>a<div/>b</li></ul>", "a\nb"),
    ("<select/>a<table><tr><td/><td>b</td></tr></table>", "a\n\nb"),
])
def test_what_xml_writes_otherwise(inner, expected):
    text = main_text(html_of_xhtml(page(inner)))
    assert "\n".join(line.strip() for line in text.split("\n")) == expected


def test_own_entities():
    declared = ' [<!ENTITY lamb "Läm b"><!ENTITY passwd SYSTEM "file:///etc/passwd"><!ENTITY two "&lamb;&lamb;">]'
    assert main_text(html_of_xhtml(page("&lamb;, &passwd;, &two;", declared))) == "Läm b, &passwd;, &two;"
    laughs = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(12))
    began = time.process_time()
    bomb = page("&l12;", f' [<!ENTITY l0 "{"lol" * 100}">{laughs}]')
    assert len(html_of_xhtml(bomb)) <= len(bomb)
    many = page("&a;" * 100_000, f' [<!ENTITY a "{"a" * 100_000}">]')
    assert len(html_of_xhtml(many)) < 4 * len(many)
    assert time.process_time() - began < 5


@pytest.mark.parametrize("malformed", [
    "<p>a<br/><b></p>", "<p>a<br/>", "a<br/>b & c", "<p/><p/>", "<br/>\x00", "", "<p a=b/>", "<![CDATA[", "\ud800<p/>"])
def test_what_is_no_xml_stays(malformed):
    assert html_of_xhtml(malformed) == malformed


def test_empty_elements_of_what_is_no_xml_take_nothing_with_them():
    assert html_of_xhtml("<script src='a>b'/><p>a<br>& b<style/>") == (
        "<script src='a>b'></script><p>a<br>& b<style></style>")
    assert main_text(html_of_xhtml("\n" + page("<script src='a.js'/>a"))) == "a"


@pytest.mark.parametrize("made_up", [
    "<script a='", "<script ", "<script '", "<title a=\"'",
    "<!--", "<![CDATA[", "<?", "<a b='", "<a " * 9, "<!DOCTYPE a [", "<a/>" * 9, "<a>" * 9,
])
def test_made_up_xml_takes_no_time(made_up):
    began = time.process_time()
    html_of_xhtml(made_up * 20_000)
    html_of_xhtml(f"<a><![CDATA[{made_up * 20_000}]]></a>")
    assert time.process_time() - began < 2


@pytest.mark.parametrize("kind, expected", [
    ("application/xhtml+xml", True), ("text/xml", True), ("application/vnd.wap.xhtml+xml", True), ("text/html", False),
    ("", False)])
def test_types_that_are_xml(kind, expected):
    assert is_xml_type(kind) is expected
