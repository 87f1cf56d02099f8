"""Parquet, a document a row, as Hugging Face datasets are stored; row groups are read one after another, in batches.

`columns` of the recipe says which column is the text, and which hold id, url, date, language and licence, if any. Only
these are read: strings of all of Arrow's types, as other writers store them, and bytes (not all writers say that theirs
are UTF-8); for all but the text numbers, times and UUIDs, too. A field of a structure is named `column.field`. `origin`
names the row: `<file>/<row>`, counted from 0.
"""

import hashlib
import uuid
from collections.abc import Iterator, Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from maslin.curation.ingest.records import Document, Dropped, Failed, Origin, Record, Split, Watch, split_bytes
from maslin.curation.ingest.rows.parquet_footer import RowGroup, row_groups
from maslin.curation.ingest.rows.parquet_source import ParquetOptions
from maslin.manifests.errors import UsageError
from maslin.manifests.identity import document_id
from maslin.manifests.recipe.inputs import InputFile
from maslin.manifests.recipe.typed_yaml import suggestion

MAX_TEXT_BYTES = 64 << 20
MAX_ROW_GROUP_BYTES = 4 << 30  # of the text column, uncompressed, as the file says of itself
DAMAGE = (pa.ArrowException, OSError, ValueError)  # the last one of the footer, and of names in the schema
_BATCH_ROWS = 64
_BUFFER_BYTES = 1 << 20  # of a column that is read at once
_FIELDS = ("text", "id", "url", "date", "language", "licence")


def check(inputs: Sequence[InputFile], options: ParquetOptions) -> None:
    """Raise UsageError for a column that is named and cannot be read, in any file; damaged files are the reader's."""
    for file in inputs:
        try:
            schema = pq.read_schema(file.path)
        except DAMAGE:
            continue
        if lacks := _lacks(schema, options):
            raise UsageError(f"{file.name}: {lacks[1]}{'' if lacks[1].endswith('?') else '.'}")


def splits(inputs: Sequence[InputFile], options: ParquetOptions) -> list[Split]:
    """Row groups `start` to `end` of a file, together as large as a split aims at; a damaged file is one split."""
    target, found = split_bytes(inputs), []
    for file in inputs:
        try:
            with pq.ParquetFile(file.path) as parquet:
                sizes = [group.stored_bytes for group in _row_groups(parquet, file)]
        except DAMAGE:
            sizes = []
        start, held, cut = 0, 0, []
        for group, size in enumerate(sizes):
            if held and held + size > target:
                cut.append((start, group, held))
                start, held = group, 0
            held += size
        found += [Split(file, *place) for place in [*cut, (start, len(sizes), held if sizes else file.bytes)]]
    return found


def _row_groups(parquet: pq.ParquetFile, file: InputFile) -> list[RowGroup]:
    """What the footer says; raises ValueError when pyarrow reads another number of row groups from it."""
    groups = row_groups(file.path)
    if len(groups) != parquet.num_row_groups:
        raise ValueError("its footer contradicts itself")
    return groups


def read(split: Split, options: ParquetOptions, watch: Watch) -> Iterator[Record]:
    """The documents of the split's row groups. One that cannot be read on is one failure; those after it are read."""
    name = split.input.name
    try:
        with pq.ParquetFile(split.input.path, pre_buffer=False, buffer_size=_BUFFER_BYTES) as file:
            schema = file.schema_arrow
            if lacks := _lacks(schema, options):
                yield Failed(lacks[0], f"{name}: {lacks[1]}", Origin(name))
                return
            named = {field: _column(options, field) for field in _FIELDS}
            fields = {field: _steps(schema, column) or [column] for field, column in named.items()
                      if _readable(schema, column, field)}
            groups = _row_groups(file, split.input)
            row = sum(group.rows for group in groups[:split.start])
            ordinal = done = 0
            for number in range(split.start, split.end):
                yield from _group(file, number, groups[number], row, fields, name, watch, ordinal)
                row += groups[number].rows
                ordinal += groups[number].rows
                done += groups[number].stored_bytes
                watch.reached(min(done, split.bytes))
    except DAMAGE as error:
        yield Failed("damaged_file", f"{name}: not a readable Parquet file ({error})", Origin(name))


def _column(options: ParquetOptions, field: str) -> str:
    return getattr(options.columns, field) or field


def _lacks(schema: pa.Schema, options: ParquetOptions) -> tuple[str, str] | None:
    """(cause, words) for the first column that has to be there and cannot be read; None when all can."""
    for field in _FIELDS:
        column = _column(options, field)
        if (field != "text" and getattr(options.columns, field) is None) or _readable(schema, column, field):
            continue
        cause, what = ("no_text", " of strings") if field == "text" else ("no_column", f" for `{field}`")
        there = ", ".join(f"{each.name} ({each.type})" if each.name == column else each.name for each in [*schema][:20])
        near = suggestion(column, schema.names) if column not in schema.names else ""
        return cause, f"no column `{column}`{what} among {there}" + (near if "did you" in near else "")
    return None


