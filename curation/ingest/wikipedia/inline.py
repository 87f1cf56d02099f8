"""Inline markup and HTML: quotes, external links, tags, list items of HTML, entities."""

import re

from maslin.curation.ingest.wikipedia.gaps import close_gaps
from maslin.curation.ingest.wikipedia.sentinels import APOSTROPHE, GONE
from maslin.curation.text.references import unescaped

_SUPERSCRIPTS = str.maketrans("0123456789+-−–=()ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻⁼⁽⁾ⁿⁱ")
_SUP = re.compile(r"<sup(?:\s[^<>]{0,200})?>([^<>]{0,40})</sup\s*>", re.I)
_HIDDEN = re.compile(r"<span[^<>]{0,300}display:\s*none[^<>]{0,300}>[^<>]{0,1000}</span\s*>", re.I)
_LIST_TAG = re.compile(r"<(/?)(ul|ol|li|dl|dt|dd)(\s[^<>]{0,500})?/?>", re.I)
_BREAKS = re.compile(r"</?(?:br|hr|p|div|blockquote|center|poem)(?:\s[^<>]{0,500})?/?>", re.I)
_TAGS = re.compile(
    r"</?(?:a|abbr|b|bdi|bdo|big|cite|code|data|del|dfn|em|font|h[1-6]|i|ins|kbd|mark|noinclude|nowiki|onlyinclude|q|ref|"
    r"references|rp|rt|rb|ruby|s|samp|section|small|span|strike|strong|sub|sup|time|tt|u|var|wbr|gallery|math|pre|"
    r"includeonly|translate|tvar|languages|phonos|poem)(?:\s[^<>]{0,1000})?/?>", re.I,
)
_EMPTY = re.compile(r"([(\[（“]\s{0,9})(?:<(span|small|abbr|sup|sub|i|b)(?:\s[^<>]{0,500})?>\s{0,9}</\2\s*>)", re.I)
_START = re.compile(r"\b(?:start|value)\s*=\s*[\"']?(\d{1,5})\b", re.I)
_RUBY = re.compile(r"<rt(?:\s[^<>]{0,200})?>([^<>]{0,100})</rt\s*>", re.I)
_EXTERNAL = re.compile(
    r"\[(?:(?:https?|ftps?|ircs?|news|mailto|gopher|magnet):|//)[^\s\]\[<>\"]{0,2000}[ \t]*([^\]\[\n]{0,1000})\]"
)
_QUOTES = re.compile(r"''+")
_DEEPEST_LIST = 10
_RESIDUE = re.compile(r"\{\{+|\}\}+|\[\[|\]\]")


def inline_text(text: str) -> str:
    """The text without inline markup, and without the gaps that removed templates leave."""
    if "<" in text:
        text = _without_tags(text)
    text = _EXTERNAL.sub(lambda match: match[1], text)
    text = _QUOTES.sub(_apostrophes, text)
    text = _RESIDUE.sub("", text).replace(APOSTROPHE, "'")
    text = close_gaps(text)
    return unescaped(text)


def _apostrophes(match: re.Match[str]) -> str:
    """Two mark italics, three bold, five both; what is beyond that is text."""
    return "'" * {4: 1}.get(len(match[0]), max(0, len(match[0]) - 5))


def _without_tags(text: str) -> str:
    text = _HIDDEN.sub("", text)
    text = _SUP.sub(_superscript, text)
    if "<rt" in text and "<rp" not in text:
        text = _RUBY.sub(r"(\1)", text)
    text = _with_html_lists(text)
    text = _BREAKS.sub("\n", text)
    return _TAGS.sub("", _EMPTY.sub(rf"\1{GONE}", text))


def _with_html_lists(text: str) -> str:
    """List items of HTML as those of wikitext."""
    open_lists: list[str] = []
    number = 0  # of the next item, where the outermost list says with which it begins

    def mark(match: re.Match[str]) -> str:
        nonlocal number
        name, attributes = match[2].lower(), match[3]
        if name in ("ul", "ol", "dl"):
            if not match[1]:
                open_lists.append("#" if name == "ol" else "*")
            elif open_lists:
                open_lists.pop()
            if len(open_lists) <= 1:
                number = _first_number(attributes) if open_lists == ["#"] and not match[1] else number
            return "\n"
        if match[1]:
            return "\n"
        if name == "li" and open_lists == ["#"] and (number := _first_number(attributes) or number):
            number += 1
            return f"\n{number - 1}. "
        if name == "li":
            depth = max(0, min(len(open_lists), _DEEPEST_LIST) - 1)
            return "\n" + "*" * depth + (open_lists[-1] if open_lists else "*") + " "
        return "\n; " if name == "dt" else "\n: "

    return _LIST_TAG.sub(mark, text)


def _first_number(attributes: str | None) -> int:
    """What `start` of a list or `value` of an item says; 0 for nothing."""
    found = _START.search(attributes or "")
    return int(found[1]) if found else 0


def _superscript(match: re.Match[str]) -> str:
    inside = unescaped(match[1]).strip()
    raised = inside.translate(_SUPERSCRIPTS)
    return raised if inside and not any(a == b for a, b in zip(inside, raised, strict=True)) else inside
