"""HTML by small elements that escape whatever they are given; nothing of a corpus reaches the page unescaped."""

import html
from collections.abc import Iterable, Sequence
from importlib.resources import files
from typing import Any

from maslin.manifests.visible import visible

_VOID = frozenset({"br", "meta", "line", "rect", "circle", "path", "polygon", "polyline", "col"})


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


def document(title: str, *body: Html) -> Html:
    """A whole page with the report's style: one file, without network or scripts."""
    style = (files("maslin.trainer.report") / "data" / "style.css").read_text(encoding="utf-8")
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
    """A table: `columns` are (heading, kind), kind "n" for figures and "t" for text; the first cells head their row."""
    head = el("tr", *(el("th", name, scope="col", class_=kind) for name, kind in columns))
    body = [
        el("tr", *(
            el("th", cell, scope="row", class_=columns[index][1]) if index < row_headers
            else el("td", cell, class_=columns[index][1])
            for index, cell in enumerate(row)
        ))
        for row in rows
    ]
    return el("div", el(
        "table", el("caption", caption), el("thead", head), el("tbody", *body), class_=class_ or None,
    ), class_="scroll", tabindex="0", role="region", aria_label=caption)


def fold(summary: Any, *children: Any, open_: bool = False) -> Html:
    return el("details", el("summary", summary), *children, open=open_)


def section(key: str, title: str, *children: Any) -> Html:
    return el("section", el("h2", title, id=f"{key}-title"), *children, id=key, aria_labelledby=f"{key}-title")


def p(*children: Any, class_: str | None = None) -> Html:
    return el("p", *children, class_=class_)
