"""Which parts of a page are its text: the rest is navigation, furniture, remarks of readers, or hidden.

What a part is called, by its element or by its names (`furniture.py`), is believed unless it holds more of the
page's text than such a part does: pages call themselves `has-newsletter`, and put an article into an `aside`. Links
count as text only where a page has little else.
"""

import numpy as np

from maslin.curation.ingest.html.body import GONE, inside, keep_body, keep_main, weigh_blocks
from maslin.curation.ingest.html.elements import (
    ARTICLE,
    ASIDE,
    BLOCK,
    CAPTION,
    CONTROL,
    FIGURE,
    FOOTER,
    FORM,
    FORMULA,
    HEADER,
    HEADING,
    ITEM,
    LINK,
    LIST,
    MAIN,
    NAVIGATION,
    OF_TEXT,
    PARAGRAPH,
    PRE,
    QUOTE,
    SUMMARY,
    TABLE,
    TABLE_TITLE,
    TERM,
    TEX,
    TOP_HEADING,
)
from maslin.curation.ingest.html.furniture import (
    ASIDE_NAME,
    BOXED,
    CAPTIONED,
    FURNITURE,
    HEADER_NAME,
    HIDDEN,
    IS_MAIN,
    NOTE,
    REMARKS,
    RENDERED,
    THREAD,
)
from maslin.manifests.kernels.kernel import njit

# How much of a page is looked for.
STRICT, WITH_REMARKS, ALL = 0, 1, 2

_SMALL_ONE_IN = 5  # what holds at most a fifth of a page's text, or of its paragraphs, is small
_LIGHT_ONE_IN = 2  # what has at most half of the weight of its paragraphs is light, whatever they are inside of
# So much of a page's weight, and so few paragraphs beside it: what is called a remark is the text.
_TEXT_OF_TEN, _LONG_BESIDE = 7, 3
_BEGINS_CHARACTERS = 80  # of a piece of text: the page's text has begun, and remarks on it may follow
_REMARKS_OF_FIVE = 4  # as much of a page may be remarks of readers
_TIMES_MAIN = 4  # as many times the text of the main part may stand outside of it in one piece
_LINKS_OF_ASIDE = 3  # as many times its text: it is a list of links, however much of the page's text it holds
_TEXTS_BESIDE_BOX = 2  # paragraphs among which a box stands, or a list of links in pairs, that is part of the text
_LINKS_OF_BOX_ONE_IN = 4
_NEAR_BODY = 4  # levels: lists of links nearer than that are menus
_MIN_LINK_CHARACTERS = 18  # of a paragraph that is one link and reads like a headline, not like the name of something
_MIN_LINKS, _LINKS_OF_TEN = 3, 8  # a block of links: so many, and so much of its text
_MIN_TEASERS, _LINKS_OF_TEN_TEASERS = 2, 5  # a block of links that read like headlines, with a few words to each
_LINKS_OF_TEXT, _MIN_TEXT_CHARACTERS = 4, 250  # where there are more links or less text, the page is made of links


@njit(cache=True)
def _remarks_are_text(kind, said, parent, weight, long):
    """Whether what is called a remark holds nearly all of the weight, outside of threads, and of the paragraphs."""
    in_remark, remarks, threads, beside = np.zeros(len(kind), np.bool_), 0, 0, long[0]
    for element in range(1, len(kind)):
        names = said[element] if kind[element] & BLOCK else 0
        in_remark[element] = in_remark[parent[element]] or names & (REMARKS | THREAD) != 0
        if in_remark[element] and not in_remark[parent[element]]:
            beside -= long[element]
            if names & THREAD:
                threads += weight[element]
            else:
                remarks += weight[element]
    return remarks > 0 and beside <= _LONG_BESIDE and remarks * 10 >= (weight[0] - threads) * _TEXT_OF_TEN


@njit(cache=True)
def _nested_articles(kind, parent, plain):
    """By element (int32): the article that it is or is in, or 0; and the text of an article that is in others in it."""
    article, nested = np.zeros(len(kind), np.int32), np.zeros(len(kind), np.int32)
    for element in range(1, len(kind)):
        above = article[parent[element]]
        article[element] = above
        if kind[element] & ARTICLE:
            article[element] = element
            nested[above] += plain[element]
    return article, nested


