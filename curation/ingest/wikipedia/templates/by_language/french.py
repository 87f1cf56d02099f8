"""Names of templates of French wikis."""

from maslin.curation.ingest.wikipedia.templates.arguments import Arguments, Shown, Table
from maslin.curation.ingest.wikipedia.templates.money import by_code
from maslin.curation.ingest.wikipedia.templates.numbers import day_month_year, quantity
from maslin.curation.ingest.wikipedia.templates.shown import (
    argument,
    around,
    before,
    block,
    constant,
    joined,
    last,
    nothing,
    with_original,
)

_MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
    "décembre",
)


def _first_of_month(given: Arguments) -> str:
    written = day_month_year(_MONTHS)(given) or ""
    return f"1er {written[2:]}" if written.startswith("1 ") else written


def _ending(numeral: str, ending: str) -> str:
    return numeral + (ending or ("er" if numeral == "I" else "e") if numeral else "")


def _century(words: str, era: str = "") -> Shown:
    """{{s|XIX}}: XIXe siècle; {{sp|XVIII|e|au|XIX|e}}: a span."""

    def shown(given: Arguments) -> str:
        parts = [part.strip() for part in given.place]
        found = _ending(*[*parts, "", ""][:2])
        if len(parts) > 3 and parts[3]:
            between = f" {parts[2]} " if parts[2] not in ("-", "–") else "–"
            found += between + _ending(*[*parts[3:], ""][:2])
        return f"{found} {words}{era}" if found else ""

    return shown


def _hours(given: Arguments) -> str:
    units = ("h", "min", "s")
    return " ".join(f"{part} {unit}" for part, unit in zip(given.filled(), units, strict=False))


_BC = " av. J.-C."
_NUMERALS = (
    "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII", "XIII", "XIV", "XV", "XVI", "XVII",
    "XVIII", "XIX", "XX", "XXI",
)
FRENCH: Table = (
    ("date date- date_de_naissance date_de_naissance- date_de_décès date_de_décès- date_rép", _first_of_month),
    ("unité unité/2 unite nombre nb tunité", quantity),
    ("s s- s_mini s_mini- siècle sp sp- sap sap-", _century("siècle")),
    ("ss ss-", _century("siècles")),
    ("-s -s- -s_mini- -sp -sp-", _century("siècle", _BC)),
    *((f"{_ending(numeral, '').lower()}_siècle", constant(f"{_ending(numeral, '')} siècle")) for numeral in _NUMERALS),
    ("mill mill-", _century("millénaire")),
    ("-mill -mill-", _century("millénaire", _BC)),
    ("e ème", constant("e")),
    ("er", constant("er")),
    ("re", constant("re")),
    ("nd", constant("nd")),
    ("nde", constant("nde")),
    *((f"{number}e", constant(f"{number}e")) for number in range(2, 32)),
    ("1er ier", constant("1er")),
    ("1re ière", constant("1re")),
    ("av._j.-c. av_j.-c. avjc av_jc -jc", constant("av. J.-C.")),
    ("apr._j.-c. apjc ap._j.-c. apr_jc", constant("apr. J.-C.")),
    ("heure durée", _hours),
    ("tonnes tonne", around("", " tonnes")),
    ("monnaie", by_code(1, 2)),
    ("japonais", with_original(2, 3)),
    ("lien lien_langue lien_wikipédia lien_rouge", argument("texte", "fr", 1)),
    ("langue langue_avec_nom", argument(2, "texte")),
    ("citation citation_étrangère_courte guil guillemets «", around("« ", " »")),
    ("citation_bloc citation_étrangère début_citation_bloc bloc_citation", block("texte", 1)),
    ("incise", around("– ", " –")),
    *((title.lower(), before(f"{title} ")) for title in ("M.", "MM.", "Mme", "Mlle", "Dr", "Pr", "Mgr", "St", "Ste")),
    ("n° nº numéro n°s", before("no ")),
    ("p. page pp.", before("p. ")),
    ("vol.", before("vol. ")),
    ("t.", before("t. ")),
    ("chap.", before("chap. ")),
    ("etc etc.", constant("etc.")),
    ("abréviation abréviation_discrète abrd abr_discrète abr petit grand souligner gras italique petites_capitales "
     "smc pcap couleur_texte infobulle terme_défini référence_nécessaire refnec référence_souhaitée "
     "référence_insuffisante citation_nécessaire passage_promotionnel passage_évasif passage_non_neutre "
     "passage_à_actualiser pas_clair quoi_? quoi quand qui lequel lesquels où pourquoi combien comment "
     "pertinence_contestée précision_nécessaire précision interprétation_personnelle non_neutre doute "
     "source_insuffisante à_sourcer trop_vague souverain souverain- souv souv- romain nobr_romain rom rom-maj "
     "formule fabrication langue_arabe arabe chinois cyrillique hébreu texte_grec sinogramme",
     argument(1, "texte")),
    ("grec_ancien", joined(" / ")),
    ("couleur", last),
    ("exp exposant", around("<sup>", "</sup>")),
    ("ind indice", around("<sub>", "</sub>")),
    ("fchim formule_chimique chim", joined("")),
    ("référence_à_confirmer note harvsp sfn référence api api- phon prononciation refconf fr en de es it la nl pt "
     "ru ja ref-en rp drapeau coord ancre voir article_détaillé commentaire_biblio ouvrage article lien_web "
     "lien_brisé source_à_vérifier", nothing),
)
