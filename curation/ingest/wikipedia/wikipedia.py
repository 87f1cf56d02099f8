"""Read MediaWiki `pages-articles` dumps: XML, plain or compressed (told by content), as a stream, page by page.

The stream is cut at `<page>` and `</page>` and every page is parsed alone: damage costs one page, memory is bounded by
one page, and no document type declaration reaches the parser, so that entities cannot expand. Namespace 0 is read,
redirects are dropped. A file of many bzip2 streams ("multistream") is cut into splits at the starts of streams.

`licence` follows the terms of use: CC-BY-SA-4.0 for dumps from 7 June 2023 on, CC-BY-SA-3.0 before. The dump's
date is that in its file name (`enwiki-20240501-…`), else the page's own revision date; null for other wikis than
Wikimedia's. `origin` gives the page's bytes in the uncompressed XML (as UTF-8); in a split that starts inside the file
they count from that split's first stream, which `file` names: `name@offset`.
"""

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit
from xml.parsers import expat

from maslin.curation.ingest.records import (
    Document,
    Dropped,
    Failed,
    Origin,
    Record,
    Split,
    Watch,
    split_bytes,
)
from maslin.curation.ingest.wikipedia.dump_stream import Damage, Page, pages, stream_start
from maslin.curation.ingest.wikipedia.namespaces import Namespaces
from maslin.curation.ingest.wikipedia.wikitext import clean
from maslin.manifests.identity import document_id
from maslin.manifests.recipe.inputs import InputFile
from maslin.manifests.recipe.sources import NoOptions

LICENCE_CHANGE = "20230607"
_WIKIMEDIA = re.compile(
    r"(?:^|\.)(?:wikipedia|wiktionary|wikibooks|wikisource|wikiquote|wikiversity|wikivoyage|wikimedia)\.org$"
)
_DUMP_DATE = re.compile(r"-(20\d{6})[-.]")
_NUMBER = re.compile(r"\s*-?[0-9]{1,9}\s*")
_REDIRECT = re.compile(r"\s*#\w{3,40}\s*:?\s*\[\[")
_PROJECT = re.compile(r"(\w{2,20}?)(?:wiki|wiktionary|wikibooks|wikinews|wikiquote|wikisource|wikiversity|wikivoyage)$")


@dataclass(frozen=True)
class Site:
    """What `<siteinfo>` says: the project, where its pages are, the names of its namespaces."""

    project: str = ""
    base: str | None = None
    namespaces: Mapping[str, int] = field(default_factory=dict)

    def silent_namespaces(self) -> Namespaces:
        """Those whose links show nothing, by the language in the project's name (`zh_classicalwiki`), else English."""
        project = _PROJECT.match(self.project)
        return Namespaces.of(project[1].replace("_", "-") if project else "en", tuple(self.namespaces.items()))

    def url(self, title: str) -> str | None:
        if not self.base:
            return None
        return self.base.rsplit("/", 1)[0] + "/" + quote(title.replace(" ", "_"), safe="/:@!$&'()*+,;=~")


@dataclass
class Revision:
    """A page's own data and those of its newest revision."""

    title: str = ""
    ns: str | None = None
    page_id: str = ""
    redirect: bool = False
    revision_id: str = ""
    timestamp: str = ""
    text: str = ""


def splits(inputs: Sequence[InputFile], options: NoOptions) -> list[Split]:
    """A split a file; a multistream file is cut at starts of streams."""
    target = split_bytes(inputs)
    found = []
    for file in inputs:
        edges = [0]
        while edges[-1] + target < file.bytes:
            start = stream_start(file.path, edges[-1] + target)
            if start is None:
                break
            edges.append(start)
        edges.append(file.bytes)
        found += [Split(file, start, end, end - start) for start, end in itertools.pairwise(edges)]
    return found


