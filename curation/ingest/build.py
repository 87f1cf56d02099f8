"""The documents builder: raw inputs → `documents/` and `ledger/`, a shard a split, any number of workers."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from maslin.curation.ingest.crawl.index import SELECTED_SHARD_BYTES, selected_splits
from maslin.curation.ingest.crawl.lists import taken_paths
from maslin.curation.ingest.crawl.paths_table import paths_summary, write_paths
from maslin.curation.ingest.crawl.read import NOT_HAD, CrawlReader, path_splits
from maslin.curation.ingest.crumb import Crumb
from maslin.curation.ingest.records import Document, Dropped, Failed, Record, Split, split_bytes, whole_files
from maslin.curation.ingest.repeated_ids import drop_repeated, find_repeated
from maslin.manifests.counts import Counts, add, sum_counts
from maslin.manifests.identity import record_of
from maslin.manifests.lookup import index_tables
from maslin.manifests.manifest import Manifest
from maslin.manifests.progress import advance
from maslin.manifests.recipe.inputs import InputFile
from maslin.manifests.recipe.sources import Source
from maslin.manifests.tables import (
    DOCUMENTS,
    LEDGER,
    ORIGIN,
    TEXT_PREFIX_CHARACTERS,
    TableWriter,
    ledger_row,
    part_name,
)
from maslin.manifests.workspace import (
    SHARD_MARKERS,
    UNFINISHED,
    Mapper,
    ShardResult,
    Step,
    Workspace,
    commit,
    run_shards,
)

_BATCH_RECORDS = 256
_BATCH_CHARACTERS = 8 << 20


@dataclass(frozen=True)
class _Shard:
    """One task: the splits it reads in turn (all of them under a limit) and the number of its part."""

    directory: Path
    source: str
    index: int
    splits: tuple[Split, ...]
    limit: int | None


def build_documents(
    step: Step, workspace: Workspace, mapper: Mapper, inputs: Sequence[InputFile], source: Source
) -> Manifest:
    """Read a source and commit its documents; returns the manifest.

    The step's parameter `limit`: only that many records are read, in the order of the inputs. The manifest says
    `complete: false` when more than the share `source.max_failed` of them failed, or a path of a crawl was not had.
    """
    limit = step.parameters["limit"]
    directory = workspace.path(step)
    splits, target = _splits(step.name, inputs, source, directory, mapper)
    groups = [tuple(splits)] if limit is not None else _grouped(splits, target)
    shards = [_Shard(directory, step.name, index, group, limit) for index, group in enumerate(groups)]
    total = sum(split.bytes for split in splits)
    results = run_shards(
        directory, partial(_read_shard, source), shards, mapper, f"read {step.name}", total=total, unit="bytes"
    )
    counts = sum_counts((result["counts"] for result in results), "records")
    crawled = [row for result in results for row in result.get("paths", ())]
    paths = {"paths": paths_summary(crawled, source.max_failed)} if source.crawl is not None else {}
    retry = bool(paths) and paths["paths"]["retry"]
    repeated = [] if retry else find_repeated(directory, [result["counts"]["kept"] for result in results])
    rewritten = run_shards(
        directory, drop_repeated, [(directory, step.name, index, ids) for index, ids in repeated], mapper,
        f"drop repeated ids of {step.name}", stage="repeated",
    )
    files = {entry["path"]: entry for result in chain(results, rewritten) for entry in result["files"]}
    text_bytes = [result["text_bytes"] for result in results]
    for (index, ids), result in zip(repeated, rewritten, strict=True):
        text_bytes[index] = result["text_bytes"]
        counts.kept -= len(ids)
        add(counts.dropped, "same_identity", len(ids))
    counts.check_conservation(step.directory)
    if not retry:
        index_tables(directory, ("documents", "ledger"), list(files.values()), mapper, f"index {step.name}")
    notes: dict[str, int] = {}
    for result in results:
        for note, times in result["notes"].items():
            add(notes, note, times)
    input_bytes = sum(row["bytes"] or 0 for row in crawled) if paths else sum(file.bytes for file in inputs)
    failed = counts.failed_in_all - counts.failed.get(NOT_HAD, 0)
    return commit(
        directory, step, [*files.values(), *([write_paths(directory, crawled)] if paths else [])], counts=counts,
        sizes={"input_bytes": input_bytes, "text_bytes": sum(text_bytes)}, summary={"notes": notes, **paths},
        complete=failed <= source.max_failed * counts.read and not (paths and paths["paths"]["not_had"]),
        measured={"cpu_seconds": round(sum(result["cpu_seconds"] for result in results), 3)}, keep_shards=retry,
    )


def _splits(
    name: str, inputs: Sequence[InputFile], source: Source, directory: Path, mapper: Mapper,
) -> tuple[list[Split], int]:
    """What is read, and how many bytes of neighbours go together into a shard: of a crawl each path is one."""
    if source.crawl is not None and source.crawl.select is not None:
        return selected_splits(directory, name, source.crawl, inputs, mapper), SELECTED_SHARD_BYTES
    if source.crawl is not None:
        return path_splits(taken_paths(inputs, source.crawl), source.crawl), 0
    return (source.declared.splits or whole_files)(inputs, source.options), split_bytes(inputs)


def _grouped(splits: Sequence[Split], target: int) -> list[tuple[Split, ...]]:
    """Neighbouring splits together up to the bytes a shard aims at: many small archives are not as many shards."""
    groups: list[tuple[Split, ...]] = []
    filled = 0
    for split in splits:
        if groups and filled + split.bytes <= target:
            groups[-1] += (split,)
            filled += split.bytes
        else:
            groups.append((split,))
            filled = split.bytes
    return groups


def _read_shard(source: Source, shard: _Shard) -> ShardResult:
    """Write the documents and the ledger of a shard."""
    began = time.process_time()
    counts = Counts("records")
    notes: dict[str, int] = {}
    seen: set[str] = set()
    text_bytes = 0
    with ExitStack() as stack:
        crumb = stack.enter_context(Crumb(shard.directory / SHARD_MARKERS / f"crumb-{shard.index:05d}"))
        part = part_name(shard.index)
        documents = stack.enter_context(TableWriter(shard.directory, f"documents/{part}", DOCUMENTS))
        ledger = stack.enter_context(TableWriter(shard.directory, f"ledger/{part}", LEDGER))
        watch = _Watch(crumb)
        crawl = None if source.crawl is None else CrawlReader(source.crawl, shard.directory / SHARD_MARKERS)
        for batch in _batches(_records(source, shard, watch, source.declared.read if crawl is None else crawl.read)):
            kept: list[Document] = []
            rows: list[dict[str, Any]] = []
            for record in batch:
                counts.read += 1
                if isinstance(record, Document) and record.id in seen:
                    record = Dropped("same_identity", record.id, record.url or record.origin.file, text=record.text)
                if isinstance(record, Document):
                    seen.add(record.id)
                    kept.append(record)
                    for note in record.notes:
                        name, _, times = note.partition(":")
                        add(notes, name, int(times or 1))
                elif isinstance(record, Dropped):
                    add(counts.dropped, record.cause)
                    if record.id is not None:
                        rows.append(_dropped_row(shard.source, record))
                else:
                    add(counts.failed, record.cause)
                    rows.append(_failed_row(shard.source, record))
            table = _table(shard.source, kept)
            text_bytes += pc.sum(pc.binary_length(table["text"])).as_py() or 0
            documents.write(table)
            ledger.write_rows(rows)
            counts.kept += len(kept)
            advance(watch.newly_read(), len(kept), len(batch) - len(kept))
        if shard.limit is None:
            advance(sum(split.bytes for split in shard.splits) - watch.reported)
    of_crawl = {} if crawl is None else {"paths": crawl.paths, UNFINISHED: any(row[NOT_HAD] for row in crawl.paths)}
    return {
        "files": [documents.entry, ledger.entry], "counts": counts.to_json(), "notes": notes,
        "text_bytes": text_bytes,
        "cpu_seconds": time.process_time() - began, **of_crawl,
    }


class _Watch:
    """Passes a reader's numbers on to the crumb and the progress line, over several splits."""

    def __init__(self, crumb: Crumb) -> None:
        self._crumb = crumb
        self._split = -1
        self._bytes_before = self._bytes = 0
        self.reported = 0

    def next_split(self, bytes_before: int) -> None:
        self._split += 1
        self._bytes_before = self._bytes = bytes_before

    def enter(self, ordinal: int) -> bool:
        return self._crumb.enter(self._split << 40 | ordinal)

    def reached(self, done: int) -> None:
        self._bytes = self._bytes_before + done

    def newly_read(self) -> int:
        """Bytes read since this was last asked."""
        new = max(0, self._bytes - self.reported)
        self.reported += new
        return new


