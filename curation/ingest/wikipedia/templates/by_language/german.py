"""Names of templates of German wikis."""

import re

from maslin.curation.ingest.wikipedia.templates.arguments import Arguments, Table
from maslin.curation.ingest.wikipedia.templates.numbers import day_month_year
from maslin.curation.ingest.wikipedia.templates.shown import argument, around, block, joined, last, nothing

_MONTHS = (
    "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November",
    "Dezember",
)
_LANGUAGES = (
    "ar ang bg bs ca cs da el en eo es et eu fa fi fr ga grc hbo he hi hr hu hy id is it ja ka ko la lb lt lv mk mn "
    "nds nl no pl "
    "pt rm ro ru sa sk sl sq sr sv th tr uk ur vi yi zh"
)
_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)$")


def _date_cell(given: Arguments) -> str:
    iso = _ISO.match(given.get(1))
    written = day_month_year(_MONTHS, after_day=".")
    return (written(Arguments([iso[3], iso[2], iso[1]])) if iso else given.get(2, 1)) or ""


def _section_of_law(given: Arguments) -> str:
    return given.get("text") or " ".join(filter(None, ("§", given.get(1), given.get(2).upper())))


def _height(given: Arguments) -> str:
    return f"{given.get(1)} m" if given.get(1) else ""


def _bible(given: Arguments) -> str:
    return " ".join(given.filled()[:2])


GERMAN: Table = (
    *((f"{code}s", argument(1)) for code in _LANGUAGES.split()),
    ("\" “", around("„", "“")),
    ("zitat zitat-en zitat-fr zitat-la", block("text", 1)),
    ("julgregdatum datum", day_month_year(_MONTHS, after_day=".")),
    ("datumzelle", _date_cell),
    ("bruch", joined("/")),
    ("sortkey sortieren", last),
    ("formatzahl zahl kapitälchen unicode arabisch kyrillisch hebräisch abk abkürzung",
     argument(1)),
    ("§ art.", _section_of_law),
    ("höhe", _height),
    ("bibel b bb", _bible),
    ("internetquelle literatur webarchiv lautschrift ipa anker coordinate belege belege_fehlen wann wer toter_link "
     "hauptartikel siehe_auch personenleiste navigationsleiste normdaten audio refag", nothing),
)
