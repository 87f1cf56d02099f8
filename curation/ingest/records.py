"""What a reader makes of a raw input: documents, drops and failures; and how a reader is asked.

A reader is two functions, which its kind of source declares (`maslin.manifests.recipe.sources.SourceKind`):

    splits(inputs, options) -> list[Split]
    read(split, options, watch) -> Iterator[Document | Dropped | Failed]

`splits` cuts the inputs by input bytes, in the order of `inputs`, never by the number of workers; one split becomes
one output shard. `read` is a generator and yields exactly one record for everything it met: what it yields is what the
counts count. It raises only for what is a bug or the disk; anything wrong with the data is a `Failed`. `options` is the
dataclass that the kind declares, read and checked with the recipe.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol

from maslin.manifests.identity import document_id
from maslin.manifests.recipe.inputs import InputFile

MIN_SPLIT_BYTES = 4 << 20
MAX_SPLIT_BYTES = 64 << 20
SPLITS_PER_SOURCE = 16


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a raw record lies: the input's stable name, and bytes of it (null where a format has no such thing).

    For a member of an archive `file` is `<archive name>/<member path>`.
    """

    file: str
    offset: int | None = None
    length: int | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A document as extracted. `id` comes from `maslin.manifests.identity.document_id`; the builder normalises `text`.

    `notes` are names of oddities that did not stop the document (`charset_differs`) and of what it asks of robots; they
    stand beside it and are counted in the manifest. A note may say how many times: `templates_lost:3`.
    """

    id: str
    text: str
    origin: Origin
    url: str | None = None
    date: str | None = None
    source_id: str | None = None
    language: str | None = None
    language_score: float | None = None
    licence: str | None = None
    notes: tuple[str, ...] = ()
    extractor: str | None = None


@dataclass(frozen=True, slots=True)
class Dropped:
    """A record that is read and left out on purpose.

    Without `id` it was never a candidate for a document (a request, an image, a redirect): counted by cause, no ledger
    row. With `id` it was one (a generated file, a page without text) and gets a ledger row.
    """

    cause: str
    id: str | None = None
    detail: str | None = None
    value: float | None = None
    threshold: float | None = None
    op: str | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """A record that could not be read: counted by cause and in the ledger, where `detail` says what was wrong."""

    cause: str
    detail: str
    origin: Origin
    id: str | None = None
    value: float | None = None
    threshold: float | None = None

    @property
    def ledger_id(self) -> str:
        """The document's id where it is known, else one made of the place of the damage."""
        return self.id or document_id("failed", self.cause, self.origin.file, str(self.origin.offset))


Record = Document | Dropped | Failed


@dataclass(frozen=True, slots=True)
class Split:
    """A part of one input that one worker reads. `start` and `end` are in the reader's own unit: usually bytes.

    `bytes` is the share of the input's bytes, for progress. An input that cannot be cut is one split.
    """

    input: InputFile
    start: int
    end: int
    bytes: int


class Watch(Protocol):
    """What the builder wants to know while a split is read."""

    def enter(self, ordinal: int) -> bool:
        """Call before native code sees the split's record number `ordinal` (from 0).

        False: this record killed its worker before; yield `Failed("worker_died", …)` for it and go on.
        """
        ...

    def reached(self, done: int) -> None:
        """Say how many of the split's bytes are read; cheap, call it as often as you like."""
        ...


class NoWatch:
    """A watch that looks at nothing: for tests and notebooks."""

    def enter(self, ordinal: int) -> bool:
        return True

    def reached(self, done: int) -> None:
        return None


def split_bytes(inputs: Sequence[InputFile]) -> int:
    """The size a split aims at: a sixteenth of the source, within bounds."""
    total = sum(file.bytes for file in inputs)
    return max(MIN_SPLIT_BYTES, min(MAX_SPLIT_BYTES, -(-total // SPLITS_PER_SOURCE)))


def byte_splits(inputs: Sequence[InputFile], target: int) -> list[Split]:
    """Cut every input into ranges of nearly equal bytes, at most `target` each; an empty input is one empty range."""
    found = []
    for file in inputs:
        number = max(1, -(-file.bytes // target))
        edges = [file.bytes * index // number for index in range(number + 1)]
        found += [Split(file, start, end, end - start) for start, end in pairwise(edges)]
    return found


def whole_files(inputs: Sequence[InputFile], options: Any) -> list[Split]:
    """A split a file, for formats that are read from their beginning."""
    return [Split(file, 0, file.bytes, file.bytes) for file in inputs]
