"""Links, tables, switches, variants, code and gaps: one line a rule."""

import pytest

from maslin.curation.ingest.wikipedia.namespaces import Namespaces
from maslin.curation.ingest.wikipedia.wikitext import clean


@pytest.mark.parametrize(("wikitext", "expected"), [
    # Links to other projects are words, links to the page in another language are not
    ("a [[voy:Rome|guide]], [[mw:Help|manual]], [[rfc:1|RFC 1]], [[s:Ode|ode]]", "a guide, manual, RFC 1, ode"),
    ("a [[fr:Rome]][[zh-min-nan:Rome|Rome]][[FR:Rome]] and [[:fr:Rome|in French]]", "a and in French"),
    # Switches by list
    ("__toc__ the __init__ of __FILE__ __NOEDITSECTION__ and __KEIN_INHALTSVERZEICHNIS__",
     "the __init__ of __FILE__ and"),
    ("a\n-----\nb\n---- c", "a\nb\nc"),
    # Code in a sentence
    ("The <syntaxhighlight lang=\"c\" inline=1>f(\"x\")</syntaxhighlight> call", 'The f("x") call'),
    ("The <source enclose='none'>a</source>, <code>b[1]</code>, {{code|c|lang=c}}", "The a, b[1], c"),
    # Gaps of templates that show nothing
    ("A ({{cn}}) b [{{cn}}] c ({{cn}}, {{cn}}) d（{{cn}}、）e ({{cn}}; f)", "A b c de (f)"),
    ("a “{{cn}}” b, {{cn}}, c; of: {{cn}}, d", "a b, c; of: d"),
    ("x {{flatlist|\n* a\n* b\n}} y", "x\n- a\n- b\ny"),
    ("main() and f( ) stay", "main() and f( ) stay"),
    # … of references, comments and empty tags
    ("a (<ref>x</ref>) b [<ref name=y/>; <ref>z</ref>] c (<!-- d -->) e (<span></span>) f “<ref>x</ref>” g",
     "a b c e f g"),
    ("a (<ref>{{cite|<i>x</i>}}</ref>; born) b <ref>c<b>d</b></ref>. e <ref>c</ref>; f <ref>c</ref> g",
     "a (born) b. e; f g"),
    ("<code>f()</code> a[] <sup>[<ref>x</ref>]</sup> b", "f() a[] b"),
    # Pipes of templates are no cells
    ("{{abs|x}} < 3", "|x| < 3"), ("{{math|{{abs|-5}}}} is 5", "|-5| is 5"), ("{{!}}x{{!}} y", "|x| y"),
    ("{{percentage|1|8|1}} of {{pct|1,000|2,000}} or {{percent|x}}", "12.5% of 50% or x"),
    ("{{open-closed|0|1}} {{closed-closed|0|1}} {{convert|20|(-)|30|m}} {{convert|$5|/acre}}",
     "(0, 1] [0, 1] 20–30 m $5 per acre"),
    ("(born in {{lang|fr|}}, Rome)", "(born in, Rome)"),
    ("{{PAGENAME}} is", "is"),
])
def test_inline(wikitext: str, expected: str) -> None:
    assert clean(wikitext).text == expected


def test_the_name_of_the_page() -> None:
    assert clean("'''{{PAGENAME}}''' is.", title="Abaft").text == "Abaft is."


