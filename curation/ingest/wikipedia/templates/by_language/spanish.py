"""Names of templates of Spanish wikis."""

from maslin.curation.ingest.wikipedia.templates.arguments import Arguments, Table
from maslin.curation.ingest.wikipedia.templates.numbers import day_month_year, quantity
from maslin.curation.ingest.wikipedia.templates.shown import argument, around, block, last, nothing

_MONTHS = (
    "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre",
    "diciembre",
)


def _century(given: Arguments) -> str:
    """{{siglo|XX}}, {{siglo|II|a|s}}: with `a` before our era."""
    era = {"a": " a. C.", "d": " d. C."}.get(given.get(2), "")
    return f"siglo {given.get(1)}{era}" if given.get(1) else ""


def _ordinal(given: Arguments) -> str:
    return f"{given.get(1)}.{given.get(2) or 'º'}"


SPANISH: Table = (
    ("fecha fecha_de_nacimiento fecha_de_fallecimiento fecha_de_inicio fecha_de_fin", day_month_year(_MONTHS, " de ")),
    ("unidad número cantidad", quantity),
    ("siglo siglos", _century),
    ("ac", around("", " a. C.")),
    ("dc", around("", " d. C.")),
    ("ord", _ordinal),
    ("esd versalita versalitas sin_salto nobr enlace_externo cita_requerida demostrar definición abreviatura may",
    argument(1)),
    ("enlace_rojo enlace_no_creado enlace_interlingüístico", argument(2, 1)),
    ("cita cita_destacada cita_bloque cquote", block(1, "texto")),
    ("idioma idioma2", argument(2)),
    ("color", last),
    ("bandera bandera_icono coord ancla cita_web cita_libro cita_noticia cita_publicación afi ap véase_también "
     "obra_citada enlace_roto sin_referencias harvnp", nothing),
)
