"""What authors of pages call the parts that are not their text, in `class` attributes.

An `id` is no such name: manuals make it of the heading that it marks, `related-work` or `CookieSecure`.

General words of web design, as extractors have collected them for years (Readability, Trafilatura, Resiliparse); none
is the name of one site. A name is split at everything but letters and before capitals, so `share` is found in
`post-share` and `ShareBar` and not in `shareholder`.
"""

# One word of a name is enough.
_OTHER_TEXTS = """
    related recommended recommendation recommendations trending popular mostread outbrain taboola teaser teasers
    readmore
"""
_ACTIONS = "share sharing shares sharedaddy addthis social bookmark feedback survey toolbar"
_MARKETING = """
    newsletter newsletters subscribe subscriber subscription signup signin login paywall donate cta upsell promo promos
    promotion advert advertisement advertising ad ads adsense sponsor sponsored disclaimer disclosure
"""
_NOTICES = "cookie cookies consent gdpr copyright"
_OVERLAYS = "modal popup popover tooltip overlay hovercard rollover lightbox snackbar toast infobar"
_PICTURES = "gallery slideshow carousel"
_METADATA = "byline dateline timestamp tags taglist disqus"
_NAVIGATION = "breadcrumb breadcrumbs pagination pager navheader navfooter"  # the last two are DocBook's
WORDS = frozenset(" ".join((
    _OTHER_TEXTS, _ACTIONS, _MARKETING, _NOTICES, _OVERLAYS, _PICTURES, _METADATA, _NAVIGATION,
)).split())
# Of pictures, and on other pages of listings and tables, where they belong to the text.
CAPTION_WORDS = frozenset(("caption", "captions", "figcaption", "credit", "credits"))
# Two neighbouring words of one name.
PAIRS = frozenset((
    "read more", "read next", "read also", "keep reading", "more stories", "more from", "also like", "see also",
    "up next", "watch next", "latest news", "most read", "most popular", "editors picks", "author bio", "author box",
    "about author", "the author", "reading time", "read time", "publish date", "published date", "published on",
    "post date", "sign up", "sign in", "log in", "screen reader", "sr only", "skip link", "no print", "print only",
    "back top",
))
