"""Headings in wikitext, and the sections of references and links that are left out."""

import re

# Headings of sections left out, in lower case.
APPENDICES = frozenset({
    "references", "notes", "footnotes", "citations", "sources", "external links", "external link",
    "further reading", "see also", "notes and references", "references and notes", "references and sources",
    "sources and references", "works cited", "explanatory notes", "footnotes and references",
    "notes, references and sources", "external links and references", "einzelnachweise", "weblinks",
    "literatur", "siehe auch", "anmerkungen", "quellen", "références", "notes et références", "liens externes",
    "voir aussi", "bibliographie", "annexes", "referencias", "enlaces externos", "véase también",
    "bibliografía", "note", "collegamenti esterni", "voci correlate", "altri progetti", "bibliografia",
    "referências", "ligações externas", "ver também", "примечания", "ссылки", "литература", "см. также",
    "참고 문헌", "각주", "外部リンク", "関連項目", "脚注", "参考文献",
    "外部链接", "参见", "参考资料", "externe links", "zie ook", "bronnen",
    "przypisy", "linki zewnętrzne", "zobacz też", "источници", "външни препратки", "вижте също",
})

_HEADING = re.compile(r"\n(={1,6})([^\n]{1,1000})(?=\n|$)")
_MARKUP = re.compile(r"''+|\{\{[^{}\n]{0,200}\}\}|<[^<>\n]{0,200}>|\[\[(?:[^\[\]|\n]{0,200}\|)?|\]\]|\x04")


def without_appendices(text: str) -> str:
    """The text without the sections of references and links, and what stands below them."""
    kept: list[str] = []
    text = f"\n{text}"
    place = 0
    left_out = 0  # the level of the section being left out
    for match in _HEADING.finditer(text):
        inside = match[2].rstrip(" \t\x04")
        title = inside.rstrip("=")
        level = min(len(match[1]), len(inside) - len(title))
        if not level:
            continue
        if left_out and level > left_out:
            continue
        is_appendix = _MARKUP.sub("", title).strip(" \t:").lower() in APPENDICES
        if is_appendix and not left_out:
            kept.append(text[place:match.start()])
        elif left_out and not is_appendix:
            place = match.start()
        left_out = level if is_appendix else 0
    if not left_out:
        kept.append(text[place:])
    return "".join(kept)
