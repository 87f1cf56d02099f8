"""{{convert}}: a quantity as it is written, with its unit; what it is converted to is left out.

After Module:Convert of the English Wikipedia: values and the words of ranges between them, then a unit, then further
values with smaller units (`5|ft|8|in`), then what is asked of the display.
"""

import re

from maslin.curation.ingest.wikipedia.templates.arguments import Arguments, Table

_VALUE = re.compile(r"[-+−–~±]?\s*[\d.½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞][\d.,/+−–⁄ e½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞-]*$")
_MIXED = re.compile(r"(\d)\+(\d+/{1,2}\d+)$")  # 1+1/2: one and a half
_RANGES = {
    "-": "–", "–": "–", "to": " to ", "to(-)": " to ", "and": " and ", "and(-)": " and ", "or": " or ", "or(-)": " or ",
    "x": " × ", "×": " × ", "xx": " × ", "*": " × ", "x(by)": " × ", "by": " by ", "by(-)": " by ", "by(x)": " by ",
    "±": " ± ", "+/-": " ± ", "+/−": " ± ", "+": " + ", ",": ", ", ", and": ", and ", ", or": ", or ", "&": " and ",
    "(-)": "–", "to about": " to about ", "up to": " up to ", "till": " to ", "/": "/",
}
_UNITS = {
    "sqmi": "sq mi", "km2": "km²", "sqkm": "km²", "m2": "m²", "cm2": "cm²", "mm2": "mm²", "sqm": "m²", "ft2": "sq ft",
    "sqft": "sq ft", "in2": "sq in", "sqin": "sq in", "sqyd": "sq yd", "yd2": "sq yd", "mi2": "sq mi", "m3": "m³",
    "cm3": "cm³", "mm3": "mm³", "km3": "km³", "dm3": "dm³", "cuft": "cu ft", "ft3": "cu ft", "cuin": "cu in",
    "in3": "cu in", "cuyd": "cu yd", "yd3": "cu yd", "cumi": "cu mi", "mi3": "cu mi", "C": "°C", "F": "°F", "R": "°R",
    "C-change": "°C", "F-change": "°F", "°": "°", "deg": "°", "mi": "miles", "acre": "acres", "acre.ft": "acre⋅ft",
    "acreft": "acre-ft", "impgal": "imp gal", "USgal": "US gal", "usgal": "US gal", "USoz": "US fl oz",
    "impoz": "imp fl oz", "USfloz": "US fl oz", "impfloz": "imp fl oz", "LT": "long tons", "ST": "short tons",
    "lt": "long tons", "MT": "t", "tonne": "t", "ton": "tons", "long ton": "long tons", "short ton": "short tons",
    "ft.lbf": "ft⋅lbf", "ftlbf": "ft⋅lbf", "lbft": "lb⋅ft", "lb.ft": "lb⋅ft", "lbf.ft": "lbf⋅ft", "N.m": "N⋅m",
    "Nm": "N⋅m", "kgm": "kg⋅m", "kn": "knots", "kt": "knots", "bbl": "barrels", "oilbbl": "barrels", "pd": "pounds",
    "in_Hg": "inHg", "um": "μm", "µm": "μm", "ly": "light-years", "pc": "parsecs", "solar mass": "solar masses",
    "foot": "ft", "feet": "ft", "inch": "in", "inches": "in", "mile": "miles", "ftin": "ft", "miydft": "miles",
    "stlb": "st", "mich": "miles", "chain": "chains", "furlong": "furlongs", "fathom": "fathoms", "carat": "carats",
    "PD/sqmi": "people per sq mi", "PD/km2": "people per km²", "/sqmi": "per sq mi", "/km2": "per km²",
    "PD/ha": "people per ha", "horsepower": "hp", "mpgUS": "mpg‑US", "mpgus": "mpg‑US", "mpgimp": "mpg‑imp",
    "mpgImp": "mpg‑imp",
}
_SMALLER = {
    "ft": {"in"}, "yd": {"ft"}, "mi": {"yd", "ft", "chain", "ch", "furlong"}, "lb": {"oz"}, "st": {"lb"}, "m": {"cm",
    "mm"},
    "km": {"m"}, "LT": {"cwt", "qtr"}, "cwt": {"qtr", "qr", "lb"}, "in": {"in"}, "ch": {"yd", "ft"}, "chain": {"yd",
    "ft"},
    "acre": {"rood", "sqperch"}, "rood": {"sqperch"}, "gal": {"qt", "pt"}, "furlong": {"yd", "chain", "ch"},
    "kg": {"g"},
    "foot": {"in"}, "USgal": {"USqt"}, "impgal": {"impqt", "imppt"}, "hr": {"min"}, "h": {"min"}, "min": {"s"},
}
_CURRENCIES = tuple("$£€¥")  # $5|/acre
_MOST_PARTS = 60
_ONE = re.compile(r"(?:[-−]?1|\d/\d+)$")  # what a unit's name is singular after
_POWERS = {"e3": "thousand", "e6": "million", "e9": "billion", "e12": "trillion", "e15": "quadrillion"}
_LARGE = re.compile(r"(e3|e6|e9|e12|e15)(?=\D)")


