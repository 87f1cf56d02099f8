"""A corpus or its token shards for other tools: Megatron's indexed dataset, or a folder with a card, which `datasets`
loads.
"""

import csv
import gzip
import json
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from maslin.curation.tokens.card import Tally, card
from maslin.curation.tokens.megatron import write_index
from maslin.curation.tokens.moments import MOMENT, moments
from maslin.manifests.errors import UsageError
from maslin.manifests.files import atomic_path, write_text
from maslin.manifests.manifest import Manifest
from maslin.manifests.soundness import checked
from maslin.manifests.tables import TableWriter, iter_tables, open_table
from maslin.manifests.visible import spreadsheet_cell
from maslin.manifests.workspace import read_manifest

_COPY_BYTES = 1 << 20
_DATE = pa.field("date", MOMENT)
_DTYPES = {"uint16": np.dtype("<u2"), "uint32": np.dtype("<u4")}


@dataclass(frozen=True)
class Exported:
    """The files written; `notes`: what is otherwise in them than in the workspace, in sentences."""

    files: list[Path]
    notes: list[str]


def export_megatron(directory: Path, target: Path) -> Exported:
    """Write `<target>/<name>.bin` and `.idx`, every document one sequence with its end-of-text id, and the tokenizer.

    The ids are the shards' bytes as they lie: uint16, or int32 for a vocabulary beyond 65,536 (ids are below 2^31).
    Raises UsageError when `directory` is no tokens step, or holds held-out documents.
    """
    manifest = manifest_of(directory, ("tokens",))
    summary = manifest.summary
    root = directory.resolve().parent.parent
    name = manifest.name
    tokenizer = root / manifest.inputs["tokenizer"]
    files = [target / f"{name}.bin", target / f"{name}.idx"]
    copies = {
        target / "tokenizer" / entry.path: tokenizer / entry.path
        for entry in (read_manifest(tokenizer).files if tokenizer.is_dir() else [])
    }
    refuse_existing([*files, *copies])
    with atomic_path(files[0]) as temporary, open(temporary, "wb") as sink:
        for path in manifest.parts("tokens"):
            with open(checked(path), "rb") as source:
                shutil.copyfileobj(source, sink, _COPY_BYTES)
    lengths = [
        (table["end"].to_numpy() - table["start"].to_numpy()).astype(np.int32)
        for table in iter_tables(manifest.parts("index"), ["start", "end"])
    ]
    dtype = np.dtype("<u2" if summary["dtype"] == "uint16" else "<i4")
    write_index(files[1], dtype, np.concatenate([np.empty(0, np.int32), *lengths]))
    for path, source in copies.items():
        with atomic_path(path) as temporary:
            shutil.copyfile(checked(source), temporary)
    return Exported([*files, *copies], [])


def export_datasets(directory: Path, target: Path) -> Exported:
    """Write Parquet files below `<target>/data` and a dataset card, so that `datasets.load_dataset(target)` reads them.

    Of documents, `date` becomes a timestamp, null where it names no moment; all else is as it lies. Of token shards a
    row is a document: `id`, `input_ids` with its end-of-text id, `bytes`. Raises UsageError for other steps, and for
    held-out documents.
    """
    manifest = manifest_of(directory, ("documents", "corpus", "tokens"))
    if manifest.kind == "tokens":
        sources = manifest.parts("index")
        files = _files(target, "data/train", ".parquet", len(sources))
        tally = Tally()
        for path, source, binary in zip(files, sources, manifest.parts("tokens"), strict=True):
            tally.rows += _write_ids(target, path, source, binary, manifest)
        return _with_card(manifest, target, tally, files, "data/train-*.parquet", [])
    return _export_documents(manifest, target, "data/train", ".parquet", _write_parquet, [])


def export_jsonl(directory: Path, target: Path) -> Exported:
    """Write gzipped JSON lines and a card: all columns of documents, `date` as ISO 8601 in UTC or null.

    Raises as above.
    """
    manifest = manifest_of(directory, ("documents", "corpus"))
    return _export_documents(manifest, target, "data/train", ".jsonl.gz", _write_jsonl, [])


def export_csv(directory: Path, target: Path) -> Exported:
    """Write CSV (RFC 4180) and a card, for spreadsheets: what one would take for a formula gets a quote before it.

    Raises as above.
    """
    manifest = manifest_of(directory, ("documents", "corpus"))
    return _export_documents(manifest, target, "data/train", ".csv", _write_csv, [
        "Cells that a spreadsheet would take for a formula (they begin with = + - @, a tab or a line end) have a quote "
        "(') before them, texts among them: for training take Parquet or JSON lines, where nothing is changed."])




def _export_documents(
    manifest: Manifest, target: Path, stem: str, suffix: str,
    write: Callable[[Path, Path, Iterable[pa.Table]], None], notes: list[str],
) -> Exported:
    sources = manifest.parts("documents")
    files, tally = _files(target, stem, suffix, len(sources)), Tally()
    for path, source in zip(files, sources, strict=True):
        write(target, path, _counted(source, tally))
    if tally.dates_unread:
        notes = [*notes, f"{tally.dates_unread:,} of {tally.dates:,} dates name no moment and are null in `date`."]
    return _with_card(manifest, target, tally, files, f"{stem}-*{suffix}", notes)


