"""Formulas of pages in a line of text: TeX where the page has it, between dollars; else the symbols of its MathML.

Of MathML (https://www.w3.org/TR/mathml-core/) what would change the meaning if it were lost is written out: fractions
as `a/b`, scripts as `a^b` and `a_b`, roots as `√a`, what is between fences, cells of matrices; groups in parentheses.
"""

import numpy as np

from maslin.curation.ingest.html.attributes import is_one_of, value_hash
from maslin.curation.ingest.html.elements import (
    ANNOTATION,
    CELLS,
    FENCED,
    FRACTION,
    LINK,
    LOWER,
    NTH_ROOT,
    ROOTED,
    ROWS,
    SUBSCRIPT,
    TEX,
    UNSHOWN,
    UPPER,
    name_hash,
)
from maslin.curation.ingest.html.furniture import DISPLAYED, IS_TEX
from maslin.curation.ingest.html.tree import CLOSED, MAX_DEPTH, OPENED
from maslin.manifests.kernels.kernel import njit

_EVENTS_OF_ONE = 16  # what has more is no single symbol
_BYTES_OF_ELEMENT = 12  # that are written for it, at most
_DOLLAR, _SPACE, _CARET, _OPEN, _CLOSE, _SLASH, _BACKSLASH = 36, 32, 94, 40, 41, 47, 92
# Operators that nobody sees: application of a function, times, separator, plus (U+2061 to U+2064).
_INVISIBLE = np.array([name_hash(name) for name in (
    *(chr(code).encode() for code in range(0x2061, 0x2065)), *(b"&#x%x;" % code for code in range(0x2061, 0x2065)),
    *(b"&#%d;" % code for code in range(0x2061, 0x2065)), b"&af;", b"&it;", b"&ic;", b"&applyfunction;",
    b"&invisibletimes;", b"&invisiblecomma;",
)], np.uint64)
_SIGNS = np.array([name_hash(name) for name in (
    b"+", b"-", chr(0x2212).encode(), b"&minus;", b"&#8722;", b"&#x2212;", chr(0x2013).encode())], np.uint64)
_BASES = np.array([name_hash(name) for name in (
    b"mm", b"cm", b"dm", b"km", b"nm", b"ft", b"mi", b"yd", b"mc")], np.uint64)
_EXPONENTS = (107, 110, 120, 121)  # k, n, x, y: no ordinal or abbreviation ends with them alone
_AMP, _INVERSE, _RADICAL = (np.frombuffer(text, np.uint8) for text in (b"amp;", b"^(1/", "√".encode()))
_CDATA = np.frombuffer(b"%<![CDATA[", np.uint8)  # less white space, as some writers wrap a script
_STYLES = np.array([name_hash(name) for name in (b"{\\displaystyle", b"{\\textstyle")], np.uint64)


@njit(cache=True)
def _is_letter(byte):
    return 97 <= byte | 32 <= 122 and byte >= 65


@njit(cache=True)
def _is_digit(byte):
    return 48 <= byte <= 57


@njit(cache=True)
def _add(out, size, text):
    """Write a text; returns the bytes written so far."""
    for byte in text:
        out[size] = byte
        size += 1
    return size


@njit(cache=True)
def formula_text(page, kind, said, close, of, start, end, event):
    """uint8: the formula that begins with an event, `math` or a script that holds TeX; references as they stand."""
    element = of[event]
    room = 8
    for place in range(event, close[element]):
        room += 5 * (end[place] - start[place]) if start[place] >= 0 else _BYTES_OF_ELEMENT
    out = np.empty(room, np.uint8)
    for place in range(event, close[element]):
        inner = of[place]
        if start[place] == OPENED and kind[inner] & (TEX | ANNOTATION) and said[inner] & IS_TEX:
            size = _write_tex(page, kind, said, of, start, end, place, close[inner], said[element] & DISPLAYED, out)
            if size:
                return out[:size]
    return out[:_write_symbols(page, kind, close, of, start, end, event, out)]