def unit_name(unit: str) -> str:
    """The unit of a code: `sqmi` as `sq mi`, `e6acre` as `million acres`, `lb/sqft` as `lb/sq ft`."""
    large = _LARGE.match(unit)
    if large:
        return f"{_POWERS[large[1]]} {unit_name(unit[large.end():])}"
    name = _UNITS.get(unit)
    if name is None and "/" in unit:
        above, _, below = unit.partition("/")
        # Of a quotient the short forms: `mi/h`, not `miles/h`.
        return "/".join(part if _UNITS.get(part, "").isalpha() else _UNITS.get(part, part) for part in (above, below))
    return unit if name is None else name


def _number(text: str) -> str:
    return _MIXED.sub(r"\1 \2", text).replace("//", "/").replace("-", "−", 1 if text.startswith("-") else 0)


def _convert(given: Arguments) -> str | None:
    parts = [part.strip() for part in given.place[:_MOST_PARTS]]
    shown, unit, place = _quantity(parts, 0)
    # Further quantities of the same kind: 5|ft|2|in|to|6|ft|1|in.
    while shown and place + 1 < len(parts) and parts[place] in _RANGES and _VALUE.match(parts[place + 1]):
        more, unit, end = _quantity(parts, place + 1)
        shown += _RANGES[parts[place]] + more
        place = end
    if not shown and len(parts) > 1 and parts[0][:1] in _CURRENCIES and parts[1].startswith("/"):
        return parts[0] + unit_name(parts[1]).replace("/", " per ")
    if not shown:
        return given.get(1) or None  # a value from elsewhere ({{convert|input=P2048}}) cannot be known
    name, display, form = unit_name(unit), given.get("disp"), given.get("adj")
    if display in ("unit", "unit or text", "unit2"):
        return name
    number = shown.removesuffix(name)
    if display == "number":
        return number.strip()
    # A word for a unit takes the form that its place in the sentence asks for: 1 mile, a 12-mile road.
    if name[-1:] == "s" and name != unit and (
            form in ("on", "mid") or given.get("sing") == "on" or _ONE.match(number.strip())):
        name = name.removesuffix("es") if name.endswith("sses") else name[:-1]
        shown = f"{number.rstrip()}-{name.replace(' ', '-')}" if form in ("on", "mid") else number + name
    extra = parts[-1] if len(parts) > place and not _VALUE.match(parts[-1]) else ""
    if extra and form == "mid":
        return shown + (extra if extra.startswith("-") else f" {extra}")
    if extra and (form == "pre" or display == "preunit"):
        return f"{number}{extra} {name}"
    return shown


def _quantity(parts: list[str], place: int) -> tuple[str, str, int]:
    """The quantity that begins at `place`: as words, its last unit, and where what follows begins."""
    shown = ""
    unit = ""
    # Values with words of ranges between them: 2|x|4|x|6.
    while place < len(parts) and _VALUE.match(parts[place]):
        shown += _number(parts[place])
        place += 1
        word = _RANGES.get(parts[place]) if place + 1 < len(parts) else None
        if word is None or not _VALUE.match(parts[place + 1]):
            break
        shown += word
        place += 1
    if not shown:
        return "", "", place
    # Units, smaller ones with their own values: 5|ft|8|in.
    while place < len(parts) and parts[place]:
        unit = parts[place]
        place += 1
        name = unit_name(unit)
        shown += name if name == "°" else f" {name}"
        smaller = _SMALLER.get(unit)
        if smaller is None or place + 1 >= len(parts) or parts[place + 1] not in smaller:
            break
        if not _VALUE.match(parts[place]):
            break
        shown += f" {_number(parts[place])}"
        place += 1
    return shown, unit, place


def _height(given: Arguments) -> str:
    """{{height|ft=5|in=8}}."""
    wanted = (("ft", "ft"), ("in", "in"), ("m", "m"), ("cm", "cm"), ("hand", "hands"), ("st", "st"), ("lb", "lb"),
    ("kg", "kg"))
    return " ".join(f"{given.get(name)} {unit}" for name, unit in wanted if given.get(name))


def _long_ton(given: Arguments) -> str:
    wanted = ("long tons", "cwt", "qr", "lb")
    return " ".join(f"{value} {unit}" for value, unit in zip(given.place, wanted, strict=False) if value.strip(" 0"))


_GAUGE = re.compile(r"([\d.,/ ]+?)\s*(mm|m|cm|ft|in)(?:\s*([\d.,/ ]+)\s*(in))?$")


def _gauge(given: Arguments) -> str:
    """{{track gauge|1435mm}}."""
    found = _GAUGE.match(given.get(1))
    return " ".join(filter(None, found.groups())) if found else given.get(1)


CONVERT: Table = (
    ("convert cvt conv cv convert/2 convert_simple convertir converter convertire", _convert),
    ("height weight", _height),
    ("long_ton", _long_ton),
    ("track_gauge railgauge rail_gauge", _gauge),
)
