"""What the text of a page needs to know of a wiki: templates whose words are part of a sentence, and appendix headings.

A template that is not named here shows nothing. The names are those of the English Wikipedia, many shared by others.
"""

import re
from collections.abc import Callable, Sequence

# Sections left out: lists of references and links, by their headings in lower case.
APPENDICES = frozenset({
    "references", "notes", "footnotes", "citations", "sources", "external links", "external link",
    "further reading", "see also", "notes and references", "references and notes", "references and sources",
    "sources and references", "works cited", "explanatory notes", "footnotes and references",
    "notes, references and sources", "external links and references", "einzelnachweise", "weblinks",
    "literatur", "siehe auch", "anmerkungen", "quellen", "références", "notes et références", "liens externes",
    "voir aussi", "bibliographie", "annexes", "referencias", "enlaces externos", "véase también",
    "bibliografía", "note", "collegamenti esterni", "voci correlate", "altri progetti", "bibliografia",
    "referências", "ligações externas", "ver também", "примечания", "ссылки", "литература", "см. также",
    "참고 문헌", "각주", "外部リンク", "関連項目", "脚注", "参考文献",
    "外部链接", "参见", "参考资料", "externe links", "zie ook", "bronnen",
    "przypisy", "linki zewnętrzne", "zobacz też", "источници", "външни препратки", "вижте също",
})

_NAMED = re.compile(r"\s*([A-Za-z][\w -]{0,30}|\d{1,2})\s*=")
_UNITS = {
    "sqmi": "sq mi", "km2": "km²", "sqkm": "km²", "m2": "m²", "ft2": "sq ft", "sqft": "sq ft", "m3": "m³", "cm3": "cm³",
    "C": "°C", "F": "°F", "deg": "°", "mi": "miles", "acre": "acres",
}
_RANGES = {
    "-": "–", "–": "–", "to": " to ", "to(-)": " to ", "and": " and ", "or": " or ", "x": " × ", "×": " × ",
    "by": " by ",
}
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)

_VESSELS = ("HMS", "USS", "SS", "RMS", "HMAS", "HMCS", "USCGC", "MV", "MS", "INS", "SMS")

_Arguments = Sequence[str]
_Renderer = Callable[[list[str], dict[str, str]], str]


def _nth(index: int) -> _Renderer:
    return lambda place, named: place[index].strip() if len(place) > index else ""


def _last(place: list[str], named: dict[str, str]) -> str:
    return place[-1].strip() if place else ""


def _joined(separator: str) -> _Renderer:
    return lambda place, named: separator.join(part.strip() for part in place if part.strip())


def _block(place: list[str], named: dict[str, str]) -> str:
    return "\n" + (named.get("text") or named.get("quote") or (place[0] if place else "")).strip() + "\n"


def _items(place: list[str], named: dict[str, str]) -> str:
    return "\n" + "\n".join(f"* {part.strip()}" for part in place if part.strip()) + "\n"


def _before(prefix: str) -> _Renderer:
    return lambda place, named: prefix + (place[0].strip() if place else "")


def _constant(text: str) -> _Renderer:
    return lambda place, named: text


def _convert(place: list[str], named: dict[str, str]) -> str:
    """{{convert|5|to|10|km|mi}}: the first value or range with its unit, as written."""
    parts = [part.strip() for part in place]
    if len(parts) >= 4 and parts[1] in _RANGES:
        return f"{parts[0]}{_RANGES[parts[1]]}{parts[2]} {_UNITS.get(parts[3], parts[3])}"
    if len(parts) >= 2:
        if len(parts) >= 4 and parts[1] == "ft" and parts[3] == "in":
            return f"{parts[0]} ft {parts[2]} in"
        return f"{parts[0]} {_UNITS.get(parts[1], parts[1])}"
    return parts[0] if parts else ""


def _fraction(place: list[str], named: dict[str, str]) -> str:
    whole, above, below = [*([""] * (3 - len(place))), *(part.strip() for part in place[:3])]
    return f"{whole} {above or 1}/{below}".strip() if below else ""


def _as_of(place: list[str], named: dict[str, str]) -> str:
    if named.get("alt"):
        return named["alt"]
    words = "since" if "since" in named else "as of"
    words = words if named.get("lc") else words.capitalize()
    year, month, day = [*(part.strip() for part in place[:3]), "", "", ""][:3]
    if month.isdigit() and 1 <= int(month) <= 12:
        month = _MONTHS[int(month) - 1]
    return " ".join(part for part in (words, day, month, year) if part)


