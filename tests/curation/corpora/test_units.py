"""Sites and repositories: their names, which go together, and which are drawn."""

import random

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as hs

from maslin.curation.corpora.units import draw, find_mirrors, site_of, unit_of


@pytest.mark.parametrize(("url", "site"), [
    ("https://Docs.Example.org/a/b", "docs.example.org"),
    ("http://user:secret@x.org:8080/?q=http://y.org/", "x.org"),
    ("http://x.org?q=a@b/c", "x.org"),
    ("http://[2001:db8::1]:80/a", "[2001:db8::1]"),
    ("toolz-1.2.0.tar.gz/toolz-1.2.0/toolz/utils.py", "toolz-1.2.0.tar.gz"),
    ("notes.txt", None), ("/rooted/path", None), ("", None), (None, None),
])
def test_sites(url, site):
    assert site_of(pa.chunked_array([[url]], pa.string())).to_pylist() == [site]


@pytest.mark.parametrize(("url", "site", "repository"), [
    ("https://WWW.Example.org/a", "example.org", None),
    ("http://x.org.:80/", "x.org", None),
    ("http://www.org/", "www.org", None),
    ("https://github.com/Ann/Tool/blob/main/a.py", "github.com", "github.com/ann/tool"),
    ("https://github.com/ann/tool.git", "github.com", "github.com/ann/tool"),
    ("https://raw.githubusercontent.com/ann/tool/main/a.py", "raw.githubusercontent.com", "github.com/ann/tool"),
    ("https://github.com/about", "github.com", None),
    ("toolz-1.2.0.tar.gz/toolz-1.2.0/toolz/utils.py", None, "toolz"),
    ("cjson_1.7.15.orig.tar.gz/a.c", None, "cjson"),
    ("numpy-2.0.1-cp312-cp312-manylinux_2_17_x86_64.whl/numpy/a.py", None, "numpy"),
    ("homework-2/main.c", None, "homework-2"),
    ("-1.0/main.c", None, "-1.0"),
    ("tool.ZIP/a.c", None, "tool"),
    ("notes.txt", None, None), ("", None, None), (None, None, None),
])
def test_units(url, site, repository):
    urls = pa.chunked_array([[url]], pa.string())
    assert (unit_of(urls, "site").to_pylist(), unit_of(urls, "repository").to_pylist()) == ([site], [repository])


def drawn(sites, seed=0, fraction=0.2, least=3, by="site"):
    """`sites`: documents by name, each (bytes, duplicate group)."""
    rows = [(name, *document) for name, documents in sites.items() for document in documents]
    names, sizes, groups = zip(*rows, strict=True) if rows else ((), (), ())
    return draw(pa.chunked_array([pa.array(names, pa.string())]), np.array(sizes, np.int64),
                pa.chunked_array([pa.array(groups, pa.string())]), by, seed, fraction, least)


def names(found):
    return {name for name, held in zip(found.names, found.held_out, strict=True) if held}


SIZES = hs.lists(hs.integers(1, 1_000), min_size=4, max_size=30)


@settings(max_examples=150, deadline=None)
@given(SIZES, hs.integers(0, 5), hs.sampled_from([0.01, 0.05, 0.2, 0.5]), hs.integers(1, 4))
def test_the_share_is_as_near_as_single_sites_can_bring_it_and_enough_remain(sizes, seed, fraction, least):
    sites = {f"s{number}": [(size, f"g{number}")] for number, size in enumerate(sizes)}
    found = drawn(sites, seed, fraction, least)
    held, target = int(found.bytes[found.held_out].sum()), fraction * sum(sizes)
    remaining = [size for size, out in zip(found.bytes.tolist(), found.held_out.tolist(), strict=True) if not out]
    assert (found.why_not is None) == (held > 0)
    assert len(remaining) >= min(least, len(sizes))
    if len(remaining) > least:
        assert all(abs(held + size - target) >= abs(held - target) for size in remaining)


def test_the_choice_follows_from_seed_and_names_alone():
    sites = {f"s{number}": [(100 + number, f"g{number}-{page}") for page in range(3)] for number in range(40)}
    found = names(drawn(sites))
    assert found == names(drawn(dict(reversed(sites.items())))) != names(drawn(sites, seed=1))
    grown = names(drawn(sites | {"s40": [(90, "new")]}))
    assert len(found ^ grown) <= 3 and len(found) >= 6


def test_large_sites_are_passed_over_so_that_there_are_several():
    sites = {f"large{number}": [(1_000, f"l{number}")] for number in range(4)}
    sites |= {f"small{number}": [(100, f"s{number}")] for number in range(20)}
    for seed in range(20):
        found = drawn(sites, seed, 0.1)
        assert len(names(found)) == 6 and found.summary("site")["bytes_share"] == pytest.approx(0.1)


@pytest.mark.parametrize(("sites", "why"), [
    ({}, "no address tells a site"),
    ({None: [(5, "a")]}, "no address tells a site"),
    ({"a": [(5, "a")]}, "there is one site, and at least 3 have to remain to train on"),
    ({"a": [(5, "a")], "b": [(5, "b")], "c": [(5, "c")]}, "there are 3 sites, and at least 3 have to remain"),
    ({name: [(5, name)] for name in "abcd"}, "each site has more than twice the share of the text"),
])
def test_where_none_can_be_held_out_it_is_said(sites, why):
    found = drawn(sites, fraction=0.1)
    assert found.why_not.startswith(why) and not found.held_out.any()
    assert found.summary("site") == {"by": "document", "asked": "site", "why": found.why_not}


def test_a_mirror_goes_with_its_site():
    sites = {f"s{number}": [(10, f"{number}-{page}") for page in range(6)] for number in range(30)}
    sites["mirror"] = [(10, f"7-{page}") for page in range(4)] + [(10, "own")]
    for seed in range(12):
        found = drawn(sites, seed)
        assert ("mirror" in names(found)) == ("s7" in names(found))
        assert found.summary("site")["of"] == 30 and found.summary("site")["mirrors"] == 1
    rows = {row["unit"]: row for row in found.table().to_pylist()}
    assert rows["mirror"]["goes_with"] == "s7" and (rows["mirror"]["documents"], rows["mirror"]["bytes"]) == (5, 50)


def test_a_page_that_two_sites_have_does_not_tie_them_and_error_pages_tie_nothing():
    rows = [(0, 100 + page) for page in range(9)] + [(1, 200 + page) for page in range(8)] + [(0, 1), (1, 1), (2, 1)]
    of, group = (np.array(each) for each in zip(*rows, strict=True))
    assert find_mirrors(of, group, 3).tolist() == [0, 1, 0]
    many = np.arange(30)
    assert find_mirrors(many, np.zeros(30, np.int64), 30).tolist() == many.tolist()
    assert find_mirrors(np.zeros(0, np.int64), np.zeros(0, np.int64), 2).tolist() == [0, 1]


def test_chains_of_mirrors_end_in_the_largest():
    rows = [(site, page) for site, pages in enumerate((40, 30, 20, 12)) for page in range(pages)]
    of, group = (np.array(each) for each in zip(*rows, strict=True))
    assert find_mirrors(of, group, 4).tolist() == [0, 0, 0, 0]


def test_many_sites_take_no_quadratic_time():
    rng = random.Random(1)
    of = np.array([rng.randrange(20_000) for _ in range(100_000)])
    group = np.array([rng.randrange(20_000) for _ in range(100_000)])
    assert len(find_mirrors(of, group, 20_000)) == 20_000
