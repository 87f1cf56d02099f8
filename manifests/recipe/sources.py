"""Sources and token shards of a recipe: what they are called, where they lie and how they are read."""

import dataclasses
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

_SHARE = {"min": 0.0, "max": 1.0}
_POSITIVE = {"min": 1}


@dataclass(frozen=True)
class Source:
    """What every kind of source has: paths (local, glob, https://, s3://) and the share of records that may fail."""

    LIBRARIES: ClassVar[tuple[str, ...]] = ()  # whose versions decide what its reader makes of it

    kind: str
    paths: tuple[str, ...]
    max_failed: float = field(default=0.05, metadata=_SHARE)

    def options(self) -> dict[str, Any]:
        """The settings that decide what is read, without where it lies."""
        shared = {entry.name for entry in dataclasses.fields(Source)}
        return {key: value for key, value in dataclasses.asdict(self).items() if key not in shared}


@dataclass(frozen=True)
class WarcSource(Source):
    """Web crawls. `max_page_bytes`: a larger HTML body is not parsed but dropped, with its size in the ledger.

    `extractor`: who finds the text of a page.
    """

    LIBRARIES: ClassVar[tuple[str, ...]] = ("resiliparse",)  # encodings of pages that announce none

    reader: Literal["fastwarc", "warcio"] = "fastwarc"
    max_page_bytes: int = field(default=2 << 20, metadata=_POSITIVE)
    extractor: Literal["maslin"] = "maslin"


@dataclass(frozen=True)
class WikipediaSource(Source):
    """MediaWiki pages-articles dumps."""


@dataclass(frozen=True)
class CodeSource(Source):
    """Source archives and folders. `max_file_bytes`: larger files are dropped."""

    LIBRARIES: ClassVar[tuple[str, ...]] = ("resiliparse",)

    max_file_bytes: int = field(default=1 << 20, metadata=_POSITIVE)


@dataclass(frozen=True)
class JsonlSource(Source):
    """Anyone's documents: a JSON object a line: `text` and, if known, `id`, `url`, `date`, `language`, `licence`."""


@dataclass(frozen=True)
class ParquetColumns:
    """The columns of a Parquet source that hold what documents have. Only that of the text must be there."""

    text: str = "text"
    id: str = "id"
    url: str = "url"
    date: str = "date"
    language: str = "language"
    licence: str = "licence"


@dataclass(frozen=True)
class ParquetSource(Source):
    """Anyone's documents, a row each, as Hugging Face datasets are stored. `columns`: where they have other names."""

    columns: ParquetColumns = ParquetColumns()


@dataclass(frozen=True)
class ChatSource(Source):
    """Conversations: a JSON object a line, with `messages`, or `instruction`, `input` and `output`."""


SOURCE_KINDS: dict[str, type[Source]] = {
    "warc": WarcSource, "wikipedia": WikipediaSource, "code": CodeSource, "jsonl": JsonlSource,
    "parquet": ParquetSource, "chat": ChatSource,
}


@dataclass(frozen=True)
class TokenShards:
    """Tokens made elsewhere with the recipe's tokenizer.

    `megatron`: .idx files, or their names without it, .bin beside; `parquet`: a row a document, its ids in `input_ids`.
    In mixtures they stand like a corpus. As nobody can say whether they hold held-out documents, none is compared.
    """

    kind: Literal["megatron", "parquet"]
    paths: tuple[str, ...]

    def file_patterns(self) -> list[str]:
        """Patterns of all files: of both of every pair of Megatron's."""
        if self.kind != "megatron":
            return list(self.paths)
        stems = [path.removesuffix(".idx").removesuffix(".bin") for path in self.paths]
        return [f"{stem}.{suffix}" for stem in stems for suffix in ("idx", "bin")]
