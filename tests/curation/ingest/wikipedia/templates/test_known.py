"""One line a template: what a reader of the page sees."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maslin.curation.ingest.wikipedia.namespaces import Namespaces
from maslin.curation.ingest.wikipedia.templates.known import known_templates
from maslin.curation.ingest.wikipedia.wikitext import clean


@pytest.mark.parametrize(("wikitext", "expected"), [
    # Words in other languages
    ("{{langx|es|hola}} {{lang|fr|mot}} {{transl|ru|ALA-LC|Moskva}}", "hola mot Moskva"),
    ("{{langx|uk|Київ|Kyiv}}; {{lang-la|ora|pray}}", "Київ, romanized: Kyiv; ora, lit. 'pray'"),
    ("the sound {{IPA|/a/}}", "the sound /a/"),
    ("{{nihongo|Wind|風|kaze}}, {{nihongo3|wind|風|kaze}}", "Wind (風, kaze), kaze (風, wind)"),
    ("{{zh|s=汉|t=漢|p=hàn}}", "simplified Chinese: 汉; traditional Chinese: 漢; pinyin: hàn"),
    ("{{ill|Ada|de|Ada B.|lt=her}} and {{interlanguage link|Bob|fr}}", "her and Bob"),
    # Money
    ("{{£|5}}, {{HK$|3}}, {{SEK|9}}, {{INRConvert|7|c}}, {{CHF|2}}, {{€}}", "£5, HK$3, 9 kr, ₹7 crore, CHF 2, €"),
    ("{{currency|5|EUR}}, {{FXConvert|GBP|4|m}}, {{£sd|l=1|s=2|d=6}}", "€5, £4 million, £1 2s 6d"),
    ("{{JPYConvert|3|b}}, {{₹|2|c}}, {{FXConvert|USA|4|m}}, {{zł|9}}", "¥3 billion, ₹2 crore, US$4 million, 9 zł"),
    # Dates and ordinals
    ("{{birth date|1950|5|12}}, {{start date|2001|7|df=y}}, {{dts|1777|12|16}}",
     "May 12, 1950, July 2001, December 16, 1777"),
    ("{{circa|1850|1860}}, {{reign|336|323 BC}}, {{nth|22}}, {{ordinal|113}}",
     "c. 1850 – c. 1860, r. 336 – 323 BC, 22nd, 113th"),
    ("{{OldStyleDate|3 June|1701|23 May}}; {{age|1950|5|12|1990|3|2}}", "3 June [O.S. 23 May] 1701; 39"),
    ("{{marriage|Ida|1914|1915|end=div}} in {{BCE|44}}", "Ida (m. 1914; div. 1915) in 44 BCE"),
    # Quantities
    ("{{convert|3|x|5|ft}}, {{convert|5|±|0.1|kg}}, {{convert|2+1/2|in}}", "3 × 5 ft, 5 ± 0.1 kg, 2 1/2 in"),
    ("{{convert|2|e9USgal}}, {{convert|60|and(-)|80|kg}}, {{convert|6|ft|2|in|cm}}",
     "2 billion US gal, 60 and 80 kg, 6 ft 2 in"),
    ("{{convert|5|ft|2|in|to|6|ft|1|in}}; {{cvt|-4|C|F}}; {{convert|9|lb/sqft}}",
     "5 ft 2 in to 6 ft 1 in; −4 °C; 9 lb/sq ft"),
    ("{{convert|4|ft|adj=mid|-long}} by {{convert|3|,|4|, and|5|m}}", "4 ft-long by 3, 4, and 5 m"),
    ("a {{convert|9|mi|adj=on}} road of {{convert|1|mi}} to {{convert|1/2|acre}}, {{convert|2|mi|adj=mid|-long}}",
     "a 9-mile road of 1 mile to 1/2 acre, 2-mile-long"),
    ("{{convert|1|to|2|mi}}, {{convert|3|e6acre|adj=on}}, {{convert|7|km|mi|disp=preunit|sea}}",
     "1 to 2 miles, 3-million-acre, 7 sea km"),
    ("{{number to words|21}} {{ordinal to word|40}} {{ordinal to word|512}} {{Roman|1994}} {{±|2|3}} {{pm|4}}",
     "twenty-one fortieth 512 MCMXCIV +2 −3 ±4"),
    ("{{val|1.5|0.2|e=6|u=m}}, {{track gauge|1435mm}}, {{height|ft=5|in=8}}", "(1.5±0.2)×10^6 m, 1435 mm, 5 ft 8 in"),
    # Formulas
    ("{{math|1=''x'' = {{sqrt|2}}}}, {{sfrac|n + 1|2}}, {{abs|y}}, {{mvar|z}}", "x = √2, (n + 1)/2, |y|, z"),
    ("{{tmath|1= a = b}}, {{10^|6}}, {{bra-ket|a|b}}, {{math|''a'' {{=}} 1}}", "$a = b$, 10^6, ⟨a|b⟩, a = 1"),
    # Names
    ("{{USS|Enterprise|CV-6}}, {{HMS|Hood|51|2}}, {{ship|MV|Joyita}}", "USS Enterprise (CV-6), HMS Hood, MV Joyita"),
    ("{{sclass|Essex|carrier}} {{sortname|Ada|King}} {{sort|07|seven}}", "Essex-class carrier Ada King seven"),
    ("at {{coord|12|19|N|70|1|W}} or {{coord|-3.5|40|display=inline}}{{coord|1|2|display=title}}",
     "at 12°19′N 70°1′W or 3.5°S 40°E"),
    ("{{harvtxt|Kim|Lee|2010}} wrote{{sfn|Kim|2010}}.", "Kim & Lee (2010) wrote."),
    ("{{ill|de|Ada}} of {{HMHS|Asturias}}, {{German submarine|U-5}}, {{section link|Oslo|Ports}}",
     "Ada of HMHS Asturias, German submarine U-5, Oslo § Ports"),
    # Countries
    ("{{DEU}}, {{GER}}, {{flag|UK}}, {{flagcountry|SUI}}, {{fb|ENG}}, {{flagu|Chad}}",
     "Germany, Germany, UK, Switzerland, England, Chad"),
    ("{{flagIOCathlete|Ada|ITA|2012 Summer}} and {{flag+link|Ports of|Peru}}{{flagicon|FRA}}", "Ada (Italy) and Peru"),
    # Text
    ("''Eagle''{{'s}} crew said {{\"'}}no{{'\"}} to F{{music|#}}", "Eagle's crew said \"'no'\" to F♯"),
    ("{{angbr|a}} {{ruby|字|じ}} {{unichar|41}} H{{sub|2}}O x{{sup|2}} {{key press|Ctrl|C}}",
     "⟨a⟩ 字 (じ) U+41 A H2O x² Ctrl+C"),
    ("a {{#if: x | yes | no}} {{lc:ABC}} {{formatnum:5000}} {{w|moon|the moon}}", "a yes abc 5000 the moon"),
])
def test_what_a_template_shows(wikitext: str, expected: str) -> None:
    assert clean(wikitext) == (expected, 0)


@pytest.mark.parametrize(("wikitext", "expected"), [
    ("{{term|abaft}}\n{{defn|1=Toward the stern.}}", ["abaft", "Toward the stern."]),
    ("{{ordered list|start=3|one|two}}", ["3. one", "4. two"]),
    ("{{unbulleted list|a|b}}{{plainlist|\n* c\n* d\n}}", ["- a", "- b", "- c", "- d"]),
    ("{{columns-list|colwidth=9em|\n* a\n* b\n}}", ["- a", "- b"]),
    ("Said:\n{{blockquote|To be.|Hamlet}}", ["Said:", "To be."]),
    ("{|\n| {{yes}} || {{n/a}}\n|}", ["Yes | N/A"]),
])
def test_lists_and_blocks(wikitext: str, expected: list[str]) -> None:
    assert [line for line in clean(wikitext).text.split("\n") if line] == expected


@pytest.mark.parametrize(("language", "wikitext", "expected"), [
    ("fr", "né le {{date|1|mai|1950}} à {{unité|5|km||h|-1}}", "né le 1er mai 1950 à 5 km h⁻¹"),
    ("fr", "au {{s-|XIX}}, du {{sp|I|er|au|V|e}}, au {{-s|V}}",
     "au XIXe siècle, du Ier au Ve siècle, au Ve siècle av. J.-C."),
    ("fr", "{{lien|lang=en|trad=X|fr=Y|texte=Z}}, {{citation|mot}}, {{n°|5}}, {{Mme|Curie}}",
     "Z, « mot », no 5, Mme Curie"),
    ("de", "{{enS|word}}, {{\"|Wort}}, {{JULGREGDATUM|3|5|1700}}, {{§|1|BGB}}", "word, „Wort“, 3. Mai 1700, § 1 BGB"),
    ("es", "{{fecha|12|5|1950}}, {{siglo|II|a|s}}, {{esd|5 km}}, {{AC|44}}",
     "12 de mayo de 1950, siglo II a. C., 5 km, 44 a. C."),
    ("it", "{{M|5|k|m}}, {{maiuscoletto|xx}}", "5 km, xx"),
    ("pt", "{{dtlink|7|9|1822}}, {{fmtn|5|km}}", "7 de setembro de 1822, 5 km"),
    ("ru", "{{нп5|Имя|показ|en|Name}}, {{дата|9|5|1945}}, {{lang-en|word}}", "показ, 9 мая 1945, word"),
    ("ja", "{{読み仮名|漢字|かんじ}}、{{仮リンク|月|en|Moon}}、{{没年齢|1950|5|12}}",
     "漢字（かんじ）、月、1950年5月12日"),
    ("zh", "{{le|中文|English|显示}}、{{tsl|en|English|中文}}、{{lang-en|word}}", "显示、中文、word"),
    ("ko", "{{llang|en|word}}, {{출생일과 나이|1950|5|12}}", "word, 1950년 5월 12일"),
    ("pt", "{{BRA}} e {{ENG}}", "Brasil e Inglaterra"), ("it", "in {{Naz|CA|FRA}}", "in Francia"),
    ("fr", "le {{XIXe siècle}}, {{tonnes|5}}", "le XIXe siècle, 5 tonnes"),
    ("pl", "ur. {{data|1950-05-03}}", "ur. 3 maja 1950"),
    ("en", "le {{date|12|mai|1950}}, {{unité|5|km}}",
     "le 12 mai 1950, 5 km"),  # names of others, where they say nothing else
])
def test_names_of_other_languages(language: str, wikitext: str, expected: str) -> None:
    assert clean(wikitext, Namespaces.of(language)) == (expected, 0)


@pytest.mark.parametrize(("wikitext", "lost"), [
    ("It is {{no such thing|5}} long.", 1), ("It cost ({{inflation|US|5|1929}}) more; {{convert|input=P1}} high.", 2),
    ("{{Infobox x\n| a = {{no such thing}}\n}}\n'''A''' is.", 0), ("{{no such box}}\nText.", 0),
    ("Text.{{citation needed|date=May 2015}} More.{{sfn|A|1}}", 0), ("{|\n| a {{no such thing}}\n|}", 0),
    ("Text.\n== References ==\nSee {{no such thing|5}} there.", 0),
])
def test_what_is_lost_in_running_text_is_counted(wikitext: str, lost: int) -> None:
    assert clean(wikitext).templates_lost == lost


_NAMES = [name for name in known_templates("en")._shown if not set(name) & set("{}|[]<>")]
_ARGUMENTS = st.lists(st.one_of(
    st.sampled_from(["", "5", "-5", "1+1/2", "x", "to", "ft", "in", "e6acre", "1950", "13", "lt=a", "u=m", "e=6",
    "start=999", "²", "٣"]),
    st.text(alphabet="0123456789abc =+-/.²٣é", max_size=8),
), max_size=8)


@given(st.sampled_from(_NAMES), _ARGUMENTS)
def test_no_arguments_break_a_template(name: str, arguments: list[str]) -> None:
    assert isinstance(clean("a {{" + "|".join([name, *arguments]) + "}} b").text, str)


@pytest.mark.parametrize("part", ["1|x|", "5|ft|2|in|to|", "9", "|", "=", "²|"])
def test_long_arguments_are_read_in_one_go(part: str) -> None:
    for name in ("convert", "ordered list", "val", "lang", "nth", "birth date", "coord", "unichar"):
        clean("{{" + name + "|" + part * 50_000 + "}}")
