"""Which templates show words, by their name: of a wiki's own language, of all, then of other languages."""

import re
from collections.abc import Mapping
from functools import lru_cache

from maslin.curation.ingest.wikipedia.templates.arguments import Arguments, Shown, Table
from maslin.curation.ingest.wikipedia.templates.by_language.chinese import CHINESE
from maslin.curation.ingest.wikipedia.templates.by_language.french import FRENCH
from maslin.curation.ingest.wikipedia.templates.by_language.german import GERMAN
from maslin.curation.ingest.wikipedia.templates.by_language.italian import ITALIAN
from maslin.curation.ingest.wikipedia.templates.by_language.japanese import JAPANESE
from maslin.curation.ingest.wikipedia.templates.by_language.korean import KOREAN
from maslin.curation.ingest.wikipedia.templates.by_language.others import OTHERS
from maslin.curation.ingest.wikipedia.templates.by_language.portuguese import PORTUGUESE
from maslin.curation.ingest.wikipedia.templates.by_language.russian import RUSSIAN, UKRAINIAN
from maslin.curation.ingest.wikipedia.templates.by_language.spanish import SPANISH
from maslin.curation.ingest.wikipedia.templates.convert import CONVERT
from maslin.curation.ingest.wikipedia.templates.countries import country_names, country_templates
from maslin.curation.ingest.wikipedia.templates.dates import DATES
from maslin.curation.ingest.wikipedia.templates.functions import FUNCTIONS
from maslin.curation.ingest.wikipedia.templates.languages import LANGUAGES, named_language
from maslin.curation.ingest.wikipedia.templates.lists import LISTS
from maslin.curation.ingest.wikipedia.templates.mathematics import MATHEMATICS
from maslin.curation.ingest.wikipedia.templates.money import MONEY
from maslin.curation.ingest.wikipedia.templates.names import NAMES
from maslin.curation.ingest.wikipedia.templates.shown import argument, constant, nothing
from maslin.curation.ingest.wikipedia.templates.silent import SILENT, SILENT_FAMILIES
from maslin.curation.ingest.wikipedia.templates.text import TEXT

_SHARED: tuple[Table, ...] = (TEXT, LANGUAGES, LISTS, MATHEMATICS, CONVERT, DATES, MONEY, NAMES, SILENT)
_BY_LANGUAGE: Mapping[str, Table] = {
    "fr": FRENCH, "de": GERMAN, "es": SPANISH, "it": ITALIAN, "pt": PORTUGUESE, "ru": RUSSIAN, "uk": UKRAINIAN,
    "ja": JAPANESE, "zh": CHINESE, "ko": KOREAN, "": OTHERS,
}
_MOST_REMEMBERED = 20_000
_PREFIX = re.compile(r"(?:template|vorlage|modèle|plantilla|predefinição|шаблон|safesubst|subst|msg) *: *", re.I)
_FAMILIES: tuple[tuple[re.Pattern[str], Shown], ...] = (
    (re.compile(r"lang-[a-z-]{2,20}$"), named_language),
    (re.compile(r"(?:link|ill|internal link helper)-[a-z]{2,3}$"), argument("lt", 3, 1)),
    (re.compile(r"internal link helper/[a-z-]{2,12}$"), argument("lt", 3, 1)),
    (SILENT_FAMILIES, nothing),
)


class KnownTemplates:
    """The templates that pages of one language may name."""

    def __init__(self, language: str) -> None:
        own = _BY_LANGUAGE.get(language, ())
        others = (table for table in _BY_LANGUAGE.values() if table is not own)
        tables = (*others, *_SHARED, country_templates(language), own)  # later ones win
        self._shown = {
            name.replace("_", " "): shown for table in tables for names, shown in table for name in names.split()
        }
        self._countries = country_names(language)
        self._remembered: dict[str, Shown | None] = {}

    def find(self, written: str) -> Shown | None:
        """What a template of this name, as written after `{{`, shows; None where it is not known."""
        try:
            return self._remembered[written]
        except KeyError:
            pass
        name = written
        if ":" in written:
            if function := FUNCTIONS.get(written.partition(":")[0].strip().lower()):
                return function
            name = _PREFIX.sub("", written.lstrip(), count=1)
        name = " ".join(name.replace("_", " ").split())
        if country := self._countries.get(name):  # in capitals: {{BRA}} is Brazil, {{bra}} a formula
            shown: Shown | None = constant(country)
        else:
            shown = self._shown.get(name.lower()) or _of_family(name.lower())
        if len(self._remembered) >= _MOST_REMEMBERED:
            self._remembered.clear()
        self._remembered[written] = shown
        return shown

    def render(self, written: str, arguments: list[str]) -> str | None:
        """The words a template puts into the text: "" where it rightly puts none, None where they are not known."""
        shown = self.find(written)
        if shown is None:
            return None
        name, colon, first = written.partition(":")
        if colon and name.strip().lower() in FUNCTIONS:
            arguments = [first, *arguments]
        return shown(Arguments(arguments))


def _of_family(name: str) -> Shown | None:
    for family, shown in _FAMILIES:
        if family.match(name):
            return shown
    return None


@lru_cache(maxsize=64)
def known_templates(language: str) -> KnownTemplates:
    """The templates of wikis in this language (`fr`); `en` for what is not known."""
    return KnownTemplates(language)
