"""The part of a page that holds its text, by what it says of itself and by where the long paragraphs stand.

Both looks are taken at what is left when furniture is gone. What says that it is the main part is believed if it holds
the most. Then the innermost block that holds nearly all long paragraphs is the body, as Readability looked for it; what
stands beside it stays if it is text as well: sections of a manual do, boxes with links and short lines do not.
"""

import numpy as np
from numba import njit

from maslin.curation.ingest.html.elements import (
    BLOCK,
    CELL,
    HEADING,
    ITEM,
    LIST,
    PARAGRAPH,
    PRE,
    QUOTE,
    ROW,
    SECTION,
    TABLE,
    TERM,
    TOP_HEADING,
)

# What of an element is kept: all that is not gone by itself, nothing, or what is inside of it but not its own text.
KEPT, GONE, SHELL = 0, 1, 2

_MAIN_OF_TEN, _INNER_OF_TEN = 5, 8  # of the text that a main part must hold: at first, and inside of another
_MAX_NESTED = 6
_LONG_CHARACTERS, _MAX_CHARACTERS = 40, 600  # of a block: it is a paragraph from here on; it weighs no more beyond
_MIN_LONG, _BODY_OF_TEN = 3, 7  # paragraphs in a body, and its share of the weight of all
_LINKS_BESIDE_ONE_IN, _LINKS_IN_TEXT_ONE_IN = 20, 4  # links in what stands beside the body and stays
_BESIDE_ONE_IN = 4  # of the body's text, and it stays whatever it is
_NO_BODY = PARAGRAPH | HEADING | PRE | TABLE | CELL | LIST | ITEM | TERM | ROW | QUOTE | SECTION


@njit(cache=True)
def inside(parent, values):
    """Values of elements (int32) added up over each and all that is inside of it."""
    total = values.astype(np.int32)
    for element in range(len(parent) - 1, 0, -1):
        total[parent[element]] += total[element]
    return total


@njit(cache=True)
def weigh_blocks(kind, parent, plain, links):
    """(weight int64, long int32) by element: of the texts inside of it, and how many of them are paragraphs by length.

    `plain` and `links` are the characters directly in elements, outside and in links. A text is what stands in one
    block and in nothing smaller. It weighs the square of its length, so that one paragraph weighs more than many
    labels, and nothing where links are most of it.
    """
    number = len(kind)
    weight, long = np.zeros(number, np.int64), np.zeros(number, np.int32)
    plain, links = plain.astype(np.int64), links.astype(np.int64)
    for element in range(number - 1, -1, -1):
        above = parent[element]
        if element and not kind[element] & BLOCK:
            plain[above] += plain[element]
            links[above] += links[element]
        elif plain[element] >= 2 * links[element]:
            weight[element] += min(plain[element], _MAX_CHARACTERS) ** 2
            long[element] += plain[element] >= _LONG_CHARACTERS
        if element:
            weight[above] += weight[element]
            long[above] += long[element]
    return weight, long


@njit(cache=True)
def keep_main(kind, is_main, parent, own_plain, gone):
    """Where one part says that it is the main one and holds the most of the text, have the rest go but its top heading.

    Again inside of that part, as long as hardly anything goes: `main`, `article`, `entry-content`.
    """
    number = len(kind)
    text = inside(parent, np.where(gone != KEPT, np.int32(0), own_plain))
    root, behind, of_ten = 0, number, _MAIN_OF_TEN
    for _ in range(_MAX_NESTED):
        found, largest, second = 0, 0, 0
        below = np.zeros(number, np.bool_)  # in a part that was looked at
        for element in range(root + 1, behind):
            below[element] = below[parent[element]]
            if is_main[element] and not below[element] and not gone[element]:
                below[element] = True
                if text[element] > largest:
                    found, largest, second = element, text[element], largest
                else:
                    second = max(second, text[element])
        if largest * 10 <= text[root] * of_ten or second * 10 > largest:
            break
        root, of_ten, behind = found, _INNER_OF_TEN, _behind(parent, found)
    if root:
        stays = np.zeros(number, np.bool_)
        _leave(kind, parent, root, stays, gone)


@njit(cache=True)
def keep_body(kind, parent, own, linked, gone):
    """Where one block holds nearly all long paragraphs, have what stands beside it go, unless it is text as well."""
    number = len(kind)
    plain = np.where(gone == KEPT, own - linked, np.int32(0))
    links = np.where(gone == KEPT, linked, np.int32(0))
    weight, long = weigh_blocks(kind, parent, plain, links)
    root = 0
    for element in range(1, number):  # of those that hold so much, one is in the other
        if weight[element] * 10 >= weight[0] * _BODY_OF_TEN and kind[element] & BLOCK and not kind[element] & _NO_BODY:
            if long[element] < _MIN_LONG:
                break
            root = element
    if root == 0:
        return
    text, link, listings = inside(parent, plain), inside(parent, links), inside(parent, kind & (PRE | TABLE) != 0)
    is_heading, is_paragraph = kind & HEADING != 0, kind & PARAGRAPH != 0
    titles = inside(parent, np.where(is_heading, text, np.int32(0)))
    is_text = (long + listings + titles > 0) & (link * _LINKS_BESIDE_ONE_IN <= link + text)
    is_linked_text = (long > 0) & (listings + titles > 0) & (link * _LINKS_IN_TEXT_ONE_IN <= link + text)
    is_neighbour = is_paragraph & ((text >= _LONG_CHARACTERS) | (parent == parent[root]))
    is_title = titles * 2 >= text + link
    stays = (text * _BESIDE_ONE_IN >= text[root]) | is_text | is_linked_text | (
        (link <= text) & (is_neighbour | is_title | (listings > 0)))
    _leave(kind, parent, root, stays, gone)


@njit(cache=True)
def _behind(parent, root):
    """The first element behind all that is inside of one: elements stand in the order of their start tags."""
    behind = root + 1
    while behind < len(parent) and parent[behind] >= root:
        behind += 1
    return behind


@njit(cache=True)
def _leave(kind, parent, root, stays, gone):
    """Have all go that is beside an element or what it is in, but what stays, and the top heading if it holds none."""
    number, behind = len(kind), _behind(parent, root)
    heading = 0
    for element in range(1, behind):
        if kind[element] & TOP_HEADING and not gone[element]:
            if element >= root:
                heading = 0
                break
            heading = element
    holds = np.zeros(number, np.bool_)  # the root or the heading
    holds[root] = True
    holds[heading] = True
    for element in range(root, 0, -1):
        holds[parent[element]] |= holds[element]
    is_kept = np.zeros(number, np.bool_)
    is_kept[root] = True
    is_kept[heading] = heading > 0
    gone[0] = SHELL
    for element in range(1, number):
        above = parent[element]
        is_kept[element] |= is_kept[above] or (holds[above] and stays[element] and not holds[element])
        if not is_kept[element] and not gone[element]:
            gone[element] = SHELL if holds[element] else GONE
