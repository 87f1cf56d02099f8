"""Bytes of a page → its elements and texts in flat arrays, in one pass that no page can make slow.

The tokens are those of the HTML standard; of its tree construction only what decides which text stands where: elements
that end by themselves, tables, drawings, text that is none. Every tag costs at most a walk over the open elements, of
which there are 500 at most, so work is bounded by the page's size alone.
"""

import numpy as np

from maslin.curation.ingest.html.attributes import read_attributes, value_hash
from maslin.curation.ingest.html.elements import (
    ANNOTATION,
    BLOCK,
    BOUND,
    BREAK,
    CELL,
    CONTROL,
    DRAWING,
    FORMULA,
    HEAD,
    HEADING,
    ITEM,
    LEAVES_DRAWING,
    LINK,
    LIST,
    PARAGRAPH,
    RAW,
    ROOT,
    ROW,
    RULE,
    SECTION,
    SELECT,
    TABLE,
    TABLE_TITLE,
    TERM,
    TEX,
    TYPED,
    UNSHOWN,
    VOID,
    name_hash,
)
from maslin.curation.ingest.html.furniture import IS_SHADOW, IS_TEX, LINKED
from maslin.curation.text.hash_table import look_up
from maslin.manifests.kernels.kernel import njit

MAX_DEPTH = 500
_MAX_METAS = 64
OPENED, CLOSED = -1, -2  # in place of where a text starts

_SVG, _FOREIGN, _PLAINTEXT, _ADDRESS, _DIV, _P, _META = (
    np.uint64(name_hash(name)) for name in (b"svg", b"foreignobject", b"plaintext", b"address", b"div", b"p", b"meta"))


@njit(cache=True)
def _behind_comment(page, position):
    """Where what begins with `<!` or the like ends."""
    size = page.size
    if position + 3 < size and page[position + 1] == 33 and page[position + 2] == 45 and page[position + 3] == 45:
        position += 4
        if position < size and page[position] == 62:
            return position + 1
        if position + 1 < size and page[position] == 45 and page[position + 1] == 62:
            return position + 2
        while position < size:
            if page[position] == 62 and page[position - 1] == 45 and page[position - 2] == 45:
                return position + 1
            if (page[position] == 62 and page[position - 1] == 33 and page[position - 2] == 45
                    and page[position - 3] == 45):
                return position + 1
            position += 1
        return size
    while position < size and page[position] != 62:
        position += 1
    return min(position + 1, size)


@njit(cache=True)
def _name_end(page, position):
    while position < page.size:
        byte = page[position]
        if byte <= 32 or byte == 47 or byte == 62:
            break
        position += 1
    return position


@njit(cache=True)
def _behind_raw(page, position, name):
    """Where the text of a raw element ends: behind its end tag."""
    size = page.size
    while position < size:
        if page[position] == 60 and position + 1 < size and page[position + 1] == 47:
            end = _name_end(page, position + 2)
            if value_hash(page, position + 2, end) == name:
                while end < size and page[end] != 62:
                    end += 1
                return min(end + 1, size)
        position += 1
    return size


@njit(cache=True)
def _ended_by_end_tag(tag, of_kind, name, kind, stack, level):
    """The lowest level of open elements that an end tag ends; above `level` when it ends none."""
    for place in range(level, 0, -1):
        other = kind[stack[place]]
        if name[stack[place]] == tag or (of_kind & HEADING and other & HEADING):
            return place
        if other & BOUND and (other & TABLE or not of_kind & (TABLE | SECTION | ROW | CELL | TABLE_TITLE)):
            break
        if (other & BLOCK and not of_kind & (BLOCK | BOUND | CONTROL)) or (of_kind & ITEM and other & LIST):
            break
    return level + 1


