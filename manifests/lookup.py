"""Find rows of a step's tables by document id, or by a URL or path or the end of one, without scanning them.

By a part of one, or of the title, rows are found by scanning the index alone (`search`), which is a small part of a
table.

Beside each part of a table lies a sorted index, `.index/<table>-00000.index` (Arrow IPC behind a checksum, read by
memory map). It is derived: not named in the manifest and no part of the step's identity. It bears the checksum of the
part it was made from, and begins with that of its own bytes; where it is missing, of another part or damaged it is made
anew, so that directories of any age answer. The end of a URL is found as the beginning of its reversed bytes.
"""

import bisect
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from maslin.manifests.files import atomic_path
from maslin.manifests.tables import iter_tables, open_table
from maslin.manifests.workspace import INDEX_FOLDER, Mapper, ShardResult, read_manifest, run_shards

_SEAL_BYTES = 64  # what Arrow aligns buffers to
_ID = re.compile(r"[0-9a-f]{32}")
ID_DIGITS = 16  # of the 32 hex digits of an id: the 64 bits it is sorted by
# What an index is made of: id, the name of a row (in the ledger of an ingest the detail is a URL or path), and more.
_COLUMNS = {"documents": ["id", "url", "text"], "ledger": ["id", "detail", "action"]}

# Entries by id and by name, each sorted. `id`: the first 64 bits; `name`: reversed UTF-8, empty where there is none;
# `text_bytes`: UTF-8 bytes of the text, and `title`: the beginning of its first line, in the order of rows; 0 and empty
# in a table without text.
INDEX = pa.schema([
    ("id", pa.uint64()), ("id_row", pa.uint32()), ("name", pa.large_binary()), ("name_row", pa.uint32()),
    ("text_bytes", pa.uint32()), ("title", pa.large_string()),
])
_TITLE = r"\A\s*(?P<title>\S[^\n]{0,199})"  # of a text; what is longer is seldom one


@dataclass(frozen=True)
class Place:
    """A row of a step's table: the number of the part, its file, and the row's number in it."""

    part: int
    path: Path
    row: int


@dataclass(frozen=True)
class _Task:
    directory: Path
    table: str
    part: int
    path: str
    checksum: str


def is_id(query: str) -> bool:
    return _ID.fullmatch(query) is not None


def index_tables(
    directory: Path, tables: Sequence[str], entries: Sequence[dict[str, Any]], mapper: Mapper, label: str,
) -> None:
    """Make the indexes of a step directory's tables, as its builder; `entries`: the manifest's files."""
    tasks = [task for table in tables for task in _tasks(directory, table, entries)]
    run_shards(directory, _write_index, tasks, mapper, label, stage="index")


def find(
    directory: Path, table: str, query: str, say: Callable[[str], None] = lambda line: None,
) -> list[Place]:
    """Rows with this id; or named exactly so; or, where none is, with a name that ends so. In the order of rows.

    `say` hears of indexes that have to be made first. An id of ingest's ledger may have several rows.
    """
    exact: list[Place] = []
    ending: list[Place] = []
    for task, index in _indexes(directory, table, say):
        path = directory / task.path
        if is_id(query):
            ids = index["id"].chunk(0).to_numpy() if index.num_rows else np.zeros(0, np.uint64)
            key = np.uint64(int(query[:ID_DIGITS], 16))
            begin, end = np.searchsorted(ids, key, "left"), np.searchsorted(ids, key, "right")
            rows = sorted(set(index["id_row"][int(begin):int(end)].to_pylist()))
            exact += [Place(task.part, path, row) for row in rows if read_row(path, row, ["id"])["id"] == query]
        else:
            same, longer = _by_name(index, query.encode()[::-1])
            exact += [Place(task.part, path, row) for row in same]
            ending += [Place(task.part, path, row) for row in longer]
    return exact or ending


@dataclass(frozen=True)
class Entries:
    """What the rows of a part are called. `names` [n] are reversed UTF-8, of the rows `name_rows` [n]; `titles` [rows].
    """

    part: int
    path: Path
    names: pa.Array
    name_rows: np.ndarray
    titles: pa.Array


def entries(directory: Path, table: str, say: Callable[[str], None] = lambda line: None) -> Iterator[Entries]:
    """The entries of a step's table, part by part, as they lie in its indexes. `say`: see `find`."""
    for task, index in _indexes(directory, table, say):
        if index.num_rows:
            names, titles = (index[name].combine_chunks() for name in ("name", "title"))
            yield Entries(task.part, directory / task.path, names, index["name_row"].to_numpy(), titles)


def damaged_indexes(directory: Path) -> list[Path]:
    """Indexes of a step directory that are not as they were written: nothing is found by them, they are made anew.

    Raises DamagedError as `read_manifest` does.
    """
    return [
        _index_path(task) for table in _COLUMNS for task in _tasks(directory, table, _listed(directory))
        if _index_path(task).is_file() and _read_index(task) is None]


def text_bytes(directory: Path, say: Callable[[str], None] = lambda line: None) -> Iterator[np.ndarray]:
    """int64 (rows), part by part: the UTF-8 bytes of the texts of a step's documents."""
    for _, index in _indexes(directory, "documents", say):
        yield index["text_bytes"].to_numpy().astype(np.int64)


