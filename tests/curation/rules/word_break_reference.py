"""Unicode's default word boundaries (UAX #29) in plain Python: the rules as pairs of patterns over a letter a class."""

import json
import re
from functools import cache

from maslin.curation.text.spacy.tables import FOLDER

_LETTERS = {
    "CR": "C", "LF": "L", "Newline": "N", "Extend": "E", "ZWJ": "Z", "Format": "F", "Regional_Indicator": "R",
    "Katakana": "K", "Hebrew_Letter": "H", "ALetter": "A", "Single_Quote": "'", "Double_Quote": '"', "MidNumLet": ".",
    "MidLetter": ":", "MidNum": ",", "Numeric": "0", "ExtendNumLet": "_", "WSegSpace": " ",
}
_PASSED, _AH, _WORD_MIDDLE, _NUMBER_MIDDLE = "[EZF]*", "[AH]", "[.:']", "[.,']"
# (what is before, what is after, whether they belong together), the first pair that fits decides.
_RULES = [(re.compile(f"(?:{before})$"), re.compile(after), joined) for before, after, joined in (
    ("C", "L", True), ("[CLN]", "", False), ("", "[CLN]", False), (" ", " ", True), ("", "[EZF]", True),
    (f"{_AH}{_PASSED}", _AH, True),
    (f"{_AH}{_PASSED}", f"{_WORD_MIDDLE}{_PASSED}{_AH}", True),
    (f"{_AH}{_PASSED}{_WORD_MIDDLE}{_PASSED}", _AH, True),
    (f"H{_PASSED}", "'", True), (f"H{_PASSED}", f'"{_PASSED}H', True), (f'H{_PASSED}"{_PASSED}', "H", True),
    (f"0{_PASSED}", "0", True), (f"{_AH}{_PASSED}", "0", True), (f"0{_PASSED}", _AH, True),
    (f"0{_PASSED}{_NUMBER_MIDDLE}{_PASSED}", "0", True), (f"0{_PASSED}", f"{_NUMBER_MIDDLE}{_PASSED}0", True),
    (f"K{_PASSED}", "K", True), (f"[AH0K_]{_PASSED}", "_", True), (f"_{_PASSED}", "[AH0K]", True),
    (f"(?:^|[^REZF]){_PASSED}(?:R{_PASSED}R{_PASSED})*R{_PASSED}", "R", True),
)]


@cache
def _ranges() -> list[tuple[str, int, int]]:
    data = json.loads((FOLDER / "word_break.json").read_text(encoding="utf-8"))
    return [(name, first, last) for name, ranges in data.items() for first, last in ranges]


@cache
def _names(character: str) -> frozenset[str]:
    return frozenset(name for name, first, last in _ranges() if first <= ord(character) <= last)


def segments(text: str) -> list[str]:
    """The pieces of a text between its word boundaries."""
    classes = "".join(
        next((_LETTERS[name] for name in _names(character) if name in _LETTERS), "x") for character in text)
    found, begin = [], 0
    for position in range(1, len(text) + 1):
        if position == len(text) or not _joined(classes, text, position):
            found.append(text[begin:position])
            begin = position
    return found


def _joined(classes: str, text: str, position: int) -> bool:
    if classes[position - 1] == "Z" and "Extended_Pictographic" in _names(text[position]):
        return True
    before, after = classes[:position], classes[position:]
    return next((joined for first, second, joined in _RULES if first.search(before) and second.match(after)), False)
