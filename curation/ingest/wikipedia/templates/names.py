"""Names of ships, persons and places, links to pages in other languages, and cells of tables."""

import re

from maslin.curation.ingest.wikipedia.links import LANGUAGE_PREFIXES
from maslin.curation.ingest.wikipedia.sentinels import ATTRIBUTES_END
from maslin.curation.ingest.wikipedia.templates.arguments import Arguments, Shown, Table
from maslin.curation.ingest.wikipedia.templates.shown import argument

_PREFIXES = (
    "HMS", "USS", "SS", "RMS", "HMAS", "HMCS", "HMNZS", "HMIS", "HMSAS", "USCGC", "USNS", "USRC", "USAT", "USAHS",
    "CSS", "MV", "MS", "MY", "INS", "PNS", "SMS", "KMS", "HSwMS", "HNoMS", "HDMS", "HNLMS", "ORP", "RFA", "SAS", "ARA",
    "BAP", "ROKS", "JDS", "JS", "TCG", "KRI", "KD", "RV", "GTS", "TSS", "USC&GS", "NMS", "EML", "BRP", "RSS", "USLHT",
    "HMT", "HMY", "HMHS", "HMPNGS", "HMTSS", "HMBS", "USAV", "USCS", "USFC", "SSV", "CCGS", "RRS", "NRP", "ROCS", "LÉ",
    "BNS", "SLNS", "German submarine",
)


_NUMBER = re.compile(r"[+-]?\d{1,5}(?:\.\d{0,12})?$")


def _named_ship(prefix: str, name: str, hull: str, form: str) -> str:
    """A ship in the form of Template:Ship: 1 hull, 2 without hull, 3 without prefix, 5 no name, 6 name alone."""
    full = f"{prefix} {name}".strip()
    match form:
        case "1":
            return hull or full
        case "2":
            return full
        case "3":
            return f"{name} ({hull})" if hull else name
        case "5":
            return f"{prefix} {hull}".strip()
        case "6":
            return name
    return f"{full} ({hull})" if hull else full


def _ship(given: Arguments) -> str:
    return _named_ship(given.get(1), given.get(2), given.get(3), given.get(4))


def _prefixed(prefix: str) -> Shown:
    return lambda given: _named_ship(prefix, given.get(1), given.get(2), given.get(3)) if given.get(1) else prefix


def _ship_class(given: Arguments) -> str:
    """{{sclass|Nimitz|aircraft carrier}}."""
    name, kind = given.get(1), given.get(2)
    match given.get(3):
        case "0":
            return name
        case "1":
            return f"{name} class"
        case "2":
            return f"{name}-class"
    return f"{name}-class {kind}".strip()


def _other_language(given: Arguments) -> str:
    """{{ill|Ada|de|Ada B.|lt=her}}; of old also {{ill|de|Ada}}."""
    first, second = given.get(1), given.get(2)
    is_turned = first in LANGUAGE_PREFIXES and second and second not in LANGUAGE_PREFIXES
    return given.get("lt", "label", "display") or (second if is_turned else first)


def _section(given: Arguments) -> str:
    """{{section link|Page|Part}}: Page § Part."""
    return f"{given.get(1)} § {given.get(2)}".strip() if given.get(2) else given.get(1)


def _sort_name(given: Arguments) -> str:
    return " ".join(filter(None, (given.get(1), given.get(2))))


def _sorted(given: Arguments) -> str:
    """{{sort|key|shown}}: without `shown` the key is the text."""
    return given.get(2) if len(given.place) > 1 else given.get(1)


def _author_year(given: Arguments) -> str:
    """{{harvtxt|Smith|Jones|2010}}: Smith & Jones (2010)."""
    *authors, year = given.filled() or [""]
    return f"{' & '.join(authors)} ({year})" if authors else year


def _coordinates(given: Arguments) -> str:
    """{{coord|12|19|N|70|1|W}}, {{coord|12.3|-70}}; nothing where they stand in the title alone."""
    if given.get("display") in ("title", "t"):
        return ""
    shown: list[str] = []
    numbers: list[str] = []
    for part in given.filled():
        if part in ("N", "S", "E", "W"):
            shown.append("".join(f"{number}{sign}" for number, sign in zip(numbers, "°′″", strict=False)) + part)
            numbers = []
        elif not _NUMBER.match(part):
            break
        else:
            numbers.append(part)
    if not shown and len(numbers) > 1:
        pairs = zip(numbers, ("NS", "EW"), strict=False)
        shown = [f"{number.lstrip('+-')}°{ends[number.startswith('-')]}" for number, ends in pairs]
    return " ".join(shown[:2])


def _listing(given: Arguments) -> str:
    """Wikivoyage's places: the name, then what is said of it."""
    return ". ".join(filter(None, (given.get("name").rstrip("."), given.get("content"))))


def _cell(words: str) -> Shown:
    """A cell of a table that has a colour and these words, unless it brings its own."""
    return lambda given: ATTRIBUTES_END + (given.get(1, "text") or words)


# Templates of cells that show their own name.
_CELLS = (
    "Partial", "Won", "Pending", "Free", "Included", "Dropped", "Maybe", "Some", "Any", "Unknown", "Rarely",
    "Sometimes", "Usually", "Good", "Bad", "Okay", "Beta",
     "Incorrect", "Optional", "Planned", "Terminated", "Coming soon",
    "Scheduled", "Regional", "Nightly", "Runner-up", "Draw", "Eliminated", "Active", "Depends", "Varies", "Perhaps",
    "Needs", "Unofficial", "Disputed", "Built-in", "Third-party", "Discontinued", "Required", "Safe",
)

NAMES: Table = (
    ("ill interlanguage_link interlanguage_link_multi illm ill-wd ill2", _other_language),
    ("link-interwiki", argument("en_text", "lt", "en", 1)),
    ("ship", _ship),
    ("sclass sclass- sclass2 sclass2- ship_class jclass jclass2", _ship_class),
    *((prefix.lower().replace(" ", "_"), _prefixed(prefix)) for prefix in _PREFIXES),
    ("gs", _prefixed("German submarine")),
    ("section_link sectionlink slink", _section),
    ("noredirect no_redirect red_link redlink category_link", argument(2, 1)),
    ("coord", _coordinates),
    ("sortname sort_name", _sort_name),
    ("sort", _sorted),
    ("harvtxt harvcoltxt citet", _author_year),
    ("see do buy eat drink sleep go listing", _listing),
    ("yes ya aye", _cell("Yes")),
    ("no nay", _cell("No")),
    ("nom nominated", _cell("Nominated")),
    ("n/a na", _cell("N/A")),
    ("tba", _cell("TBA")),
    ("dunno", _cell("?")),
    ("proprietary nonfree", _cell("Proprietary")),
    *((word.lower().replace(" ", "_"), _cell(word)) for word in _CELLS),
    ("yes2 no2 yes-no", argument(1)),
    ("bartable", argument(1)),
)
