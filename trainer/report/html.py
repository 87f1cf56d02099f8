"""HTML by small elements that escape whatever they are given; nothing of a corpus reaches the page unescaped."""

import base64
import csv
import html
import io
import re
from collections.abc import Iterable, Sequence
from importlib.resources import files
from typing import Any

from maslin.manifests.visible import spreadsheet_cell, visible

_VOID = frozenset({"br", "meta", "line", "rect", "circle", "path", "polygon", "polyline", "col"})
_TAG = re.compile(r"<[^>]*>")


class Html(str):
    """Markup that is safe to put into a page as it is."""

    __slots__ = ()


def escape(text: Any) -> Html:
    """Text for a page or an attribute; Html stays as it is, None becomes nothing."""
    if isinstance(text, Html):
        return text
    return Html(html.escape(visible(str(text)), quote=True)) if text is not None else Html("")


def el(tag: str, /, *children: Any, **attributes: Any) -> Html:
    """An element. Children that are not Html are escaped; attribute names lose a trailing `_`, and `_` becomes `-`.

    Attributes that are None or False are left out; True gives a bare name.
    """
    parts = [f"<{tag}"]
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        key = "viewBox" if key == "viewBox" else key.rstrip("_").replace("_", "-")
        parts.append(f" {key}" if value is True else f' {key}="{escape(value)}"')
    if tag in _VOID and not children:
        return Html("".join(parts) + (">" if tag in ("br", "meta", "col") else "/>"))
    return Html("".join(parts) + ">" + join(children) + f"</{tag}>")


def join(children: Iterable[Any], between: str = "") -> Html:
    return Html(escape(between).join(escape(child) for child in children))


def stylesheet(name: str) -> str:
    return (files("maslin.trainer.report") / "data" / name).read_text(encoding="utf-8")


def document(title: str, *body: Html) -> Html:
    """A whole page with the report's style: one file, without network or scripts."""
    style = stylesheet("chart.css") + stylesheet("style.css")
    head = el(
        "head", el("meta", charset="utf-8"), el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="referrer", content="no-referrer"),
        el("meta", http_equiv="Content-Security-Policy", content="default-src 'none'; style-src 'unsafe-inline'"),
        el("title", title), el("style", Html(style)))
    return Html(f"<!doctype html>\n{el('html', head, el('body', *body), lang='en')}\n")


def corpus_text(text: str, characters: int = 300) -> Html:
    """Text of a corpus, cut, with its own direction and nothing that reaches beyond its box."""
    cut = text[:characters]
    return el("bdi", cut + ("…" if len(text) > characters else ""), dir="auto", class_="text")


def table(
    columns: Sequence[tuple[str, str]], rows: Iterable[Sequence[Any]], caption: str, *, class_: str = "",
    row_headers: int = 1,
) -> Html:
    """A table: `columns` are (heading, kind), kind "n" for figures and "t" for text; the first cells head their row.

    To be had as CSV. On small screens a row becomes a card, where each cell says the heading it stands under.
    """
    rows = [list(row) for row in rows]
    head = el("tr", *(el("th", name, scope="col", class_=kind) for name, kind in columns))
    body = [
        el("tr", *(
            el("th", cell, scope="row", class_=columns[index][1], data_label=columns[index][0]) if index < row_headers
            else el("td", cell, class_=columns[index][1], data_label=columns[index][0])
            for index, cell in enumerate(row)
        ))
        for row in rows
    ]
    saved = download("CSV", caption, "csv", "text/csv", to_csv(columns, rows))
    return el("div", el(
        "table", el("caption", caption, saved), el("thead", head), el("tbody", *body), class_=class_ or None,
    ), class_="scroll", tabindex="0", role="region", aria_label=caption)


def to_csv(columns: Sequence[tuple[str, str]], rows: Iterable[Sequence[Any]]) -> str:
    """The cells as shown, without markup. Text that a spreadsheet would take for a formula gets a quote before it."""
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\r\n")  # RFC 4180
    writer.writerow([_csv_cell(name) for name, _ in columns])
    writer.writerows([_csv_cell(cell) for cell in row] for row in rows)
    return lines.getvalue()


def _csv_cell(cell: Any) -> str:
    text = html.unescape(_TAG.sub("", cell)) if isinstance(cell, Html) else visible(str("" if cell is None else cell))
    return spreadsheet_cell(text.replace("\N{MINUS SIGN}", "-"))


def download(word: str, name: str, suffix: str, kind: str, content: str) -> Html:
    """A link that saves `content`, which it carries itself: the page stays one file."""
    file = f"{re.sub('[^a-z0-9]+', '-', name.lower()).strip('-')[:60]}.{suffix}"
    data = base64.b64encode(content.encode()).decode()
    return el("a", word, href=f"data:{kind};charset=utf-8;base64,{data}", download=file, class_="download",
              aria_label=f"{name}: save as {word}")


def fold(summary: Any, *children: Any, open_: bool = False) -> Html:
    return el("details", el("summary", summary), *children, open=open_)


def section(key: str, title: str, *children: Any) -> Html:
    return el("section", el("h2", title, id=f"{key}-title"), *children, id=key, aria_labelledby=f"{key}-title")


def p(*children: Any, class_: str | None = None) -> Html:
    return el("p", *children, class_=class_)
