"""Token shards from Parquet, as Hugging Face datasets of tokens are stored: a row a document, its ids in `input_ids`.

A column `id` of strings, if there is one, names the documents; else a hash of file and row does.
"""

import itertools
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from maslin.curation.ingest.rows.parquet import DAMAGE
from maslin.curation.tokens import readers
from maslin.curation.tokens.readers import TokenSplit
from maslin.manifests.errors import DataError
from maslin.manifests.identity import document_id
from maslin.manifests.recipe.inputs import InputFile

IDS = "input_ids"
_BATCH_ROWS = 64


def splits(inputs: Sequence[InputFile]) -> list[TokenSplit]:
    """Row groups `first` to `end` of a file, together about as large as a part of ours."""
    found = []
    for file in inputs:
        with _opened(file) as parquet:
            groups = [parquet.metadata.row_group(group) for group in range(parquet.num_row_groups)]
        before = np.cumsum([0, *(group.total_byte_size for group in groups)])
        inner = np.searchsorted(before, np.arange(readers.PART_BYTES, before[-1], readers.PART_BYTES))
        found += [
            TokenSplit((file,), first, end, sum(group.num_rows for group in groups[first:end]))
            for first, end in itertools.pairwise(sorted({0, len(groups), *inner.tolist()}))
        ]
    return found


def read(split: TokenSplit) -> Iterator[tuple[str, np.ndarray]]:
    """The documents of the split. Raises DataError where the file cannot be read on."""
    (file,) = split.files
    with _opened(file) as parquet:
        row = sum(parquet.metadata.row_group(group).num_rows for group in range(split.first))
        names = parquet.schema_arrow.names
        columns = [IDS, "id"] if "id" in names and pa.types.is_string(parquet.schema_arrow.field("id").type) else [IDS]
        try:
            for batch in parquet.iter_batches(_BATCH_ROWS, range(split.first, split.end), columns, use_threads=False):
                named = batch.column("id").to_pylist() if "id" in columns else [None] * batch.num_rows
                for id, ids in zip(named, batch.column(IDS), strict=True):
                    yield id or document_id("parquet", file.name, str(row)), _ids(ids, f"{file.path}, row {row}")
                    row += 1
        except DAMAGE as error:
            raise DataError(f"{file.path}: cannot be read on from row {row} ({error}).") from error


def _opened(file: InputFile) -> pq.ParquetFile:
    try:
        parquet = pq.ParquetFile(file.path, pre_buffer=False, buffer_size=1 << 20)
        schema = parquet.schema_arrow
        kind = schema.field(IDS).type if schema.names.count(IDS) == 1 else None
    except DAMAGE as error:
        raise DataError(f"{file.path}: not a readable Parquet file ({error}).") from error
    if kind is None or not hasattr(kind, "value_type") or not pa.types.is_integer(kind.value_type):
        parquet.close()
        raise DataError(
            f"{file.path}: no column `{IDS}` of lists of whole numbers; there are {', '.join(schema.names[:20])}.")
    return parquet


def _ids(ids: pa.ListScalar, place: str) -> np.ndarray:
    values = ids.values
    if values is None:
        return np.empty(0, np.int64)
    if values.null_count:
        raise DataError(f"{place}: a token id is null.")
    return values.to_numpy()
