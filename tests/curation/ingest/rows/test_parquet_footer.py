"""The footer as read here says what pyarrow says, and is refused in words where it makes no sense."""

import random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from maslin.curation.ingest.rows.parquet_footer import row_groups


def written(path, rows=7, **options):
    table = pa.table({
        "text": ["word " * n for n in range(rows)], "n": range(rows), "nested": [{"a": 1, "b": [1.5]}] * rows})
    pq.write_table(table, path, **options)
    return path


@pytest.mark.parametrize("options", [
    {}, {"row_group_size": 2}, {"compression": "zstd", "write_statistics": False}, {"data_page_version": "2.0"},
    {"write_page_index": True, "write_page_checksum": True}, {"store_schema": False, "version": "1.0"},
    {"sorting_columns": [pq.SortingColumn(1)]}, {"use_dictionary": False, "bloom_filter_options": {"n": {"ndv": 9}}}])
def test_what_pyarrow_says(tmp_path, options):
    path = written(tmp_path / "a.parquet", **options)
    about = pq.ParquetFile(path).metadata
    expected = []
    for number in range(about.num_row_groups):
        group = about.row_group(number)
        columns = [group.column(column) for column in range(group.num_columns)]
        expected.append((group.num_rows, sum(column.total_compressed_size for column in columns),
                         {column.path_in_schema: column.total_uncompressed_size for column in columns}))
    assert [(group.rows, group.stored_bytes, group.column_bytes) for group in row_groups(path)] == expected


def test_no_rows(tmp_path):
    assert sum(group.rows for group in row_groups(written(tmp_path / "a.parquet", rows=0))) == 0


@pytest.mark.parametrize("data", [
    b"", b"PAR1", b"PAR1\0\0\0\0PAR1x", b"\xff\xff\xff\x7fPAR1", b"\x4c" * 40 + b"\x28\0\0\0PAR1",
    b"\x49\x1c\xff\xff\xff\xff\x0f\x08\0\0\0PAR1", b"\x0f" + b"\xff" * 20 + b"\x15\0\0\0PAR1"])
def test_what_is_none_is_refused(tmp_path, data):
    (tmp_path / "a.parquet").write_bytes(data)
    with pytest.raises(ValueError, match="footer"):
        row_groups(tmp_path / "a.parquet")


def test_whatever_bytes_change_it_is_read_or_refused(tmp_path):
    path = written(tmp_path / "a.parquet", rows=3)
    whole = path.read_bytes()
    rng = random.Random(7)
    for _ in range(2000):
        changed = bytearray(whole)
        for _ in range(rng.randint(1, 3)):
            changed[rng.randrange(len(whole) // 2, len(whole))] = rng.randrange(256)
        path.write_bytes(changed)
        try:
            assert row_groups(path) is not None
        except ValueError as error:
            assert str(error)
