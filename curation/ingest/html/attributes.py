"""What the attributes of a start tag say of their element."""

import numpy as np

from maslin.curation.ingest.html.elements import ANCHOR, OFFSET, PRIME, TYPED, name_hash
from maslin.curation.ingest.html.furniture import (
    ASIDE_NAME,
    DISPLAYED,
    FURNITURE,
    HEADER_NAME,
    HIDDEN,
    IS_MAIN,
    IS_SHADOW,
    IS_TEX,
    LINKED,
    PART_OF_TEXT,
    REMARKS,
    THREAD,
    said_by_names,
)
from maslin.manifests.kernels.kernel import njit

_CLASS, _ID, _HREF, _HIDDEN, _ARIA_HIDDEN, _ROLE, _STYLE, _ITEMPROP, _MODAL = (np.uint64(name_hash(name)) for name in (
    b"class", b"id", b"href", b"hidden", b"aria-hidden", b"role", b"style", b"itemprop", b"aria-modal"))
_ROLES = np.array([name_hash(name) for name in (
    b"navigation", b"search", b"banner", b"contentinfo", b"complementary", b"dialog", b"alertdialog", b"alert",
    b"toolbar", b"tooltip", b"menu", b"menubar", b"searchbox",
)], np.uint64)
_MAIN_ROLES = np.array([name_hash(name) for name in (b"main", b"article")], np.uint64)
_ARTICLE_BODY = np.uint64(name_hash(b"articlebody"))
_TRUE = np.uint64(name_hash(b"true"))
_TYPES = np.array([name_hash(name) for name in (b"type", b"encoding")], np.uint64)
_DISPLAY = np.uint64(name_hash(b"display"))
_SHADOWS = np.array([name_hash(name) for name in (b"shadowrootmode", b"shadowroot")], np.uint64)
_SHADOW_MODES = np.array([name_hash(name) for name in (b"open", b"closed")], np.uint64)
_TEX_TYPES = np.array([name_hash(name) for name in (
    b"math/tex", b"application/x-tex", b"application/x-latex", b"text/x-tex", b"text/x-latex", b"tex", b"latex",
)], np.uint64)
_DISPLAYS = np.array([name_hash(name) for name in (b"block", b"mode=display")], np.uint64)
_NOT_SHOWN = np.array([name_hash(name) for name in (b"display:none", b"visibility:hidden")], np.uint64)


@njit(cache=True)
def value_hash(page, start, end):
    """FNV-1a of a value in small letters, without white space."""
    value = OFFSET
    for position in range(start, end):
        byte = page[position]
        if byte > 32:
            value = (value ^ np.uint64(byte | 32 if 65 <= byte <= 90 else byte)) * PRIME
    return value


@njit(cache=True)
def is_one_of(value, hashes):
    return value in hashes


@njit(cache=True)
def _hides(page, start, end):
    """Whether a declaration of a style is `display: none` or `visibility: hidden`."""
    begin = start
    for position in range(start, end + 1):
        if position == end or page[position] == 59:  # ;
            if position - begin >= 12 and is_one_of(value_hash(page, begin, position), _NOT_SHOWN):
                return True
            begin = position + 1
    return False


@njit(cache=True)
def _said_of_type(page, name, start, end):
    """What an attribute of an element that is `TYPED` says: whether it is TeX, on a line of its own, a shadow root."""
    if is_one_of(name, _TYPES):  # a media type, perhaps with a parameter
        semicolon = start
        while semicolon < end and page[semicolon] != 59:
            semicolon += 1
        if is_one_of(value_hash(page, start, semicolon), _TEX_TYPES):
            return IS_TEX | (DISPLAYED if is_one_of(value_hash(page, semicolon + 1, end), _DISPLAYS) else 0)
    elif name == _DISPLAY:
        return DISPLAYED if is_one_of(value_hash(page, start, end), _DISPLAYS) else 0
    elif is_one_of(name, _SHADOWS):
        return IS_SHADOW if is_one_of(value_hash(page, start, end), _SHADOW_MODES) else 0
    return 0


@njit(cache=True)
def _said_by_attribute(page, attribute, name_end, start, end, kind, words, word_kinds):
    """What an attribute says of its element: bits of `furniture.py`."""
    if kind & TYPED:
        said = _said_of_type(page, value_hash(page, attribute, name_end), start, end)
        if said:
            return said
    length = name_end - attribute
    if length < 2 or length > 11:
        return 0
    first = page[attribute] | 32
    # c, i, h, a, r, s
    if first != 99 and first != 105 and first != 104 and first != 97 and first != 114 and first != 115:
        return 0
    name = value_hash(page, attribute, name_end)
    if name == _CLASS:
        return said_by_names(page, start, end, False, words, word_kinds)
    if name == _ID:
        return 0 if kind & ANCHOR else said_by_names(page, start, end, True, words, word_kinds)
    if name == _HREF:
        return LINKED
    if name == _HIDDEN:
        return HIDDEN
    if name == _ARIA_HIDDEN:
        return HIDDEN if value_hash(page, start, end) == _TRUE else 0
    if name == _MODAL:
        return FURNITURE if value_hash(page, start, end) == _TRUE else 0
    if name == _STYLE:
        return HIDDEN if _hides(page, start, end) else 0
    if name == _ROLE:
        value = value_hash(page, start, end)
        return ASIDE_NAME if is_one_of(value, _ROLES) else IS_MAIN if is_one_of(value, _MAIN_ROLES) else 0
    if name == _ITEMPROP:
        return IS_MAIN if value_hash(page, start, end) == _ARTICLE_BODY else 0
    return 0


@njit(cache=True)
def read_attributes(page, position, kind, words, word_kinds):
    """Read a tag from behind its name; returns (behind `>`, or the page's end; whether `/>`; what attributes say)."""
    size, said, from_id = page.size, 0, 0
    slash = False
    while position < size:
        byte = page[position]
        if byte == 62:  # >
            break
        if byte <= 32 or byte == 47:
            slash = byte == 47
            position += 1
            continue
        slash = False
        attribute = position
        position += 1
        while position < size:
            byte = page[position]
            if byte == 61 or byte == 62 or byte <= 32 or byte == 47:
                break
            position += 1
        name_end = position
        while position < size and page[position] <= 32:
            position += 1
        start = end = position
        if position < size and page[position] == 61:  # =
            position += 1
            while position < size and page[position] <= 32:
                position += 1
            if position < size and (page[position] == 34 or page[position] == 39):
                quote = page[position]
                position += 1
                start = position
                while position < size and page[position] != quote:
                    position += 1
                end = position
                position += 1
            else:
                start = position
                while position < size and page[position] > 32 and page[position] != 62:
                    position += 1
                end = position
        found = _said_by_attribute(page, attribute, name_end, start, end, kind, words, word_kinds)
        if name_end - attribute == 2 and found:
            from_id |= found
        else:
            said |= found
    if not said & PART_OF_TEXT:  # there an id is made of a heading
        said |= from_id & (ASIDE_NAME | HEADER_NAME | REMARKS | THREAD | HIDDEN | IS_MAIN)
    return min(position + 1, size), slash, said
