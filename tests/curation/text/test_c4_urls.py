import hashlib

import pytest

from maslin.curation.text.c4_urls import normalised, page_digests
from tests.curation.documents import documents


@pytest.mark.parametrize(("url", "expected"), [
    ("https://www.example.com/a/", "example.com/a"), ("http://x.org/p?utm_source=y", "x.org/p"),
    ("x.org/p?id=1&utm_source=y", "x.org/p?id=1&utm_source=y"), ("http://x.org/?ref=1", "x.org"),
    ("http://x.org/to?u=https://www.y.org/", "x.org/to?u=y.org"), ("http://x.org/p?feedback=1", "x.org/p"),
    ("https://x.org//", "x.org"), ("www.x.org", "www.x.org"),
])
def test_normalisation(url, expected):
    assert normalised(url) == expected


def test_digests_are_of_the_url_or_else_of_the_id():
    table = documents(["", ""], url=["http://x.org/", None])
    for normalise, names in ((True, ["x.org", "d1"]), (False, ["http://x.org/", "d1"])):
        found = [f"{int(high):016x}{int(low):016x}" for high, low in page_digests(table, normalise)]
        assert found == [hashlib.md5(name.encode()).hexdigest() for name in names]
    assert page_digests(table.slice(0, 0), True).shape == (0, 2)
