import pytest

from maslin.curation.ingest.html.page import read_page
from maslin.curation.ingest.web.robots import robots_notes


@pytest.mark.parametrize("header, html, notes", [
    ("", "<head><meta name='description' content='noindex'></head>", ()),
    ("", "<meta name=robots content=noindex>", ("robots_noindex",)),
    ("", '<META CONTENT="NOINDEX, nofollow" NAME="ROBOTS">', ("robots_noindex", "robots_nofollow")),
    ("", "<meta name=GoogleBot content='none'>", ("robots_noindex", "robots_nofollow")),
    ("", "<meta name='robots' content='index, follow'><meta name=author content=noindex>", ()),
    ("noai, noimageai", "", ("robots_noai", "robots_noimageai")),
    ("googlebot: noindex, otherbot: noarchive", "", ("robots_noindex", "robots_noarchive")),
    ("unavailable_after: 25 Jun 2026", "<p>robots, noindex", ()),
    ("", "<!-- <meta name=robots content=noindex> --><script>'<meta name=robots content=noindex>'</script>", ()),
    ("", "<meta name=x>" * 100 + "<meta name=robots content=noindex>", ()),  # not looked for any more
])
def test_what_a_page_asks_of_robots(header, html, notes):
    assert robots_notes(header, read_page(html).metas) == notes
