import pytest

from maslin.curation.ingest.web.content_type import content_type


@pytest.mark.parametrize("header, expected", [
    (None, ("", "")), ("", ("", "")),
    ("Text/HTML;Charset=UTF-8", ("text/html", "UTF-8")),
    ("text/html, text/html; charset=xx", ("text/html", "xx")),
    ("text/html; charset=xx, text/html", ("text/html", "xx")),  # goes on to the same type
    ("text/html; charset=xx, text/plain", ("text/plain", "")),
    ("text/plain, text/html", ("text/html", "")),
    ("text/html, */*", ("text/html", "")),
    ("text/html, nonsense", ("text/html", "")),
    ('text/html; a="x, y/z"; charset="bb"', ("text/html", "bb")),
    ("text/html charset=koi8-r", ("", "koi8-r")),  # none is a media type
    ("html", ("", "")), (",,;", ("", "")), ('"', ("", "")),
])
def test_the_last_valid_member_counts(header, expected):
    assert content_type(header) == expected
