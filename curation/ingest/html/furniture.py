"""What authors of pages call the parts that are not their text, in `class` and `id` attributes.

General words of web design, as extractors have collected them for years (Readability, Trafilatura, Resiliparse); none
is the name of one site. A name is split at everything but letters and before capitals, so `share` is found in
`post-share` and `ShareBar` and not in `shareholder`.
"""

import numpy as np

from maslin.curation.ingest.html.elements import OFFSET, PRIME, named_table
from maslin.curation.text.hash_table import look_up
from maslin.manifests.kernels.kernel import njit

# What a name says of its element, as bits.
(
    FURNITURE, ASIDE_NAME, HEADER_NAME, REMARKS, HIDDEN, CAPTIONED, NOTE, PART_OF_TEXT, LINKED, IS_MAIN, IS_TEX,
    DISPLAYED, IS_SHADOW, RENDERED, THREAD, TITLED, BOXED,
) = (1 << bit for bit in range(17))

# What a word says: by itself, wherever it stands in a name; as a name's only word beside affixes; or in a pair.
(
    ANYWHERE, WHOLE, A_REMARK, WHOLE_HIDDEN, AFFIX, META_OF, META, A_CAPTION, A_NOTE, A_PART, TEXT_OF, WHOLE_HEADER,
    DRAWN, A_THREAD, A_TITLE, A_BOX,
) = (1 << bit for bit in range(16))

_WORDS: dict[int, str] = {
    ANYWHERE: """
        related recommended recommendation recommendations trending popular mostread outbrain taboola teaser teasers
        readmore share sharing shares sharedaddy addthis social bookmark feedback survey toolbar newsletter newsletters
        subscribe subscriber subscription signup signin login paywall donate cta upsell promo promos promotion promoted
        advert advertisement advertising ad ads adsense sponsor sponsored disclaimer disclosure cookie cookies consent
        gdpr copyright modal popup popover tooltip overlay hovercard rollover lightbox snackbar toast infobar gallery
        slideshow carousel byline dateline timestamp tags taglist disqus breadcrumb breadcrumbs pagination pager
        navheader navfooter metadata postmetadata submitted recirculation rail
    """,
    WHOLE: """
        nav navigation navbar menu submenu dropdown footer aside sidebar sidebars sidebox search searchbox searchbar
        searchform logo banner topbar legal account follow widget skip skiplink permalink next prev previous
        spinner headerlink noprint syndication facebook twitter likes
    """,
    A_REMARK: "comment commentaire kommentar comentario",
    # Remarks and where they are made; what is called one remark may be a report, minute by minute.
    A_REMARK | A_THREAD: """
        comments nocomments commentlist respond reply replies commentaires kommentare comentarios commenti reacties
    """,
    WHOLE_HIDDEN: "hidden invisible collapsed nocontent noscript",
    WHOLE_HEADER: "header hdr masthead",
    AFFIX: """
        l m c p wp js main site page global sub top bottom left right sticky full mobile desktop primary secondary bar
        box list container wrapper wrap inner outer section area block item items link links button buttons btn icon
        icons form panel space slot zone content col column no side thread template is visually display none
    """,
    META_OF: "post entry article content story section author",
    META: """
        footer teaser meta subline sidebar author authors authorname published timestamp date posted info label labels
        tag tags keywords category categories bio
    """,
    A_CAPTION: "caption captions figcaption credit credits",
    A_NOTE: "note notes warning tip hint important caution danger admonition callout footnote footnotes example topic",
    A_BOX: "aside sidebar sidebars sidebox",  # beside a page, or a box in its text
    A_TITLE: "title headline heading",
    A_PART: "section chapter sect appendix preface reference refsect part",
}
# Two neighbouring words of one name: what holds the text.
_TEXTS = (
    "article body", "article content", "article text", "entry content", "entry body", "post content", "post body",
    "post text", "story body", "story content", "story text", "main content", "main body", "page content",
)
_THREADS = tuple(f"comment {part}" for part in (
    "list", "section", "thread", "area", "form", "wrapper", "wrap", "container", "box", "holder", "block", "count",
    "author", "meta", "respond",
))
_FORUMS = ("forum message", "forum messages", "forum texte", "forum fil", "forum post")
# What a script draws of a formula, beside its source.
_DRAWN = ("math jax",)
# And furniture.
_PAIRS = (
    "read more", "read next", "read also", "keep reading", "more stories", "more from", "also like", "see also",
    "up next", "watch next", "latest news", "most read", "most popular", "editors picks", "editor picks", "author bio",
    "author box", "about author", "the author", "author date", "reading time", "read time", "publish date",
    "published date", "published on", "post date", "posted on", "sign up", "sign in", "log in", "screen reader",
    "sr only", "skip link", "skip to", "no print", "print only", "back top", "scroll up", "scroll down", "link list",
    "links list", "link bar", "links bar", "link box", "links box", "site header", "global header", "sticky header",
    "top header", "nav header", "user info", "user profile", "view count", "side bar", "drop down", "bread crumb",
    "bread crumbs", "short link", "edit link", "must read", "print header", "print friendly", "on this",
)


