"""Tables: equal rows give equal bytes, however they were handed over; a full disk leaves nothing behind."""

import errno
import itertools
import os

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maslin.manifests import files
from maslin.manifests.errors import StorageError
from maslin.manifests.files import atomic_path, write_json
from maslin.manifests.tables import (
    DOCUMENTS,
    ROW_GROUP_ROWS,
    ROW_GROUP_TEXT_BYTES,
    TableWriter,
    iter_tables,
    read_table,
)

SCHEMA = pa.schema([("id", pa.string()), ("text", pa.string())])


def table(rows: int) -> pa.Table:
    return pa.table({"id": [f"{i:06d}" for i in range(rows)], "text": [f"text {i}" for i in range(rows)]}, SCHEMA)


@given(cuts=st.lists(st.integers(0, 3000), max_size=6))
def test_bytes_do_not_depend_on_how_rows_are_handed_over(tmp_path_factory, cuts):
    root, whole = tmp_path_factory.mktemp("t"), table(3000)
    with TableWriter(root, "whole.parquet", SCHEMA) as writer:
        writer.write(whole)
    with TableWriter(root, "pieces.parquet", SCHEMA) as pieces:
        edges = [0, *sorted(cuts), 3000]
        for start, end in itertools.pairwise(edges):
            pieces.write(whole.slice(start, end - start))
    assert (root / "whole.parquet").read_bytes() == (root / "pieces.parquet").read_bytes()
    assert writer.entry["rows"] == 3000 and writer.entry["xxh3_128"] == pieces.entry["xxh3_128"]


def test_row_groups_are_bounded_by_rows_and_read_one_by_one(tmp_path):
    with TableWriter(tmp_path, "t.parquet", SCHEMA) as writer:
        writer.write(table(2 * ROW_GROUP_ROWS + 5))
    assert [part.num_rows for part in iter_tables([tmp_path / "t.parquet"])] == [ROW_GROUP_ROWS, ROW_GROUP_ROWS, 5]


@settings(max_examples=10)
@given(cuts=st.lists(st.integers(0, 40), max_size=4))
def test_row_groups_are_bounded_by_text_bytes_however_rows_are_handed_over(tmp_path_factory, cuts):
    root = tmp_path_factory.mktemp("t")
    sizes = [ROW_GROUP_TEXT_BYTES // 3] * 7 + [ROW_GROUP_TEXT_BYTES * 2] + [10] * 32
    whole = pa.table({"id": [str(i) for i in range(40)], "text": ["x" * size for size in sizes]}, SCHEMA)
    with TableWriter(root, "t.parquet", SCHEMA) as writer:
        for start, end in itertools.pairwise([0, *sorted(cuts), 40]):
            writer.write(whole.slice(start, end - start))
    assert [part.num_rows for part in iter_tables([root / "t.parquet"])] == [3, 3, 1, 1, 32]


def test_an_empty_table_is_a_table(tmp_path):
    with TableWriter(tmp_path, "t.parquet", DOCUMENTS):
        pass
    assert read_table(tmp_path / "t.parquet").schema.names == DOCUMENTS.names


def test_an_error_leaves_no_file(tmp_path):
    with pytest.raises(RuntimeError), TableWriter(tmp_path, "t.parquet", SCHEMA) as writer:
        writer.write(table(10))
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_no_space_left_is_said_in_words_and_the_old_file_stays(tmp_path, monkeypatch):
    path = tmp_path / "kept.json"
    write_json(path, {"old": 1})

    def full(_descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(StorageError, match=r"kept\.json: no space left .* run the same command again"):
        write_json(path, {"new": 2})
    with pytest.raises(StorageError, match="no space left"), TableWriter(tmp_path, "t.parquet", SCHEMA) as writer:
        writer.write(table(10))
    assert sorted(item.name for item in tmp_path.iterdir()) == ["kept.json"]
    assert "old" in path.read_text()


def test_not_writable_is_said_in_words(tmp_path):
    with pytest.raises(StorageError, match="cannot be written"), atomic_path(tmp_path / "x"):
        raise PermissionError(errno.EACCES, "Permission denied")