@njit(cache=True)
def _ended_by_start_tag(of_kind, name, kind, stack, level, paragraphs, selects):
    """The lowest level of open elements that a start tag ends; above `level` when it ends none."""
    lowest = level + 1
    if of_kind & (SECTION | ROW | CELL | TABLE_TITLE):
        outer = TABLE | (SECTION if of_kind & (ROW | CELL) else 0) | (ROW if of_kind & CELL else 0)
        for place in range(level, 0, -1):
            if kind[stack[place]] & outer:
                lowest = place + 1
                break
    elif of_kind & BLOCK:
        if paragraphs:
            for place in range(level, 0, -1):
                if kind[stack[place]] & PARAGRAPH:
                    lowest = place
                if kind[stack[place]] & (PARAGRAPH | BOUND | CONTROL):
                    break
        if of_kind & (ITEM | TERM):
            for place in range(lowest - 1, 0, -1):
                other, called = kind[stack[place]], name[stack[place]]
                if other & of_kind & (ITEM | TERM):
                    lowest = place
                    break
                if other & BLOCK and called != _ADDRESS and called != _DIV and called != _P:
                    break
        elif of_kind & HEADING and kind[stack[lowest - 1]] & HEADING:
            lowest -= 1
    elif of_kind & (LINK | CONTROL):
        for place in range(level, 0, -1):
            if kind[stack[place]] & of_kind & (LINK | CONTROL):
                lowest = place
                break
            if kind[stack[place]] & (BOUND | BLOCK):
                break
    if selects and of_kind & (SELECT | BLOCK):
        for place in range(lowest - 1, 0, -1):
            if kind[stack[place]] & SELECT:
                lowest = place
                break
    return lowest


@njit(cache=True)
def _text_end(page, position):
    """Where the next `<` is that begins a tag or a comment; the page's end when there is none."""
    size = page.size
    while position < size:
        while position < size and page[position] != 60:
            position += 1
        if position + 1 >= size:
            return size
        following = page[position + 1]
        if (97 <= following | 32 <= 122 and following >= 65) or following == 47 or following == 33 or following == 63:
            return position
        position += 1
    return size


@njit(cache=True)
def _characters(page, begin, end):
    """Of a text: its characters but white space, and the ends of words.

    From U+3000 on (Chinese, Japanese, Korean) a character counts twice, as it is as wide, and ends a word.
    """
    characters, gaps, before = 0, 0, np.uint8(0)
    for place in range(begin, end):  # without branches: words are short
        byte = page[place]
        is_seen, is_wide = byte > 32, 0xE3 <= byte <= 0xED
        characters += np.int64(is_seen & (byte & 0xC0 != 0x80)) + is_wide
        gaps += np.int64(~is_seen & (before > 32)) + is_wide
        before = byte
    return characters, gaps


