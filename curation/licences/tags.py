"""SPDX-License-Identifier tags: what the lines of a text declare by them.

A tag that cannot be read (a typo, an unknown name, NOASSERTION, nothing at all) still says that the text has terms of
its own: it reads as `NOASSERTION`, SPDX's word for "no licence is asserted", and so does a text with one such tag.
"""

import re

from maslin.curation.licences.spdx import combine, declared

NOASSERTION = "NOASSERTION"

_TAG = re.compile(
    r"SPDX[-_ ]Licen[cs]e[-_ ]Identifier[ \t]*[:=](?P<said>[^\r\n]{0,400})"
    r"(?=(?P<next>(?:\r?\n[^\r\n]{0,400})?))", re.I
)
_OPENS_STRING = re.compile(r"[\"'`][^\w\r\n]{0,6}$")
# What ends a comment, a string or the tag's part of a line; none of it may stand in an expression.
_AFTER = re.compile(
    r"\*+[/)}]|-{1,3}!?>|-\}|--?%>|[%?]>|[#=\]|]#|#[>}\])]|\]\]|\s\+/|[\"'`<>{}\\]|\s(?:#|//|;|--)"
)
_SIGNS = " \t.,;*#%/|=-"
_GOES_ON = re.compile(r"\b(?:AND|OR|WITH)$", re.I)
_COMMENT_START = re.compile(r"\s*(?:[^\w\s(]{1,4}|dnl\b|rem\b|C\b)?\s*", re.I)


def tagged(text: str) -> str | None:
    """The expression of a text's tags, which hold together (AND); NOASSERTION where one cannot be read, None for none.

    What follows an opening quote is a string of a program that writes or looks for tags, unless it can be read.
    """
    if "identifier" not in text.lower():
        return None
    found = []
    for match in _TAG.finditer(text):
        said = _bare(match["said"])
        if _GOES_ON.search(said):
            said += " " + _COMMENT_START.sub("", _bare(match["next"].strip()), count=1)
        expression = declared(said)
        if expression is not None:
            found.append(expression)
        elif not _OPENS_STRING.search(text[max(0, match.start() - 8):match.start()]):
            return NOASSERTION
    return combine("AND", found)


def _bare(line: str) -> str:
    return _AFTER.split(line, maxsplit=1)[0].strip(_SIGNS)
