"""Paragraphs with the text that a reader sees on the page: drafted by the reader itself, then held against the page.

`gold.jsonl` holds paragraphs of the English Wikipedia (title and revision beside each; CC BY-SA 3.0); those of other
languages were written for this test with the templates that their wikis use.
"""

import json
import re
from pathlib import Path

import pytest

from maslin.curation.ingest.wikipedia.namespaces import Namespaces
from maslin.curation.ingest.wikipedia.wikitext import clean

_GOLD = [json.loads(line) for line in Path(__file__).with_name("gold.jsonl").read_text("utf-8").splitlines()]


@pytest.mark.parametrize("paragraph", _GOLD, ids=[f"{one['title']}-{at}" for at, one in enumerate(_GOLD)])
def test_a_paragraph_of_the_english_wikipedia_reads_as_on_its_page(paragraph: dict[str, str]) -> None:
    assert clean(paragraph["wikitext"]) == (paragraph["text"], 0)


@pytest.mark.parametrize(("language", "wikitext", "expected"), [
    ("fr",
     "'''Marie Curie''' ({{lang-pl|Maria}}), née le {{date de naissance|7|novembre|1867}}, étudia fin du {{s-|XIX}} "
     "{{refnec|le radium}} ; il pesait {{unité|0,1|g}}<ref>{{ouvrage|titre=x}}</ref>.",
     "Marie Curie (Maria), née le 7 novembre 1867, étudia fin du XIXe siècle le radium ; il pesait 0,1 g."),
    ("de", "Die '''Elbe''' ({{csS|Labe}}, {{lang|pl|Łaba}}) entspringt auf {{Höhe|1386|DE-NN}} und mündet bei "
     "[[Cuxhaven]].<ref>{{Internetquelle|url=x}}</ref> [[Bild:Elbe.jpg|mini|Der ''Fluss'']]",
     "Die Elbe (Labe, Łaba) entspringt auf 1386 m und mündet bei Cuxhaven."),
    ("es", "'''Sevilla''' fue fundada en el {{siglo|VIII|a|s}} y mide {{unidad|140|km²}}.{{cita requerida|Es grande}}. "
     "[[Archivo:x.jpg|thumb|Vista]]", "Sevilla fue fundada en el siglo VIII a. C. y mide 140 km².Es grande."),
    ("it", "Il '''Po''' è lungo {{M|652||km}}{{sf|Bo}}; nasce il fiume a {{M|2020|ul=m}}.",
     "Il Po è lungo 652 km; nasce il fiume a 2020 m."),
    ("pt", "Nasceu em {{dtlink|7|9|1822}}, no {{século|XIX}}.", "Nasceu em 7 de setembro de 1822, no século XIX."),
    ("ru", "'''Байкал''' ({{lang-bua|Байгал}}) — озеро глубиной {{число|1642|м}}{{нет АИ|1|1|2020}}, где жил "
     "{{нп5|Иван Икс|Икс|en|X}}.", "Байкал (Байгал) — озеро глубиной 1642 м, где жил Икс."),
    ("uk", "'''Київ''' — місто, де народився {{нп|Ікс||en|X}} {{дата|5|3|1900}}.",
     "Київ — місто, де народився Ікс 5 березня 1900."),
    ("ja", "'''{{読み仮名|東京|とうきょう}}'''は{{仮リンク|都市|en|City}}である{{要出典|date=2020年}}。",
     "東京（とうきょう）は都市である。"),
    ("zh",
     "'''软件'''（{{lang-en|software}}{{NoteTA|1=zh}}）是-{zh-hans:程序;zh-hant:程式}-，{{le|某人|X}}写于{{bd|1950年|5月|2000年|1月}}。",
     "软件（software）是程序，某人写于1950年5月—2000年1月。"),
    ("ko", "'''한국'''({{llang|en|Korea}}{{출처|날짜=2020}})은 [[파일:x.jpg|섬네일]]나라이다.",
     "한국(Korea)은 나라이다."),
    ("als", "[[Datei:x.jpg|mini|Bild]][[Bild:y.jpg]][[Kategorie:Z]]D {{nowrap|Stadt Basel}} lyt am Ry.",
     "D Stadt Basel lyt am Ry."),
    ("pl", "'''Wisła''' ({{lang|la|Vistula}}) ma {{j|1047 km}}{{odn|X}}. [[Plik:x.png|thumb]]",
     "Wisła (Vistula) ma 1047 km."),
])
def test_a_paragraph_of_another_language_reads_as_on_its_page(language: str, wikitext: str, expected: str) -> None:
    assert clean(wikitext, Namespaces.of(language)) == (expected, 0)


def test_prose_without_markup_of_templates_is_whole() -> None:
    """Every sentence of the gold stands in one page made of all of them, between tables, lists and boxes."""
    box = "{{Infobox x\n| a = {{b|c}}\n}}\n{|\n! h\n|-\n| 1\n|}\n* item\n"
    page = clean("\n\n".join(box + one["wikitext"] for one in _GOLD)).text
    sentences = [each for one in _GOLD for each in re.split(r"(?<=[.!?]) +(?=[A-Z])", one["text"])]
    assert sum(each in page for each in sentences) >= 0.995 * len(sentences)
