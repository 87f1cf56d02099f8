"""Documents are found by any part of an address, path or title; where none is, the nearest are named."""

import pytest

from maslin.curation.evidence.search import find_part, nearest, spellings
from tests.manifests.test_lookup import places, write

URLS = [["https://Docs.site.test/guide/quickstart.html", "https://docs.site.test/guide/Größe.html",
         "https://en.wiki.test/wiki/Alan_Turing"],
        ["https://other.test/a%20b.html", None, "pkg/src/main.py"]]


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return write(tmp_path_factory.mktemp("search"), URLS)


@pytest.mark.parametrize("query, expected", [
    ("docs.site.test", [(0, 0), (0, 1)]), ("QUICK", [(0, 0)]), ("Größe", [(0, 1)]), ("Alan Turing", [(0, 2)]),
    ("a b.html", [(1, 0)]), ("http://other.test/", [(1, 0)]),
    ("https://docs.site.test/guide/quickstart.html#x", [(0, 0)]),
    ("src/main", [(1, 2)]), ("é2", [(0, 2), (1, 2)]), ("nowhere", []), ("", []), ("   ", []),
])
def test_by_a_part(found, query, expected):
    matches = find_part(found, "documents", query, 10)
    assert places(matches.places) == expected and matches.number == len(expected)


def test_the_first_are_shown_and_all_are_counted(found):
    matches = find_part(found, "documents", "test", 2)
    assert matches.number == 4 and places(matches.places) == [(0, 0), (0, 1)]


def test_what_is_sought_may_hold_anything(found):
    for query in (".*", "(", "\\", "%zz", "\x00", "x" * 100_000, "ß" * 9000, "[a-z]"):
        assert find_part(found, "documents", query, 10).number == 0, query[:9]


@pytest.mark.parametrize("query, expected", [
    ("docs.sit.test", "docs.site.test"), ("quikstart.html", "quickstart.html"), ("Alan Turin", None),
    ("Alan_Turng", "Alan_Turing"),
])
def test_the_nearest(found, query, expected):
    near = nearest([found], query)
    assert (expected is None) or any(each.lower() == expected.lower() for each in near), near


def test_nothing_is_near_to_nonsense(found):
    for query in ("zzzzqqqq", "x", "", "ü" * 5000):
        assert nearest([found], query) == []


def test_spellings_are_without_scheme_and_end():
    assert spellings("HTTP://a.test/b c/#top") == ["a.test/b c", "a.test/b_c", "a.test/b%20c"]
