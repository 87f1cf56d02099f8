"""What rules read and what they answer: a batch of documents, decisions on them, and edits of their texts."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, cached_property, partial
from typing import Any, Protocol, TypeVar

import numpy as np
import pyarrow as pa

from maslin.curation.text.buffers import bytes_and_offsets

KEEP = -1  # in Decision.cause
EXCERPT_CHARACTERS = 200  # of a text quoted in a ledger row's detail


class Analysis(Protocol):
    """A measurement of all texts of a batch that rules share."""

    def take(self, rows: np.ndarray) -> "Analysis":
        """The measurement of these rows alone."""


A = TypeVar("A", bound=Analysis)


class Batch:
    """Documents under judgement, and what has been measured of their texts.

    `table` has the columns of maslin.manifests.tables.DOCUMENTS. The analysis is lazy and lives as long as the batch:
    an edit makes a new batch, and so invalidates it.
    """

    def __init__(self, table: pa.Table) -> None:
        self.table = table
        self._analyses: dict[str, Callable[[], Any]] = {}

    def __len__(self) -> int:
        return self.table.num_rows

    @cached_property
    def _text(self) -> pa.Array:
        """The texts as one large_string array; a null text is empty."""
        return self.table["text"].cast(pa.large_string()).combine_chunks().fill_null("")

    @cached_property
    def offsets(self) -> np.ndarray:
        """int64 (documents + 1): the text of document i is bytes [offsets[i], offsets[i + 1]) of `data`."""
        return self._bytes[1]

    @cached_property
    def data(self) -> np.ndarray:
        """uint8: the UTF-8 bytes of all texts, shared with the table where it lies in one piece."""
        return self._bytes[0]

    @cached_property
    def _bytes(self) -> tuple[np.ndarray, np.ndarray]:
        return bytes_and_offsets(self._text)

    @cached_property
    def texts(self) -> list[str]:
        return self._text.to_pylist()

    def text(self, row: int) -> str:
        return self._text[row].as_py()

    def prefix(self, row: int, characters: int) -> str:
        """The first characters of a text, without decoding all of it."""
        start, end = self.offsets[row], self.offsets[row + 1]
        some = self.data[start : min(end, start + 4 * characters)].tobytes()
        return some.decode("utf-8", "ignore")[:characters]  # ignored: a character cut in two behind the ones returned

    def column(self, name: str) -> list[Any]:
        return self.table[name].to_pylist()

    def with_columns(self, columns: dict[str, pa.Array]) -> "Batch":
        """The same documents with columns replaced; a new text starts a new analysis."""
        table = self.table
        for name, values in columns.items():
            index = table.schema.get_field_index(name)
            table = table.set_column(index, table.schema.field(index), values.cast(table.schema.field(index).type))
        batch = Batch(table)
        if "text" not in columns:
            batch.__dict__.update({k: v for k, v in self.__dict__.items() if k != "table"})
        return batch

    def analysis(self, name: str, measure: Callable[[], A]) -> A:
        """What `measure` finds in the texts, measured by the first rule that asks for it by this name."""
        if name not in self._analyses:
            found = measure()
            self._analyses[name] = lambda: found
        return self._analyses[name]()

    def take(self, rows: np.ndarray) -> "Batch":
        """Only these rows, with what is known of their texts; itself when they are all."""
        if len(rows) == len(self):
            return self
        batch = Batch(self.table.take(pa.array(rows)))
        batch._analyses = {name: cache(partial(_taken, analysis, rows)) for name, analysis in self._analyses.items()}
        return batch


def _taken(analysis: Callable[[], Analysis], rows: np.ndarray) -> Analysis:
    """An analysis of some of its rows, made when a rule first asks for it: often none does before the next edit."""
    return analysis().take(rows)


@dataclass(frozen=True)
class Reason:
    """Why documents leave: the rule's name, and the test that drops: `value op threshold`."""

    rule: str
    op: str | None = None
    threshold: float | None = None


@dataclass
class Decision:
    """What a step says of each document of a batch.

    `cause` int16 (documents): KEEP, or the index of its reason in `reasons`; `value` float64 (documents): the measured
    value the decision rests on, NaN where there is none; `detail`: words for a ledger row, by row; `signals`: by name,
    float64 (documents), NaN where not measured; `columns`: document columns the step sets.
    """

    reasons: tuple[Reason, ...]
    cause: np.ndarray
    value: np.ndarray
    detail: dict[int, str] = field(default_factory=dict)
    signals: dict[str, np.ndarray] = field(default_factory=dict)
    columns: dict[str, pa.Array] = field(default_factory=dict)

    @property
    def kept(self) -> np.ndarray:
        """bool (documents)."""
        return self.cause == KEEP


@dataclass
class Spans:
    """Changed spans of lines, in the order of documents and lines.

    `row` and `rule` (an index into `rules`), `line_start`, `line_end`: int32 (spans), lines of the input text's
    `splitlines()`; `replacement`: string array, null where the lines were removed, otherwise as many lines.
    """

    rules: tuple[str, ...]
    row: np.ndarray
    rule: np.ndarray
    line_start: np.ndarray
    line_end: np.ndarray
    replacement: pa.Array


@dataclass
class Edited(Decision):
    """A decision of a step that also changes texts: `text`, one a document (any value where it is dropped).

    The new text is the input's lines with `spans` applied, joined with newlines.
    """

    text: pa.Array = field(kw_only=True)
    spans: Spans = field(kw_only=True)


def excerpt(text: str, position: int) -> str:
    """The part of a text around a position, for a ledger row's detail."""
    start = max(0, position - EXCERPT_CHARACTERS // 2)
    return text[start : start + EXCERPT_CHARACTERS]