def _files(target: Path, stem: str, suffix: str, number: int) -> list[Path]:
    """Names of the files of as many parts. Raises UsageError when one is there."""
    files = [target / f"{stem}-{part:05d}-of-{number:05d}{suffix}" for part in range(number)]
    refuse_existing([*files, target / "README.md"])
    return files


def _with_card(
    manifest: Manifest, target: Path, tally: Tally, files: list[Path], data_files: str, notes: list[str],
) -> Exported:
    write_text(target / "README.md", card(manifest, tally, data_files, notes))
    return Exported([*files, target / "README.md"], notes)


def _counted(source: Path, tally: Tally) -> Iterator[pa.Table]:
    """The documents of a part with dates as timestamps, a row group at a time, counted; before them an empty table."""
    with open_table(source) as file:
        empty = file.schema_arrow.empty_table()
    for table in chain([empty], iter_tables([source])):
        dates, unread = moments(table["date"])
        tally.rows += table.num_rows
        tally.dates += table.num_rows - table["date"].null_count
        tally.dates_unread += unread
        for name, counter in (("licence", tally.licences), ("language", tally.languages)):
            counter.update({row["values"]: row["counts"] for row in pc.value_counts(table[name]).to_pylist()})
        yield table.set_column(table.schema.get_field_index("date"), _DATE, dates)


def _write_parquet(target: Path, path: Path, tables: Iterable[pa.Table]) -> None:
    tables = iter(tables)
    first = next(tables)
    with TableWriter(target, path.relative_to(target).as_posix(), first.schema) as writer:
        for table in chain([first], tables):
            writer.write(table)


def _write_jsonl(target: Path, path: Path, tables: Iterable[pa.Table]) -> None:
    """Equal rows give equal bytes: no name and no time in gzip's header."""
    with (atomic_path(path) as temporary, open(temporary, "wb") as raw,
          gzip.GzipFile("", "wb", 6, raw, mtime=0) as sink):
        for table in tables:
            for row in table.to_pylist():
                sink.write(json.dumps({**row, "date": _iso(row["date"])}, ensure_ascii=False).encode() + b"\n")


def _write_csv(target: Path, path: Path, tables: Iterable[pa.Table]) -> None:
    """The flat columns; where the raw record lies is left out."""
    with atomic_path(path) as temporary, open(temporary, "w", encoding="utf-8", newline="") as sink:
        writer = csv.writer(sink, lineterminator="\r\n")
        columns: list[str] = []
        for table in tables:
            if not columns:
                columns = [each.name for each in table.schema if not pa.types.is_nested(each.type)]
                writer.writerow(columns)
            for row in table.select(columns).to_pylist():
                cells = {**row, "date": _iso(row["date"])}
                writer.writerow("" if cells[name] is None else spreadsheet_cell(str(cells[name])) for name in columns)


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")


def manifest_of(directory: Path, kinds: tuple[str, ...]) -> Manifest:
    """Of a step directory to export. Raises UsageError when it is of another kind, or holds held-out documents."""
    manifest = read_manifest(directory)
    if manifest.inputs.get("documents", "").startswith("held_out/") or manifest.kind == "held_out":
        raise UsageError(
            f"{directory}: holds held-out documents. They stay where they are: what is trained on elsewhere can no "
            "longer be compared on.")
    if manifest.kind not in kinds:
        raise UsageError(f"{directory}: holds {manifest.kind}; give a directory of {' or '.join(kinds)}.")
    return manifest


def refuse_existing(paths: list[Path]) -> None:
    """Raises UsageError when one of the files is there."""
    for path in paths:
        if path.exists():
            raise UsageError(f"{path}: exists already; give another folder, or remove it.")


def _write_ids(target: Path, path: Path, index: Path, binary: Path, manifest: Manifest) -> int:
    """Ids of a part as lists, a row group of its index at a time; returns its documents."""
    dtype = _DTYPES[manifest.summary["dtype"]]
    schema = pa.schema([
        ("id", pa.string()), ("input_ids", pa.list_(pa.from_numpy_dtype(dtype))), ("bytes", pa.int64())])
    with TableWriter(target, path.relative_to(target).as_posix(), schema) as writer:
        for table in iter_tables([index], ["id", "start", "end", "bytes"]):
            if table.num_rows:
                first, end = table["start"][0].as_py(), table["end"][-1].as_py()
                ids = np.fromfile(checked(binary), dtype, end - first, offset=first * dtype.itemsize)
                offsets = np.append(table["start"].to_numpy(), end) - first
                lists = pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pa.array(ids))
                writer.write(pa.table({"id": table["id"], "input_ids": lists, "bytes": table["bytes"]}))
    return writer.rows