def _records(source: Source, shard: _Shard, watch: _Watch, read: Callable[..., Any]) -> Iterator[Record]:
    left, last = shard.limit, ""
    bytes_before = 0
    for split in shard.splits:
        watch.next_split(bytes_before)
        records = read(split, source.options, watch)
        if left is None:
            yield from records
        else:
            for record in records:
                id = record.id or ""
                left -= id == last or not id or record_of(id) != record_of(last)  # not for each variant of a record
                if left < 0:
                    records.close()
                    return
                last = id
                yield record
        bytes_before += split.bytes


def _batches(records: Iterator[Record]) -> Iterator[list[Record]]:
    """Lists of records, bounded in number and text, so that memory is bounded too."""
    batch: list[Record] = []
    characters = 0
    for record in records:
        batch.append(record)
        characters += 0 if isinstance(record, Failed) else len(record.text)
        if len(batch) == _BATCH_RECORDS or characters >= _BATCH_CHARACTERS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch


def _table(source: str, documents: Sequence[Document]) -> pa.Table:
    origins = [document.origin for document in documents]
    origin = pa.StructArray.from_arrays(
        [
            _strings(origin.file for origin in origins),
            pa.array([origin.offset for origin in origins], pa.int64()),
            pa.array([origin.length for origin in origins], pa.int64()),
        ],
        fields=list(ORIGIN),
    )
    columns = {
        "id": _strings(document.id for document in documents),
        "source_id": _strings(document.source_id for document in documents),
        "text": _strings(normalised_text(document.text) for document in documents),
        "source": pa.array([source] * len(documents), pa.string()),
        "url": _strings(document.url for document in documents),
        "date": _strings(document.date for document in documents),
        "language": _strings(document.language for document in documents),
        "language_score": pa.array([document.language_score for document in documents], pa.float64()),
        "licence": _strings(document.licence for document in documents),
        "origin": origin,
        "notes": pa.array([document.notes or None for document in documents], pa.list_(pa.string())),
        "extractor": _strings(document.extractor for document in documents),
    }
    return pa.table([columns[name] for name in DOCUMENTS.names], schema=DOCUMENTS)


