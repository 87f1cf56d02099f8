"""Dates, quantities and centuries as most languages' templates write them: the parts are given, words stand between."""

from collections.abc import Sequence

from maslin.curation.ingest.wikipedia.templates.arguments import Arguments, Shown
from maslin.curation.ingest.wikipedia.templates.dates import month_name


def day_month_year(months: Sequence[str], between: str = " ", after_day: str = "") -> Shown:
    """{{date|12|mai|1950}}: day, month (by number or name), year; empty ones left out."""

    def shown(given: Arguments) -> str:
        day, month, year = (given.get(number) for number in (1, 2, 3))
        if not month and not year:
            return day
        month = month_name(month, months)
        return between.join(filter(None, (f"{day.lstrip('0')}{after_day}" if day else "", month, year)))

    return shown


def iso_date(months: Sequence[str]) -> Shown:
    """{{data|1950-05-12}}; in other forms as it stands."""
    written = day_month_year(months)

    def shown(given: Arguments) -> str:
        year, *rest = given.get(1).split("-")
        return written(Arguments([*reversed(rest), year])) or "" if len(rest) == 2 else given.get(1)

    return shown


def cjk_date(year: str = "年", month: str = "月", day: str = "日", first: int = 1, between: str = "") -> Shown:
    """{{生年月日と年齢|1950|5|12}}: 1950年5月12日."""

    def shown(given: Arguments) -> str:
        parts = ((given.get(first), year), (given.get(first + 1), month), (given.get(first + 2), day))
        return between.join(f"{number.lstrip('0')}{sign}" for number, sign in parts if number)

    return shown


def quantity(given: Arguments) -> str:
    """{{unité|5|km}}, {{unité|5|km||h|-1}}: a number, units, powers of each."""
    number, *units = [part.strip() for part in given.place] or [""]
    shown = number.replace("e", "×10^") if number[:1].isdigit() and "e" in number else number
    if given.get("e"):
        shown += f"×10^{given.get('e')}"
    for place in range(0, len(units), 2):
        power = units[place + 1] if place + 1 < len(units) else ""
        if units[place]:
            shown += f" {units[place]}" + (f"<sup>{power}</sup>" if power not in ("", "1") else "")
    unit = given.get("u", "ul")
    return f"{shown} {unit}".strip() if unit else shown
