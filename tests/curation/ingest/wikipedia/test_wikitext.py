import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maslin.curation.ingest.wikipedia import wikitext as reader


def clean(wikitext: str) -> str:
    return reader.clean(wikitext).text


@pytest.mark.parametrize(("wikitext", "expected"), [
    ("'''Bold''' and ''italic'', l'''avion''", "Bold and italic, lavion"),
    ("a [[b]], [[c|d]]s, [[:e]], [[f (g)|]] and [[h#i]]", "a b, ds, e, f and h#i"),
    ("[[File:x.jpg|thumb|A [[caption]] of ''it'']]text[[Category:Y]][[de:Text]]", "text"),
    ("[[Star Trek: Voyager]] and [[wikt:word|word]]", "Star Trek: Voyager and word"),
    ("See [http://a.example/ the site] or [http://b.example/].", "See the site or ."),
    ("x{{infobox|a={{b|{{c}}}}|d=[[e]]}}y", "xy"),
    ("It is {{convert|5|to|10|km|mi}} long, {{frac|3|1|2}} wide.", "It is 5 to 10 km long, 3 1/2 wide."),
    ("{{lang|fr|{{nowrap|le ''mot''}}}}, {{lang-de|Wort}}", "le mot, Wort"),
    ("{{as of|2010|5|lc=y}} {{circa|1850}}{{spaced ndash}}{{formatnum:1,000}}", "as of May 2010 c. 1850 – 1,000"),
    ("{{unheard of|with [[link]]}} stays out", " stays out".strip()),
    ("'''Foo''' ({{IPA|fu}}; born 1950) ran {{cn}}, then ({{x}}) slept {{y}}.", "Foo (born 1950) ran, then slept."),
    ("'''A''' (B, {{IPA-de|b}} {{respell|b}}) is", "A (B) is"),
    ("a<ref>note {{cite}}</ref> b<ref name=x/> c<ref name=\"y\">\nz</ref>.", "a b c."),
    ("a<!-- hidden [[x]] -->b", "ab"),
    ("<nowiki>[[not a link]] {{nor a template}} '''</nowiki>", "[[not a link]] {{nor a template}} '''"),
    ("mass <math>E = mc^2 &lt; 1</math> holds", "mass $E = mc^2 < 1$ holds"),
    ("10<sup>6</sup> m<sup>2</sup>, 19<sup>th</sup>, H<sub>2</sub>O", "10⁶ m², 19th, H2O"),
    ("fish &amp; chips&nbsp;&ndash; 5 &lt; 6 and a < b", "fish & chips – 5 < 6 and a < b"),
    ("one<br/>two<div class=x>three</div>", "one\ntwo\nthree"),
    ("__NOTOC__\ntext", "text"),
    ("#include <stdio.h>", "1. include <stdio.h>"),
    ("{{{1|default}}} and {{#if:x|y}} and {{DEFAULTSORT:z}}", "and y and"),
])
def test_inline_markup(wikitext: str, expected: str) -> None:
    assert clean(wikitext) == expected


def test_headings_stay_as_lines_and_empty_or_appended_sections_go() -> None:
    text = (
        "Intro.\n\n== One ==\nBody.\n=== Empty ===\n{{t}}\n== See also ==\n* [[x]]\n=== Under it ===\ny\n"
        "== Two ==\nEnd."
    )
    assert clean(text) == "Intro.\n\nOne\n\nBody.\n\nTwo\n\nEnd."


def test_lists() -> None:
    text = "* a\n** b\n* c\n\n# one\n# two\n## three\n; term : meaning\n: indented"
    assert clean(text) == "- a\n  - b\n- c\n\n1. one\n2. two\n  1. three\nterm: meaning\nindented"


def test_tables_become_rows() -> None:
    text = (
        'Before\n{| class="wikitable"\n|+ Caption\n! style="x" | Year !! Title\n|-\n| 1999 || [[A|B]]\n|-\n'
        '| colspan=2 | both<br>cells\n|}\nAfter'
    )
    assert clean(text).split("\n") == ["Before", "", "Caption", "Year | Title", "1999 | B", "both cells", "", "After"]


def test_code_keeps_its_indentation() -> None:
    assert clean("a\n<syntaxhighlight lang=c>\nif (x)\n    y[[1]];\n</syntaxhighlight>\nb") == (
        "a\n\nif (x)\n    y[[1]];\n\nb"
    )


@pytest.mark.parametrize("wikitext", [
    "a {{b [[c]] d", "a [[b {{c}} d", "a }} b ]] c |}", "<ref>a", "<ref><ref>x</ref>", "<math>a", "{|\n| a", "-{a",
    "{{nowrap|" * 60 + "x" + "}}" * 60, "[[File:a|[[b|[[c", "'''''''a", "=", "== ==", "&#2;0&#3;", "\x02" + "0\x03",
])
def test_damaged_markup_is_answered_without_residue(wikitext: str) -> None:
    assert not re.search(r"\{\{|\}\}|\[\[|\]\]|[\x00-\x08]", clean(wikitext))


_UNITS = [
    "{{", "[[", "{|\n", "}}", "]]", "\n|}", "<ref>", "[http://", "== a ==\n", "''", "<!--", "({{a}}", "{{nowrap|",
    "[[a|", "[[File:a|", "{{{", "<math>", "<span ", "{{!}}", "*", "# a\n", "( ", "|-\n", "<sup>", "<ref name=a>b</ref>",
]


@pytest.mark.parametrize("unit", _UNITS)
def test_repeated_markup_is_read_in_one_go(unit: str) -> None:
    """Quadratic work on these 200,000 characters would take minutes."""
    clean(unit * (200_000 // len(unit)))


@given(st.lists(st.sampled_from([*_UNITS, "a", "b c", "|", "\n", "}}", "]]", ")", "</ref>", "&lt;", "é"]), max_size=60))
def test_any_markup_gives_text_without_sentinels(parts: list[str]) -> None:
    assert not re.search("[\x00-\x08\x0b-\x1f]", clean("".join(parts)))


@given(st.text(alphabet=st.characters(blacklist_categories=["Cs"], blacklist_characters="'[]{}<>|&=*#:;_-\x85\u2028")))
def test_words_without_markup_stay(text: str) -> None:
    words = "".join(char for char in text if char.isprintable())
    assert clean(words).split() == words.split()
