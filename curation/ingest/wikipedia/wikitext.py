"""Wikitext → readable plain text, in linear time with bounded depth, whatever the input.

Kept: prose, headings as plain lines, lists (`- `, `1. `), tables as rows of `cell | cell`, formulas as `$…$`, code and
preformatted blocks as they stand, the words of formatting templates (wiki_templates). Left out: other templates,
references, files and galleries, categories, language links, comments, magic words, sections of references and links
(`APPENDICES`), headings that nothing follows.
"""

import html
import re
from collections.abc import Callable, Collection

from maslin.curation.ingest.wikipedia.wiki_templates import APPENDICES, render_template

MAX_DEPTH = 40  # of templates, links and tables kept inside one another; MediaWiki's own bound

# Sentinels; control characters are taken out of the input first.
_PIPE, _HELD_OPEN, _HELD_CLOSE, _GONE = "\x01", "\x02", "\x03", "\x04"
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f]")

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
_FORMULA_TAGS = {"math", "chem", "ce"}
_CODE_TAGS = {"pre", "syntaxhighlight", "source"}

_SIMPLE_LINK = re.compile(r"\[\[([^\[\]{}|\n<>]{1,300})(?:\|([^\[\]{}|\n]{0,1000}))?\]\]")
_BRACKETS = re.compile(r"\{\{+|\}\}+|\[\[|\]\]|\{\||\|\}(?!\})")
_OPENING = re.compile(r"\{\{|\[\[|\{\|")
_TEMPLATE_NAME = re.compile(r"\s*([^|{}\[\]<>\n\x02]{1,80})")
_LANGUAGE_PREFIX = re.compile(
    r"(?:[a-z]{2,3}|simple|be-x-old|be-tarask|zh-[a-z-]{2,12}|roa-[a-z]{3,5}|map-bms|fiu-vro|bat-smg|cbk-zam|nds-nl)$"
)

_SUPERSCRIPTS = str.maketrans("0123456789+-−–=()ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻⁼⁽⁾ⁿⁱ")
_SUP = re.compile(r"<sup(?:\s[^<>]{0,200})?>([^<>]{0,40})</sup\s*>", re.I)
_HIDDEN = re.compile(r"<span[^<>]{0,300}display:\s*none[^<>]{0,300}>[^<>]{0,1000}</span\s*>", re.I)
_BREAKS = re.compile(r"</?(?:br|hr|p|div|blockquote|center|poem|li|tr)(?:\s[^<>]{0,500})?/?>", re.I)
_TAGS = re.compile(
    r"</?(?:a|abbr|b|bdi|bdo|big|cite|code|data|dd|del|dfn|dl|dt|em|font|h[1-6]|i|ins|kbd|li|mark|noinclude|nowiki|ol|"
    r"onlyinclude|q|ref|references|rp|rt|ruby|s|samp|section|small|span|strike|strong|sub|sup|table|tbody|td|th|thead|time|"
    r"tr|tt|u|ul|var|wbr|gallery|math|pre|includeonly)(?:\s[^<>]{0,1000})?/?>", re.I,
)
_EXTERNAL = re.compile(
    r"\[(?:(?:https?|ftps?|ircs?|news|mailto|gopher|magnet):|//)[^\s\]\[<>\"]{0,2000}[ \t]*([^\]\[\n]{0,1000})\]"
)
_QUOTES = re.compile(r"''+")
_MAGIC = re.compile(r"__[A-Z]{3,30}__")
_VARIANT = re.compile(r"-\{([^{}\n]{0,300})\}-")
_RESIDUE = re.compile(r"\{\{+|\}\}+|\[\[|\]\]")

_HEADING = re.compile(r"(={1,6})[ \t]*([^\n]{1,500}?)[ \t]*\1[ \t]*$")
_ITEM = re.compile(r" *(?:- |(\d{1,4})\. )")
_LIST = re.compile(r"([*#:;]+)[ \t]*(.*)$")
_CELL_ATTRIBUTES = re.compile(r"[^|\[\]]{0,500}\|(?!\|)")
_HELD = re.compile(f"{_HELD_OPEN}([0-9]+){_HELD_CLOSE}")
_BLANKS = re.compile(r"  +")
_OTHER_SPACES = re.compile("[\t\xa0\u2007\u2009\u202f]")


