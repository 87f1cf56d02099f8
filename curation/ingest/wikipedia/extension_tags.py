"""Comments and extension tags: references and galleries go, formulas, code and `<nowiki>` are held back as written."""

import re

from maslin.curation.ingest.wikipedia.sentinels import GONE, HELD_CLOSE, HELD_OPEN
from maslin.curation.text.references import unescaped

_HELD_TAGS = "nowiki|pre|math|chem|ce|syntaxhighlight|source"
_DROPPED_TAGS = (
    "ref|references|gallery|timeline|imagemap|score|graph|hiero|templatedata|inputbox|mapframe|maplink|includeonly|"
    "categorytree|templatestyles|indicator|style|script"
)
_EXTENSION = re.compile(rf"<!--|<({_HELD_TAGS}|{_DROPPED_TAGS})(?=[\s/>])([^<>]{{0,2000}}?)(/?)>", re.I)
_CLOSING = {
    name: re.compile(rf"</{name}\s*>", re.I) for name in f"{_HELD_TAGS}|{_DROPPED_TAGS}".split("|")
}
_CLOSING["ref"] = re.compile(r"</ref\s*>|(<ref(?=[\s>])[^<>]{0,2000}(?<!/)>)", re.I)
# Most references hold no other tag; where nothing may hold one as text, they go at once.
_SIMPLE_REFERENCE = re.compile(r"<ref(?=[\s/>])[^<>]{0,2000}?(?:/>|>[^<]{0,5000}</ref\s*>)")
_BRACKET = re.compile(r"[(\[（“][ \t]{0,9}$")  # a bracket that holds nothing but what goes, goes too
_BRACKETED_REFERENCE = re.compile(r"([(\[（“][ \t]{0,9})" + _SIMPLE_REFERENCE.pattern)
_REFERENCE_BEFORE_POINT = re.compile(" " + _SIMPLE_REFERENCE.pattern + f"(?:{_SIMPLE_REFERENCE.pattern})*(?=[.,;:])")
_POINTS = frozenset(".,;:")  # before which no space stays where a reference was
_QUOTING = re.compile(r"<(?:nowiki|pre|syntaxhighlight|source)[\s>]|<!--[^>]{0,500}<ref", re.I)
_FORMULA_TAGS = {"math", "chem", "ce"}
_CODE_TAGS = {"pre", "syntaxhighlight", "source"}
_INLINE = re.compile(r"\binline\b|\benclose\s*=\s*[\"']?none\b", re.I)
_HELD = re.compile(f"{HELD_OPEN}([0-9]+){HELD_CLOSE}")


def take_out_extensions(text: str, held: list[str]) -> str:
    """Remove comments, references and other extension tags; hold back what must stay as it is written."""
    if "<ref" in text and not _QUOTING.search(text):
        text = _BRACKETED_REFERENCE.sub(rf"\1{GONE}", _REFERENCE_BEFORE_POINT.sub("", text))
        text = _SIMPLE_REFERENCE.sub("", text)
    out: list[str] = []
    place = 0
    unclosed: set[str] = set()  # names with no closing tag after some earlier place: looked for once
    while match := _EXTENSION.search(text, place):
        out.append(text[place:match.start()])
        gap = GONE if _BRACKET.search(out[-1][-10:]) else ""
        place = match.end()
        if match[1] is None:
            end = -1 if "<!--" in unclosed else text.find("-->", place)
            if end < 0:
                unclosed.add("<!--")
            else:
                place = end + 3
                if out[-1].endswith("\n") and text[place:place + 1] == "\n":  # a line of nothing but the comment
                    place += 1
            out.append(gap)
            continue
        name = match[1].lower()
        if match[3] or name in unclosed:
            out.append(gap)
            continue
        closing = _CLOSING[name].search(text, place)
        if closing is None:
            unclosed.add(name)
        elif name == "ref" and closing[1]:
            continue  # another reference opens first: this one was never closed
        else:
            content, place = text[place:closing.start()], closing.end()
            out.append(_held_text(name, match[2], content, held) or gap)
            if name == "ref" and text[place:place + 1] in _POINTS:
                out[-2] = out[-2].rstrip(" ")
    out.append(text[place:])
    return "".join(out)


def _held_text(name: str, attributes: str, content: str, held: list[str]) -> str:
    if name in _FORMULA_TAGS:
        content = unescaped(" ".join(content.split()))
        held.append(f"${content}$" if content else "")
    elif name in _CODE_TAGS:
        held.append(unescaped(content).strip("\n"))
        if name != "pre" and _INLINE.search(attributes):
            held[-1] = " ".join(held[-1].split("\n")).strip()
            return f"{HELD_OPEN}{len(held) - 1}{HELD_CLOSE}"
        return f"\n{HELD_OPEN}{len(held) - 1}{HELD_CLOSE}\n"
    elif name == "nowiki":
        held.append(unescaped(content))
    else:
        return ""
    return f"{HELD_OPEN}{len(held) - 1}{HELD_CLOSE}"


def put_back(text: str, held: list[str]) -> str:
    """The text with what was held back."""
    return _HELD.sub(lambda match: held[int(match[1])], text) if held else text
