"""Whether a licence file asks for more than the permissive licences recognised in it.

Anyone may add a sentence to the MIT licence ("not for military use", "for research only", "send us your changes"), and
no list of licences knows all that was ever written. So the words that oblige, forbid or limit are looked for in what is
left of a file when the clauses of known permissive licences are taken away.

All functions work on the words that `detect.plain` makes of a text.
"""

import re

_KEPT = r"(?:\w+ ){0,12}?"
# Clauses of permissive licences that oblige, forbid or limit.
_KNOWN = re.compile("|".join((
    r"in no event (?:shall|will|must)|(?:shall|will|may) (?:not |in no event )?be (?:held )?liable",
    r"subject to the following (?:conditions|restrictions)",
    r"(?:if|as long as|so long as|provided(?: only)? that)(?: all)?(?: the| these)?(?: following)? conditions?"
    r"(?: below)? (?:are|is) met",
    rf"(?:copyright|permission|licen[cs]e|notices?|disclaimers?|paragraphs?|statement|text|conditions?) {_KEPT}"
    r"(?:shall|must) (?:also )?(?:be (?:included|retained|reproduced|preserved|duplicated|present|kept)|appear)",
    r"(?:must|shall) (?:also )?(?:retain|reproduce|include|contain|preserve|keep|duplicate|carry) (?:\w+ ){0,8}?"
    r"(?:notices?|acknow\w{3,12}ments?|disclaimer|copyright)",
    r"advertising materials (?:\w+ ){0,16}?must display",
    r"(?:may|must|shall|not)(?: not)? be used (?:\w+ ){0,4}?"
    r"(?:to endorse|in(?: any)? advertising|in endorsing|to (?:\w+ )?promote)",
    r"(?:must|shall|may) not be misrepresented|must not claim that you wrote|must be plainly marked as such"
    r"|(?:may|must) not be (?:removed|altered)",
    r"(?:may|must) not be called|nor may (?:\w+ ){1,4}appear|may not use the (?:\w+ ){0,3}?name (?:in their|nor may)",
    # Apache, Python, Zope, the dedications and the Unicode licence, as far as they stand outside their texts
    r"you may not use (?:this|the|these)"
    r" (?:file|software|library|project|code|work|package|module|program|source)s? except in compliance with",
    r"cannot be changed i e this code cannot simply be copied and put under another distribution",
    r"but only in their entirety and only with respect to the combined software|changing it is not allowed",
    r"you agree that you have read understood and will comply",
    r"if any files are modified you must cause the modified files to carry prominent notices",
    r"software includes any source code published",
    r"(?:for any purpose |purposes? )?commercial (?:or|and) non ?commercial",
    r"unless required by applicable law|unless (?:otherwise )?(?:explicitly |expressly )?"
    r"(?:noted|stated|specified|indicated)",
    r"allow (?:the )?use of your version of this \w+ only under the terms of the|allow others to use your version",
    r"the latter shall prevail|unless explicitly disclaimed",
    r"no obligations? to provide maintenance|warrant(?:y|ies) (?:\w+ ){0,25}?are hereby excluded",
    r"royalty free|does not infringe any patent|without (?:\w+ ){0,5}?royalt(?:y|ies)",
)))
_LIMIT = re.compile(
    r"\b(?:must|shall|may not|may only|can only|cannot|only (?:for|if|under|by)|prohibit\w*|forbid\w*"
    r"|not (?:be )?(?:allowed|permitted|authori[sz]ed|used?)|non ?commercial\w*"
    r"|commercial (?:use|purpose|product|distribution|sale|exploitation|licen[cs]e)s?|royalt\w*|required to"
    r"|condition(?:al|ed) (?:up)?on|you agree|(?:is|are|does|do) not (?:granted|permit|allow|grant)\w*"
    r"|(?:solely|exclusively) for|personal use|you are not|not for|unless|do not use|does not apply|granted only"
    r"|have to pay|excluding|prior written consent|payments?|purchase\w*|subscriptions?|evaluation|excluded"
    r"|obligat\w+|military|nuclear|weapon\w*|confidential|trade secrets?"
    r"|source code (?:\w+ ){0,4}(?:available|published|disclosed)"
    r"|(?:academic|educational|research|evaluation|internal|personal) (?:\w+ ){0,2}(?:only|purposes?))\b"
)


# Words that take back what a licence's name or text gives.
_ALTERED = re.compile(
    r"\b(?:modified|adapted|altered|amended|customi[sz]ed|custom|restricted)(?: modification| version)?(?: of)?"
    r"(?: the)? (?:apache|mit|isc|zlib|x11|expat|beer ware|wtfpl|unlicense)\b"
    r"|\b(?:licen[cs]e|apache|mit) (?:as )?modified\b(?! bsd)|\bwith modifications\b"
    r"|\bwith (?!no |few |minimal |very |without )(?:\w+ ){0,2}restrictions?\b|\bwith limitation the rights\b"
    r"|\bhereby not granted\b|\bno permission (?:is|s\b)|\bmit (?:license )?no permissions\b"
)


def is_altered(words: str) -> bool:
    """Whether a licence is said to be a changed one: "modified MIT License", "MIT with restrictions"."""
    return _ALTERED.search(words) is not None


def asks_more(words: str) -> bool:
    """Whether words that oblige, forbid or limit are left beside the clauses of known permissive licences."""
    return _LIMIT.search(_KNOWN.sub(" . ", words)) is not None