def clean(
    text: str, files: Collection[str] = ("file", "image", "media"), hidden: Collection[str] = ("category",)
) -> str:
    """The readable text of a page. `files` and `hidden` are lower-case namespace names whose links show nothing."""
    text = _CONTROLS.sub("", text.replace("\r\n", "\n"))
    held: list[str] = []
    text = _take_out_extensions(text, held)
    link = _link_renderer({*files, *hidden})
    if "[[" in text:
        for _ in range(2):  # captions hold links, so the second pass removes most files
            text = _SIMPLE_LINK.sub(lambda match: link(match[1], match[2]), text)
    text = _expand(text, link)
    text = _inline(text)
    text = _lines(text)
    if held:
        text = _HELD.sub(lambda match: held[int(match[1])], text)
    return text.strip("\n")


def _take_out_extensions(text: str, held: list[str]) -> str:
    """Remove comments, references and other extension tags; hold back what must stay as it is written."""
    out: list[str] = []
    place = 0
    unclosed: set[str] = set()  # names with no closing tag after some earlier place: looked for once
    while match := _EXTENSION.search(text, place):
        out.append(text[place:match.start()])
        place = match.end()
        if match[1] is None:
            end = -1 if "<!--" in unclosed else text.find("-->", place)
            if end < 0:
                unclosed.add("<!--")
            else:
                place = end + 3
                if out[-1].endswith("\n") and text[place:place + 1] == "\n":  # a line of nothing but the comment
                    place += 1
            continue
        name = match[1].lower()
        if match[3] or name in unclosed:
            continue
        closing = _CLOSING[name].search(text, place)
        if closing is None:
            unclosed.add(name)
        elif name == "ref" and closing[1]:
            continue  # another reference opens first: this one was never closed
        else:
            content, place = text[place:closing.start()], closing.end()
            out.append(_held_text(name, content, held))
    out.append(text[place:])
    return "".join(out)


def _held_text(name: str, content: str, held: list[str]) -> str:
    if name in _FORMULA_TAGS:
        content = html.unescape(" ".join(content.split()))
        held.append(f"${content}$" if content else "")
    elif name in _CODE_TAGS:
        held.append(html.unescape(content).strip("\n"))
        return f"\n{_HELD_OPEN}{len(held) - 1}{_HELD_CLOSE}\n"
    elif name == "nowiki":
        held.append(html.unescape(content))
    else:
        return ""
    return f"{_HELD_OPEN}{len(held) - 1}{_HELD_CLOSE}"


def _link_renderer(silent: Collection[str]) -> Callable[[str, str | None], str]:
    """How a link shows: its label, or its target; nothing for files, categories and other languages."""

    def render(target: str, label: str | None) -> str:
        colon = target.find(":")
        if colon > 0:
            prefix = target[:colon].strip()
            language = _LANGUAGE_PREFIX.match(prefix) and not target[colon + 1:colon + 2].isspace()
            if language or prefix.lower().replace("_", " ") in silent:
                return _GONE
        if label is None:
            return target.lstrip(": ").replace("_", " ") if colon != 0 else target[1:].strip()
        return label if label.strip() else target.split("(")[0].strip(" :")

    return render


_SEPARATORS = " \t\n,;:"


def _matches(text: str) -> dict[int, tuple[int, int]]:
    """For every bracket that is closed: where its inside ends and where it ends itself. One pass, one stack."""
    found: dict[int, tuple[int, int]] = {}
    stack: list[list] = []  # [kind, start, length]
    open_now = {"{": 0, "[": 0, "|": 0}
    for match in _BRACKETS.finditer(text):
        token, place = match[0], match.start()
        if token == "[[":
            kind, opens = "[", True
        elif token == "]]":
            kind, opens = "[", False
        elif token[0] == "}":
            kind, opens = "{", False
        elif token[-1] == "{":
            kind, opens = "{", True
        elif text[text.rfind("\n", max(0, place - 20), place) + 1:place].strip(" :\t"):
            continue  # table brackets stand at the start of a line
        else:
            kind, opens = "|", token == "{|"
        if opens:
            stack.append([kind, place, len(token)])
            open_now[kind] += 1
            continue
        left = len(token)
        while left and open_now[kind]:
            if kind == "[" and stack[-1][0] == "{":
                break  # a link does not close across an open template
            top = stack[-1]
            if top[0] != kind:
                open_now[top[0]] -= 1
                stack.pop()
                continue
            if kind != "{":
                found[top[1]] = (place, place + left)
                left = 0
            elif left < 2:
                break
            else:
                width = 3 if top[2] >= 3 and left >= 3 else 2
                top[2] -= width
                found[top[1] + top[2]] = (place, place + width)
                place, left = place + width, left - width
                if top[2] >= 2:
                    continue
            open_now[kind] -= 1
            stack.pop()
    return found