def _readable(schema: pa.Schema, name: str, field: str) -> bool:
    """Whether there is one column of that name, with strings in it or, for all but the text, numbers or times."""
    if (steps := _steps(schema, name)) is None:
        return False
    kind, types = _stored(_type_at(schema, steps)), pa.types
    if _is_bytes(kind) or types.is_null(kind):
        return True
    return field != "text" and (
        types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind) or types.is_temporal(kind)
        or types.is_fixed_size_binary(kind))


def _steps(fields: pa.Schema | pa.StructType, name: str) -> list[str] | None:
    """The way to a column: its name, or that of a structure, a dot and a field of it. None where none or two are so."""
    names = [each.name for each in fields]
    if names.count(name) == 1:
        return [name]
    for end in (place for place, letter in enumerate(name) if letter == "."):
        inner = fields.field(name[:end]).type if names.count(name[:end]) == 1 else None
        if isinstance(inner, pa.StructType) and (steps := _steps(inner, name[end + 1:])):
            return [name[:end], *steps]
    return None


def _type_at(schema: pa.Schema, steps: Sequence[str]) -> pa.DataType:
    kind = schema.field(steps[0]).type
    for step in steps[1:]:
        kind = kind.field(step).type
    return kind


def _stored(kind: pa.DataType) -> pa.DataType:
    """The type of the values themselves: of a dictionary's, of what an extension is stored as."""
    while isinstance(kind, pa.DictionaryType | pa.BaseExtensionType):
        kind = kind.value_type if isinstance(kind, pa.DictionaryType) else kind.storage_type
    return kind


def _is_bytes(kind: pa.DataType) -> bool:
    """Whether values are strings or bytes, of any length."""
    types = pa.types
    return any(is_one(kind) for is_one in (
        types.is_string, types.is_large_string, types.is_string_view, types.is_binary, types.is_large_binary,
        types.is_binary_view))


def _group(
    file: pq.ParquetFile, group: int, about: RowGroup, row: int, fields: Mapping[str, Sequence[str]], name: str,
    watch: Watch,
    ordinal: int,
) -> Iterator[Record]:
    """The documents of a row group whose first row is the file's number `row`, and the split's number `ordinal`."""
    place = Origin(f"{name}/{row}")
    size = about.column_bytes.get(".".join(fields["text"]), 0)
    if size > MAX_ROW_GROUP_BYTES:
        yield Failed("too_large", f"{name}: row group {group} holds {size:,} bytes of text", place, None,
                     float(size), float(MAX_ROW_GROUP_BYTES))
        return
    if not watch.enter(ordinal):
        yield Failed("worker_died", f"{name}: native code crashed on row group {group}, twice", place)
        return
    try:
        columns = [".".join(steps) for steps in fields.values()]
        for batch in file.iter_batches(_BATCH_ROWS, [group], columns, use_threads=False):
            values = [_values(_column_at(batch, steps), field == "text") for field, steps in fields.items()]
            for cells in zip(*values, strict=True):
                yield _record(dict(zip(fields, cells, strict=True)), f"{name}/{row}")
                row += 1
    except DAMAGE as error:
        yield Failed("damaged_record", f"{name}: row group {group} cannot be read on from row {row} ({error})",
                     Origin(f"{name}/{row}"))


def _column_at(batch: pa.RecordBatch, steps: Sequence[str]) -> pa.Array:
    column = batch.column(batch.schema.get_field_index(steps[0]))
    return pc.struct_field(column, list(steps[1:])) if steps[1:] else column


def _values(column: pa.Array, is_text: bool) -> list[bytes | None]:
    """Strings as the bytes they are, for they may be no UTF-8, other bytes in hexadecimal, all else as written."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if isinstance(column, pa.ExtensionArray):
        is_uuid, column = column.type.extension_name == "arrow.uuid", column.storage
        if is_uuid:
            return [value if value is None else str(uuid.UUID(bytes=value)).encode() for value in column.to_pylist()]
    if not _is_bytes(column.type) and not pa.types.is_fixed_size_binary(column.type):
        column = column.cast(pa.string())
    values = column.cast(pa.large_binary()).to_pylist()
    if is_text or pa.types.is_string(column.type):
        return values
    return [value if value is None or _is_utf8(value) else value.hex().encode() for value in values]


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


def _record(cells: Mapping[str, bytes | None], place: str) -> Record:
    origin, text = Origin(place), cells["text"]
    if text is None:
        return Failed("no_text", f"{place}: its text is null", origin)
    if len(text) > MAX_TEXT_BYTES:
        return Failed("text_too_long", f"{place}: longer than {MAX_TEXT_BYTES} bytes", origin, None,
                      float(len(text)), float(MAX_TEXT_BYTES))
    try:
        found = {field: value.decode() if value else None for field, value in cells.items() if field != "text"}
        written = text.decode()
    except UnicodeDecodeError as error:
        return Failed("invalid_utf8", f"{place}: {error.reason} at byte {error.start}", origin)
    source_id, url = found.get("id"), found.get("url")
    id = document_id("parquet", hashlib.sha256(text).hexdigest() if source_id is None else source_id)
    if not written.strip():
        return Dropped("empty_text", id, url or place, 0.0, 1.0, "<")
    return Document(
        id, written, origin, url, found.get("date"), source_id, found.get("language"), licence=found.get("licence"))
