"""Dates, years and ordinals of the templates that all wikis share."""

import re
from datetime import date

from maslin.curation.ingest.wikipedia.templates.arguments import Arguments, Shown, Table
from maslin.curation.ingest.wikipedia.templates.shown import argument, around, joined, lost

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)
_ISO = re.compile(r"(\d{4})-(\d{1,2})(?:-(\d{1,2}))?$")
_YES = {"y", "yes", "true", "1", "on", "dmy"}


def whole(text: str) -> int | None:
    """A small number written in ASCII digits."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else None


def month_name(month: str, names: tuple[str, ...] = _MONTHS) -> str:
    """`5` as `May`; a name as it stands."""
    number = whole(month)
    return names[number - 1] if number and number <= 12 else month


def ordinal(number: str) -> str:
    """`3` as `3rd`."""
    digits = number.replace(",", "")
    if not digits.isascii() or not digits.isdigit():
        return number
    ending = "th" if digits[-2:-1] == "1" else {"1": "st", "2": "nd", "3": "rd"}.get(digits[-1], "th")
    return number + ending


def _written(year: str, month: str, day: str, day_first: bool) -> str:
    month, day = month_name(month), day.lstrip("0")
    if not month:
        return year
    if day_first or not day:
        return " ".join(filter(None, (day, month, year)))
    return f"{month} {day}, {year}" if year else f"{month} {day}"


def _day_first(given: Arguments) -> bool:
    return given.get("df").lower() in _YES or given.get("format").lower() == "dmy"


def _date_at(start: int) -> Shown:
    """Year, month and day as arguments from number `start` on; or words there, as they stand."""

    def shown(given: Arguments) -> str:
        year = given.get(start)
        month, day = given.get(start + 1), given.get(start + 2)
        if iso := _ISO.match(year):
            year, month, day = iso[1], iso[2], iso[3] or ""
        if year and whole(year) is None:
            return year
        return _written(year, month, day, _day_first(given))

    return shown


def _free_date(given: Arguments) -> str:
    """{{date|2001-05-12}}, {{date|12|mai|1950}}."""
    if iso := _ISO.match(given.get(1)):
        return _written(iso[1], iso[2], iso[3] or "", given.get(2).lower() != "mdy")
    return " ".join(part for part in given.filled()[:3] if part.lower() not in ("mdy", "dmy"))


def _film_date(given: Arguments) -> str:
    year, month, day, place = (given.get(number) for number in range(1, 5))
    shown = _written(year, month, day, _day_first(given))
    return f"{shown} ({place})" if place and shown else shown


def _as_of(given: Arguments) -> str:
    if given.get("alt"):
        return given.get("alt")
    words = "since" if "since" in given.named else "as of"
    words = words if given.get("lc") else words.capitalize()
    return " ".join(filter(None, (words, given.get(3), month_name(given.get(2)), given.get(1))))


def _spanned(prefix: str, again: bool = False) -> Shown:
    """{{reign|1850|1860}}, {{circa|1850|1860}}: one value or a span."""

    def shown(given: Arguments) -> str:
        first, second = given.get(1), given.get(2)
        if not second:
            return f"{prefix} {first}".rstrip()
        return f"{prefix} {first} – {prefix + ' ' if again else ''}{second}"

    return shown


def _old_style(given: Arguments) -> str:
    """{{OldStyleDate|3 May|1700|22 April}}: both calendars."""
    old = f" [O.S. {given.get(3)}]" if given.get(3) else ""
    return f"{given.get(1)}{old} {given.get(2)}".strip()


def _old_style_years(given: Arguments) -> str:
    return f"{given.get(1)} {given.get(2)} [O.S. {given.get(3)}]"


def _age(given: Arguments) -> str | None:
    """{{age|1950|5|12|1990|3|2}}: whole years; of someone who lives, nobody knows when this is read."""
    numbers = [whole(given.get(number)) for number in range(1, 7)]
    try:
        born, died = date(*numbers[:3]), date(*numbers[3:])  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return str(died.year - born.year - ((died.month, died.day) < (born.month, born.day)))


def _marriage(given: Arguments) -> str:
    begin, end = given.get(2), given.get(3)
    how = {"d": "died", "div": "div.", "divorced": "div.", "died": "died"}.get(given.get("end", "reason"), "")
    when = "; ".join(filter(None, (f"m. {begin}" if begin else "", f"{how} {end}".strip())))
    return f"{given.get(1)} ({when})" if when else given.get(1)


def _nth(given: Arguments) -> str:
    return ordinal(given.get(1))


DATES: Table = (
    ("""
     birth_date birth_date_and_age bda dob death_date start_date start_date_and_age end_date sda
     end_date_and_age release_date dts date_table_sorting birth-date birth-date_and_age
     death-date death-date_and_age birth_year_and_age birth_year death_year death_date_and_age
     death_date_and_given_age birth_date_and_given_age start-date end-date founded start_and_end_dates date_sort
    """, _date_at(1)),
    ("death_year_and_age start_year year launch_date", argument(1)),
    ("date", _free_date),
    ("film_date filmdate", _film_date),
    ("as_of asof", _as_of),
    ("circa c. ca.", _spanned("c.", again=True)),
    ("floruit fl. fl", _spanned("fl.")),
    ("reign r. ruled", _spanned("r.")),
    ("born b.", around("b. ")),
    ("died d. d-", around("d. ")),
    ("oldstyledate old_style_date", _old_style),
    ("oldstyledatedy oldstyledateny", _old_style_years),
    ("age age_in_years", _age),
    ("age_in_years_and_days age_in_days age_for_infobox years_ago months_ago year_ago inflation inflation/year "
     "currentyear currentmonthname currentday currentdate localyear time_ago today", lost),
    ("marriage married", _marriage),
    ("nth ordinal ord ordinal_number", _nth),
    ("bc", around("", " BC")),
    ("bce", around("", " BCE")),
    ("ce", around("", " CE")),
    ("ad", around("AD ")),
    ("century", _nth),
    ("decade_link yearlink year_link", joined(" ")),
)
