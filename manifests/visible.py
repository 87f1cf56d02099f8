"""Text of a corpus, safe to look at: nothing in it hides, breaks lines, moves the cursor or reorders what stands by."""

import re
import unicodedata

_JOINERS = "\u200c\u200d"  # part of ordinary Persian, Indic and emoji text
# What begins a formula in Excel, LibreOffice or Google Sheets (OWASP, "CSV Injection"), in either width.
_FORMULA = frozenset("=+-@\t\r\n＝＋－＠")
_NUMBER = re.compile(r"[+-]?[\d.,]+(e[+-]?\d+)?( ?%)?", re.IGNORECASE)
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def visible(text: str) -> str:
    """Write characters that would hide, break lines or reorder text (controls, bidi marks, surrogates) as ⟨U+202E⟩.

    Line feed, tab and the joiners stay.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_visible_character, text))


def visible_line(text: str, characters: int | None = None) -> str:
    """The beginning of a text, or all of it, as one line: line feeds and tabs are written out too."""
    cut = text if characters is None or len(text) <= characters else text[:characters] + "…"
    return visible(cut).replace("\n", "⟨U+000A⟩").replace("\t", "⟨U+0009⟩")


def spreadsheet_cell(text: str) -> str:
    """Text for a cell of a spreadsheet: what one would take for a formula gets a quote before it; numbers stay."""
    return f"'{text}" if text.lstrip(" ")[:1] in _FORMULA and not _NUMBER.fullmatch(text) else text


def _visible_character(character: str) -> str:
    if character in "\n\t" or character in _JOINERS or unicodedata.category(character) not in _HIDDEN:
        return character
    return f"⟨U+{ord(character):04X}⟩"