@njit(cache=True)
def gone_parts(kind, said, parent, own, linked, spaces, how):
    """uint8 (elements): KEPT, GONE or SHELL. The arrays are those of `tree.read_tree`."""
    number = len(kind)
    gone = np.zeros(number, np.uint8)
    if how == ALL:
        return gone
    # What every element holds: its own text and that of all below it.
    characters, links = inside(parent, own), inside(parent, linked)
    plain = characters - links
    paragraphs, tops = inside(parent, kind & PARAGRAPH != 0), inside(parent, kind & TOP_HEADING != 0)
    headings, code = inside(parent, kind & HEADING != 0), inside(parent, kind & (PRE | TABLE) != 0)
    anchors, gaps = inside(parent, (kind & LINK != 0) & (links > 0)), inside(parent, spaces)
    has_titles = np.any(kind & (PRE | TABLE_TITLE) != 0)  # what is called a caption may belong to them
    has_formulas = np.any(kind & (FORMULA | TEX) != 0)
    formulas = inside(parent, kind & FORMULA != 0) if has_formulas else spaces
    sources = inside(parent, kind & TEX != 0) if has_formulas else spaces
    quotes = inside(parent, kind & QUOTE != 0)
    is_main = (kind & MAIN != 0) | (said & IS_MAIN != 0)
    mains, items = inside(parent, is_main), inside(parent, kind & ITEM != 0)
    depth, in_main, in_links = np.zeros(number, np.int32), np.zeros(number, np.bool_), np.zeros(number, np.bool_)
    is_link = np.zeros(number, np.bool_)
    weight, long, texts = weigh_blocks(kind, parent, own - linked, linked)
    remarks = 0  # what says that an element is remarks of readers
    if how == STRICT:
        remarks = THREAD if _remarks_are_text(kind, said, parent, weight, long) else REMARKS
    article, nested = _nested_articles(kind, parent, plain)
    # From the top down: what leaves by its name or kind, weighed against what it holds.
    total, main_text = plain[0], 0
    for element in range(1, number):
        if is_main[element]:
            main_text = max(main_text, plain[element])
    link_paragraphs, text_kept, links_kept, has_begun = 0, 0, 0, False
    for element in range(1, number):
        of, names, above = kind[element], said[element], parent[element]
        in_main[element] = in_main[above] or is_main[element]
        depth[element] = depth[above] + 1
        if gone[above]:
            gone[element] = GONE
            continue
        is_most = plain[element] * 2 > total
        if is_most and links[element] >= _LINKS_OF_ASIDE * plain[element]:
            is_most = total - plain[element] < _MIN_TEXT_CHARACTERS
        if is_most and not mains[element] and not in_main[element]:
            is_most = plain[element] > _TIMES_MAIN * main_text
        is_small = plain[element] * _SMALL_ONE_IN <= total or (
            not is_most and paragraphs[0] >= _SMALL_ONE_IN and paragraphs[element] * _SMALL_ONE_IN <= paragraphs[0])
        is_light = weight[element] * _LIGHT_ONE_IN <= weight[0]
        leaves = names & HIDDEN and not is_most
        if has_formulas:
            if leaves and formulas[element] and not own[element] and not of & (BLOCK | FORMULA):
                leaves = False  # what is shown is its picture
            elif names & RENDERED and sources[0] and not sources[element]:
                leaves = True  # its source is kept
        if not of & (OF_TEXT | QUOTE) and not tops[element]:
            # A post that is shown in a text: `social-embed`, `twitter`.
            is_quote = quotes[element] == 1 and long[element] <= 2 and texts[above] >= _TEXTS_BESIDE_BOX
            is_remark = names & remarks and of & BLOCK and plain[element] * 5 <= total * _REMARKS_OF_FIVE and (
                has_begun or names & THREAD or not long[element])
            is_aside = names & ASIDE_NAME and not is_most and not (
                names & BOXED and texts[above] >= _TEXTS_BESIDE_BOX and long[element]
                and links[element] * _LINKS_OF_BOX_ONE_IN <= characters[element])
            is_furniture = names & FURNITURE and is_small and is_light
            leaves = leaves or is_remark or (not is_quote and (is_furniture or is_aside))
        if names & CAPTIONED and not of & OF_TEXT and not has_titles:
            leaves = leaves or is_small
        if of & ARTICLE and article[above] and not tops[element]:  # of another, as the standard has it
            leaves = leaves or nested[article[above]] * 2 <= plain[article[above]]
        if of & NAVIGATION:
            leaves = leaves or not is_most
        elif of & FOOTER:
            leaves = leaves or (not is_most and not kind[above] & QUOTE)
        elif of & HEADER or (names & HEADER_NAME and not of & OF_TEXT):
            has_title = headings[element] and (tops[element] == tops[0] or in_main[element])
            leaves = leaves or (is_small and not has_title)
        elif of & ASIDE:
            leaves = leaves or (not is_most and not names & NOTE)
        elif of & CAPTION:
            leaves = leaves or not (kind[above] & FIGURE and code[above])
        elif of & CONTROL:
            leaves = leaves or not kind[above] & (HEADING | SUMMARY)
        elif of & FORM:
            leaves = leaves or is_small
        elif of & LIST and depth[element] < _NEAR_BODY:
            leaves = leaves or links[element] * 2 >= characters[element]
        if leaves:
            gone[element] = GONE
            continue
        is_link[element] = of & PARAGRAPH and anchors[element] == 1 and gaps[element] and (
            links[element] == characters[element] >= _MIN_LINK_CHARACTERS)
        link_paragraphs += is_link[element]
        in_links[element] = in_links[above] or (
            anchors[element] >= _MIN_LINKS and of & BLOCK and not of & OF_TEXT
            and not (of & LIST and texts[above] >= _TEXTS_BESIDE_BOX and anchors[element] >= 2 * items[element])
            and links[element] * 10 >= characters[element] * _LINKS_OF_TEN) or (
            anchors[element] >= _MIN_TEASERS and of & BLOCK and not of & (OF_TEXT | PARAGRAPH | QUOTE | ITEM | TERM)
            and links[element] >= anchors[element] * _MIN_LINK_CHARACTERS
            and links[element] * 10 >= characters[element] * _LINKS_OF_TEN_TEASERS
            and plain[element] * _SMALL_ONE_IN <= total)
        if in_links[element]:
            links_kept += own[element]
        else:
            text_kept += own[element] - linked[element]
            has_begun = has_begun or own[element] - linked[element] >= _BEGINS_CHARACTERS
    # What is but links leaves, unless the page is a list of links.
    no_link_paragraphs = link_paragraphs * 2 <= paragraphs[0]
    no_links = text_kept >= _MIN_TEXT_CHARACTERS and links_kept <= _LINKS_OF_TEXT * text_kept
    for element in range(1, number):
        if gone[parent[element]] or (no_links and in_links[element]) or (no_link_paragraphs and is_link[element]):
            gone[element] = GONE
    keep_main(kind, said, is_main, parent, own - linked, linked, gone)
    keep_body(kind, said, parent, own, linked, gone)
    return gone
