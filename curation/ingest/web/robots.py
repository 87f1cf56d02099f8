"""What a page asks of robots, by its `X-Robots-Tag` header and its `robots` meta elements: noted, never decided on."""

import re
from collections.abc import Iterable

# As they are noted: `robots_noindex`. https://developers.google.com/search/docs/crawling-indexing/robots-meta-tag,
# and `noai`, `noimageai` of sites that do not want to be trained on.
_DIRECTIVES = ("noindex", "nofollow", "noarchive", "nosnippet", "noai", "noimageai")
_ALL = {"none": ("noindex", "nofollow")}
_FOR_ROBOTS = re.compile(r"""\bname\s*=\s*["']?\s*(?:robots|googlebot)\b""")
_CONTENT = re.compile(r"""\bcontent\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")


def robots_notes(header: str, metas: Iterable[str]) -> tuple[str, ...]:
    """Notes of what the header (values joined by commas, a robot's name before them or not) and `meta` tags ask."""
    asked = header.lower()
    for meta in map(str.lower, metas):
        if _FOR_ROBOTS.search(meta) and (content := _CONTENT.search(meta)):
            asked += f",{content[1] or content[2] or content[3] or ''}"
    if not asked:
        return ()
    words = {word for part in re.split(r"[,;:\s]+", asked) for word in _ALL.get(part, (part,))}
    return tuple(f"robots_{directive}" for directive in _DIRECTIVES if directive in words)
