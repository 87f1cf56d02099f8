"""Lines one by one: headings with what follows them, lists, blank lines."""

import re

from maslin.curation.ingest.wikipedia.sentinels import PIPE
from maslin.curation.ingest.wikipedia.tables import row_cells

_HEADING = re.compile(r"(={1,6})[ \t]*([^\n]{1,500}?)[ \t]*\1[ \t]*$")
_ITEM = re.compile(r" *(?:- |(\d{1,4})\. )")
_LIST = re.compile(r"([*#:;]+)[ \t]*(.*)$")
_RULE = re.compile(r"-{4,}")
_ABSOLUTE = re.compile(rf"{PIPE}(?:[^\s{PIPE}}}+-]|[-−]\d)")  # `|x| < 3`, and no row
_BLANKS = re.compile(r"  +")
_OTHER_SPACES = re.compile("[\t\xa0\u2007\u2009\u202f]")


def lines_of(text: str) -> str:
    """The lines as they read; a heading that nothing follows is left out."""
    out: list[str] = []
    headings: list[tuple[int, str]] = []  # not yet written: written when something follows
    counters: list[int] = []
    for line in _BLANKS.sub(" ", _OTHER_SPACES.sub(" ", text)).split("\n"):
        line = line.rstrip()
        if not line:
            if out and out[-1]:
                out.append("")
            continue
        if line[0] == "=" and (heading := _HEADING.match(line)):
            level, title = len(heading[1]), heading[2].strip()
            headings = [*(kept for kept in headings if kept[0] < level), (level, title)]
            counters = []
            continue
        if line[0] == "-" and (rule := _RULE.match(line)):
            line = line[rule.end():].strip()
            if not line:
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
    return "\n".join(out).strip("\n").replace(PIPE, "|")


def _list_item(line: str, counters: list[int]) -> str | None:
    """The line as it reads; None for what is left of markup. `counters` numbers the items of `#` lists by depth."""
    if PIPE in line and not _ABSOLUTE.match(line):
        line = line.replace(PIPE, "|")
    first = line[0]
    if first == "|":  # of a table that is not closed, or the argument of a template that is not
        if line.startswith(("|-", "|}", "|+")):
            return None
        return " | ".join(cell for cell in map(str.strip, row_cells(line)) if cell and "=" not in cell) or None
    if first == "{" and line.startswith("{|"):
        return None
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
