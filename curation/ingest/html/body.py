"""The part of a page that holds its text, by what it says of itself and by where the long paragraphs stand.

Both looks are taken at what is left when furniture is gone. What says that it is the main part is believed if it holds
the most. Then the innermost block that holds nearly all long paragraphs is the body, as Readability looked for it; what
stands beside it stays if it is text as well: sections of a manual do, boxes with links and short lines do not.
"""

import numpy as np

from maslin.curation.ingest.html.elements import (
    ARTICLE,
    BLOCK,
    CELL,
    HEADING,
    ITEM,
    LIST,
    PARAGRAPH,
    PRE,
    QUOTE,
    RANK_2,
    ROW,
    SECTION,
    TABLE,
    TERM,
    TOP_HEADING,
)
from maslin.curation.ingest.html.furniture import TITLED
from maslin.manifests.kernels.kernel import njit

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
    """By element: the weight (int64) of the texts inside of it, how many of them are paragraphs by length, and how many
    of these stand directly in it (int32).

    `plain` and `links` are the characters directly in elements, outside and in links. A text is what stands in one
    block and in nothing smaller. It weighs the square of its length, so that one paragraph weighs more than many
    labels, and nothing where links are most of it.
    """
    number = len(kind)
    weight, long, texts = np.zeros(number, np.int64), np.zeros(number, np.int32), np.zeros(number, np.int32)
    plain, links = plain.astype(np.int64), links.astype(np.int64)
    for element in range(number - 1, -1, -1):
        above = parent[element]
        if element and not kind[element] & BLOCK:
            plain[above] += plain[element]
            links[above] += links[element]
        elif plain[element] >= 2 * links[element]:
            weight[element] += min(plain[element], _MAX_CHARACTERS) ** 2
            if plain[element] >= _LONG_CHARACTERS:
                long[element] += 1
                texts[above] += 1
        if element:
            weight[above] += weight[element]
            long[above] += long[element]
    return weight, long, texts


@njit(cache=True)
def keep_main(kind, said, is_main, parent, own_plain, linked, gone):
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
        if kind[found] & ARTICLE and second == 0:
            of_ten = _MAIN_OF_TEN
        if largest * 10 <= text[root] * of_ten or second * 10 > largest:
            break
        root, of_ten, behind = found, _INNER_OF_TEN, _behind(parent, found)
    if root:
        stays = np.zeros(number, np.bool_)
        _leave(kind, said, parent, linked, root, stays, gone)


@njit(cache=True)
def keep_body(kind, said, parent, own, linked, gone):
    """Where one block holds nearly all long paragraphs, have what stands beside it go, unless it is text as well."""
    number = len(kind)
    plain = np.where(gone == KEPT, own - linked, np.int32(0))
    links = np.where(gone == KEPT, linked, np.int32(0))
    weight, long, _ = weigh_blocks(kind, parent, plain, links)
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
    is_text = ((long + listings + titles > 0) & (link * _LINKS_BESIDE_ONE_IN <= link + text)) | (
        (long > 0) & (link * 8 <= link + text))
    is_linked_text = (long > 0) & (listings + titles > 0) & (link * _LINKS_IN_TEXT_ONE_IN <= link + text)
    is_list = (kind & LIST != 0) & (text >= _LONG_CHARACTERS) & (link * _LINKS_IN_TEXT_ONE_IN <= link + text)
    is_linked_paragraph = is_paragraph & (text >= _LONG_CHARACTERS) | (kind & TABLE != 0)
    is_neighbour = is_paragraph & (parent == parent[root])
    is_title = titles * 2 >= text + link
    stays = (text * _BESIDE_ONE_IN >= text[root]) | is_text | is_linked_text | is_list | (
        (link <= 2 * text) & is_linked_paragraph) | (
        (link <= text) & (is_neighbour | is_title | (listings > 0)))
    _stay_under_titles(kind, parent, link, stays)
    _leave(kind, said, parent, linked, root, stays, gone)


@njit(cache=True)
def _stay_under_titles(kind, parent, link, stays):
    """Have a block without links stay that stands right behind a heading that does: `NAME`, and what a command is.

    Behind a page's top heading stand dates and names.
    """
    last = np.zeros(len(kind), np.int32)  # of the blocks in an element
    for element in range(1, len(kind)):
        if kind[element] & BLOCK:
            before = last[parent[element]]
            if kind[before] & HEADING and not kind[before] & TOP_HEADING and stays[before] and link[element] == 0:
                stays[element] = True
            last[parent[element]] = element


@njit(cache=True)
def _behind(parent, root):
    """The first element behind all that is inside of one: elements stand in the order of their start tags."""
    behind = root + 1
    while behind < len(parent) and parent[behind] >= root:
        behind += 1
    return behind


@njit(cache=True)
def _heading_before(kind, said, parent, linked, root, gone):
    """The heading of a part that stands before it, or 0: the last h1 if the part has none.

    Where no h1 or several are in the part, they are not its heading: then what is called a title before it, or an h2.
    """
    top, title, inner_tops, inner_title, inner_seconds = 0, 0, 0, False, False
    for element in range(1, _behind(parent, root)):
        if gone[element]:
            continue
        of = kind[element]
        is_titled = of & BLOCK and said[element] & TITLED
        if element >= root:
            inner_tops += of & TOP_HEADING != 0
            inner_title |= is_titled != 0
            inner_seconds |= of & RANK_2 != 0
        elif of & TOP_HEADING:
            top = element
        elif (is_titled or of & RANK_2) and not linked[element]:
            title = element
    if inner_tops == 0 and top:
        return top
    if inner_tops == 1 or inner_title or (inner_seconds and not said[title] & TITLED):
        return 0
    return title


@njit(cache=True)
def _leave(kind, said, parent, linked, root, stays, gone):
    """Have all go that is beside an element or what it is in, but what stays, and the element's heading."""
    number = len(kind)
    heading = _heading_before(kind, said, parent, linked, root, gone)
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
