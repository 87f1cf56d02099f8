"""Rows handed to batches and back: each once, in the order they stood, whatever the number of batches."""

import numpy as np
import pyarrow as pa
import pytest

from maslin.curation.dedup.equal import batches
from maslin.curation.dedup.equal.batches import partition_of, partitions, read_batches, write_batches

SCHEMA = pa.schema([("id", pa.string()), ("number", pa.int64())])


@pytest.mark.parametrize("count", [1, 2, 7, 40])
def test_every_row_is_in_its_batch_in_order(tmp_path, count):
    tables = [pa.table([[f"{file}-{row}" for row in range(rows)], list(range(rows))], schema=SCHEMA)
              for file, rows in enumerate([20, 0, 3])]
    paths = [tmp_path / f"{file}.arrow" for file in range(3)]
    for path, table in zip(paths, tables, strict=True):
        write_batches(path, table, partition_of(table["id"], count), count)
    found = [read_batches(paths, batch, SCHEMA) for batch in range(count)]
    every = pa.concat_tables(tables)
    where = partition_of(every["id"], count)
    for batch, table in enumerate(found):
        assert table.equals(every.filter(pa.array(where == batch)).combine_chunks()), batch


@pytest.mark.parametrize(("rows", "count"), [(0, 1), (1, 1), (10, 1), (11, 2), (20, 2), (21, 3)])
def test_partitions_hold_so_many_rows(monkeypatch, rows, count):
    monkeypatch.setattr(batches, "PARTITION_ROWS", 10)
    assert partitions(rows) == count


def test_ids_are_spread_over_partitions():
    sizes = np.bincount(partition_of(pa.array([f"{number:032x}" for number in range(4000)]), 4), minlength=4)
    assert sizes.min() > 900