def _expand(text: str, link: Callable[[str, str | None], str]) -> str:
    """Replace templates, links and tables by their text, innermost first, with a stack of what is open."""
    matches = _matches(text)
    if not matches:
        return text
    frames: list[tuple[str, int, int]] = []  # kind, where the inside ends, where the whole ends
    pieces: list[list[str]] = [[]]
    place = 0
    while True:
        match = _OPENING.search(text, place)
        start = match.start() if match else len(text)
        while frames and frames[-1][1] <= start:
            kind, inside_end, end = frames.pop()
            content = "".join([*pieces.pop(), text[place:inside_end]])
            place = end
            pieces[-1].append(_rendered(kind, content, link).replace("|", _PIPE))
            match = None if place > start else match
        if match is None:
            if start == len(text):
                break
            continue
        pieces[-1].append(text[place:start])
        opened = matches.get(start)
        place = match.end()
        if opened is None:
            pieces[-1].append("" if match[0] == "[[" else match[0])
            continue
        triple = opened[1] - opened[0] == 3
        if len(frames) >= MAX_DEPTH or triple or not _is_shown(match[0], text, place):
            pieces[-1].append(_GONE)
            place = opened[1]
            continue
        frames.append((match[0], *opened))
        pieces.append([])
    pieces[-1].append(text[place:])
    return "".join(pieces[0]).replace(_PIPE, "|")


def _is_shown(opening: str, text: str, place: int) -> bool:
    """Whether a bracket's inside is looked at at all: most templates are left out unread."""
    if opening == "{{":
        name = _TEMPLATE_NAME.match(text, place)
        return name is not None and render_template(name[1], None) is not None
    return True


def _rendered(kind: str, content: str, link: Callable[[str, str | None], str]) -> str:
    if kind == "{{":
        name, *arguments = content.split("|")
        rendered = render_template(name, arguments)
        return _GONE if rendered is None else rendered.replace(_PIPE, "|")
    if kind == "[[":
        target, bar, label = content.partition("|")
        return link(target, label if bar else None)
    return _table(content)


def _table(content: str) -> str:
    """Rows of cells: `cell | cell`, one row a line; attributes and empty rows left out."""
    rows: list[list[str]] = [[]]
    for line in content.split("\n")[1:]:  # the first line holds the table's own attributes
        line = line.strip()
        if not line:
            continue
        if line.startswith("|-"):
            rows.append([])
        elif line.startswith("|+"):
            rows += [[_CELL_ATTRIBUTES.sub("", line[2:], count=1)], []]
        elif line[0] in "|!":
            cells = line[1:].replace("!!", "||") if line[0] == "!" else line[1:]
            rows[-1] += [_CELL_ATTRIBUTES.sub("", cell, count=1) for cell in cells.split("||")]
        elif rows[-1]:
            rows[-1][-1] += " " + line.lstrip("*#:; ")
    shown = [[" ".join(_BREAKS.sub(" ", cell).replace(_GONE, " ").split()) for cell in row] for row in rows]
    return "\n" + "\n".join(" | ".join(cell for cell in row if cell) for row in shown if any(row)) + "\n"


def _inline(text: str) -> str:
    """Inline markup and HTML: quotes, external links, tags; and the gaps that removed templates leave."""
    if "<" in text:
        text = _HIDDEN.sub("", text)
        text = _SUP.sub(_superscript, text)
        text = _BREAKS.sub("\n", text)
        text = _TAGS.sub("", text)
    text = _EXTERNAL.sub(lambda match: match[1], text)
    text = _QUOTES.sub(lambda match: "'" * {4: 1}.get(len(match[0]), max(0, len(match[0]) - 5)), text)
    if "__" in text:
        text = _MAGIC.sub("", text)
    if "-{" in text:
        text = _VARIANT.sub(lambda match: match[1].split(";")[0].split(":")[-1], text)
    text = _RESIDUE.sub("", text)
    if _GONE in text:
        text = _close_gaps(text)
    return html.unescape(text) if "&" in text else text


