"""The tables on disk: Arrow schemas and Parquet with pinned writer settings, so equal rows give equal bytes."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from maslin.manifests.files import atomic_path, file_entry
from maslin.manifests.soundness import checked

ORIGIN = pa.struct([("file", pa.string()), ("offset", pa.int64()), ("length", pa.int64())])

# One row a document. `origin` is enough to read the raw record again; `source_id` is the input's own id, if any;
# `notes`: oddities of reading it (`charset_differs`) and what it asks of robots (`robots_noindex`), null for none;
# `extractor`: who found the text of a page.
DOCUMENTS = pa.schema([
    ("id", pa.string()), ("source_id", pa.string()), ("text", pa.string()), ("source", pa.string()),
    ("url", pa.string()), ("date", pa.string()), ("language", pa.string()), ("language_score", pa.float64()),
    ("licence", pa.string()), ("origin", ORIGIN), ("notes", pa.list_(pa.string())),
    ("extractor", pa.string()),
])

# One row a document of a corpus that was deduplicated: `duplicates`, how many documents left for it, or for
# others that left for it later; `cluster_size`, how many different texts were near duplicates of one another, itself
# among them.
COUNTED_DOCUMENTS = pa.schema([*DOCUMENTS, ("duplicates", pa.int64()), ("cluster_size", pa.int64())])

# One row a removed document: why it left, with the measured value and the threshold it was held against.
LEDGER = pa.schema([
    ("id", pa.string()), ("source", pa.string()), ("step_index", pa.int32()), ("step", pa.string()),
    ("rule", pa.string()), ("action", pa.string()), ("value", pa.float64()), ("threshold", pa.float64()),
    ("op", pa.string()), ("detail", pa.string()), ("survivor_id", pa.string()), ("similarity", pa.float64()),
    ("text_prefix", pa.string()),
])

# One row a changed span of lines [line_start, line_end) of the step's input text; replacement null: lines removed.
EDITS = pa.schema([
    ("id", pa.string()), ("step_index", pa.int32()), ("step", pa.string()), ("rule", pa.string()),
    ("line_start", pa.int32()), ("line_end", pa.int32()), ("replacement", pa.string()),
])


def by_row(schema: pa.Schema) -> pa.Schema:
    """The schema of a segment's table: in the place of `id`, the row of the documents step's part, where ids stand."""
    return pa.schema([("row", pa.int32()), *list(schema)[1:]])


# One row a document that a segment keeps: its row in the documents step's part. Of the columns of DOCUMENTS those that
# the segment changed, whose bits `changed` has set (bit i: column i), else null. Bit EDITED: the text is what the
# segment's edits make of the one it met; so is every changed text, unless it had other line ends.
SURVIVORS = pa.schema([("row", pa.int32()), ("changed", pa.int32()), *DOCUMENTS])
EDITED_BIT = 1 << len(DOCUMENTS)

# One row an evaluated document: every statistic of a report is computed from these.
EVALUATION_ITEMS = pa.schema([
    ("run", pa.string()), ("arm", pa.string()), ("seed", pa.int64()), ("domain", pa.string()), ("id", pa.string()),
    ("cluster", pa.string()), ("nats", pa.float64()), ("bytes", pa.int64()), ("tokens", pa.int64()),
])

# One row a held-out document: its duplicate group, and the part it is in (validation or test); one file for a source.
SPLIT = pa.schema([("id", pa.string()), ("group", pa.string()), ("split", pa.string())])
SPLIT_PATH = "split/part-00000.parquet"

# One row a site or repository of a source of which these are held out whole: the one that it goes with, itself or one
# that it mirrors, and whether they are held out.
UNITS = pa.schema([
    ("unit", pa.string()), ("goes_with", pa.string()), ("documents", pa.int64()), ("bytes", pa.int64()),
    ("held_out", pa.bool_()),
])
UNITS_PATH = "units/part-00000.parquet"

# One row a text of an item of an evaluation set; `words`: those that n-grams are made of, `word_bytes`: of all of them.
ITEMS = pa.schema([
    ("item", pa.string()), ("field", pa.string()), ("text", pa.string()), ("words", pa.int32()),
    ("word_bytes", pa.int64())])

# One row a document and a text of an evaluation set that it holds: `item` is the first that has this text, of `items`;
# `share` of the text's n-grams, against `threshold`; the longest passage that both have, in words, and its beginning.
CONTAMINATION = pa.schema([
    ("id", pa.string()), ("set", pa.string()), ("item", pa.string()), ("field", pa.string()), ("items", pa.int32()),
    ("share", pa.float64()), ("threshold", pa.float64()), ("run_words", pa.int32()), ("passage", pa.string()),
])

# One row an item of an evaluation set that documents hold: of how many, and of how many that are kept all the same.
ITEMS_FOUND = pa.schema([
    ("set", pa.string()), ("item", pa.string()), ("documents", pa.int64()), ("kept", pa.int64()),
])
ITEMS_FOUND_PATH = "items_found/part-00000.parquet"

# One row a path of a crawl that a source reads: its length and the xxh3-128 of its content, null where only a part of
# it was read; how many parts of it, where pages are selected; why it could not be had, null where it was.
CRAWL_PATHS = pa.schema([
    ("path", pa.string()), ("bytes", pa.int64()), ("xxh3_128", pa.string()), ("records", pa.int64()),
    ("not_had", pa.string()),
])
CRAWL_PATHS_PATH = "paths/part-00000.parquet"

# One row a document of token shards: its ids are [start, end) of the part, and the UTF-8 bytes of its text.
TOKEN_INDEX = pa.schema([("id", pa.string()), ("start", pa.int64()), ("end", pa.int64()), ("bytes", pa.int64())])

TEXT_PREFIX_CHARACTERS = 300
ROW_GROUP_ROWS = 1024
EDITS_ROW_GROUP_ROWS = 16 * 1024  # many a document, and small
ROW_GROUP_TEXT_BYTES = 32 << 20

_WRITER = {
    "compression": "zstd", "compression_level": 3, "version": "2.6", "data_page_version": "1.0",
    "use_dictionary": False, "write_statistics": True, "write_page_index": False, "store_schema": True,
}
# Half the size of plain ones: few rules, lines that go up by little, replacements that begin alike.
_EDITS_WRITER = _WRITER | {
    "use_dictionary": ["id", "step", "rule"],
    "column_encoding": {
        "row": "DELTA_BINARY_PACKED", "step_index": "DELTA_BINARY_PACKED", "line_start": "DELTA_BINARY_PACKED",
        "line_end": "DELTA_BINARY_PACKED", "replacement": "DELTA_BYTE_ARRAY"},
}


def ledger_row(
    id: str, source: str, step_index: int, step: str, rule: str, *, action: str = "drop", value: float | None = None,
    threshold: float | None = None, op: str | None = None, detail: str | None = None, survivor_id: str | None = None,
    similarity: float | None = None, text: str = "",
) -> dict[str, Any]:
    """A ledger row; `text` is cut to its first characters."""
    return {
        "id": id, "source": source, "step_index": step_index, "step": step, "rule": rule, "action": action,
        "value": value, "threshold": threshold, "op": op, "detail": detail, "survivor_id": survivor_id,
        "similarity": similarity, "text_prefix": text[:TEXT_PREFIX_CHARACTERS],
    }


class TableWriter:
    """Write one Parquet file atomically, row group by row group.

    Row groups are cut by rows and text bytes of the whole stream, never by how the rows were handed over.
    Use as a context manager; `entry` holds the manifest's file entry afterwards.
    """

    def __init__(self, root: Path, path: str, schema: pa.Schema) -> None:
        self.root, self.path, self.schema = root, root / path, schema
        of_edits = "line_start" in schema.names
        self._group_rows = EDITS_ROW_GROUP_ROWS if of_edits else ROW_GROUP_ROWS
        self._settings = _EDITS_WRITER if of_edits else _WRITER
        self.rows = 0
        self.entry: dict[str, Any] = {}
        self._pending: list[pa.Table] = []
        self._pending_lengths: list[np.ndarray] = []

    def __enter__(self) -> "TableWriter":
        self._context = atomic_path(self.path)
        self._temporary = self._context.__enter__()
        try:
            self._writer = pq.ParquetWriter(self._temporary, self.schema, **self._settings)
        except BaseException as error:
            self._context.__exit__(type(error), error, error.__traceback__)
            raise
        return self

    def write_rows(self, rows: list[dict[str, Any]]) -> None:
        if rows:
            self.write(pa.Table.from_pylist(rows, schema=self.schema))

    def write(self, table: pa.Table) -> None:
        """Add rows; whole row groups are written at once, the rest waits for more."""
        table = table.select(self.schema.names).cast(self.schema)
        self._pending.append(table)
        self._pending_lengths.append(_text_bytes(table))
        if sum(map(len, self._pending_lengths)) >= self._group_rows or (
            sum(int(lengths.sum()) for lengths in self._pending_lengths) > ROW_GROUP_TEXT_BYTES
        ):
            self._flush(final=False)

    def _flush(self, final: bool) -> None:
        """Write the row groups that are complete: those that the next row would make too long, or, at the end, all."""
        if not self._pending:
            return
        table = pa.concat_tables(self._pending, promote_options="none")
        edges = np.concatenate([[0], np.cumsum(np.concatenate(self._pending_lengths))])
        start = 0
        while start < table.num_rows:
            by_bytes = int(np.searchsorted(edges, edges[start] + ROW_GROUP_TEXT_BYTES, side="right")) - 1
            end = min(start + self._group_rows, max(by_bytes, start + 1))
            if end >= table.num_rows and not final and end < start + self._group_rows:
                break
            end = min(end, table.num_rows)
            self._writer.write_table(table.slice(start, end - start).combine_chunks(), row_group_size=self._group_rows)
            start = end
        self.rows += start
        self._pending = [table.slice(start)]
        self._pending_lengths = [np.diff(edges[start:])]

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        try:
            if kind is None:
                self._flush(final=True)
            self._writer.close()
        except BaseException as failure:
            self._context.__exit__(type(failure), failure, failure.__traceback__)
            raise
        self._context.__exit__(kind, error, traceback)
        if kind is None:
            self.entry = file_entry(self.root, self.path, rows=self.rows)


def _text_bytes(table: pa.Table) -> np.ndarray:
    """UTF-8 bytes of each row's text, or of what an edit puts; zeros for a table without such a column."""
    name = next((name for name in ("text", "replacement") if name in table.schema.names), None)
    if name is None:
        return np.zeros(table.num_rows, np.int64)
    lengths = pc.fill_null(pc.binary_length(table[name]), 0)
    return np.concatenate([np.zeros(0, np.int64), *(chunk.to_numpy() for chunk in lengths.chunks)])


def write_table(root: Path, path: str, table: pa.Table) -> dict[str, Any]:
    """Write a whole table; returns the manifest's file entry."""
    with TableWriter(root, path, table.schema) as writer:
        writer.write(table)
    return writer.entry


def open_table(path: Path) -> pq.ParquetFile:
    """A Parquet file of a step directory, to be closed. Raises DamagedError unless it is as its manifest says."""
    return pq.ParquetFile(checked(path))


def read_table(path: Path, columns: list[str] | None = None) -> pa.Table:
    """A whole Parquet file of a step directory. Raises DamagedError as `open_table` does."""
    with open_table(path) as file:
        return file.read(columns=columns)


def iter_tables(paths: Iterable[Path], columns: list[str] | None = None) -> Iterator[pa.Table]:
    """Row groups of Parquet files one after another, each as a table: bounded memory."""
    for path in paths:
        with open_table(path) as file:
            for index in range(file.num_row_groups):
                yield file.read_row_group(index, columns=columns)


def part_name(index: int) -> str:
    return f"part-{index:05d}.parquet"