def _value(place: list[str], named: dict[str, str]) -> str:
    number = place[0].strip() if place else ""
    unit = (named.get("u") or named.get("ul") or "").strip()
    power = f"×10^{named['e'].strip()}" if named.get("e") else ""
    return f"{number}{power} {unit}".strip()


def _ship(place: list[str], named: dict[str, str]) -> str:
    return " ".join(part.strip() for part in place[:2] if part.strip())


def _vessel(prefix: str) -> _Renderer:
    return lambda place, named: f"{prefix} {place[0].strip() if place else ''}".strip()


_NAMES: tuple[tuple[str, _Renderer], ...] = (
    ("""
     nowrap nobr nowraplinks small smaller big larger center sic abbr tooltip unicode smallcaps sc mono code kbd
     samp tt var mvar math strong em overline underline bold italic ill interlanguage_link vanchor visible_anchor
     flag flagcountry flagu nihongo plainlist flatlist columns-list sub keypress key_press polytonic grc-tr iast
     hebrew script/hebrew nastaliq formatnum num chem2 angbr linktext strike bracket no_italic noitalic translation
     gloss wrap format_price not_a_typo interlanguage_link_multi
     """, _nth(0)),
    ("lang color colour font_color resize script rtl-lang wikt-lang", _nth(1)),
    ("transl transliteration font", _last),
    ("quote cquote blockquote quotation bquote block_indent blockindent poemquote poem_quote pull_quote", _block),
    ("unbulleted_list ubl ublist bulleted_list blist", _items),
    ("hlist", _joined(", ")),
    ("gaps chem", _joined("")),
    ("bibleverse bibleref bibleref2 bible_verse su", _joined(" ")),
    ("convert cvt conv", _convert),
    ("frac fraction sfrac", _fraction),
    ("as_of asof", _as_of),
    ("val nts", _value),
    ("ship", _ship),
    ("circa c. ca.", _before("c. ")),
    ("floruit fl.", _before("fl. ")),
    ("reign r.", _before("r. ")),
    ("us$ usd", _before("US$")),
    ("gbp £ pound_sterling", _before("£")),
    ("eur € euro", _before("€")),
    ("inr indian_rupee", _before("₹")),
    ("e", _before("×10^")),
    ("sup", _before("^")),
    ("sqrt radic", _before("√")),
    ("ndash endash en_dash", _constant("–")),
    ("mdash emdash em_dash", _constant("—")),
    ("spaced_ndash spaced_en_dash snd spnd spndash", _constant(" – ")),
    ("· • dot middot bullet bull", _constant(" · ")),
    ("nbsp space spaces thinsp hairspace", _constant(" ")),
    ("' apostrophe", _constant("'")),
    ("'s", _constant("'s")),
    ("!", _constant("|")),
    ("=", _constant("=")),
    ("okina", _constant("ʻ")),
    ("hamza", _constant("ʼ")),
    ("pi", _constant("π")),
    ("degree", _constant("°")),
    ("minus", _constant("−")),
    ("times", _constant("×")),
    *((prefix.lower(), _vessel(prefix)) for prefix in _VESSELS),
)
_RENDERERS = {name.replace("_", " "): renderer for names, renderer in _NAMES for name in names.split()}


def render_template(name: str, arguments: _Arguments | None) -> str | None:
    """The words a template puts into the text, or None when it puts none.

    With `arguments` None the answer only says whether the template is known: "" or None.
    """
    key = name.strip().replace("_", " ").lower()
    colon = ":" in key
    if colon:  # a parser function: its first argument follows the colon
        key = key[:key.index(":")].strip()
    renderer = _nth(0) if key.startswith("lang-") else _RENDERERS.get(key)
    if renderer is None or (colon and key != "formatnum"):
        return None
    if arguments is None:
        return ""
    place: list[str] = [name.partition(":")[2]] if colon else []
    named: dict[str, str] = {}
    for argument in arguments:
        match = _NAMED.match(argument)
        if match is None:
            place.append(argument)
        elif match[1].isdigit() and int(match[1]) == len(place) + 1:
            place.append(argument[match.end():])
        else:
            named[match[1].lower()] = argument[match.end():]
    return renderer(place, named)
