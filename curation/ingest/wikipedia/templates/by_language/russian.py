"""Names of templates of Russian and Ukrainian wikis."""

from maslin.curation.ingest.wikipedia.templates.arguments import Arguments, Table
from maslin.curation.ingest.wikipedia.templates.numbers import day_month_year, quantity
from maslin.curation.ingest.wikipedia.templates.shown import argument, around, block, joined, last, nothing

_MONTHS = (
    "января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября", "октября", "ноября",
    "декабря",
)
_UKRAINIAN_MONTHS = (
    "січня", "лютого", "березня", "квітня", "травня", "червня", "липня", "серпня", "вересня", "жовтня", "листопада",
    "грудня",
)


def _old_style(given: Arguments) -> str:
    """{{OldStyleDate|12|3|1850|28|2}}: both calendars."""
    new = day_month_year(_MONTHS)(given) or ""
    old = day_month_year(_MONTHS)(Arguments([given.get(4), given.get(5), given.get(6)])) or ""
    return f"{new} ({old})" if old else new


def _stressed(given: Arguments) -> str:
    return f"{given.get(1)}\u0301"


RUSSIAN: Table = (
    ("дата дата_рождения дата_смерти", day_month_year(_MONTHS)),
    ("oldstyledate сс сс3", _old_style),
    ("число num величина значение", quantity),
    ("нп нп1 нп2 нп3 нп4 нп5 не_переведено не_переведено_1 не_переведено_2 не_переведено_3 не_переведено_5 iw iw2 "
     "нет_перевода",
     argument(2, 1)),
    ("s nobr comment аббр кмч подсказка флагификация юникод капитель", argument(1)),
    ("цитата врезка_с_цитатой", block("содержание", "текст", "цитата", 1)),
    ("lang2 язык", argument(2)),
    ("цвет", last),
    ("дробь", joined("/")),
    ("ударение", _stressed),
    ("до_н._э. до_н._э", around("", " до н. э.")),
    ("нет_аи нет_аи_2 нет_в_источнике уточнить кто когда какие где чей что переход флаг флагиконка якорь мфа "
     "начало_цитаты конец_цитаты недоступная_ссылка прояснить книга статья публикация", nothing),
)
UKRAINIAN: Table = (
    ("дата дата_народження дата_смерті", day_month_year(_UKRAINIAN_MONTHS)),
    ("нп не_перекладено iw li", argument(2, 1)),
    ("s nobr comment прапорець", argument(1)),
    ("цитата", block("зміст", "текст", 1)),
    ("мова", argument(2)),
    ("джерело немає_джерел fact прапор мфа якір", nothing),
)
