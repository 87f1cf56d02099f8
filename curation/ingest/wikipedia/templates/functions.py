"""Parser functions of MediaWiki: `{{name:first argument|second}}`."""

from collections.abc import Callable, Mapping

from maslin.curation.ingest.wikipedia.templates.arguments import Arguments, Shown
from maslin.curation.ingest.wikipedia.templates.shown import argument, lost, nothing


def _changed(change: Callable[[str], str]) -> Shown:
    return lambda given: change(given.get(1))


def _if(given: Arguments) -> str:
    """{{#if: text | where there is any | where there is none}}."""
    return given.get(2) if given.get(1) else given.get(3)


def _if_equal(given: Arguments) -> str:
    return given.get(3) if given.get(1) == given.get(2) else given.get(4)


def _plural(given: Arguments) -> str:
    forms = given.filled(2)
    return (forms[0] if given.get(1) == "1" else forms[-1]) if forms else ""


def _tag(given: Arguments) -> str:
    """{{#tag:math|x}}: a tag, of which only those that show something are known."""
    match given.get(1).lower():
        case "math" | "chem" | "ce":
            return f"${given.get(2)}$"
        case "code" | "nowiki" | "syntaxhighlight" | "poem" | "pre":
            return given.get(2)
    return ""


FUNCTIONS: Mapping[str, Shown] = {
    "formatnum": argument(1), "nowiki": argument(1), "lc": _changed(str.lower), "uc": _changed(str.upper),
    "lcfirst": _changed(lambda text: text[:1].lower() + text[1:]),
    "ucfirst": _changed(lambda text: text[:1].upper() + text[1:]),
    "plural": _plural, "grammar": argument(2), "#if": _if, "#ifeq": _if_equal, "#tag": _tag,
    **dict.fromkeys((
        "defaultsort", "displaytitle", "defaultsortkey", "defaultcategorysort", "#lst", "#section", "#related", "#seo",
        "#coordinates", "#parserfunctions", "anchorencode", "noexternallanglinks", "ns",
    ), nothing),
    **dict.fromkeys((
        "#expr", "#ifexpr", "#switch", "#ifexist", "#iferror", "#invoke", "#time", "#timel", "#property",
        "#statements", "#language",
        "padleft", "padright", "fullurl", "localurl", "urlencode", "int", "#babel",
    ), lost),
}