@njit(cache=True)
def _write_tex(page, kind, said, of, start, end, event, last, displayed, out):
    """The text between two events as TeX; returns its bytes, 0 where there is none."""
    is_script = kind[of[event]] & TEX
    dollars = 2 if displayed else 1
    size = dollars
    for place in range(event + 1, last):
        if start[place] < 0:
            continue
        begin, finish = start[place], end[place]
        if is_script:
            begin, finish = _without_cdata(page, begin, finish)
        for position in range(begin, finish):
            byte = page[position]
            if byte > 32:
                out[size] = byte
                size += 1
                if is_script and byte == 38:  # no reference begins here
                    size = _add(out, size, _AMP)
            elif size > dollars and out[size - 1] != _SPACE:
                out[size] = _SPACE
                size += 1
    while size > dollars and out[size - 1] == _SPACE:
        size -= 1
    if size == dollars:
        return 0
    # --- `{\displaystyle a}` is `a`; what has its delimiters needs none ---
    first = dollars
    word = first
    while word < size and word - first < 16 and out[word] != _SPACE:
        word += 1
    if is_one_of(value_hash(out, first, word), _STYLES) and _ends_with_group(out, first, size):
        for place in range(word + 1, size - 1):
            out[place - word - 1 + first] = out[place]
        size -= word - first + 2
        while size > first and out[size - 1] == _SPACE:
            size -= 1
    if out[first] == _DOLLAR or (out[first] == _BACKSLASH and (out[first + 1] == _OPEN or out[first + 1] == 91)):
        for place in range(first, size):
            out[place - first] = out[place]
        return size - first
    for place in range(dollars):
        out[place] = out[size + place] = _DOLLAR
    return size + dollars


@njit(cache=True)
def _ends_with_group(out, first, size):
    """Whether the brace that closes the one at `first` is the last byte."""
    depth = 0
    for position in range(first, size):
        depth += (out[position] == 123) - (out[position] == 125)
        if depth == 0:
            return position == size - 1
    return False


@njit(cache=True)
def _without_cdata(page, begin, finish):
    """The bounds of a script's text without `% <![CDATA[` and `%]]>` around it."""
    matched, position = 0, begin
    while position < finish and matched < len(_CDATA):
        if page[position] > 32:
            if page[position] != _CDATA[matched] and matched:
                break
            matched += 1 + (matched == 0 and page[position] == _CDATA[1])  # the percent sign may be missing
            if matched == 1 and page[position] != _CDATA[0]:
                break
        position += 1
    if matched < len(_CDATA):
        return begin, finish
    begin = position
    while finish > begin and (page[finish - 1] <= 32 or page[finish - 1] == 62 or page[finish - 1] == 93):
        finish -= 1
    if finish > begin and page[finish - 1] == 37:
        finish -= 1
    return begin, finish


@njit(cache=True)
def _is_one_symbol(page, start, end, event, last):
    if last - event > _EVENTS_OF_ONE:
        return False
    texts = 0
    for place in range(event + 1, last):
        if start[place] < 0:
            continue
        for position in range(start[place], end[place]):
            if page[position] > 32:
                texts += 1
                break
    return texts <= 1


