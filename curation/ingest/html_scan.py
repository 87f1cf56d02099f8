"""One pass over a page's bytes before a parser sees it: how much work it would be, and what its class names say.

Native parsers and extractors take time in proportion to elements times depth, and to the square of the attributes of
one element: two megabytes of `<div>` keep them busy for minutes. A wall-clock limit would make results depend on the
machine's load, so the page itself is measured instead. The same pass finds what `class` attributes call page
furniture; asking the parsed document for the class of every element would take longer than parsing it.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit

from curation.ingest.html_furniture import CAPTION_WORDS, PAIRS, WORDS

# States of the scan.
_TEXT, _TAG, _VALUE_START, _DOUBLE, _SINGLE, _BARE, _COMMENT, _RAW = range(8)
# Kinds of marks, the low bits of a mark.
_FURNITURE, _CAPTION, _MISLEADING = 1, 2, 3
_MAX_MARKS = 4096
_SLOTS = 1024  # of the table of element names; a page may have half as many different ones
# What the scan must know of an element, as bits.
_FLAT, _RAW_TEXT, _SVG, _MATH, _BREAKS_OUT, _LABEL, _SELECT, _OPTION, _OF_TEXT, _ANCHOR = (
    1 << bit for bit in range(10))
_ELEMENTS: dict[int, bytes] = {
    # They hold nothing, or end by themselves when the next of their kind begins: they do not nest.
    _FLAT: b"area base br col embed hr img input link meta param source track wbr a nobr p li dt dd option optgroup tr "
           b"td th thead tbody tfoot colgroup caption rb rt rp rtc head body html image frame",
    _RAW_TEXT: b"script style textarea title xmp noembed noframes iframe",
    _SVG: b"svg",
    _MATH: b"math",
    # They end drawing: what follows is HTML, where `<path/>` stays open.
    _BREAKS_OUT: b"foreignobject b big blockquote body br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 head hr "
                 b"i img li listing menu meta nobr ol p pre ruby s small span strong strike sub sup table tt u ul var "
                 b"font",
    _LABEL: b"title desc",
    _SELECT: b"select",
    # They are the text whatever they are called, or cannot be taken out of their table.
    _OF_TEXT: b"html body main article h1 h2 h3 pre code table caption thead tbody tfoot tr td th",
    _ANCHOR: b"section h1 h2 h3 h4 h5 h6 dt p pre table",  # their `id` is made of a heading, mostly
    _OPTION: b"option",  # the parser goes through all of a select for each
}
_OFFSET, _PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)


def _name_hash(name: bytes) -> int:
    """FNV-1a, as the kernel makes it."""
    value = int(_OFFSET)
    for byte in name:
        value = ((value ^ byte) * int(_PRIME)) & 0xFFFFFFFFFFFFFFFF
    return value


def _element_table() -> tuple[np.ndarray, np.ndarray]:
    """Hashes of the element names, sorted, and the bits of each."""
    bits: dict[int, int] = {}
    for bit, names in _ELEMENTS.items():
        for name in names.split():
            bits[_name_hash(name)] = bits.get(_name_hash(name), 0) | bit
    ordered = sorted(bits)
    return np.array(ordered, dtype=np.uint64), np.array([bits[name] for name in ordered], dtype=np.int64)


_HASHES, _BITS = _element_table()


_BLOCKQUOTE, _PARAGRAPH, _PRE, _TABLE_TITLE = (
    np.uint64(_name_hash(name)) for name in (b"blockquote", b"p", b"pre", b"caption"))


@dataclass(frozen=True, slots=True)
class Scan:
    """What a page's UTF-8 bytes say before they are parsed.

    `depth`: the greatest, an upper estimate: elements opened and not closed by their own end tag, as parsers leave them
    open. `attributes`: the most of one element. `work`: the sum over elements of their depth; an `option` adds its
    place among those of its select. `paragraphs`: start tags `<p>`. `furniture`: offsets of `class` attributes with
    a word of `html_furniture`, one an element; `captions`: those called so. `has_code`: there is preformatted
    text or a table with a title, to which the captions may belong. `misleading`: offsets of attributes
    that name what the element speaks of: `class` of block quotes, `id` of headings, sections, paragraphs and the like.
    """

    depth: int
    attributes: int
    work: int
    paragraphs: int
    has_code: bool
    furniture: list[int]
    captions: list[int]
    misleading: list[int]


def scan(page: bytes) -> Scan:
    """Measure a page and find its furniture; beyond 4,096 marked elements no more are marked."""
    marks = np.empty(_MAX_MARKS, dtype=np.int64)
    depth, attributes, work, paragraphs, has_code, found = _scan(
        np.frombuffer(page, dtype=np.uint8), _HASHES, _BITS, _WORDS, _PAIRS, _CAPTION_WORDS, marks
    )
    places, kinds = marks[:found] >> 2, marks[:found] & 3
    return Scan(
        int(depth), int(attributes), int(work), int(paragraphs), bool(has_code),
        *(places[kinds == kind].tolist() for kind in (_FURNITURE, _CAPTION, _MISLEADING)),
    )


@njit(cache=True)
def _bits_of(name, hashes, bits):
    place = np.searchsorted(hashes, name)
    return bits[place] if place < hashes.size and hashes[place] == name else 0


@njit(cache=True)
def _slot(names, name):
    """The place of a name in the open-addressing table, or of the free slot it would take."""
    place = name & np.uint64(_SLOTS - 1)
    while names[place] != 0 and names[place] != name:
        place = (place + np.uint64(1)) & np.uint64(_SLOTS - 1)
    return place


@njit(cache=True)
def _is_comment(page, position):
    return (
        position + 3 < page.size and page[position + 1] == 33 and page[position + 2] == 45 and page[position + 3] == 45
    )


@njit(cache=True)
def _is_class(page, start, end):
    """Whether the attribute name at start..end is `class`."""
    return end - start == 5 and (
        page[start] | 32 == 99 and page[start + 1] | 32 == 108 and page[start + 2] | 32 == 97
        and page[start + 3] | 32 == 115 and page[start + 4] | 32 == 115
    )


@njit(cache=True)
def _is_id(page, start, end):
    """Whether the attribute name at start..end is `id`."""
    return end - start == 2 and page[start] | 32 == 105 and page[start + 1] | 32 == 100


@njit(cache=True)
def _furniture(page, start, end, words, pairs, captions):
    """_FURNITURE when a word of a value or two neighbouring words of one name in it are in the tables; _CAPTION; or 0.

    Words are runs of ASCII letters; a capital after a small letter begins a new one: `relatedPosts` is two.
    """
    word, pair, last, kind = _OFFSET, np.uint64(0), 0, 0
    for position in range(start, end + 1):
        byte = page[position] if position < end else 32
        letter = byte | 32
        is_letter = 97 <= letter <= 122 and byte >= 65
        if last and (not is_letter or (byte < 97 and last >= 97)):
            if words[_slot(words, word)] != 0 or (pair != 0 and pairs[_slot(pairs, pair)] != 0):
                return _FURNITURE
            if captions[_slot(captions, word)] != 0:
                kind = _CAPTION
            pair = (word ^ np.uint64(32)) * _PRIME
            word = _OFFSET
        if is_letter:
            word = (word ^ np.uint64(letter)) * _PRIME
            if pair != 0:
                pair = (pair ^ np.uint64(letter)) * _PRIME
            last = byte
        else:
            last = 0
            if byte <= 32:  # the next name
                pair = np.uint64(0)
    return kind


@njit(cache=True)
def _scan(page, hashes, bits, words, pairs, captions, marks):
    found, paragraphs, has_code = 0, 0, False
    attribute, value = 0, -1  # where the present attribute begins, and its value if that is to be looked at
    marked, is_id = False, False
    names = np.zeros(_SLOTS, dtype=np.uint64)
    kinds = np.zeros(_SLOTS, dtype=np.int64)
    opened = np.zeros(_SLOTS, dtype=np.int64)
    different = 0
    depth, deepest, most_attributes, work = 0, 0, 0, 0
    attributes, name, closing = 0, np.uint64(0), False
    raw_name = np.uint64(0)
    foreign = 0  # svg and math elements open
    drawing = False  # inside svg and nowhere that HTML may be: there `<path/>` is closed
    options = 0  # of the present select
    label, slash = np.uint64(0), False  # the name of a title or desc just opened inside a drawing
    state, in_word = _TEXT, False
    position, size = 0, page.size
    while position < size:
        byte = page[position]
        state_before = state
        if state in (_TEXT, _RAW):
            while position < size and page[position] != 60:  # <
                position += 1
            if position + 1 >= size:
                break
            following = page[position + 1]
            closing = following == 47  # /
            start = position + 2 if closing else position + 1
            if state == _TEXT and _is_comment(page, position):
                state = _COMMENT
                position += 4
                continue
            letter = page[start] | 32 if start < size else 0
            if letter < 97 or letter > 122 or (state == _RAW and not closing):
                position += 1
                continue
            name = _OFFSET
            while start < size:
                letter = page[start]
                if letter <= 32 or letter == 47 or letter == 62:
                    break
                name = (name ^ np.uint64(letter | 32 if 65 <= letter <= 90 else letter)) * _PRIME
                start += 1
            if state == _RAW and name != raw_name:
                position += 1
                continue
            attributes, in_word, slash, state, position = 0, False, False, _TAG, start
            marked, value = closing, -1
        elif state == _TAG:
            if byte == 62:  # >
                state = _TEXT
                most_attributes = max(most_attributes, attributes)
                place = _slot(names, name)
                if names[place] == 0:
                    names[place], kinds[place] = name, _bits_of(name, hashes, bits)
                    different += 1
                    if 2 * different > _SLOTS:  # made-up names: as bad as it can be
                        return size, most_attributes, size * size, paragraphs, has_code, found
                kind = kinds[place]
                if not closing and foreign == 0 and kind & _RAW_TEXT:
                    state, raw_name = _RAW, name
                if label != 0:
                    drawing = closing and name == label
                    label = np.uint64(0)
                elif drawing and kind & _BREAKS_OUT:
                    drawing = False
                elif drawing and kind & _LABEL and not closing:
                    drawing, label = False, name
                if kind & _SELECT:
                    options = 0
                if not closing:
                    paragraphs += name == _PARAGRAPH
                    has_code |= name in (_PRE, _TABLE_TITLE)
                    options += bool(kind & _OPTION)
                    work += depth + 1 + (options if kind & _OPTION else 0)
                    deepest = max(deepest, depth + 1)
                if not kind & _FLAT and not (drawing and slash and not closing):
                    step = 1 if not closing else -1 if opened[place] > 0 else 0
                    opened[place] += step
                    depth += step
                    if kind & (_SVG | _MATH):
                        foreign += step
                        drawing = foreign > 0 and not closing and bool(kind & _SVG)
            elif byte == 61:  # =
                if in_word:
                    state, in_word = _VALUE_START, False
                    is_id = _is_id(page, attribute, position)
                    value = 0 if not marked and (is_id or _is_class(page, attribute, position)) else -1
            elif byte <= 32 or byte == 47:
                in_word = False
            elif not in_word:
                in_word = True
                attribute = position
                attributes += 1
            slash = byte == 47
            position += 1
        elif state == _VALUE_START:
            if byte == 34:
                state = _DOUBLE
            elif byte == 39:
                state = _SINGLE
            elif byte == 62:
                state = _TAG
                continue
            elif byte > 32:
                state = _BARE
            if value == 0 and state != _VALUE_START:
                value = position if state == _BARE else position + 1
            position += 1
        elif state == _BARE:
            if byte <= 32 or byte == 62:
                state = _TAG
            if byte == 62:
                position -= 1  # look at it again, as the end of the tag
            position += 1
        elif state == _COMMENT:
            while position < size and page[position] != 62:
                position += 1
            if position < size:  # --> or --!>
                last = position - 2 if page[position - 1] == 33 else position - 1
                if page[last] == 45 and page[last - 1] == 45:
                    state = _TEXT
            position += 1
        else:
            quote = 34 if state == _DOUBLE else 39
            while position < size and page[position] != quote:
                position += 1
            if position < size:
                state = _TAG
            position += 1
        if value > 0 and state == _TAG and found < marks.size:  # the value has just ended
            end = position if state_before == _BARE and position < size and page[position] == 62 else position - 1
            if is_id:
                mark = _MISLEADING if _bits_of(name, hashes, bits) & _ANCHOR else 0
            elif name == _BLOCKQUOTE:
                mark = _MISLEADING
            else:
                mark = _furniture(page, value, end, words, pairs, captions)
                if mark and _bits_of(name, hashes, bits) & _OF_TEXT:
                    mark = 0
            if mark:
                marks[found], marked = attribute << 2 | mark, not is_id
                found += 1
            value = -1
    return deepest, most_attributes, work, paragraphs, has_code, found


def _hash_table(words: frozenset[str]) -> np.ndarray:
    """The words' hashes by open addressing; free slots are 0. As large as the table of element names, mostly free."""
    table = np.zeros(_SLOTS, dtype=np.uint64)
    for word in sorted(words):
        table[_slot.py_func(table, np.uint64(_name_hash(word.encode())))] = _name_hash(word.encode())
    return table


_WORDS, _PAIRS = _hash_table(WORDS), _hash_table(PAIRS)
_CAPTION_WORDS = _hash_table(CAPTION_WORDS)