def _strings(values: Iterable[str | None]) -> pa.Array:
    found = list(values)
    try:
        return pa.array(found, pa.string())
    except UnicodeEncodeError:
        return pa.array([value if value is None else valid_unicode(value) for value in found], pa.string())


def normalised_text(text: str) -> str:
    """The text as corpora hold it: line feeds for CRLF, no NUL, no lone surrogates; otherwise untouched (no NFC)."""
    if "\r" in text:  # one character is found ten times as fast as two
        text = text.replace("\r\n", "\n")
    return text.replace("\0", "") if "\0" in text else text


def valid_unicode(text: str) -> str:
    """Surrogate pairs joined, lone surrogates replaced by U+FFFD."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _dropped_row(source: str, record: Dropped) -> dict[str, Any]:
    return ledger_row(
        str(record.id), source, 0, "documents", record.cause, value=record.value, threshold=record.threshold,
        op=record.op, detail=record.detail and valid_unicode(record.detail), text=_prefix(record.text),
        survivor_id=record.id if record.cause == "same_identity" else None,
    )


def _failed_row(source: str, record: Failed) -> dict[str, Any]:
    place = record.origin.file if record.origin.offset is None else f"{record.origin.file} at {record.origin.offset}"
    return ledger_row(
        record.ledger_id, source, 0, "documents", record.cause, action="fail", value=record.value,
        threshold=record.threshold, detail=valid_unicode(f"{place}: {record.detail}"),
    )


def _prefix(text: str) -> str:
    return valid_unicode(normalised_text(text[:2 * TEXT_PREFIX_CHARACTERS]))
