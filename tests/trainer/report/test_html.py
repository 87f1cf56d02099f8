import base64
import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as hs

from maslin.manifests.visible import visible
from maslin.trainer.report.html import Html, corpus_text, el, escape, table
from maslin.trainer.report.svg import Axis, ForestRow, figure, forest, forest_extents, tick_digits


@given(hs.text())
def test_no_text_escapes_its_element_or_hides(text):
    written = str(el("p", text, title=text))
    assert written.count("<") == 2 and written.count('"') == 2
    assert not set("\u202e\u2066\x1b\x00\x85\u2028") & set(written)
    written.encode("utf-8")


@pytest.mark.parametrize("text, shown", [
    ("a\x1bb", "a⟨U+001B⟩b"), ("\u202ex", "⟨U+202E⟩x"), ("\ud800", "⟨U+D800⟩"), ("a\n\tb", "a\n\tb"), ("é", "é"),
    ("\u0645\u06cc\u200c\u062e", "\u0645\u06cc\u200c\u062e"), ("\U000e0041", "⟨U+E0041⟩"),
])
def test_visible(text, shown):
    assert visible(text) == shown


def test_markup_is_kept_only_where_it_is_markup():
    assert el("b", Html("<i>x</i>"), "<i>") == "<b><i>x</i>&lt;i&gt;</b>"
    assert el("td", None, class_=None, hidden=True) == "<td hidden></td>"
    assert escape("\"'") == "&quot;&#x27;"
    assert "x" * 300 + "…" in corpus_text("x" * 400) and "x" * 301 not in corpus_text("x" * 400)


@given(hs.floats(-1e6, 1e6), hs.floats(1e-6, 1e6))
def test_ticks_lie_on_the_axis_and_can_be_told_apart(low, span):
    axis = Axis(low, low + span, 0, 100)
    if low + span == low or span < abs(low) * 1e-9:
        return
    ticks = axis.ticks()
    assert 2 <= len(ticks) <= 8 and all(low - span * 1e-6 <= tick <= low + span * (1 + 1e-6) for tick in ticks)
    digits = tick_digits(ticks)
    assert len({f"{tick:.{digits}f}" for tick in ticks}) == len(ticks)


def row(estimate, low, high):
    return ForestRow("wiki", 1, estimate, low, high, 0.01, "? undecided")


def test_a_closer_axis_is_added_where_rows_would_vanish():
    assert len(forest_extents([row(0.1, 0.0, 0.2), row(0.1, 0.05, 0.15)])) == 1
    wide, close = forest_extents([row(-0.4, -0.5, -0.3), row(0.0, -0.01, 0.02)])
    assert wide > 0.5 and 0.02 < close < 0.03
    assert "no interval" in forest([row(0.4, None, None)], "t", ("a", "b", "c"), close)


def saved(markup: str) -> dict[str, str]:
    """The files that a page carries in its links, by name."""
    links = re.findall(r'href="data:[^,]*;base64,([^"]*)" download="([^"]*)"', markup)
    return {name: base64.b64decode(data).decode() for data, name in links}


@pytest.mark.parametrize(("cell", "written"), [
    ("1,234", '"1,234"'), ("−0.0123", "-0.0123"), ("-5 %", "-5 %"), (None, ""), (Html("<b>a &amp; b</b>"), "a & b"),
    ("=HYPERLINK(1)", "'=HYPERLINK(1)"), ("@sum", "'@sum"), ("+1 more", "'+1 more"), ("a\x1bb", "a⟨U+001B⟩b"),
    ('say "x"', '"say ""x"""'),
])
def test_a_table_can_be_had_as_csv_without_formulas(cell, written):
    page = table([("what", "t"), ("value", "t")], [("x", cell)], "Two things")
    assert saved(page) == {"two-things.csv": f"what,value\r\nx,{written}\r\n"}


def test_a_chart_can_be_had_as_an_svg_with_its_style():
    drawn = forest([row(0.1, 0.0, 0.2)], "t", ("a", "b", "c"), 0.3)
    ((name, content),) = saved(figure(drawn, "Marks are means; bars intervals.")).items()
    assert name == "marks-are-means.svg"
    root = ElementTree.fromstring(content)
    assert root.tag == "{http://www.w3.org/2000/svg}svg" and "--page" in root[0].text


def test_every_cell_says_its_heading_where_rows_become_cards():
    assert table([("arm", "t"), ("Δ", "n")], [("x", 1)], "c").count('data-label="Δ"') == 1
