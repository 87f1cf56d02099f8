"""Sources and token shards of a recipe; what a kind of source declares of itself, and the kinds there are."""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

from maslin.manifests.errors import UsageError
from maslin.manifests.own_code import OwnCode, read_own_code
from maslin.manifests.recipe.crawls import KEYS as CRAWL_KEYS
from maslin.manifests.recipe.crawls import Crawl, read_crawl
from maslin.manifests.recipe.faults import BROKEN
from maslin.manifests.recipe.paths import check_paths
from maslin.manifests.recipe.typed_yaml import Node, convert, convert_dataclass

# Where each kind is declared; imported when a recipe names it. To add one: a file with its reader, and a line here.
SOURCES: dict[str, str] = {
    "warc": "maslin.curation.ingest.web.source:WARC",
    "wikipedia": "maslin.curation.ingest.wikipedia.source:WIKIPEDIA",
    "code": "maslin.curation.ingest.code.source:CODE",
    "jsonl": "maslin.curation.ingest.rows.jsonl:JSONL",
    "parquet": "maslin.curation.ingest.rows.parquet_source:PARQUET",
    "chat": "maslin.curation.ingest.rows.chat:CHAT",
}
OWN_SOURCES = "maslin.sources"  # the group of entry points by which installed packages offer theirs
_PACKED = (".gz", ".bz2", ".xz", ".zst", ".zstd")
SHARED_KEYS = ("kind", "paths", "max_failed")


@dataclass(frozen=True)
class NoOptions:
    """Of a source that has none."""


@dataclass(frozen=True)
class Later:
    """`module:function`, imported when it is first called: a declaration is read with every recipe, a reader is not."""

    where: str

    def __call__(self, *arguments: Any) -> Any:
        return _named(self.where)(*arguments)


@dataclass(frozen=True)
class SourceKind:
    """What a kind of source declares of itself. Imported with every recipe that names it, so it has to be light.

    `splits(inputs, options)` and `read(split, options, watch)`: see `maslin.curation.ingest.records`; without `splits`
    a file is one split. `check(inputs, options)`, if there is one, raises UsageError before any work for what the
    options name and the inputs do not have. `options`: a frozen dataclass, its fields the keys in a recipe, with bounds
    as metadata. `libraries`: whose versions decide what the reader makes of a file; `further_libraries(options)`: those
    of which the options say so; `extras(options)`: packages that they need and an installation may lack.
    `has_variants(options)`: a record may be several documents, of which a corpus keeps one
    (maslin.manifests.identity.variant_id). `folders_are_inputs`: a folder is an input as a whole, not all the files in
    it. `suffixes`: of the names of its files, in lower case and without that of a compression; `belongs(path)`: whether
    a file of another name is one by its content. Kinds without `suffixes` read all files of a folder. `conversations`:
    texts in ChatML, whose signs become single tokens. `units`: `site`, `repository`, what its documents' URLs or paths
    tell, so that these can be held out whole. `crawled`: a crawl by its name can stand in the place of paths.
    """

    read: Callable[..., Any]
    splits: Callable[..., Any] | None = None
    check: Callable[..., Any] | None = None
    options: type = NoOptions
    libraries: tuple[str, ...] = ()
    further_libraries: Callable[[Any], tuple[str, ...]] = lambda options: ()
    extras: Callable[[Any], tuple[str, ...]] = lambda options: ()
    has_variants: Callable[[Any], bool] = lambda options: False
    folders_are_inputs: bool = False
    suffixes: tuple[str, ...] = ()
    belongs: Callable[[Path], bool] | None = None
    conversations: bool = False
    units: tuple[str, ...] = ()
    crawled: bool = False

    def is_input(self, path: Path) -> bool:
        """Whether a file is one of this kind that a folder holds, by its name or else by its content."""
        by_name = not self.suffixes or unpacked_name(path).endswith(self.suffixes)
        return by_name or (self.belongs is not None and self.belongs(path))


def unpacked_name(path: Path) -> str:
    """The name of a file, in lower case and without that of a compression."""
    name = path.name.lower()
    for packed in _PACKED:
        name = name.removesuffix(packed)
    return name


@dataclass(frozen=True)
class Source:
    """A source of a recipe: paths (local, glob, https://, s3://), the share of records that may fail, its options.

    `crawl`: in the place of paths, and of its paths the same share may fail. `code`: that of a kind of the user's own,
    whose name `kind` then is. Goes to workers as it is.
    """

    kind: str
    paths: tuple[str, ...]
    max_failed: float = field(default=0.05, metadata={"min": 0.0, "max": 1.0})
    options: Any = NoOptions()
    code: OwnCode | None = None
    crawl: Crawl | None = None

    @property
    def declared(self) -> SourceKind:
        return source_kind(self.kind, self.code)

    @property
    def libraries(self) -> tuple[str, ...]:
        """The packages whose versions decide what is read."""
        return self.declared.libraries + self.declared.further_libraries(self.options)

    @property
    def extras(self) -> tuple[str, ...]:
        return self.declared.extras(self.options)

    @property
    def has_variants(self) -> bool:
        return self.declared.has_variants(self.options)

    def further_identity(self) -> dict[str, Any]:
        """What the identity of its documents holds beside kind and options: a reader of the user's, a crawl."""
        code = {} if self.code is None else {"code": self.code.digest}
        return code if self.crawl is None else {**code, "crawl": self.crawl.identity_json()}

    def options_json(self) -> dict[str, Any]:
        """The settings that decide what is read, without where it lies."""
        return _to_json(self.options)

    def identity_json(self) -> dict[str, Any]:
        """`to_json` without where its files are."""
        return {"kind": self.kind, "max_failed": self.max_failed, **self.options_json(), **self.further_identity()}

    def to_json(self) -> dict[str, Any]:
        where = {"paths": list(self.paths)} if self.crawl is None else {"crawl": self.crawl.to_json()}
        return self.identity_json() | where

    def __reduce__(self) -> Any:  # the options of a user's file are of a class that can be imported by no name
        values = {entry.name: getattr(self.options, entry.name) for entry in dataclasses.fields(self.options)}
        return _source, (self.kind, self.paths, self.max_failed, values, self.code, self.crawl)


