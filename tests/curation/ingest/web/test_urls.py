import pytest
from hypothesis import given
from hypothesis import strategies as st

from maslin.curation.ingest.web.urls import normalised, without_brackets


@pytest.mark.parametrize("uri, expected", [
    ("http://a.test/x", "http://a.test/x"),
    ("HTTP://A.Test", "http://a.test/"),
    ("http://a.test:80/", "http://a.test/"),
    ("https://a.test:443/", "https://a.test/"),
    ("http://a.test:443/", "http://a.test:443/"),
    ("http://a.test/x#part", "http://a.test/x"),
    ("http://a.test/%7euser/%2f", "http://a.test/~user/%2F"),
    ("http://a.test/é b", "http://a.test/%C3%A9%20b"),
    ("http://a.test/100%", "http://a.test/100%25"),
    ("http://a.test/?b=2&a=1", "http://a.test/?b=2&a=1"),
    ("http://a.test/A/../b/", "http://a.test/A/../b/"),
    ("http://User@A.test/", "http://User@a.test/"),
    ("urn:uuid:1", "urn:uuid:1"),
    ("", ""),
])
def test_normalised(uri, expected):
    assert normalised(uri) == expected


@pytest.mark.parametrize("uri, expected", [
    ("<http://a.test/>", "http://a.test/"), (" http://a.test/ ", "http://a.test/"), ("<http://a.test/",
                                                                                     "<http://a.test/"),
])
def test_without_brackets(uri, expected):
    assert without_brackets(uri) == expected


@given(st.text())
def test_normalising_twice_changes_nothing(path):
    once = normalised("http://A.test/" + path)
    assert normalised(once) == once and once.isascii()
