"""Tables handed from every shard to every partition and back: a file each, with a batch for each of the others.

So what is equal comes together without anything being held whole: rows are cut by a hash, and sorted and joined within
a partition. How many partitions there are changes no result.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import xxhash

from maslin.curation.stages import StageShard
from maslin.manifests.files import atomic_path

PARTITION_ROWS = 1_000_000  # about: 100 MB of keys while it is worked on


def partitions(rows: int) -> int:
    """How many partitions to cut so many rows into."""
    return max(1, -(-rows // PARTITION_ROWS))


def rows_at_most(shards: Iterable[StageShard]) -> int:
    """The documents of shards before anything left them."""
    return sum(pq.read_metadata(shard.path).num_rows for shard in shards)


def partition_of(ids: pa.ChunkedArray | pa.Array, count: int) -> np.ndarray:
    """The partition of each id, int64."""
    if count == 1:
        return np.zeros(len(ids), np.int64)
    return np.array([xxhash.xxh3_64_intdigest(id) % count for id in ids.cast(pa.binary()).to_pylist()], np.int64)


def write_batches(path: Path, table: pa.Table, batch_of: np.ndarray, count: int) -> None:
    """Write an Arrow file of `count` batches: row k in the order they stand, in batch `batch_of[k]`."""
    cuts = np.array([0, table.num_rows])
    if count != 1:
        order = np.argsort(batch_of, kind="stable")
        cuts = np.searchsorted(batch_of[order], np.arange(count + 1))
        table = table.take(pa.array(order))
    table = table.combine_chunks()
    with atomic_path(path) as temporary, pa.OSFile(str(temporary), "wb") as sink, pa.ipc.new_file(
            sink, table.schema) as writer:
        for begin, end in zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True):
            rows = table.slice(begin, end - begin).combine_chunks()
            writer.write_batch(rows.to_batches()[0] if rows.num_rows else pa.RecordBatch.from_pylist(
                [], schema=table.schema))


def read_batches(paths: Sequence[Path], batch: int, schema: pa.Schema) -> pa.Table:
    """This batch of every file, one after the other."""
    found = []
    for path in paths:
        with pa.memory_map(str(path)) as source:
            found.append(pa.ipc.open_file(source).get_batch(batch))
    return pa.Table.from_batches(found, schema)


def write_arrow(path: Path, table: pa.Table) -> None:
    """A table as one Arrow file."""
    with atomic_path(path) as temporary, pa.OSFile(str(temporary), "wb") as sink, pa.ipc.new_file(
            sink, table.schema) as writer:
        writer.write_table(table)