def _close_gaps(text: str) -> str:
    """Remove what stands around a left-out template without it: empty parentheses, separators, spaces before points."""
    out: list[str] = []
    for index, part in enumerate(text.split(_GONE)):
        if index:
            left = out[-1]
            if left.rstrip(_SEPARATORS).endswith("("):
                left, part = left.rstrip(_SEPARATORS), part.lstrip(_SEPARATORS)
                if part.startswith(")"):
                    left, part = left[:-1].rstrip(" "), part[1:]
            elif part.lstrip(_SEPARATORS).startswith(")"):
                left, part = left.rstrip(_SEPARATORS), part.lstrip(_SEPARATORS)
            elif part.lstrip(" ")[:1] in (",", ".", ";", ":"):
                left, part = left.rstrip(" "), part.lstrip(" ")
            if not left.rstrip("*#:; ") or left.rstrip("*#:; ").endswith("\n"):
                part = part.lstrip(" ,;.")
            out[-1] = left
            if not part.strip(" "):  # nothing between two gaps but perhaps a space: the left side goes on
                if part and not left[-1:].isspace():
                    out[-1] += " "
                continue
        out.append(part)
    return "".join(out)


def _superscript(match: re.Match[str]) -> str:
    inside = html.unescape(match[1]).strip()
    raised = inside.translate(_SUPERSCRIPTS)
    return raised if inside and not any(a == b for a, b in zip(inside, raised, strict=True)) else inside


def _lines(text: str) -> str:
    """Lines one by one: headings with what follows them, lists, blank lines; appendices left out."""
    out: list[str] = []
    headings: list[tuple[int, str]] = []  # not yet written: written when something follows
    skipping = 0  # the level of the appendix that is being left out
    counters: list[int] = []
    for line in _BLANKS.sub(" ", _OTHER_SPACES.sub(" ", text)).split("\n"):
        line = line.rstrip()
        if not line:
            if out and out[-1]:
                out.append("")
            continue
        if line[0] == "=" and (heading := _HEADING.match(line)):
            level, title = len(heading[1]), heading[2].strip()
            if skipping and level > skipping:
                continue
            skipping = level if title.lower() in APPENDICES else 0
            headings = [kept for kept in headings if kept[0] < level]
            if not skipping:
                headings.append((level, title))
            counters = []
            continue
        if skipping:
            continue
        shown = _list_item(line, counters)
        if shown is None:
            continue
        for _, title in headings:
            out += ["", title] if out and out[-1] else [title]
            out.append("")
        headings = []
        if (item := _ITEM.match(shown)) and len(out) > 1 and not out[-1]:
            before = _ITEM.match(out[-2])
            if before and (before[1] is None) == (item[1] is None):
                out.pop()  # a blank line between items of one list
        out.append(shown)
    return "\n".join(out).strip("\n")


def _list_item(line: str, counters: list[int]) -> str | None:
    """The line as it reads; None for what is left of markup. `counters` numbers the items of `#` lists by depth."""
    first = line[0]
    if first in "|!{":
        if first == "{" or line.startswith(("|-", "|}", "|+")) or (first == "|" and "=" in line):
            return None if first != "{" or line.startswith("{|") else line
        return line.lstrip("|").strip() or None if first == "|" else line
    if first not in "*#:;":
        counters.clear()
        return line[1:] if first == " " else line
    match = _LIST.match(line)
    if match is None:
        return line
    marks, item = match[1][:20], match[2].strip()
    if not item:
        return None
    depth = len(marks)
    del counters[depth:]
    counters += [0] * (depth - len(counters))
    indent = "  " * (depth - 1)
    if marks[-1] == "#":
        counters[-1] += 1
        return f"{indent}{counters[-1]}. {item}"
    if marks[-1] == "*":
        return f"{indent}- {item}"
    if marks[-1] == ";":
        term, colon, definition = item.partition(" : ")
        return f"{term}: {definition}" if colon else item
    return item