@njit(cache=True)
def _write_symbols(page, kind, close, of, start, end, event, out):
    """The symbols of the MathML that begins with an event; returns their bytes."""
    size = 0
    inside = np.zeros(MAX_DEPTH + 2, np.int64)  # kinds of the open elements
    children = np.zeros(MAX_DEPTH + 2, np.int32)
    closers = np.zeros(MAX_DEPTH + 2, np.int32)  # parentheses that end with them
    level, token = 0, 0  # bytes of the symbol before
    place, last = event + 1, close[of[event]]
    while place < last:
        element, begin = of[place], start[place]
        if begin == OPENED:
            of_kind, above, child = kind[element], inside[level], children[level]
            if of_kind & UNSHOWN:
                place = close[element] + 1
                continue
            children[level] += 1
            level += 1
            inside[level], children[level], closers[level] = of_kind, 0, 0
            # --- What stands between it and the one before ---
            if child:
                if above & FRACTION:
                    out[size] = _SLASH
                    size += 1
                elif above & (UPPER | LOWER):
                    out[size] = 95 if above & LOWER and child == 1 else _CARET
                    size += 1
                elif above & NTH_ROOT:
                    size = _add(out, size, _INVERSE)
                    closers[level] += 1
                elif above & (ROWS | CELLS | FENCED):
                    out[size] = 59 if above & ROWS else 44
                    out[size + 1] = _SPACE
                    size += 2
            # --- Parentheses around a group ---
            if of_kind & ROOTED:
                size = _add(out, size, _RADICAL)
            if of_kind & FENCED or ((above & (FRACTION | UPPER | LOWER | NTH_ROOT) or of_kind & ROOTED)
                                    and not _is_one_symbol(page, start, end, place, close[element])):
                out[size] = _OPEN
                size += 1
                closers[level] += 1
        elif begin == CLOSED:
            for _ in range(closers[level]):
                out[size] = _CLOSE
                size += 1
            level -= 1
        else:
            # --- A symbol: a space between words, and between numbers ---
            finish = end[place]
            while begin < finish and page[begin] <= 32:
                begin += 1
            while finish > begin and page[finish - 1] <= 32:
                finish -= 1
            if finish > begin and not is_one_of(value_hash(page, begin, finish), _INVISIBLE):
                first, before = page[begin], out[size - 1] if size else np.uint8(0)
                word_before, word = token > 1 and _is_letter(before), finish - begin > 1 and _is_letter(first)
                if (word_before and (_is_letter(first) or _is_digit(first))) or (word and _is_letter(before)) or (
                        _is_digit(before) and _is_digit(first)):
                    out[size] = _SPACE
                    size += 1
                token = finish - begin
                for position in range(begin, finish):
                    if page[position] > 32:
                        out[size] = page[position]
                        size += 1
                    elif out[size - 1] != _SPACE:
                        out[size] = _SPACE
                        size += 1
        place += 1
    return size


@njit(cache=True)
def _behind_sign(page, begin, finish):
    """Where what follows a plus or a minus begins, however that is written; `begin` where there is none."""
    word = begin
    while word < finish and page[word] <= 32:
        word += 1
    if word == finish:
        return begin
    behind = min(word + (3 if page[word] == 0xE2 else 1), finish)
    if page[word] == 38:  # a reference
        while behind < finish and behind - word < 8 and page[behind - 1] != 59:
            behind += 1
    return behind if is_one_of(value_hash(page, word, behind), _SIGNS) else begin


@njit(cache=True)
def _is_base(out, size):
    """Whether a text ends with what has exponents: a number, a single letter, or a short unit of length."""
    if _is_digit(out[size - 1]):
        return True
    first = size
    while first and (_is_letter(out[first - 1]) or out[first - 1] >= 128):
        first -= 1
    if size - first == 1:
        return out[first] < 128
    return size - first == 2 and is_one_of(value_hash(out, first, size), _BASES)


@njit(cache=True)
def mark_of_superscript(page, kind, close, of, start, end, event, out, size):
    """The byte between what is written and what is set above it: `10^6`, `x^2`, `1 1/2`; 0 where they may touch.

    `event` begins the superscript, `out[:size]` is what is written. Anything but a number, or a letter that stands for
    one, above a number, a letter or a unit stays as pages have it: H2O, 1st, word2. Numbers that are links are marks of
    notes, and no part of the number.
    """
    last = close[of[event]]
    if not _is_base(out, size):
        return 0
    is_digit = _is_digit(out[size - 1])
    number, linked, letters = False, False, 0
    for place in range(event + 1, last):
        if start[place] < 0:
            linked = linked or (start[place] == OPENED and kind[of[place]] & LINK != 0)
            continue
        position = start[place] if number else _behind_sign(page, start[place], end[place])
        while position < end[place]:
            if _is_digit(page[position]):
                number = True
            elif page[position] | 32 in _EXPONENTS:
                letters += 1
            elif page[position] > 32:
                return 0
            position += 1
    if letters > 1 or not (number or letters) or (linked and not is_digit):
        return 0
    # --- A fraction: a slash and a subscript follow ---
    place = last + 1
    is_fraction = place + 1 < len(of) and start[place] >= 0 and start[place + 1] == OPENED and (
        kind[of[place + 1]] & SUBSCRIPT != 0)
    return _SPACE if linked or is_fraction else _CARET