@njit(cache=True)
def read_tree(page, hashes, kinds, words, word_kinds):
    """Elements in the order of their start tags, the first standing for the page; and events.

    Returns, by element: `kind` int64, `said` int64 (bits of its attributes), `parent` int32, `close` int32 (the event
    that ends it), `own`, `linked` and `spaces` int32 (characters directly in it but white space; those in links; ends
    of words); by event: `of` int32 (element), `start` int32 (OPENED, CLOSED, or where a text starts) and `end`
    int32; and `metas` int32: where each of the first `meta` tags begins and ends.
    """
    size = page.size
    tags = 0
    for byte in page:
        tags += byte == 60
    room = tags + 2
    name, kind, said = np.zeros(room, np.uint64), np.zeros(room, np.int64), np.zeros(room, np.int64)
    parent, close = np.zeros(room, np.int32), np.zeros(room, np.int32)
    own, linked, spaces = np.zeros(room, np.int32), np.zeros(room, np.int32), np.zeros(room, np.int32)
    of, start, end = (np.empty(3 * room + 2, np.int32), np.empty(3 * room + 2, np.int32),
                      np.empty(3 * room + 2, np.int32))
    stack, metas, met = np.zeros(MAX_DEPTH + 1, np.int32), np.zeros(2 * _MAX_METAS, np.int32), 0
    level, elements, events = 0, 1, 1
    of[0], start[0] = 0, OPENED
    overflow, drawing, foreign = 0, 0, 0
    # Levels of the first unshown, the present link and the first formula; how many are open.
    unshown, link, formula, paragraphs, selects = -1, -1, -1, 0, 0
    position = 0
    while position < size:
        # --- A text, up to the next `<` that begins a tag or a comment ---
        begin = position
        position = _text_end(page, position)
        if position > begin and drawing == 0 and unshown < 0:
            characters, gaps = _characters(page, begin, position)
            element = stack[level]
            own[element] += characters
            spaces[element] += gaps
            if link >= 0:
                linked[element] += characters
            of[events], start[events], end[events] = element, begin, position
            events += 1
        if position >= size:
            break
        # --- A tag: its name and attributes ---
        closing = page[position + 1] == 47
        first = position + 2 if closing else position + 1
        if first >= size or not 97 <= page[first] | 32 <= 122 or page[first] < 65:
            position = _behind_comment(page, position)
            continue
        position = _name_end(page, first)
        tag = value_hash(page, first, position)
        of_kind = look_up(hashes, kinds, tag)
        slash, attributes = False, 0
        if closing:
            while position < size and page[position] != 62:
                position += 1
            position += 1
        elif position < size and page[position] == 62:
            position += 1
        else:
            position, slash, attributes = read_attributes(page, position, of_kind, words, word_kinds)
        # --- Tags that are no elements of ours: of drawings, of the page's frame ---
        if drawing:
            if tag == _SVG:
                drawing += -1 if closing else 0 if slash else 1
            elif tag == _FOREIGN:
                foreign += -1 if closing else 0 if slash else 1
            elif not closing and foreign == 0 and of_kind & LEAVES_DRAWING:
                drawing = 0
            if drawing or closing:
                continue
        if of_kind & (ROOT | HEAD):
            continue
        if tag == _META and met < len(metas):
            metas[met], metas[met + 1] = first, position
            met += 2
        # --- What the tag ends ---
        lowest = level + 1  # the open elements from this level on end
        if closing and of_kind & BREAK:
            closing = False
        elif closing:
            if of_kind & (VOID | RAW):
                continue
            if overflow:
                overflow -= 1
                continue
            lowest = _ended_by_end_tag(tag, of_kind, name, kind, stack, level)
            if lowest > level and of_kind & LINK:
                link = -1  # blocks inside of it stay open, and what follows in them is no link
        elif of_kind & DRAWING:
            drawing, foreign = 0 if slash else 1, 0
            continue
        elif of_kind & RAW:
            begin = position
            position = size if tag == _PLAINTEXT else _behind_raw(page, position, tag)
            if not attributes & IS_TEX or unshown >= 0 or level == MAX_DEPTH:
                continue
            of_kind = TEX | VOID  # a formula's source, and of its text what is before the end tag
            finish = position - 1
            while finish > begin and page[finish] != 60:
                finish -= 1
        elif of_kind:
            lowest = _ended_by_start_tag(of_kind, name, kind, stack, level, paragraphs, selects)
            if formula >= 0 and of_kind & BLOCK and unshown < 0:
                lowest = min(lowest, formula)
        if closing and of_kind & PARAGRAPH and lowest > level:  # an end tag alone is an empty paragraph
            closing = False
            of_kind |= VOID
        while level >= lowest:
            element = stack[level]
            of[events], start[events], close[element] = element, CLOSED, events
            events += 1
            paragraphs -= bool(kind[element] & PARAGRAPH)
            selects -= bool(kind[element] & SELECT)
            if level == unshown:
                unshown = -1
            if level <= link:
                link = -1
            if level == formula:
                formula = -1
            level -= 1
        # --- The element that it begins ---
        if formula >= 0 and slash:  # as everywhere in XML
            of_kind |= VOID
        elif closing or (of_kind & VOID and not of_kind & (BREAK | RULE | PARAGRAPH | TEX)):
            continue
        if of_kind & TYPED and attributes & (IS_TEX if of_kind & ANNOTATION and formula >= 0 else IS_SHADOW):
            of_kind &= ~UNSHOWN
        if level == MAX_DEPTH:
            overflow += not of_kind & VOID
            continue
        name[elements], kind[elements], said[elements], parent[elements] = tag, of_kind, attributes, stack[level]
        of[events], start[events] = elements, OPENED
        events += 1
        if of_kind & VOID:
            if of_kind & TEX and finish > begin:
                of[events], start[events], end[events] = elements, begin, finish
                own[elements] = finish - begin
                events += 1
            of[events], start[events], close[elements] = elements, CLOSED, events
            events += 1
        else:
            level += 1
            stack[level] = elements
            paragraphs += bool(of_kind & PARAGRAPH)
            selects += bool(of_kind & SELECT)
            if unshown < 0 and of_kind & UNSHOWN:
                unshown = level
            if of_kind & FORMULA and formula < 0:
                formula = level
            if of_kind & LINK:
                link = level if attributes & LINKED else -1
        elements += 1
    # --- The page's end ends all ---
    while level >= 0:
        element = stack[level]
        of[events], start[events], close[element] = element, CLOSED, events
        events += 1
        level -= 1
    return (
        kind[:elements], said[:elements], parent[:elements], close[:elements], own[:elements], linked[:elements],
        spaces[:elements], of[:events], start[:events], end[:events], metas[:met],
    )
