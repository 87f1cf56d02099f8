"""Countries: templates that are named by a code (`{{DEU}}`), and those that take one (`{{flagcountry|GER}}`)."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from maslin.curation.ingest.wikipedia.templates.arguments import Arguments, Shown, Table
from maslin.curation.ingest.wikipedia.templates.shown import argument

_FILE = Path(__file__).parent / "data" / "countries.tsv"


@lru_cache(maxsize=64)
def country_names(language: str) -> Mapping[str, str]:
    """The names in a language by code; none in a language that the table lacks."""
    lines = [line for line in _FILE.read_text(encoding="utf-8").splitlines() if line]
    heads = [line for line in lines if line.startswith("#")]
    languages = heads[-1].lstrip("# ").split()
    if language not in languages:
        return {}
    column = languages.index(language) + 1
    rows = (line.split("\t") for line in lines[len(heads):])
    return {code: row[column] for row in rows for code in row[0].split() if row[column]}


def country_templates(language: str) -> Table:
    """Templates with flags, in whose words a code is the country's name in this language."""
    names = country_names(language)

    def country(*keys: int | str) -> Shown:
        def shown(given: Arguments) -> str:
            written = given.get("name", *keys)
            return names.get(written, written)

        return shown

    def of_country(given: Arguments) -> str:
        """{{flagathlete|Ada|ITA}}: who, and from where."""
        code = given.get(2)
        return f"{given.get(1)} ({names.get(code, code)})" if code else given.get(1)

    return (
        ("flag flagu flagg flag_unlinked noflag", argument("name", 1)),
        ("flagcountry flagcountry2 flag_country flagioc flagioc2 flagioc2team flagcgf flagteam flagpara "
         "fb fbw fb-rt fbu fb-big fb-w cr cr-rt crw ru ru-rt ru7 rl ih vb hb bk bb nft nfw nflag flaglink flag2 "
         "bandera2 bandeira2 band país_bandera pays drapeau2 drapeau_pays флагификация прапорець флаг_з_назвою "
         "państwo flaga_państwa vlag2 naam_vlag flaggenlink flagge2 bandiera2 bayrak2 zászló2 đội_tuyển "
         "国旗図 国旗図2 nazwa_flaga", country(1)),
        ("naz nazionale", country(2)),
        ("flag+link flagg+link", argument("name", 2)),
        ("flagathlete flagiocathlete flagioc2athlete flagcgfathlete flagmedalist flagiocmedalist flagioc2medalist "
         "flagcgfmedalist flagparaathlete", of_country),
    )
