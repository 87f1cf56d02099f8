"""Names of templates of wikis in further languages, where they name nothing else in another."""

from maslin.curation.ingest.wikipedia.templates.arguments import Table
from maslin.curation.ingest.wikipedia.templates.numbers import day_month_year, iso_date, quantity
from maslin.curation.ingest.wikipedia.templates.shown import argument, block, nothing, with_original

_POLISH_MONTHS = (
    "stycznia", "lutego", "marca", "kwietnia", "maja", "czerwca", "lipca", "sierpnia", "września", "października",
    "listopada", "grudnia",
)
_CZECH_MONTHS = (
    "ledna", "února", "března", "dubna", "května", "června", "července", "srpna", "září", "října", "listopadu",
    "prosince",
)

OTHERS: Table = (
    # Polish
    ("dda dda-", day_month_year(_POLISH_MONTHS)),
    ("data", iso_date(_POLISH_MONTHS)),
    ("j liczba", argument(1)),
    ("cytat cytatd", block(1, "treść")),
    ("fakt przypis odn potrzebny_przypis kto? kiedy?", nothing),
    # Czech, Slovak
    ("datum_narození_a_věk datum_narození datum_úmrtí", day_month_year(_CZECH_MONTHS, after_day=".")),
    ("vjazyce2 cizojazyčně v_jazyce", argument(2)),
    ("citát", block(1)),
    ("doplňte_zdroj zdroj?", nothing),
    # Dutch, Swedish, Norwegian, Danish, Finnish
    ("citaat citat sitat sitaatti", block(1, "tekst", "text")),
    ("bron? källa_behövs kilde_mangler tr lähde", nothing),
    # Catalan, Galician, Romanian, Hungarian, Turkish
    ("unitats xifra", quantity),
    ("enllaç_no_existent", argument(2, 1)),
    ("citació", block(1)),
    ("fals_verd", argument(1)),
    ("dil", argument(2)),
    ("kaynak_belirt citation_requerida cal_citació", nothing),
    # Vietnamese, Indonesian
    ("nhật", with_original(2, 3)),
    ("cần_dẫn_nguồn butuh_rujukan", nothing),
    # Arabic, Persian, Hebrew, Hindi
    ("وإو وصلة_إنترويكي", argument("نص", "عر", 1)),
    ("لغة لغ زبان", argument(2)),
    ("اقتباس نقل_قول ציטוט", block(1)),
    ("بحاجة_لمصدر نیازمند_منبع דרוש_מקור", nothing),
    # Greek, Bulgarian, Serbian
    ("цитат", block(1)),
    ("източник citat_potreban", nothing),
)
