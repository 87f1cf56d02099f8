"""The items of evaluation sets as their files have them: JSON Lines, a JSON list or Parquet, told by content.

Nothing of a set is passed over: what cannot be read ends it, with file and record, as a set that is half read would be
half looked for.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow.parquet as pq

from maslin.curation.ingest.decompression import SIGN_BYTES, Bounded, Unreadable, beginning, compression, expanded
from maslin.curation.ingest.records import Failed, NoWatch, Split
from maslin.curation.ingest.rows.jsonl import read_lines
from maslin.curation.ingest.rows.parquet import DAMAGE
from maslin.curation.ingest.rows.parquet_footer import row_groups
from maslin.curation.ingest.told_by_content import is_parquet
from maslin.manifests.errors import UsageError
from maslin.manifests.recipe.inputs import InputFile

MOST_BYTES = 1 << 30  # of a file, decompressed: a set is in memory as a whole
_HEAD_BYTES = 4096
_BATCH_ROWS = 256
_TEXT = "text"  # the field of an item that is a text and no object


def read_records(inputs: Sequence[InputFile]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(place, fields) of every item, in the order of the files. Raises UsageError for what is none."""
    for file in inputs:
        for place, value in _rows(file):
            if isinstance(value, str):
                value = {_TEXT: value}
            if not isinstance(value, dict):
                raise UsageError(f"{place}: an item is an object with fields, or a text; this is {_named(value)}.")
            yield place, value


def _rows(file: InputFile) -> Iterator[tuple[str, Any]]:
    if is_parquet(file.path):
        return _parquet_rows(file)
    if beginning(file.path, _HEAD_BYTES).removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"["):
        return _listed_rows(file)
    return _lines(file)


def _lines(file: InputFile) -> Iterator[tuple[str, Any]]:
    whole = Split(file, 0, max(1, file.bytes), file.bytes)
    held = 0
    for found in read_lines(whole, NoWatch(), lambda row, line: (line, row)):
        if isinstance(found, Failed):
            raise UsageError(f"{found.detail}.")
        line, row = found
        held += len(line.content)
        _bounded(file, held)
        yield line.place, row


def _listed_rows(file: InputFile) -> Iterator[tuple[str, Any]]:
    try:
        values = json.loads(_content(file).decode("utf-8-sig"))
    except Unreadable as error:
        raise UsageError(f"{file.name}: {error}.") from error
    except RecursionError as error:
        raise UsageError(f"{file.name}: nested too deeply.") from error
    except ValueError as error:
        raise UsageError(f"{file.name}: no JSON list ({error}).") from error
    for number, value in enumerate(values, start=1):
        yield f"{file.name}, item {number}", value


def _content(file: InputFile) -> bytes:
    bound, blocks, held = Bounded(file.bytes), [], 0
    with open(file.path, "rb") as handle:
        kind = compression(handle.read(SIGN_BYTES))
        handle.seek(0)
        for block in expanded(handle.read, kind) if kind else iter(lambda: handle.read(1 << 20), b""):
            bound.note(len(block))
            held += len(block)
            _bounded(file, held)
            blocks.append(block)
    return b"".join(blocks)


def _parquet_rows(file: InputFile) -> Iterator[tuple[str, Any]]:
    number = 0
    try:
        _bounded(file, sum(sum(group.column_bytes.values()) for group in row_groups(file.path)))
        with pq.ParquetFile(file.path, pre_buffer=False) as parquet:
            for batch in parquet.iter_batches(_BATCH_ROWS, use_threads=False):
                for row in batch.to_pylist():
                    number += 1
                    yield f"{file.name}, row {number}", row
    except DAMAGE as error:
        raise UsageError(f"{file.name}: not a readable Parquet file, from row {number + 1} on ({error}).") from error


def _bounded(file: InputFile, held: int) -> None:
    if held > MOST_BYTES:
        raise UsageError(f"{file.name}: more than {MOST_BYTES:,} bytes of items: this is a corpus, no evaluation set.")


def _named(value: Any) -> str:
    kinds = {list: "a list", type(None): "null", bool: "true or false", int: "a number", float: "a number"}
    return kinds.get(type(value), "something else")
