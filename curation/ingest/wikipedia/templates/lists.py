"""Lists, glossaries and columns written as templates."""

from maslin.curation.ingest.wikipedia.templates.arguments import Arguments, Table
from maslin.curation.ingest.wikipedia.templates.shown import argument, block, joined, last, nothing


def _items(given: Arguments) -> str:
    return "\n" + "".join(f"* {item}\n" for item in given.filled())


def _on_lines(given: Arguments) -> str:
    """{{flatlist|\n* a\n* b}}: list items need lines of their own."""
    inside = given.get(1, "content")
    return f"\n{inside}\n" if inside[:1] in ("*", "#", ":", ";") else inside


def _numbered(given: Arguments) -> str:
    """{{ordered list|a|b|start=3}}."""
    start = given.get("start")
    first = int(start) if start.isascii() and start.isdigit() and len(start) < 6 else 1
    return "\n" + "".join(f"{number}. {item}\n" for number, item in enumerate(given.filled(), first))


def _collapsible(given: Arguments) -> str:
    title = given.get("title")
    return (f"\n{title}" if title else "") + _items(given)


def _term(given: Arguments) -> str:
    word = given.get("content", 2, "term", 1)
    return f"\n{word}\n" if word else ""


def _defined(given: Arguments) -> str:
    """{{definition list|term|definition|…}}."""
    return "\n" + "".join(f"{part}\n" for part in given.filled())


def _columns(given: Arguments) -> str:
    columns = (given.named.get(f"col{number}", "") for number in range(1, 11))
    return "\n" + "\n".join(filter(None, columns)) + "\n"


def _aligned(given: Arguments) -> str:
    """{{aligned table|a|b|c|d|cols=2}}: rows of cells."""
    wide = given.get("cols", "columns")
    width = int(wide) if wide.isascii() and wide.isdigit() and 0 < int(wide[:3]) < 100 else 2
    cells = [" ".join(part.split()) for part in given.place]
    rows = (" | ".join(filter(None, cells[place:place + width])) for place in range(0, len(cells), width))
    return "\n" + "\n".join(filter(None, rows)) + "\n"


LISTS: Table = (
    ("plainlist plain_list flatlist flat_list div_col indented_plainlist endplainlist startplainlist endflatlist "
     "startflatlist", _on_lines),
    ("columns-list columnslist col-list", last),
    ("unbulleted_list ubl ublist ubil bulleted_list blist unordered_list ulist unbulleted_indent_list", _items),
    ("ordered_list numbered_list ol olist", _numbered),
    ("collapsible_list", _collapsible),
    ("hlist cslist comma_separated_entries comma-separated_entries pagelist", joined(", ")),
    ("term gterm glossary_term", _term),
    ("defn gdef glossary_definition ghat dt dd", block("defn", "content", 1)),
    ("gli glossary_link glossary_link_internal glink", argument("text", 2, 1)),
    ("definition_list defined_list", _defined),
    ("columns multi-column_numbered_list", _columns),
    ("aligned_table", _aligned),
    ("glossary glossary_begin glossary_end div_col_end colbegin colend col-begin col-end col-break col_break col-2 "
     "col-3 col-4 col-5 div_col_begin refbegin refend tree_list tree_list/end tree_list_end multicol "
     "multicol-break multicol-end column_begin columns_end collapse_top collapse_bottom hidden_begin hidden_end "
     "stack_end nowrap_begin nowrap_end", nothing),
)