def read_row(path: Path, row: int, columns: list[str] | None = None) -> dict[str, Any]:
    """One row of a Parquet file: reads its row group alone."""
    with open_table(path) as file:
        group = 0
        while row >= (rows := file.metadata.row_group(group).num_rows):
            row -= rows
            group += 1
        return file.read_row_group(group, columns=columns).slice(row, 1).to_pylist()[0]


def _by_name(index: pa.Table, key: bytes) -> tuple[list[int], list[int]]:
    """Rows whose reversed name is `key`, and rows whose reversed name begins with it and goes on."""
    names = index["name"]

    def name(entry: int) -> bytes:
        return names[entry].as_py()

    begin = bisect.bisect_left(range(index.num_rows), key, key=name)
    same = bisect.bisect_right(range(index.num_rows), key, lo=begin, key=name)
    end = bisect.bisect_right(range(index.num_rows), key, lo=same, key=lambda entry: name(entry)[:len(key)])
    rows = index["name_row"]
    return sorted(set(rows[begin:same].to_pylist())), sorted(set(rows[same:end].to_pylist()))


def _listed(directory: Path) -> list[dict[str, Any]]:
    return [entry.to_json() for entry in read_manifest(directory).files]


def _tasks(directory: Path, table: str, entries: Sequence[dict[str, Any]]) -> list[_Task]:
    parts = sorted((e["path"], e["xxh3_128"]) for e in entries if e["path"].startswith(f"{table}/"))
    return [_Task(directory, table, part, path, checksum) for part, (path, checksum) in enumerate(parts)]


def _indexes(directory: Path, table: str, say: Callable[[str], None]) -> Iterator[tuple[_Task, pa.Table]]:
    told = False
    for task in _tasks(directory, table, _listed(directory)):
        index = _read_index(task)
        if index is None:
            if not told:
                say(f"indexing {directory / table}, once …")
                told = True
            index = _make_index(task)
            if os.access(directory, os.W_OK):  # one that may only be read gives the same answer, later
                _save(task, index)
        yield task, index


def _index_path(task: _Task) -> Path:
    return task.directory / INDEX_FOLDER / f"{task.table}-{task.part:05d}.index"


def _read_index(task: _Task) -> pa.Table | None:
    """The index of a part, or None where there is none of these bytes."""
    path = _index_path(task)
    if not path.is_file() or path.stat().st_size <= _SEAL_BYTES:
        return None
    mapped = pa.memory_map(str(path)).read_buffer()
    body = mapped.slice(_SEAL_BYTES)
    if mapped.slice(0, _SEAL_BYTES).to_pybytes() != _seal(body):
        return None
    reader = pa.ipc.open_file(body)
    if reader.schema.metadata != {b"checksum": task.checksum.encode()} or reader.schema.names != INDEX.names:
        return None
    return reader.read_all()


def _write_index(task: _Task) -> ShardResult:
    _save(task, _make_index(task))
    return {"files": []}


def _save(task: _Task, index: pa.Table) -> None:
    body = pa.BufferOutputStream()
    with pa.ipc.new_file(body, index.schema) as writer:
        writer.write_table(index.combine_chunks())
    with atomic_path(_index_path(task)) as temporary, open(temporary, "wb") as sink:
        sink.write(_seal(body.getvalue()))
        sink.write(body.getvalue())


def _seal(body: pa.Buffer) -> bytes:
    """The checksum that stands before an index."""
    return xxhash.xxh3_128_hexdigest(body).encode().ljust(_SEAL_BYTES, b"\n")


def _make_index(task: _Task) -> pa.Table:
    ids: list[str] = []
    names: list[bytes] = []
    entry_rows: list[int] = []
    sizes = [np.zeros(0, np.uint32)]
    titles: list[pa.ChunkedArray] = []
    row = 0
    columns = _COLUMNS[task.table]
    for table in iter_tables([task.directory / task.path], columns):
        words = (table[name].to_pylist() for name in columns if name != "text")
        for document_id, *named in zip(*words, strict=True):
            for name in _names(*named):
                ids.append(document_id)
                names.append(name.encode()[::-1])
                entry_rows.append(row)
            row += 1
        if task.table == "documents":
            sizes.append(pc.fill_null(pc.binary_length(table["text"]), 0).to_numpy().astype(np.uint32))
            titles += _titles(table["text"]).chunks
    keys = np.array([int(each[:ID_DIGITS], 16) for each in ids], np.uint64)
    rows = np.array(entry_rows, np.uint32)
    by_id, reversed_names = np.argsort(keys, kind="stable"), pa.array(names, pa.large_binary())
    by_name = pc.sort_indices(reversed_names)
    text_bytes = np.concatenate(sizes) if task.table == "documents" else np.zeros(len(keys), np.uint32)
    of_rows = pa.chunked_array(titles, pa.large_string()) if titles else pa.array([""] * len(keys), pa.large_string())
    return pa.table(
        [keys[by_id], rows[by_id], reversed_names.take(by_name), rows[by_name.to_numpy()], text_bytes, of_rows],
        schema=INDEX.with_metadata({"checksum": task.checksum}))


def _titles(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """The beginning of the first line of each text that has a sign in it; empty where none has."""
    found = pc.extract_regex(pc.utf8_slice_codeunits(texts, 0, 400), _TITLE)
    return pc.fill_null(pc.struct_field(found, "title"), "").cast(pa.large_string())


def _names(name: str | None, action: str = "drop") -> list[str]:
    """What a row is found by. The detail of a failure is `place: URL: what was wrong`: each of these."""
    return name.split(": ") if name and action == "fail" else [name or ""]
