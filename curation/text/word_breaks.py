"""Words between Unicode's default word boundaries (UAX #29) as a kernel, as the package uniseg splits them.

The properties lie in curation/text/data/words/word_break.json. PAGE_OF uint8 (0x1100) and BREAKS uint8 (pages * 256):
by code point its Word_Break value, numbered as `_VALUES`, and PICTOGRAPHIC as a further bit.
"""

import json

import numpy as np

from maslin.curation.text.spacy.tables import FOLDER
from maslin.curation.text.utf8 import read_character
from maslin.manifests.kernels.kernel import njit

_VALUES = (
    "Other", "CR", "LF", "Newline", "Extend", "ZWJ", "Format", "Regional_Indicator", "Katakana", "Hebrew_Letter",
    "ALetter", "Single_Quote", "Double_Quote", "MidNumLet", "MidLetter", "MidNum", "Numeric", "ExtendNumLet",
    "WSegSpace",
)
(
    OTHER, CR, LF, NEWLINE, EXTEND, ZWJ, FORMAT, REGIONAL, KATAKANA, HEBREW, LETTER, SINGLE_QUOTE, DOUBLE_QUOTE,
    MID_NUMBER_LETTER, MID_LETTER, MID_NUMBER, NUMERIC, CONNECTOR, SPACE,
) = range(len(_VALUES))
PICTOGRAPHIC = 32


def _tables() -> tuple[np.ndarray, np.ndarray]:
    values = np.zeros(0x110000, np.uint8)
    for name, ranges in json.loads((FOLDER / "word_break.json").read_text(encoding="utf-8")).items():
        for first, last in ranges:
            values[first : last + 1] |= PICTOGRAPHIC if name == "Extended_Pictographic" else _VALUES.index(name)
    pages: dict[bytes, int] = {}
    page_of = [pages.setdefault(page.tobytes(), len(pages)) for page in values.reshape(-1, 256)]
    return np.array(page_of, np.uint8), np.frombuffer(b"".join(pages), np.uint8)


PAGE_OF, BREAKS = _tables()


@njit(cache=True)
def segment_end(data, start, end):
    """Where the segment ends that begins at `start`: the next word boundary."""
    position = start
    raw = before = earlier = OTHER  # the value of the last character; of the last two that are not passed over
    regional = 0
    while position < end:
        value, picture, length = _value(data, position)
        passed = value in (EXTEND, FORMAT, ZWJ)
        if position > start:
            if raw == CR and value == LF:
                return position + length
            if CR <= raw <= NEWLINE or CR <= value <= NEWLINE:
                return position
            joined = (
                passed or (raw == ZWJ and picture) or (raw == SPACE and value == SPACE)
                or (before == REGIONAL and value == REGIONAL and regional % 2 == 1)
                or _joins(earlier, before, value, data, position + length, end)
            )
            if not joined:
                return position
        if not passed:
            earlier, before = before, value
            regional = regional + 1 if value == REGIONAL else 0
        raw = value
        position += length
    return end


@njit(cache=True)
def _value(data, position):
    """(Word_Break value, whether the character is pictographic, its bytes)."""
    character, length = read_character(data, position)
    value = np.int64(BREAKS[np.int64(PAGE_OF[character >> 8]) << 8 | character & 0xFF])
    return value & 31, value & PICTOGRAPHIC != 0, length


@njit(cache=True)
def _joins(earlier, before, value, data, following, end):
    """Rules WB5 to WB13b: whether there is no boundary between `before` and `value`."""
    letter, letter_before = value in (LETTER, HEBREW), before in (LETTER, HEBREW)
    if letter_before and (letter or value == NUMERIC):
        return True
    if before == NUMERIC and (letter or value == NUMERIC):
        return True
    if value == CONNECTOR:
        return letter_before or before in (NUMERIC, KATAKANA, CONNECTOR)
    if before in (CONNECTOR, KATAKANA):
        return value == KATAKANA or (before == CONNECTOR and (letter or value == NUMERIC))
    if letter_before and (value in (SINGLE_QUOTE, DOUBLE_QUOTE) or _is_middle(value, MID_LETTER)):
        if before == HEBREW and value == SINGLE_QUOTE:
            return True
        after = _next_value(data, following, end)
        if value == DOUBLE_QUOTE:
            return before == HEBREW and after == HEBREW
        return after in (LETTER, HEBREW)
    if letter and earlier in (LETTER, HEBREW):
        if before == DOUBLE_QUOTE:
            return earlier == HEBREW and value == HEBREW
        return _is_middle(before, MID_LETTER)
    if before == NUMERIC and _is_middle(value, MID_NUMBER):
        return _next_value(data, following, end) == NUMERIC
    return value == NUMERIC and earlier == NUMERIC and _is_middle(before, MID_NUMBER)


@njit(cache=True)
def _is_middle(value, kind):
    return value in (kind, MID_NUMBER_LETTER, SINGLE_QUOTE)


@njit(cache=True)
def _next_value(data, position, end):
    """The value of the next character that is not passed over."""
    while position < end:
        value, _, length = _value(data, position)
        if value != EXTEND and value != FORMAT and value != ZWJ:
            return value
        position += length
    return OTHER
