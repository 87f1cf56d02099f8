"""The text of a page from what `tree.py` read: blocks on lines of their own, lists indented, code as it stands."""

import numpy as np

from maslin.curation.ingest.html.body import GONE, KEPT
from maslin.curation.ingest.html.elements import (
    APART,
    BLOCK,
    BREAK,
    CELL,
    FORMULA,
    HEADING,
    LIST,
    PRE,
    RANKS,
    ROW,
    RULE,
    SECTION,
    SUPERSCRIPT,
    TABLE,
    TEX,
)
from maslin.curation.ingest.html.formulas import formula_text, mark_of_superscript
from maslin.curation.ingest.html.furniture import DISPLAYED
from maslin.curation.ingest.html.tree import CLOSED, OPENED
from maslin.manifests.kernels.kernel import njit

# What stands between two texts; the greater wins.
_NOTHING, _SPACE, _TAB, _LINE, _PARAGRAPH = range(5)
_MAX_INDENT = 8
_ROOM = 2 * _MAX_INDENT + 8  # for what is written between two texts


@njit(cache=True)
def _grown(out, room):
    grown = np.empty(2 * len(out) + room, np.uint8)
    grown[:len(out)] = out
    return grown


@njit(cache=True)
def write_text(page, kind, said, close, of, start, end, gone):
    """uint8: the text of all elements that are not gone, character references as they stand."""
    out = np.empty(page.size // 2 + 1024, np.uint8)
    size = 0
    between, indent, preformatted = _NOTHING, 0, 0
    lines = 0  # of preformatted text, not yet written
    # Nothing is written yet of the cell, of the row; the row goes on on another line; what stood before the cell.
    cell_begins, row_begins, row_broken, before_cell = False, True, False, _NOTHING
    # The heading under which there is no text yet: where it begins, its rank; whether something under it is left out.
    bare, rank, left_out, in_heading = -1, 0, False, False
    event, events = 0, len(of)
    while event < events:
        element, begin = of[event], start[event]
        of_kind, source, place, finish, displayed = kind[element], page, 0, 0, False
        # --- An element begins ---
        if begin == OPENED:
            if gone[element] == GONE:
                left_out = left_out or close[element] > event + 1
                event = close[element] + 1
                continue
            if of_kind & BREAK:
                if preformatted:
                    lines += 1
                elif not cell_begins:
                    between = _PARAGRAPH if between >= _LINE else _LINE
            elif of_kind & CELL:
                between = max(between, _LINE) if row_begins or row_broken else _TAB
                cell_begins, before_cell = True, between
            elif of_kind & BLOCK:
                if of_kind & HEADING:
                    if bare >= 0 and left_out and of_kind & RANKS <= rank:
                        size = bare
                    bare, rank, left_out, in_heading = size, of_kind & RANKS, False, True
                if of_kind & (ROW | SECTION | TABLE):
                    row_begins, row_broken = True, False
                if not cell_begins or of_kind & (ROW | LIST | PRE):
                    between = max(between, _PARAGRAPH if of_kind & APART and not (of_kind & LIST and indent) else _LINE)
                    row_broken = row_broken or not row_begins or of_kind & (LIST | PRE) != 0
                indent += bool(of_kind & LIST)
                if of_kind & PRE:
                    preformatted += 1
                    lines = 0
            elif of_kind & (FORMULA | TEX):
                if gone[element] == KEPT:
                    displayed = said[element] & DISPLAYED != 0 and not preformatted
                    if displayed:
                        between = max(between, _LINE)
                    source = formula_text(page, kind, said, close, of, start, end, event)
                    finish = len(source)
                event = close[element]
            elif of_kind & SUPERSCRIPT and size and between == _NOTHING:
                mark = mark_of_superscript(page, kind, close, of, start, end, event, out, size)
                if mark and size < len(out):
                    out[size] = mark
                    size += 1
        # --- An element ends ---
        elif begin == CLOSED:
            if of_kind & CELL:
                between = before_cell if cell_begins else between if row_begins else min(between, _LINE)
                cell_begins = False
            elif of_kind & BLOCK and not of_kind & RULE:
                if of_kind & PRE:
                    preformatted -= 1
                    lines = 0
                indent -= bool(of_kind & LIST)
                if of_kind & HEADING:
                    in_heading = False
                elif of_kind & TABLE:
                    row_broken = True  # of the table around it
                if not cell_begins:
                    between = max(between, _PARAGRAPH if of_kind & APART and not (of_kind & LIST and indent) else _LINE)
        elif gone[element] == KEPT:
            place, finish = begin, end[event]
        # --- A text: what stands between it and the last, then its words ---
        if finish > place:
            if size + 2 * (finish - place) + _ROOM > len(out):
                out = _grown(out, 2 * (finish - place) + _ROOM)
            while place < finish:
                byte = source[place]
                if preformatted:
                    if byte == 10 or byte == 13:
                        lines += byte == 10 or place + 1 >= finish or source[place + 1] != 10
                        place += 1
                        continue
                elif byte <= 32:
                    between = max(between, _SPACE)
                    place += 1
                    continue
                if between != _NOTHING or lines:
                    if size + (finish - place) + lines + _ROOM > len(out):
                        out = _grown(out, (finish - place) + lines + _ROOM)
                    breaks = 0
                    if size == 0:
                        breaks = -1
                    elif between >= _LINE:
                        breaks = between - _LINE + 1
                    elif lines:
                        breaks = lines
                    elif between == _TAB:
                        out[size] = out[size + 1] = 9
                        size += 2
                    elif between == _SPACE and not preformatted:
                        out[size] = 32
                        size += 1
                    if breaks > 0:
                        while size and out[size - 1] == 32:
                            size -= 1
                        out[size:size + breaks] = 10
                        size += breaks
                        row_broken = row_broken or not cell_begins
                    if breaks:
                        for _ in range(2 * min(indent, _MAX_INDENT)):
                            out[size] = 32
                            size += 1
                    between, lines = _NOTHING, 0
                cell_begins = row_begins = False
                if not in_heading:
                    bare = -1
                if preformatted:
                    while place < finish and source[place] != 10 and source[place] != 13:
                        out[size] = source[place]
                        size += 1
                        place += 1
                else:
                    while place < finish and source[place] > 32:
                        out[size] = source[place]
                        size += 1
                        place += 1
            if displayed:
                between = _LINE
        event += 1
    if bare > 0 and left_out:
        size = bare
    return out[:size]
