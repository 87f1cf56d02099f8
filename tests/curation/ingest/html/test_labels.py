"""Lines that only name furniture."""

import pytest

from maslin.curation.ingest.html.page import main_text
from tests.curation.web_archives import LINE

TEXT = f"<p>{LINE * 2}</p>"
SHOWN = (LINE * 2).strip()


@pytest.mark.parametrize("line", [
    "<p>ADVERTISEMENT</p>", "<div>Anzeige</div>", "<p>Related: <a href=x>The lamb at school</a></p>",
    "<li>Реклама</li>",
    "<p><b>Lire aussi :</b> <a href=x>L'agneau</a></p>", "<p>関連記事</p>",
    "<h3>You may also like</h3>", "<div><span>Advert</span><br></div>", "<div><br>Advert<br><br></div>",
    "<p>Read more&nbsp;&raquo; <a href=x>The lamb</a></p>", "<p>See\u00a0more：<a href=x>The lamb</a></p>",
    "<p>【関連記事】</p>", "<p>Don’t miss: <a href=x>The lamb</a></p>",
])
def test_labels_leave(line):
    assert main_text(f"<div><div><div>{TEXT}{line}{TEXT}</div></div></div>").split() == f"{SHOWN} {SHOWN}".split()


@pytest.mark.parametrize("line, kept", [
    ("<p>Related lambs</p>", "Related lambs"), ("<p>Anzeige: rot</p>", "Anzeige: rot"), 
    ("<pre>related</pre>", "related"),
    ("<p>Related &wool</p>", "Related &wool"), ("<p>Advert<br>wool<br></p>", "Advert\nwool"),
    ("<p>Related<br>wool</p>", "Related\nwool"), ("<div>Related<p>wool</p></div>", "Related\n\nwool"),
    ("<table><tr><td>Related</td><td>1</td></tr></table>", "Related\t\t1"), ("<p>Tags and wool</p>", "Tags and wool"),
])
def test_what_only_looks_like_a_label_stays(line, kept):
    assert f"\n\n{kept}\n\n" in main_text(f"<div><div><div>{TEXT}{line}{TEXT}</div></div></div>")


def test_a_page_that_is_a_label_is_not_empty():
    assert main_text("<p>Related</p>") == "Related"
