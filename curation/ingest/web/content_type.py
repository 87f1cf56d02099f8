"""What a `Content-Type` header says, repeated or listed ones too: WHATWG Fetch, "extract a MIME type"."""

import re
from functools import lru_cache

_MEMBER = re.compile(r"""(?:[^",]|"(?:[^"\\]|\\.)*+"?)+""", re.DOTALL)
_TOKEN = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_MEDIA_TYPE = re.compile(rf"\s*({_TOKEN}/{_TOKEN})\s*(?:;(.*))?", re.DOTALL)
_CHARSET = re.compile(r"""charset\s*=\s*["']?\s*([A-Za-z0-9_:.\-]{2,40})""", re.IGNORECASE)


@lru_cache(maxsize=1024)
def content_type(header: str | None) -> tuple[str, str]:
    """The media type in lower case and the label of its encoding; each empty where it is not said.

    Of several members, which repeated headers are joined to, the last one counts that is a media type; a label goes on
    to those of the same type. Where none is one, a label is still what the header says.
    """
    kind = label = ""
    for member in _MEMBER.findall(header or ""):
        found = _MEDIA_TYPE.fullmatch(member)
        if not found or found[1] == "*/*":
            continue
        if found[1].lower() != kind:
            kind, label = found[1].lower(), ""
        said = _CHARSET.search(found[2] or "")
        label = said[1] if said else label
    if not kind and (said := _CHARSET.search(header or "")):
        label = said[1]
    return kind, label
