import html

import pytest
from hypothesis import given
from hypothesis import strategies as hs

from maslin.curation.ingest.html.page import read_page
from maslin.curation.text.references import unescaped


@given(hs.text(alphabet="&#x;0123456789aglt ", max_size=60))
def test_it_is_what_the_standard_library_gives(text):
    assert unescaped(text) == html.unescape(text)


@pytest.mark.parametrize("text, expected", [
    ("&#" + "9" * 20_000 + ";", "\ufffd"), ("a&#1" + "0" * 5_000 + "b", "a\ufffdb"), ("&#" + "0" * 9_000 + "65;", "A"),
    ("&#x" + "0" * 9_000 + "41;", "A"), ("&#x" + "f" * 9_000 + ";", "\ufffd")])
def test_numbers_of_any_length_are_read(text, expected):
    assert unescaped(text) == expected


def test_a_page_with_one_is_read():
    assert "before" in read_page("<p>before &#" + "7" * 18_607 + "; after</p>").text
