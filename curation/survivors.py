"""What a segment keeps of documents, and what it changed of them: rows, and only the values that are new.

Texts are not written again. Edits say by line what changed, and applied to the text that the segment met they give its
own to the byte; a text of which that is not so, seen when it is written, stands in full.
"""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from maslin.curation.text.buffers import bytes_and_offsets
from maslin.manifests.tables import DOCUMENTS, EDITED_BIT, EDITS, SURVIVORS, by_row, iter_tables

_TEXT = DOCUMENTS.get_field_index("text")


class Changes:
    """What a segment made of a part, applied to what it met: bounded memory.

    `columns` are those that the documents are read with, None for all.
    """

    def __init__(self, survivors: Path, edits: Path, columns: list[str] | None) -> None:
        columns = DOCUMENTS.names if columns is None else columns
        self._names = [name for name in DOCUMENTS.names if name in columns and name != "id"]
        fields = [SURVIVORS.field(name) for name in ("row", "changed", *self._names)]
        self._survivors = _Rows(survivors, pa.schema(fields))
        self._edits = _Rows(edits, by_row(EDITS)) if "text" in columns else None

    def apply(self, rows: np.ndarray, table: pa.Table) -> tuple[np.ndarray, pa.Table]:
        """The rows of the part (ascending), and the documents, that stay of those that the segment met.

        Called with one row group of documents after the other, as the segment was.
        """
        end = rows[-1] + 1 if len(rows) else 0
        survivors = self._survivors.before(end)
        edits = self._edits.before(end) if self._edits else None
        kept, changed = survivors["row"].to_numpy(), survivors["changed"].to_numpy()
        table = table.take(pa.array(np.searchsorted(rows, kept)))
        edited = (changed & EDITED_BIT) != 0
        if edits is not None and edited.any():
            table = _with(table, "text", edited_texts(table["text"], kept, edited, edits))
        for name in self._names:
            here = (changed >> DOCUMENTS.get_field_index(name) & 1).astype(bool)
            if here.any():
                table = _with(table, name, pc.if_else(pa.array(here), survivors[name], table[name]))
        return kept.astype(np.int64), table


class _Rows:
    """A table by row, read from its beginning to its end; rows of a batch that was written together in any order."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._tables = iter_tables([path], schema.names)
        self._rest = next(self._tables, None)
        self._empty = schema.empty_table()

    def before(self, row: int) -> pa.Table:
        """What was not read yet of the rows before this one."""
        found = [self._empty]
        while self._rest is not None:
            later = self._rest["row"].to_numpy() >= row
            number = int(np.argmax(later)) if later.any() else len(later)
            found.append(self._rest.slice(0, number))
            if number < len(later):
                self._rest = self._rest.slice(number)
                break
            self._rest = next(self._tables, None)
        return pa.concat_tables(found)


def to_rows(table: pa.Table, ids: pa.ChunkedArray, rows: np.ndarray) -> pa.Table:
    """A table by id as one by row: `rows` of the part are those of `ids`."""
    places = pc.index_in(table["id"], value_set=ids)
    return pa.table([pa.array(rows.astype(np.int32)).take(places), *table.columns[1:]], schema=by_row(table.schema))


def to_ids(table: pa.Table, ids: pa.ChunkedArray) -> pa.Table:
    """A table by row as one by id, given the ids of all rows of the part."""
    schema = pa.schema([("id", pa.string()), *list(table.schema)[1:]])
    return pa.table([ids.take(table["row"]), *table.columns[1:]], schema=schema)


def survivors_table(rows: np.ndarray, before: pa.Table, after: pa.Table, edits: pa.Table) -> pa.Table:
    """SURVIVORS, for documents that a segment met as `before` (`rows` of their part) and left as `after`.

    `edits`: of the documents it met, by row and by step, then row.
    """
    places = pc.index_in(after["id"], value_set=before["id"])
    met, kept = before.take(places), rows[places.to_numpy()]
    changed = np.zeros(len(kept), np.int32)
    columns = []
    for index, name in enumerate(DOCUMENTS.names):
        differs = _differ(met[name], after[name])
        if index == _TEXT and differs.any():
            made = edited_texts(met[name], kept, differs, edits)
            as_edited = differs & ~_differ(made, after[name])
            changed[as_edited] |= EDITED_BIT
            differs &= ~as_edited
        changed[differs] |= 1 << index
        columns.append(pc.if_else(pa.array(differs), after[name], pa.scalar(None, after[name].type)))
    return pa.table([kept.astype(np.int32), changed, *columns], schema=SURVIVORS)


def edited_texts(texts: pa.ChunkedArray, rows: np.ndarray, which: np.ndarray, edits: pa.Table) -> pa.ChunkedArray:
    """The texts with the edits of each step applied, one step after the other, where `which` (bool) says so.

    `rows`: of the part, ascending; `edits`: by row, ordered by step, then row.
    """
    from maslin.curation.text.line_edits import apply_edits  # here: most that read stages need no compiler

    text = texts.cast(pa.large_string()).combine_chunks()
    filled = text.fill_null("")
    steps, edit_rows = edits["step_index"].to_numpy(), edits["row"].to_numpy()
    for step in np.unique(steps).tolist():
        first, end = np.searchsorted(steps, [step, step + 1])
        begin, stop = first + np.searchsorted(edit_rows[first:end], [rows[0], rows[-1] + 1])
        here = np.searchsorted(rows, edit_rows[begin:stop])
        mine = (rows[here] == edit_rows[begin:stop]) & which[here]
        step_edits = edits.slice(begin, stop - begin).filter(pa.array(mine))
        if not step_edits.num_rows:
            continue
        replacement = step_edits["replacement"].cast(pa.large_string()).combine_chunks()
        data, offsets = apply_edits(
            *bytes_and_offsets(filled), np.searchsorted(here[mine], np.arange(len(rows) + 1)),
            step_edits["line_start"].to_numpy().astype(np.int32), step_edits["line_end"].to_numpy().astype(np.int32),
            replacement.is_null().to_numpy(zero_copy_only=False), *bytes_and_offsets(replacement.fill_null("")))
        filled = pa.Array.from_buffers(
            pa.large_string(), len(rows), [None, pa.py_buffer(offsets), pa.py_buffer(data)])
    return pa.chunked_array([pc.if_else(pa.array(which), filled, text).cast(pa.string())])


def _differ(before: pa.ChunkedArray, after: pa.ChunkedArray) -> np.ndarray:
    """bool: where the values are not the same; all of them for nested values of which any is another."""
    if before.equals(after):
        return np.zeros(len(before), bool)
    if pa.types.is_nested(before.type):
        return np.ones(len(before), bool)
    one_null = pc.xor(pc.is_null(before), pc.is_null(after))
    return np.asarray(pc.or_(one_null, pc.fill_null(pc.not_equal(before, after), False)))


def _with(table: pa.Table, name: str, values: pa.ChunkedArray) -> pa.Table:
    index = table.schema.get_field_index(name)
    return table.set_column(index, table.schema.field(index), values)
