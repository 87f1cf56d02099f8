"""Finished corpora of earlier runs that new documents are held against: found by paths, known by their digests."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from maslin.manifests.errors import DamagedError, UsageError
from maslin.manifests.identity import DIGEST_HEX, digest_of
from maslin.manifests.recipe.faults import BROKEN
from maslin.manifests.recipe.paths import REMOTE_SCHEMES, find_files, written_out
from maslin.manifests.workspace import is_complete, read_manifest, verify_sizes

if TYPE_CHECKING:
    from maslin.manifests.recipe.typed_yaml import Node

KINDS = ("corpus", "documents")
IN_EARLIER = rf"(^|, )in ([a-z]+ @[0-9a-f]{{{DIGEST_HEX}}})$"  # of the detail of a ledger row: see `named`
EARLIER = "earlier"  # in measured.json: where each earlier corpus lay, by the name that the ledger has for it


@dataclass(frozen=True)
class EarlierCorpus:
    """A finished step directory with documents, of this or another workspace, and what its manifest says of it.

    `made_from`: the digests of the documents step it is of and, while that is still there, of its raw files. `place`:
    where the recipe names it; `by_pattern`: by a pattern, and not by itself.
    """

    path: Path
    kind: str
    digest: str
    made_from: frozenset[str]
    place: str = ""
    by_pattern: bool = False

    @property
    def named(self) -> str:
        """As the ledger names it: by its content, as no path of a machine may stand there."""
        return f"{self.kind} @{self.digest}"

    def check(self) -> None:
        """Raise DamagedError where a file is gone or of another size; of whose bytes are others tells who reads it."""
        if problems := verify_sizes(self.path):
            raise DamagedError(
                self.path, problems[0], "Documents are to be held against it: put it back as it was, or leave it out "
                "of `against`.")

    def is_of(self, documents_digest: str, raw: frozenset[str]) -> bool:
        """Whether it is made of these documents, or of the same raw files with other settings."""
        return documents_digest in self.made_from or (bool(raw) and raw <= self.made_from)


@dataclass(frozen=True)
class Against:
    """What a parameter `against` names: earlier corpora by their digests, ascending. Where they lie decides nothing.

    `corpora` is empty where only a manifest is read.
    """

    digests: tuple[str, ...] = ()
    corpora: tuple[EarlierCorpus, ...] = field(default=(), compare=False)

    def __bool__(self) -> bool:
        return bool(self.digests)

    @classmethod
    def of(cls, corpora: dict[str, EarlierCorpus]) -> "Against":
        return cls(tuple(sorted(corpora)), tuple(corpora[digest] for digest in sorted(corpora)))

    @classmethod
    def from_yaml(cls, node: "Node") -> "Against":
        """A path, a pattern, or a list of them; BROKEN where one leads to no finished corpus."""
        items = node.items() if node.is_list else [node]
        if not items:
            node.fail("name at least one finished corpus, or leave `against` out")
        found = [node.faults.attempt(partial(_named_by, item)) for item in items]
        if BROKEN in found:
            return BROKEN
        corpora: dict[str, EarlierCorpus] = {}
        for each in (corpus for named in found for corpus in named):
            if each.digest not in corpora or not each.by_pattern:  # a copy of one is the same
                corpora[each.digest] = each
        return cls.of(corpora)

    @classmethod
    def from_json(cls, value: Any) -> "Against":
        """Raises ValueError for what is no list of digests."""
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise ValueError("not a list of digests")
        return cls(tuple(value))

    def to_json(self) -> list[str]:
        return list(self.digests)

    def without(self, documents_digest: str, raw: frozenset[str]) -> "Against":
        """Without corpora that are made of these documents themselves: what a pattern finds when a run is repeated.

        Raises UsageError for one that is named by itself: all documents would leave as their own duplicates.
        """
        kept = {}
        for corpus in self.corpora:
            if not corpus.is_of(documents_digest, raw):
                kept[corpus.digest] = corpus
            elif not corpus.by_pattern:
                raise UsageError(
                    f"{corpus.place}: {corpus.path} is made of the same documents that are to be held against it, so "
                    "that all of them would leave. Name corpora of earlier crawls.")
        return Against.of(kept)


def named_earlier(detail: str | None) -> str | None:
    """The earlier corpus that a detail of the ledger names at its end: `equal text, in corpus @0123456789abcdef`."""
    found = re.search(IN_EARLIER, detail or "")
    return found[2] if found else None


def where_they_lay(corpora: Iterable[EarlierCorpus]) -> dict[str, Any]:
    """What `measured.json` tells of earlier corpora, so that their documents can be shown later."""
    places = {corpus.named: str(corpus.path) for corpus in corpora}
    return {EARLIER: places} if places else {}


def _named_by(node: "Node") -> list[EarlierCorpus]:
    """The finished corpora that a path or pattern names."""
    pattern = node.scalar()
    if not isinstance(pattern, str):
        node.fail(f"expected the path of a finished corpus, found {node.describe()}")
    if urlsplit(pattern).scheme in REMOTE_SCHEMES:
        node.fail("corpora are read where they lie: name a directory of this machine")
    written_out(node, pattern)
    try:
        matches = [path for path, _ in find_files(pattern, node.folder, lambda path: True, True).files]
    except UsageError as error:
        node.fail(str(error))
    if by_itself := (node.folder / pattern).exists():
        matches = [node.folder / pattern]
    found = []
    for path in matches:
        if not is_complete(path):
            if by_itself:
                node.fail(f"{path} is no finished step directory: name one, such as maslin-work/corpus/web@…")
            continue
        try:
            corpus = _read(path, node.place, not by_itself)
        except UsageError as error:
            if not by_itself:
                continue  # of another Maslin, perhaps beside one of this
            node.fail(str(error))
        if corpus.kind in KINDS:
            found.append(corpus)
        elif by_itself:
            node.fail(f"{path} is a step of kind {corpus.kind}, not {' or '.join(KINDS)}: it has no documents to be "
                      "held against")
    if not found:
        node.fail(f"`{pattern}` matches no finished corpus")
    return found


def _read(path: Path, place: str, by_pattern: bool) -> EarlierCorpus:
    manifest = read_manifest(path.resolve())
    own = [manifest.digest] if manifest.kind == "documents" else []
    documents = [value for role, value in manifest.inputs.items() if role == "documents"]
    made_from = {*own, *map(digest_of, documents), *_raw(manifest.inputs)}
    for directory in (manifest.workspace / each for each in documents):
        if is_complete(directory):
            made_from |= set(_raw(read_manifest(directory).inputs))
    return EarlierCorpus(manifest.directory, manifest.kind, manifest.digest, frozenset(made_from), place, by_pattern)


def _raw(inputs: Any) -> Iterator[str]:
    """The digests of the raw files among a step's inputs."""
    return (value for role, value in inputs.items() if role.startswith("input:"))
