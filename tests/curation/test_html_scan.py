import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.ingest.html_furniture import CAPTION_WORDS, PAIRS, WORDS
from curation.ingest.html_scan import scan

ICON = b"<svg viewBox='0 0 1 1'><title>t</title><path d='m'/><g><use href='#x'/></g></svg>"


@pytest.mark.parametrize("page, depth, attributes", [
    (b"", 0, 0),
    (b"<", 0, 0),
    (b"<div", 0, 0),
    (b"<div><DIV></div></div><div>", 2, 0),
    (b"<div></other>" * 5, 5, 0),  # only its own end tag closes an element
    (b"<p>a<p>b<br><li>c<li>d", 1, 0),
    (b"<a name=x>" * 9, 1, 1),
    (b"<div a=1 b='x>y <i z' c=\"<b>\" d e/f>", 1, 6),
    (b"<div x\" y=\">\" a b c>", 1, 5),
    (b"<script>if (a<b) '<div><div>'</script><i>", 1, 0),
    (b"<!-- <div><div> --><!--><i><!-- --!><b>", 2, 0),
    (ICON * 50, 3, 1),
    (b"<svg><p><path/><path/><path/>", 4, 0),  # HTML ends the drawing: these stay open
    (b"<path/>" * 4, 4, 0),
    (b"<svg><style><g><g></style>", 4, 0),  # no raw text in drawings
])
def test_depth_and_attributes(page, depth, attributes):
    found = scan(page)
    assert (found.depth, found.attributes) == (depth, attributes)


def test_work_is_the_sum_of_depths():
    assert scan(b"<div><div></div><p></p></div><i>").work == 1 + 2 + 2 + 1


def test_options_cost_what_is_before_them():
    assert scan(b"<select><option>a<option>b</select><select><option>c</select>").work == 1 + 3 + 4 + 1 + 3


def test_made_up_names_count_as_the_worst():
    assert scan(b"".join(b"<x%d>" % number for number in range(1000))).depth > 1000


@given(st.lists(st.sampled_from([*b"< > / ! -- = ' \" div svg script title x class share".split(), b" "])))
def test_any_markup_is_measured(parts):
    page = b"".join(parts)
    found = scan(page)
    assert 0 <= found.depth <= len(parts) and 0 <= found.attributes <= len(parts) and found.work <= len(parts) ** 2
    for place in (*found.furniture, *found.captions):
        assert page[place:place + 5] == b"class"


@pytest.mark.parametrize("value, kind", [
    ("related", "furniture"),
    ("post-share", "furniture"),
    ("entry ShareBar", "furniture"),
    ("SHARE", "furniture"),
    ("read-more", "furniture"),
    ("js-readNext2", "furniture"),
    ("article__most_popular", "furniture"),
    ("read x-more", ""),  # of two names
    ("shareholder adverse unrelated", ""),
    ("wp-caption", "captions"),
    ("caption share", "furniture"),
    ("", ""),
    ("é-related-é", "furniture"),
])
@pytest.mark.parametrize("tag", ["<div id=a class=\"{}\">", "<P CLASS='{}' id=b>", "<i\nclass=\"{}\"/>"])
def test_class_names_tell_furniture(value, kind, tag):
    page = tag.format(value).encode()
    found = scan(b"<p>" + page)
    place = [3 + page.lower().index(b"class")]
    assert {"furniture": found.furniture, "captions": found.captions} == {
        name: place if name == kind else [] for name in ("furniture", "captions")}


@pytest.mark.parametrize("page", [
    b"<body class=related><article class=share><h1 class=related><td class=share></div class=share>",
    b"<div id=related data-class=share>class=share", b"<!-- <div class=share> --><script>'<p class=share>'</script>",
    b"<div class=share", b"<pre>&lt;div class=\"share\"&gt;",
])
def test_what_is_no_furniture(page):
    assert scan(page).furniture == []


def test_quotes_and_bare_values():
    found = scan(b"<blockquote class=twitter-share><p class=share>x<p class=tags/><pre>")
    assert (found.misleading, found.furniture, found.paragraphs, found.has_code) == ([12], [35, 51], 2, True)


def test_ids_of_sections_and_headings_are_of_their_subject():
    found = scan(b"<section id=a><h2 class=tags ID='x'><div id=b><h4 id=c class=share>")
    assert (found.misleading, found.furniture) == ([9, 29, 50], [55])


def test_every_word_is_found():
    for words, kind in ((WORDS | PAIRS, "furniture"), (CAPTION_WORDS, "captions")):
        for word in words:
            assert getattr(scan(f"<div class='x-{word.replace(' ', '_')}'>".encode()), kind) == [5], word
