"""Character references of HTML (`&amp;`, `&#x2014;`) as the characters they are."""

import html
import re
from functools import lru_cache

# `html.unescape` makes a number of all digits, which Python refuses beyond 4,300 of them. No character has more than
# seven that are not leading zeros.
_ZEROS = re.compile(r"&#0{8,}(?=[0-9])")
_REFERENCE = re.compile(r"&(?:#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[^\t\n\f <&#;]{1,32};?)")  # as `html.unescape` has it
_TOO_LONG = re.compile(r"&#[1-9][0-9]{7,};?")


def unescaped(text: str) -> str:
    """The text with all references replaced; those of no character are U+FFFD."""
    if "&" not in text:
        return text
    if "&#" in text:
        text = _TOO_LONG.sub("\ufffd", _ZEROS.sub("&#", text))
    return _REFERENCE.sub(_replaced, text)


def _replaced(found: re.Match[str]) -> str:
    return _character(found[0])


@lru_cache(maxsize=4096)  # the same few on every page
def _character(reference: str) -> str:
    return html.unescape(reference)
