"""What a reader of pages must know of HTML's elements: which hold nothing, which end which, which are blocks.

After the HTML standard's parsing rules (https://html.spec.whatwg.org/multipage/parsing.html), as far as they decide
which text stands where.
"""

import numpy as np

from maslin.curation.text.hash_table import constant_table

OFFSET, PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)

# Bits of an element's kind.
(
    VOID, RAW, UNSHOWN, BLOCK, APART, HEADING, PARAGRAPH, ITEM, TERM, LIST, TABLE, TABLE_TITLE, SECTION, ROW, CELL, PRE,
    LINK, BREAK, RULE, QUOTE, BOUND, DRAWING, LEAVES_DRAWING, FIGURE, CAPTION, NAVIGATION, FOOTER, HEADER, ASIDE, MAIN,
    FORM, CONTROL, SELECT, ROOT, HEAD, OF_TEXT, ANCHOR, SUMMARY, TOP_HEADING, RANK_2, RANK_3, RANK_4, RANK_5, RANK_6,
    TYPED, TEX, FORMULA, ANNOTATION, FRACTION, UPPER, LOWER, ROOTED, NTH_ROOT, FENCED, ROWS, CELLS, SUPERSCRIPT,
    SUBSCRIPT, ARTICLE,
) = (1 << bit for bit in range(59))

_KINDS: dict[int, str] = {
    VOID: "area base basefont bgsound br col embed frame hr img input link meta param source track wbr keygen",
    # Their content is no markup.
    RAW: "script style noembed noframes iframe xmp textarea title plaintext",
    # Nothing of them is on the page.
    UNSHOWN: "template object applet audio video canvas map datalist noscript script style noembed noframes iframe "
             "textarea title annotation annotation-xml mphantom progress meter select",
    BLOCK: "address article aside blockquote body center dd details dialog dir div dl dt fieldset figcaption figure "
           "footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main menu nav ol p pre "
           "listing search section summary table caption tbody thead tfoot tr td th ul",
    # An empty line before and after.
    APART: "blockquote dl h1 h2 h3 h4 h5 h6 hr listing ol p pre table ul",
    HEADING: "h1 h2 h3 h4 h5 h6",
    TOP_HEADING: "h1",
    RANK_2: "h2",
    RANK_3: "h3",
    RANK_4: "h4",
    RANK_5: "h5",
    RANK_6: "h6",
    PARAGRAPH: "p",
    ITEM: "li",
    TERM: "dt dd",
    LIST: "ul ol menu dir",
    TABLE: "table",
    SECTION: "tbody thead tfoot",
    ROW: "tr",
    CELL: "td th",
    PRE: "pre listing",
    LINK: "a",
    BREAK: "br",
    RULE: "hr",
    QUOTE: "blockquote",
    # End tags inside do not end what is outside.
    BOUND: "table td th caption object applet marquee template html",
    DRAWING: "svg",
    # They end a drawing that was left open.
    LEAVES_DRAWING: "blockquote body br center dd div dl dt h1 h2 h3 h4 h5 h6 head hr li ol p pre ruby span strong "
                    "table ul",
    FIGURE: "figure",
    CAPTION: "figcaption",
    NAVIGATION: "nav",
    FOOTER: "footer",
    HEADER: "header",
    ASIDE: "aside dialog",
    MAIN: "main article",
    FORM: "form",
    CONTROL: "button",
    SELECT: "select",
    ROOT: "html body",
    HEAD: "head",
    # They are the text whatever they are called, or cannot be taken out of their table.
    OF_TEXT: "html body main article h1 h2 h3 pre code table caption thead tbody tfoot tr td th",
    # Their `id` is made of a heading, mostly.
    ANCHOR: "html body main article section h1 h2 h3 h4 h5 h6 dl dt dd li p pre code table caption thead tbody tfoot "
            "tr td th a span blockquote",
    TABLE_TITLE: "caption",
    SUMMARY: "summary dt",
    # What they are, an attribute says.
    TYPED: "script template annotation math",
    # Of MathML (https://www.w3.org/TR/mathml-core/).
    FORMULA: "math",
    ANNOTATION: "annotation",
    FRACTION: "mfrac",
    UPPER: "msup mover",
    LOWER: "msub msubsup munder munderover",
    ROOTED: "msqrt",
    NTH_ROOT: "mroot",
    FENCED: "mfenced",
    ROWS: "mtable",
    CELLS: "mtr mlabeledtr",
    SUPERSCRIPT: "sup",
    SUBSCRIPT: "sub",
    ARTICLE: "article",
}


RANKS = TOP_HEADING | RANK_2 | RANK_3 | RANK_4 | RANK_5 | RANK_6  # in this order, the lower the higher


def name_hash(name: bytes) -> int:
    """FNV-1a, 64 bits, as the kernels make it."""
    value = int(OFFSET)
    for byte in name:
        value = ((value ^ byte) * int(PRIME)) & 0xFFFFFFFFFFFFFFFF
    return value


def named_table(values: dict[str, int]) -> tuple[np.ndarray, np.ndarray]:
    """A table (hash_table) from the FNV-1a hashes of names to what they stand for, 0 for all others."""
    return constant_table({name_hash(name.encode()): value for name, value in values.items()}, absent=0, fullness=1 / 4)


_OF_FORMULAS = FORMULA | ANNOTATION | FRACTION | UPPER | LOWER | ROOTED | NTH_ROOT | FENCED | ROWS | CELLS
_PREFIXES = ("m", "mml", "math")  # under which pages that are XML hold MathML


def _kinds_by_name() -> dict[str, int]:
    kinds: dict[str, int] = {}
    for kind, names in _KINDS.items():
        for name in names.split():
            kinds[name] = kinds.get(name, 0) | kind
    return kinds | {f"{prefix}:{name}": kind for name, kind in kinds.items() for prefix in _PREFIXES
                    if kind & _OF_FORMULAS or name in ("annotation-xml", "mphantom")}


ELEMENT_HASHES, ELEMENT_KINDS = named_table(_kinds_by_name())