@pytest.mark.parametrize(("wikitext", "expected"), [
    ("<table><tr><th>A</th><th>B</th></tr><tr><td>1</td><td style='x'>2</td></tr></table>", ["A | B", "1 | 2"]),
    ("{| class=x\n<tr><td>a<td>b</tr>\n|-\n| c || d\n|}", ["a | b", "c | d"]),
    ("<TABLE border=1>\n<caption>Cap</caption>\n<TR>\n<TD>a|b</TD>\n<TD>\nc\n</TD></TR></TABLE>", ["Cap", "a|b | c"]),
    ("{|\n! scope=\"col\" | A !! style=\"x\" | B\n|-\n| data-x=\"1\" | 2\n|nowrap|3\n|}", ["A | B", "2 | 3"]),
    ("{|\n| bgcolor=white colspan=\"3\" {{n/a}} || style='x' {{no such}} || b\n|}", ["N/A | b"]),
    ("Import</tr>", ["Import"]),
    ("{|\n{{!}} a {{!}}{{!}} b\n|}", ["a | b"]),
    ("{|\n| align=left | a || b\n", ["a | b"]),  # never closed
    ("<ol start=5><li>a<ul><li>b</ul><li>c</ol><ol><li>d</ol>", ["5. a", "  - b", "6. c", "1. d"]),
    ("<ol><li value='3'>a<ol start=7><li>b</ol><li>c</ol>", ["3. a", "  1. b", "4. c"]),
    ("{{olist|start=3|a|b}}{{unordered list|c|d}}", ["3. a", "4. b", "- c", "- d"]),
    ("<ul><li>a<ul><li>b</li></ul></li></ul><ol><li>c</ol><dl><dt>t<dd>d</dl>", ["- a", "  - b", "1. c", "t", "d"]),
])
def test_tables_and_lists_of_html(wikitext: str, expected: list[str]) -> None:
    assert [line for line in clean(wikitext).text.split("\n") if line] == expected


@pytest.mark.parametrize(("wikitext", "expected"), [
    ("-{H|zh-cn:甲;zh-tw:乙;}--{zh-hans:计算机;zh-hant:電腦}-与-{人}-", "计算机与人"),
    ("-{T|zh-cn:甲;zh-tw:乙}--{-|zh-cn:甲}--{A|zh-cn:软件;zh-tw:軟體}-", "软件"),
    ("-{zh-cn:[[网络|网络]];zh-tw:網路;}- -{R|原}- -{zh-hans;zh-cn|限}-", "网络 原 限"),
    ("-{A|zh-cn:-{里}-;zh-tw:外}-", "里"),
    ("{{lang|zh|-{H|zh-cn:甲}-字}}", "字"),
])
def test_one_variant_of_each_visible_group(wikitext: str, expected: str) -> None:
    assert clean(wikitext, Namespaces.of("zh")).text == expected


def test_elsewhere_a_variant_is_text() -> None:
    assert clean("f-{x}-").text == "f-{x}-"


@pytest.mark.parametrize(("language", "link"), [
    ("de", "Bild:a.jpg"), ("de", "Datei:a.jpg"), ("als", "Bild:a.jpg"), ("be-tarask", "Файл:a.jpg"), ("zh-yue",
     "檔案:a.jpg"),
    ("oc", "Fitxer:a.jpg"), ("fr", "Image:a.jpg"), ("ja", "ファイル:a.jpg"), ("no such", "File:a.jpg"),
    ("fr", "Catégorie:A"), ("nds", "Kategorie:A"), ("en", "category: A"), ("vi", "Tập tin:a.jpg"),
])
def test_files_and_categories_by_language(language: str, link: str) -> None:
    assert clean(f"a [[{link}|thumb|x [[y]]]]b", Namespaces.of(language)).text == "a b"


def test_a_name_of_another_language_is_an_article() -> None:
    assert clean("a [[Plik:b|c]]", Namespaces.of("en")).text == "a c"


@pytest.mark.parametrize("unit", [
    "<table>", "<tr><td>a", "<td ", "-{", "-{H|a}-", "__a", "\n----", "{|\n|a\nb\n", "<ol>", "<li>", "{{=}}",
    "\n= \t", "({{cn}},",
    "[[a:b:", "<ref/>", "<!--<ref", "{{#if:", "{{convert|1|x|", "<syntaxhighlight inline>", "{{!}}", "{{nowrap|a=",
])
def test_repeated_markup_is_read_in_one_go(unit: str) -> None:
    """Quadratic work on these 200,000 characters would take minutes."""
    clean(unit * (200_000 // len(unit)), Namespaces.of("zh"))
    clean("{|\n|" + unit * (100_000 // len(unit)) + "\n|}", Namespaces.of("zh"))
