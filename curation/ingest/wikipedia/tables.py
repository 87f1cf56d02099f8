"""Tables as rows of `cell | cell`: those of wikitext, of HTML, and of both mixed."""

import re

from maslin.curation.ingest.wikipedia.sentinels import ATTRIBUTES_END, CAPTION, CELL, GONE, ROW, TABLE_CLOSE, TABLE_OPEN

_HTML = re.compile(r"<(/?)(table|caption|t[rdh]|thead|tbody|tfoot|colgroup|col)(?=[\s/>])[^<>]{0,2000}>", re.I)
_ANY_TAG = re.compile(r"</?[tTcC]")
_OPENED = {"table": TABLE_OPEN, "tr": ROW, "td": CELL, "th": CELL, "caption": CAPTION}
_MARKS = re.compile(f"[{TABLE_OPEN}{TABLE_CLOSE}{ROW}{CELL}{CAPTION}{ATTRIBUTES_END}]")
_UNMARKED = str.maketrans(
    {**dict.fromkeys((TABLE_OPEN, TABLE_CLOSE, ROW, CAPTION), "\n"), CELL: " ", ATTRIBUTES_END: ""})
_CELL_ATTRIBUTES = re.compile(rf"[^|{ATTRIBUTES_END}\[\]]{{0,500}}(?:\|(?!\|)|{ATTRIBUTES_END})")
_ONLY_ATTRIBUTES = re.compile(  # of a cell whose words a template would have brought
    r"(?:\s*(?:(?:col|row)span|v?align|bgcolor|style|class|width|height|scope|id|lang|title|data-[a-z-]{1,30})\s*=\s*"
    r"(?:\"[^\"]{0,500}\"|'[^']{0,500}'|[\w#%.:;-]{1,100})){1,20}[\s" + GONE + "]*$", re.I)
_LINE_BREAKS = re.compile(r"</?(?:br|hr|p|div|blockquote|center|poem|li|ul|ol|dl|dt|dd)(?:\s[^<>]{0,500})?/?>", re.I)


def mark_html_tables(text: str) -> str:
    """Tags of HTML tables as single characters, which no attribute or pipe can be mistaken for."""
    return _HTML.sub(_mark, text) if _ANY_TAG.search(text) else text


def _mark(match: re.Match[str]) -> str:
    name = match[2].lower()
    if match[1]:
        return TABLE_CLOSE if name == "table" else ""
    return _OPENED.get(name, "")


def without_marks(text: str) -> str:
    """The text with line ends and spaces for rows and cells that stand in no table."""
    return text.translate(_UNMARKED) if _MARKS.search(text) else text


def table_rows(content: str, is_wikitext: bool) -> str:
    """The inside of a table as rows of cells, one row a line; attributes and empty rows left out."""
    content = content.replace(ROW, "\n|-\n").replace(CELL, f"\n|{CELL}").replace(CAPTION, f"\n|+{CELL}")
    rows: list[list[list[str]]] = [[]]  # rows of cells of pieces
    lines = content.split("\n")
    for line in lines[1:] if is_wikitext else lines:  # the first line of `{|` holds the table's own attributes
        line = line.strip()
        if not line:
            continue
        if line.startswith("|-"):
            rows.append([])
        elif line.startswith("|+"):
            rows += [[[_without_attributes(line[2:])]], []]
        elif line[0] in "|!":
            rows[-1] += [[cell] for cell in row_cells(line)]
        elif rows[-1]:
            rows[-1][-1] += [" ", line.lstrip("*#:; ")]
    shown = [
        [" ".join(_LINE_BREAKS.sub(" ", "".join(cell)).replace(GONE, " ").split()) for cell in row] for row in rows
    ]
    return "\n" + "\n".join(" | ".join(cell for cell in row if cell) for row in shown if any(row)) + "\n"


def row_cells(line: str) -> list[str]:
    """The cells of a line that begins with `|` or `!`."""
    if line[1:2] == CELL:
        return [line[2:]]
    cells = line[1:].replace("!!", "||") if line[0] == "!" else line[1:]
    return [_without_attributes(cell) for cell in cells.split("||")]


def _without_attributes(cell: str) -> str:
    if cell.startswith(CELL):
        return cell[1:]
    if attributes := _CELL_ATTRIBUTES.match(cell):
        cell = cell[attributes.end():]
    return "" if "=" in cell and _ONLY_ATTRIBUTES.match(cell) else cell