def source_kind(kind: str, code: OwnCode | None = None) -> SourceKind:
    """The declaration of a kind, of ours or of the user's own. Raises UsageError for what is none."""
    if code is None:
        return _named(SOURCES[kind])
    if kind in SOURCES:
        raise UsageError(f"`{kind}` is a kind of ours: call yours otherwise.")
    return _named("maslin.curation.ingest.own_reader:own_kind")(kind, code)


def read_source(node: Node) -> Source:
    """A source of a recipe. What is wrong with it is added to the node's faults, and BROKEN."""
    entries = node.mapping()
    if "kind" not in entries:
        node.check_keys(entries, _known_of_all(), ["kind", "paths"])  # where it is only misspelt, it is there now
    kind, code, declared = BROKEN, None, None
    if "kind" not in entries:
        node.faults.add(node.missing("kind", f"one of {', '.join(SOURCES)}"))
    with node.faults.gathered():
        if "kind" in entries:
            kind, code, declared = _read_kind(entries["kind"])
    crawl = None
    if declared is not None and declared.crawled and (named := [key for key in CRAWL_KEYS if key in entries]):
        options = convert_dataclass(
            node, declared.options, skip=(*SHARED_KEYS, *CRAWL_KEYS), entries=entries)
        crawl = read_crawl(node, entries)
        if "paths" in entries:
            node.faults.add(entries[named[0]].fault("of a crawl by its name: not beside `paths`", at_key=True))
    elif declared is not None:
        options = convert_dataclass(node, declared.options, skip=SHARED_KEYS, entries=entries, required=["paths"])
    else:
        options = BROKEN
        if "kind" not in entries or not entries["kind"].is_mapping:
            node.check_keys(entries, _known_of_all(), ["paths"])
    paths = () if crawl is not None else _read_paths(node, entries)
    shared = {}
    if "max_failed" in entries:
        (limit,) = (entry for entry in dataclasses.fields(Source) if entry.name == "max_failed")
        shared["max_failed"] = node.faults.attempt(partial(convert, entries["max_failed"], float, limit.metadata))
    return Source(kind, paths, options=options, code=code, crawl=crawl, **shared)


def _read_kind(node: Node) -> tuple[str, OwnCode | None, SourceKind]:
    """A kind of ours by its name, or of the user's own, and what it declares."""
    code = read_own_code(node, node.folder, OWN_SOURCES) if node.is_mapping else None
    kind = convert(node, Literal[tuple(SOURCES)]) if code is None else code.called  # type: ignore[valid-type]
    try:
        return kind, code, source_kind(kind, code)
    except UsageError as error:
        node.fail(str(error))


def _read_paths(node: Node, entries: Mapping[str, Node]) -> tuple[str, ...]:
    """The paths that a source names; BROKEN where it names none."""
    if "paths" not in entries:
        node.faults.add(node.missing("paths"))
        return BROKEN
    named = entries["paths"]
    return node.faults.attempt(lambda: check_paths(named, convert(named, tuple[str, ...])))


def _known_of_all() -> list[str]:
    """The keys that sources of any kind have."""
    options = [entry.name for kind in SOURCES for entry in dataclasses.fields(source_kind(kind).options)]
    return list(dict.fromkeys([*SHARED_KEYS, *options, *CRAWL_KEYS]))


def _source(
    kind: str, paths: tuple[str, ...], max_failed: float, options: Mapping[str, Any], code: OwnCode | None,
    crawl: Crawl | None,
) -> Source:
    return Source(kind, paths, max_failed, source_kind(kind, code).options(**options), code, crawl)


def _named(where: str) -> Any:
    module, name = where.split(":")
    return getattr(import_module(module), name)


def _to_json(value: Any) -> Any:
    """Options as JSON values; one that has a `to_json` of its own says how it stands there."""
    if hasattr(value, "to_json"):
        return value.to_json()
    if dataclasses.is_dataclass(value):
        return {entry.name: _to_json(getattr(value, entry.name)) for entry in dataclasses.fields(value)}
    return [_to_json(item) for item in value] if isinstance(value, tuple | list) else value


@dataclass(frozen=True)
class TokenShards:
    """Tokens made elsewhere with the recipe's tokenizer.

    `megatron`: .idx files, or their names without it, .bin beside; `parquet`: a row a document, its ids in `input_ids`.
    In mixtures they stand like a corpus. As nobody can say whether they hold held-out documents, none is compared.
    """

    kind: Literal["megatron", "parquet"]
    paths: tuple[str, ...]

    def is_input(self, path: Path) -> bool:
        """Whether a file is one of them that a folder holds."""
        return path.suffix == ".parquet" if self.kind == "parquet" else path.suffix in (".idx", ".bin")

    def file_patterns(self) -> list[str]:
        """Patterns of all files: of both of every pair of Megatron's."""
        if self.kind != "megatron":
            return list(self.paths)
        stems = [path.removesuffix(".idx").removesuffix(".bin") for path in self.paths]
        return [f"{stem}.{suffix}" for stem in stems for suffix in ("idx", "bin")]