def read(split: Split, options: NoOptions, watch: Watch) -> Iterator[Record]:
    """Documents of a split's pages; redirects and other namespaces as drops, damage as failures."""
    name = split.input.name if split.start == 0 else f"{split.input.name}@{split.start}"
    dump_date = _DUMP_DATE.search(split.input.name)
    site = Site()
    if split.start:
        for item in pages(split.input.path, 0, split.input.bytes, watch=None, head_only=True):
            site = _site(item.data) if isinstance(item, Page) else site
    silent = site.silent_namespaces()
    for ordinal, item in enumerate(pages(split.input.path, split.start, split.end, watch)):
        if isinstance(item, Damage):
            yield Failed(item.cause, item.detail, Origin(name, item.offset, item.length))
            continue
        origin = Origin(name, item.offset, len(item.data))
        if item.is_head:
            if b"<!DOCTYPE" in item.data or b"<!ENTITY" in item.data:
                yield Failed("doctype_refused", "the XML declares a document type; it is not read", origin)
            site = _site(item.data)
            silent = site.silent_namespaces()
            continue
        if not watch.enter(ordinal):
            yield Failed("worker_died", "reading this page ended the process", origin)
            continue
        try:
            revision = _parse(item.data)
        except (expat.ExpatError, ValueError) as error:
            yield Failed("damaged_xml", str(error), origin)
            continue
        yield _record(revision, site, origin, dump_date[1] if dump_date else None, silent)


def _record(
    revision: Revision, site: Site, origin: Origin, dump_date: str | None, silent: Namespaces
) -> Record:
    if _namespace(revision, site) != 0:
        return Dropped("other_namespace")
    if revision.redirect or _REDIRECT.match(revision.text):
        return Dropped("redirect")
    identity = document_id("wikipedia", site.project, revision.page_id, revision.revision_id)
    text, lost = clean(revision.text, silent, revision.title)
    if not text:
        return Dropped("no_text", id=identity, detail=revision.title)
    date = dump_date or revision.timestamp[:10].replace("-", "")
    licence = "CC-BY-SA-4.0" if date >= LICENCE_CHANGE else "CC-BY-SA-3.0"
    foreign = site.base and not _WIKIMEDIA.search(urlsplit(site.base).hostname or "")
    return Document(
        id=identity, text=text, origin=origin, url=site.url(revision.title), date=revision.timestamp or None,
        source_id=revision.page_id or None, licence=None if foreign else licence,
        notes=(f"templates_lost:{lost}",) if lost else (),
    )


def _namespace(revision: Revision, site: Site) -> int:
    """The page's namespace; dumps before export format 0.6 say it only by the title's prefix."""
    if revision.ns is not None:
        return int(revision.ns)
    prefix, colon, _ = revision.title.partition(":")
    return site.namespaces.get(prefix, 0) if colon else 0


_FIELDS = {
    "title": "title", "ns": "ns", "id": "page_id", "revision/id": "revision_id", "revision/timestamp": "timestamp",
    "revision/text": "text",
}


def _parser() -> Any:
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    return parser


def _refuse(*_: Any) -> None:
    raise ValueError("a document type or entity declaration inside the dump")


def _parse(data: bytes) -> Revision:
    """Parse one `<page>` element. Raises ExpatError for XML that is not well formed, ValueError for fields that are not
    what they must be.
    """
    page = Revision()
    path: list[str] = []
    words: list[str] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        if len(path) > 20:
            raise ValueError("elements nested too deeply")
        path.append(name)
        words.clear()
        if path == ["page", "redirect"]:
            page.redirect = True

    def end(name: str) -> None:
        where = "/".join(path[1:])
        path.pop()
        if where in _FIELDS:
            setattr(page, _FIELDS[where], "".join(words))
        words.clear()

    parser = _parser()
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, words.append
    parser.Parse(data, True)
    if page.ns is not None and not _NUMBER.fullmatch(page.ns):
        raise ValueError(f"the namespace {page.ns[:20]!r} is not a number")
    return page


def _site(head: bytes) -> Site:
    """The site of what precedes the first page; an empty one where it has no readable `<siteinfo>`."""
    begin, end = head.find(b"<siteinfo"), head.find(b"</siteinfo>")
    if begin < 0 or end < begin:
        return Site()
    found: dict[str, str] = {}
    namespaces: dict[str, int] = {}
    key: list[str] = []
    words: list[str] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        words.clear()
        key[:] = [attributes.get("key", "0")]

    def finish(name: str) -> None:
        if name == "namespace":
            namespaces["".join(words)] = int(key[0])
        elif name in ("sitename", "dbname", "base"):
            found[name] = "".join(words).strip()
        words.clear()

    parser = _parser()
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, finish, words.append
    try:
        parser.Parse(head[begin:end + len(b"</siteinfo>")], True)
    except (expat.ExpatError, ValueError):
        return Site()
    return Site(found.get("dbname") or found.get("sitename", ""), found.get("base"), namespaces)