def _kinds_by_word() -> dict[str, int]:
    kinds: dict[str, int] = dict.fromkeys(_PAIRS, ANYWHERE) | dict.fromkeys(_TEXTS, TEXT_OF)
    kinds |= dict.fromkeys(_THREADS, A_THREAD) | dict.fromkeys(_FORUMS, A_REMARK | A_THREAD)
    kinds |= dict.fromkeys(_DRAWN, DRAWN)
    for kind, words in _WORDS.items():
        for word in words.split():
            kinds[word] = kinds.get(word, 0) | kind
    return kinds


WORD_HASHES, WORD_KINDS = named_table(_kinds_by_word())


@njit(cache=True)
def said_by_names(page, start, end, whole_only, hashes, kinds):
    """What the names in page[start:end] say, as bits; `whole_only`: words anywhere in a name say nothing.

    Words are runs of ASCII letters; a capital after a small letter begins a new one: `relatedPosts` is two.
    """
    said, word, pair, last = 0, OFFSET, np.uint64(0), 0
    before, number, shared = 0, 0, -1  # kind of the word before; words of the name beside affixes, what all of them are
    for position in range(start, end + 1):
        byte = page[position] if position < end else np.uint8(32)
        letter = byte | 32
        is_letter = 97 <= letter <= 122 and byte >= 65
        if last and (not is_letter or (byte < 97 and last >= 97)):
            kind = look_up(hashes, kinds, word)
            together = look_up(hashes, kinds, pair) if pair != 0 else 0
            if not whole_only:
                if (kind | together) & ANYWHERE or (kind & META and before & META_OF):
                    said |= FURNITURE
                if kind & A_CAPTION:
                    said |= CAPTIONED
            if together & TEXT_OF:
                said |= IS_MAIN
            if together & DRAWN:
                said |= RENDERED
            if (kind | together) & A_REMARK:
                said |= REMARKS
            if (kind | together) & A_THREAD:
                said |= THREAD
            if kind & A_NOTE:
                said |= NOTE
            if kind & A_PART:
                said |= PART_OF_TEXT
            if not kind & AFFIX:
                number, shared = number + 1, shared & kind
            before, pair, word = kind, (word ^ np.uint64(32)) * PRIME, OFFSET
        if is_letter:
            word = (word ^ np.uint64(letter)) * PRIME
            if pair != 0:
                pair = (pair ^ np.uint64(letter)) * PRIME
            last = byte
        else:
            last = 0
            if byte <= 32:  # the name ends
                if number:
                    if before & A_TITLE:
                        said |= TITLED
                    if shared & (WHOLE | ANYWHERE):
                        said |= ASIDE_NAME
                    if shared & A_BOX:
                        said |= BOXED
                    if shared & WHOLE_HEADER:
                        said |= HEADER_NAME
                    if shared & WHOLE_HIDDEN:
                        said |= HIDDEN
                before, number, shared, pair = 0, 0, -1, np.uint64(0)
    return said
