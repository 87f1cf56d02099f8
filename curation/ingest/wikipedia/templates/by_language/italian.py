"""Names of templates of Italian wikis."""

from maslin.curation.ingest.wikipedia.templates.arguments import Arguments, Table
from maslin.curation.ingest.wikipedia.templates.numbers import day_month_year
from maslin.curation.ingest.wikipedia.templates.shown import argument, block, nothing

_MONTHS = (
    "gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno", "luglio", "agosto", "settembre", "ottobre",
    "novembre", "dicembre",
)


def _measure(given: Arguments) -> str:
    """{{M|5|k|m}}, {{M|100||km/h}}, {{M|5|ul=km}}: a number, a prefix of the unit, the unit."""
    unit = given.get("ul", "u") or given.get(2) + given.get(3)
    return f"{given.get(1)} {unit}".strip()


ITALIAN: Table = (
    ("data", day_month_year(_MONTHS)),
    ("m unità", _measure),
    ("maiuscoletto tutto_attaccato senza_fonte citazione_necessaria", argument(1)),
    ("collegamento_interlinguistico", argument("lt", 3, 1)),
    ("citazione", block(1, "testo")),
    ("cita bandiera coord chiarire sf note cita_web cita_libro cita_news vedi_anche ancora ipa", nothing),
)
