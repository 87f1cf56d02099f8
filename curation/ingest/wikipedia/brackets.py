"""Templates, links and tables inside one another: replaced by their text from the inside, in one pass over the page."""

import re
from collections.abc import Callable

from maslin.curation.ingest.wikipedia.sentinels import CAPTION, CELL, EQUALS, GONE, PIPE, ROW, TABLE_CLOSE, TABLE_OPEN
from maslin.curation.ingest.wikipedia.tables import table_rows
from maslin.curation.ingest.wikipedia.templates.known import KnownTemplates
from maslin.curation.ingest.wikipedia.templates.shown import nothing

MAX_DEPTH = 40  # of templates, links and tables kept inside one another; MediaWiki's own bound

_BRACKETS = re.compile(r"\{\{+|\}\}+|\[\[|\]\]|\{\||\|\}(?!\})")
_OPENING = re.compile(r"\{\{|\[\[|\{\|")
_BRACKETS_AND_HTML = re.compile(rf"{_BRACKETS.pattern}|[{TABLE_OPEN}{TABLE_CLOSE}]")
_OPENING_AND_HTML = re.compile(rf"{_OPENING.pattern}|{TABLE_OPEN}")
_TABLES = ("{|", TABLE_OPEN)
_NEAR = 20  # characters looked at beside a template
_ALONE_AFTER = frozenset("\n}|>*#:;!]" + GONE + TABLE_OPEN + TABLE_CLOSE + ROW + CELL + CAPTION)
_TEMPLATE_NAME = re.compile(r"\s*([^|{}\[\]<>\n\x02]{1,80})")


class Expansion:
    """A page's text with its templates, links and tables replaced, and how many templates were lost on the way."""

    def __init__(self, templates: KnownTemplates, link: Callable[[str, str | None], str]) -> None:
        self.templates, self.link = templates, link
        self.lost = 0  # templates in running text whose words are not known

    def expand(self, text: str) -> str:
        """Replace templates, links and tables by their text, innermost first, with a stack of what is open.

        Pipes that came out of them are PIPE.
        """
        has_html = TABLE_OPEN in text
        matches = _matches(text, _BRACKETS_AND_HTML if has_html else _BRACKETS)
        opening = _OPENING_AND_HTML if has_html else _OPENING
        if not matches:
            return text
        frames: list[tuple[str, int, int, int]] = []  # kind, where the whole begins, the inside ends, the whole ends
        pieces: list[list[str]] = [[]]
        place = 0
        while True:
            match = opening.search(text, place)
            start = match.start() if match else len(text)
            # Close what ends before the next opening.
            while frames and frames[-1][2] <= start:
                kind, begin, inside_end, end = frames.pop()
                content = "".join([*pieces.pop(), text[place:inside_end]])
                place = end
                parent = frames[-1][0] if frames else ""
                pieces[-1].append(self._rendered(kind, content, parent, text, begin, end))
                match = None if place > start else match
            if match is None:
                if start == len(text):
                    break
                continue
            # Open the next one, or leave it out unread.
            pieces[-1].append(text[place:start])
            opened = matches.get(start)
            place = match.end()
            kind = match[0]
            if opened is None:
                pieces[-1].append("" if kind == "[[" else kind)
                continue
            if len(frames) >= MAX_DEPTH or opened[1] - opened[0] == 3 or (kind == "{{" and not self._is_read(
                    text, place, start, opened[1], frames)):
                pieces[-1].append(GONE)
                place = opened[1]
                continue
            frames.append((kind, start, *opened))
            pieces.append([])
        pieces[-1].append(text[place:])
        return "".join(pieces[0]).replace(EQUALS, "=")

    def _is_read(self, text: str, place: int, start: int, end: int, frames: list[tuple[str, int, int, int]]) -> bool:
        """Whether a template's inside is looked at at all: most are left out unread."""
        name = _TEMPLATE_NAME.match(text, place)
        shown = self.templates.find(name[1]) if name else None
        if shown is None and _in_running_text(text, start, end) and not any(frame[0] in _TABLES for frame in frames):
            self.lost += 1
        return shown is not None and shown is not nothing

    def _rendered(self, kind: str, content: str, parent: str, text: str, start: int, end: int) -> str:
        if kind == "[[":
            target, bar, label = content.partition("|")
            shown = self.link(target, label if bar else None)
        elif kind == "{{":
            name, *arguments = content.split("|")
            words = self.templates.render(name, arguments)
            if words is None and _in_running_text(text, start, end):
                self.lost += 1
            shown = words.replace(PIPE, "|") if words and words.strip() else words or GONE
            if parent in _TABLES and shown in ("|", "||"):
                return shown  # {{!}} in a table separates cells
        else:
            shown = table_rows(content, kind == "{|")
        if "|" in shown:
            shown = shown.replace("|", PIPE)
        return shown.replace("=", EQUALS) if parent == "{{" and "=" in shown else shown


def _in_running_text(text: str, start: int, end: int) -> bool:
    """Whether words stand beside a template on its line: infoboxes, notices and navigation stand alone."""
    before = text[max(0, start - _NEAR):start].rstrip(" ")[-1:]
    after = text[end:end + _NEAR].lstrip(" ")[:1]
    return bool(before and before not in _ALONE_AFTER) or bool(after and (after.isalnum() or after in ",.;)'"))


def _matches(text: str, brackets: re.Pattern[str]) -> dict[int, tuple[int, int]]:
    """For every bracket that is closed: where its inside ends and where it ends itself. One pass, one stack."""
    found: dict[int, tuple[int, int]] = {}
    stack: list[list] = []  # [kind, start, length]
    open_now = {"{": 0, "[": 0, "|": 0}
    for match in brackets.finditer(text):
        token, place = match[0], match.start()
        if token == "[[":
            kind, opens = "[", True
        elif token == "]]":
            kind, opens = "[", False
        elif token[0] == "}":
            kind, opens = "{", False
        elif token[-1] == "{":
            kind, opens = "{", True
        elif token in (TABLE_OPEN, TABLE_CLOSE):
            kind, opens = "|", token == TABLE_OPEN
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
