"""How much prose of a Wikipedia dump is kept: sentences as mwparserfromhell reads them, a gold set, what is lost.

    python -m benchmarks.wikitext enwiki-….xml.bz2

needs `pip install mwparserfromhell`. *Sentences*: that reader's lines of prose of at least 60 characters before the
first section of references, cut at points; those with a template, a formula or a broken reference are left out, as it
drops these. One is found when its letters and digits stand in our text. *Gold*: paragraphs with templates and the text
of their page (`tests/curation/ingest/wikipedia/gold.jsonl`), by us and by that reader's `strip_code`.
"""

import json
import re
import sys
import unicodedata
from pathlib import Path

import mwparserfromhell  # type: ignore[import-not-found]

from maslin.curation.ingest.records import Document, NoWatch
from maslin.curation.ingest.wikipedia import wikipedia
from maslin.curation.ingest.wikipedia.dump_stream import Page, pages
from maslin.curation.ingest.wikipedia.wikitext import clean
from maslin.manifests.recipe.inputs import InputFile
from maslin.manifests.recipe.sources import NoOptions

GOLD = Path(__file__).parents[1] / "tests" / "curation" / "ingest" / "wikipedia" / "gold.jsonl"
_BLOCKS = ("ref", "table", "gallery", "source", "syntaxhighlight", "pre", "timeline", "imagemap", "score")
_APPENDIX = re.compile(
    r"\n==+ *(?:references|notes|footnotes|external links?|further reading|see also|sources|citations|bibliography|"
    r"works cited|notes and references) *==+", re.I)
_MARK = "\uffff"  # in place of what that reader drops
_BROKEN = re.compile(rf"{_MARK}|</?ref|\[\[|\{{\{{")
_SENTENCE_END = re.compile(r"(?<=[.!?。！？])[\"”’)]*\s+(?=\S)")


def main(name: str) -> None:
    path = Path(name)
    split = wikipedia.splits([InputFile(path.name, path, path.stat().st_size, "0")], NoOptions())
    documents = [record for part in split for record in wikipedia.read(part, NoOptions(), NoWatch())
                 if isinstance(record, Document)]
    ours = {document.source_id: _letters(document.text) for document in documents}
    lost = [int(note.partition(":")[2]) for document in documents for note in document.notes]
    found = total = 0
    for page in pages(path, 0, path.stat().st_size, None):
        if isinstance(page, Page) and not page.is_head:
            revision = wikipedia._parse(page.data)
            for sentence in _sentences(revision.text) if revision.page_id in ours else ():
                total += 1
                if _letters(sentence) in ours[revision.page_id]:
                    found += 1
                else:
                    print(f"{revision.title}: {sentence}")
    print(f"{found} of {total} sentences ({found / max(1, total):.2%}); {sum(lost)} templates lost in {len(lost)} of "
          f"{len(documents)} articles")
    gold = [json.loads(line) for line in GOLD.read_text("utf-8").splitlines()]
    for reader, read in (("ours", lambda text: clean(text).text), ("strip_code", _stripped)):
        texts = [(read(one["wikitext"]), _SENTENCE_END.split(one["text"])) for one in gold]
        kept = sum(_letters(sentence) in _letters(text) for text, sentences in texts for sentence in sentences)
        print(f"gold, {reader}: {kept} of {sum(len(sentences) for _, sentences in texts)} sentences")


def _stripped(wikitext: str) -> str:
    return str(mwparserfromhell.parse(wikitext).strip_code())


def _sentences(wikitext: str) -> list[str]:
    code = mwparserfromhell.parse(_APPENDIX.split(wikitext, maxsplit=1)[0])
    for node in code.filter(matches=_is_dropped):
        is_word = isinstance(node, mwparserfromhell.nodes.Template) or str(node).startswith("<math")
        try:
            code.replace(node, _MARK if is_word else "")
        except ValueError:  # inside one that is gone
            continue
    lines = [line for line in code.strip_code(collapse=False).split("\n") if len(line) >= 60]
    sentences = [each for line in lines if line[0] not in "|!*#:;{= " for each in _SENTENCE_END.split(line)]
    return [each for each in sentences if len(each.split()) > 4 and not _BROKEN.search(each)]


def _is_dropped(node: object) -> bool:
    nodes = mwparserfromhell.nodes
    if isinstance(node, nodes.Tag):
        return str(node.tag).lower() in (*_BLOCKS, "math")
    if isinstance(node, nodes.Wikilink):
        return re.match(r"\s*(?:file|image|category)\s*:", str(node.title), re.I) is not None
    return isinstance(node, nodes.Template | nodes.Comment)


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text)).lower()


if __name__ == "__main__":
    main(sys.argv[1])
