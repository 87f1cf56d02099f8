"""A crawl by its name, as Common Crawl publishes them: which part of it is read, from where, and which pages of it."""

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from maslin.manifests.recipe.faults import BROKEN
from maslin.manifests.recipe.paths import written_out
from maslin.manifests.recipe.typed_yaml import Node, convert_dataclass
from maslin.manifests.remote.addresses import is_elsewhere, joined, wrong_base

COMMON_CRAWL = "https://data.commoncrawl.org/"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(/[A-Za-z0-9_-]+){0,4}")
_DOMAIN = re.compile(r"[^\s/:@?#.,]+(\.[^\s/:@?#.,]+)*")
# Keys that are no identifiers of Python, by the field that holds them.
_WRITTEN = {"base": "from", "name": "crawl"}
_REQUIRED = {"crawl": "its name, as CC-MAIN-2026-43",
             "take": "the share of the crawl's paths, drawn by hash; 1 for all of them"}


@dataclass(frozen=True)
class Selection:
    """Of all pages of a crawl those for which all of these hold, by its columnar index.

    `domains`: with what is below them; `languages`: ISO 639-3, the page's first one; `mime`: as detected; `status`: of
    HTTP; `urls`: a file of addresses, one a line.
    """

    domains: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    mime: tuple[str, ...] = ()
    status: tuple[int, ...] = field(default=(), metadata={"min": 100, "max": 599})
    urls: str | None = None

    def wrong(self) -> tuple[str, str] | None:
        asked = (self.domains, self.languages, self.mime, self.status, self.urls)
        if bad := [domain for domain in self.domains if not _DOMAIN.fullmatch(domain)]:
            return "domains", f"`{bad[0]}` is no domain: example.org, without https:// and path"
        return None if any(asked) else ("domains", "nothing is selected: name domains, languages, mime, status or urls")

    def to_json(self) -> dict[str, Any]:
        """What decides; what addresses the file `urls` holds is an input of its own."""
        return {"domains": sorted(map(str.lower, self.domains)), "languages": sorted(self.languages),
                "mime": sorted(self.mime), "status": sorted(self.status), "urls": self.urls is not None}


@dataclass(frozen=True)
class Crawl:
    """`part`: of its files, pages (warc), texts (wet) or metadata (wat). `take`: the share of its paths, drawn by hash.

    `requests_per_second` and `connections` are of all processes together; `contact`: how a server's keeper finds you.
    Neither these nor `base` decide what is read. `folder`: what a base that is no address is relative to.
    """

    name: str
    take: float = field(metadata={"min": 0.0, "max": 1.0})
    part: Literal["warc", "wet", "wat"] = "warc"
    seed: int = field(default=0, metadata={"min": 0, "max": 2**63 - 1})
    base: str = COMMON_CRAWL
    select: Selection | None = None
    requests_per_second: float = field(default=8.0, metadata={"min": 0.01, "max": 1000.0})
    connections: int = field(default=16, metadata={"min": 1, "max": 256})
    contact: str | None = None
    folder: str = ""

    def wrong(self) -> tuple[str, str] | None:
        """The key whose value cannot be, and why; None when all can."""
        if not _NAME.fullmatch(self.name):
            return "name", "no name of a crawl: CC-MAIN-2026-43, or CC-NEWS/2026/10"
        if self.take == 0:
            return "take", "takes no path: give a share above 0, as 0.001"
        if is_elsewhere(self.base) and (words := wrong_base(self.base)):
            return "base", words
        if "://" in self.base and not is_elsewhere(self.base):
            return "base", "no address that can be asked: https://, s3:// or a folder"
        if self.contact is not None and not re.fullmatch(r"[\x21-\x27\x2a-\x7e]{3,200}", self.contact):
            return "contact", "a web address or mailbox, without spaces and brackets"
        if self.select is not None and self.part != "warc":
            return "select", "the index is of pages alone: part warc"
        return None

    @property
    def list_path(self) -> str:
        """Where the paths of its files are listed."""
        return f"crawl-data/{self.name}/{self.part}.paths.gz"

    @property
    def index_list_path(self) -> str:
        """Where the files of its columnar index are listed."""
        return f"crawl-data/{self.name}/cc-index-table.paths.gz"

    def at(self, path: str) -> str | Path:
        """The address, or the place here, of one of its paths."""
        return joined(self.base if is_elsewhere(self.base) else str(Path(self.folder) / self.base), path)

    def identity_json(self) -> dict[str, Any]:
        """What decides which paths and pages are read, besides the list of paths itself."""
        selected = {} if self.select is None else {"select": self.select.to_json()}
        return {"name": self.name, "part": self.part, "take": self.take, "seed": self.seed, **selected}

    def to_json(self) -> dict[str, Any]:
        return {_WRITTEN.get(entry.name, entry.name): getattr(self, entry.name) for entry in dataclasses.fields(self)
                if entry.name not in ("folder", "select")} | (
                    {} if self.select is None else {"select": self.select.to_json()})


KEYS = tuple(_WRITTEN.get(entry.name, entry.name) for entry in dataclasses.fields(Crawl) if entry.name != "folder")


def read_crawl(node: Node, entries: Mapping[str, Node]) -> Crawl | Any:
    """The crawl that a source's entries name. What is wrong is added to the node's faults, and BROKEN."""
    missing = [node.missing(key, words) for key, words in _REQUIRED.items() if key not in entries]
    for fault in missing:
        node.faults.add(fault)
    if missing:
        return BROKEN
    fields = {written: name for name, written in _WRITTEN.items()}
    mine = {fields.get(key, key): child for key, child in entries.items() if key in KEYS}
    found = convert_dataclass(node, Crawl, skip=("folder",), entries=mine)
    if not isinstance(found, Crawl):
        return BROKEN
    for child, path in ((mine.get("base"), found.base), (_urls(mine), found.select and found.select.urls)):
        if child is not None and path is not None and not is_elsewhere(path):
            node.faults.attempt(lambda child=child, path=path: written_out(child, path))
    return dataclasses.replace(found, folder=str(node.folder.absolute()))


def _urls(entries: Mapping[str, Node]) -> Node | None:
    return entries["select"].mapping().get("urls") if "select" in entries else None

