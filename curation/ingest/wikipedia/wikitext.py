"""Wikitext → readable plain text, in linear time with bounded depth, whatever the input.

Kept: prose, headings as plain lines, lists (`- `, `1. `), tables as rows of `cell | cell`, formulas as `$…$`, code and
preformatted blocks as they stand, the words of templates that are part of a sentence (`templates`). Left out: other
templates, references, files and galleries, categories, language links, comments, behaviour switches, sections of
references and links, headings that nothing follows. Templates in running text whose words are not known are counted.
"""

import re
from typing import NamedTuple

from maslin.curation.ingest.wikipedia.brackets import Expansion
from maslin.curation.ingest.wikipedia.extension_tags import put_back, take_out_extensions
from maslin.curation.ingest.wikipedia.inline import inline_text
from maslin.curation.ingest.wikipedia.lines import lines_of
from maslin.curation.ingest.wikipedia.links import link_renderer
from maslin.curation.ingest.wikipedia.magic_words import with_page_name, without_switches
from maslin.curation.ingest.wikipedia.namespaces import Namespaces
from maslin.curation.ingest.wikipedia.sections import without_appendices
from maslin.curation.ingest.wikipedia.sentinels import CONTROLS
from maslin.curation.ingest.wikipedia.tables import mark_html_tables, without_marks
from maslin.curation.ingest.wikipedia.templates.known import known_templates
from maslin.curation.ingest.wikipedia.variants import CONVERTED, without_variants

_SIMPLE_LINK = re.compile(r"\[\[([^\[\]{}|\n<>]{1,300})(?:\|([^\[\]{}|\n]{0,1000}))?\]\]")


class Article(NamedTuple):
    """A page's readable text, and how many templates in running text showed words that are not in it."""

    text: str
    templates_lost: int


def clean(text: str, wiki: Namespaces | None = None, title: str = "") -> Article:
    """The readable text of a page of a wiki, by default an English one."""
    wiki = wiki or Namespaces.of("en")
    text = CONTROLS.sub("", text.replace("\r\n", "\n"))
    held: list[str] = []
    text = take_out_extensions(text, held)
    text = without_appendices(text)
    text = with_page_name(text, title)
    if "-{" in text and wiki.language in CONVERTED:
        text = without_variants(text)
    text = mark_html_tables(text)
    link = link_renderer(wiki.silent)
    if "[[" in text:
        for _ in range(2):  # captions hold links, so the second pass removes most files
            text = _SIMPLE_LINK.sub(lambda match: link(match[1], match[2]), text)
    expansion = Expansion(known_templates(wiki.language), link)
    text = without_marks(expansion.expand(text))
    text = lines_of(without_switches(inline_text(text)))
    return Article(put_back(text, held).strip("\n"), expansion.lost)
