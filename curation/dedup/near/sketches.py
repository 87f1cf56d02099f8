"""What deduplication remembers of each document: its id, a hash of its text and, for near-duplicates, LSH band keys.

One Arrow file a shard, below the `.shards/` of the step that asks, in *runs*: record batches of some 260,000 documents.
In a run ids lie as the documents do; the text hashes, and each band's keys, lie sorted, each with the row it is of. So
a range of keys is a slice of every run, read through a memory map: no more of a corpus is in memory than what is asked.

Documents are *numbered* through all shards as they lie: int64, whatever their ids.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from maslin.curation.dedup.near import minhash
from maslin.curation.dedup.near.lsh import lsh_parameters
from maslin.curation.dedup.words import split_words
from maslin.curation.stages import StageShard, iter_surviving
from maslin.manifests.files import atomic_path, file_entry
from maslin.manifests.progress import advance
from maslin.manifests.steps.dedup import NearDedup
from maslin.manifests.workspace import SHARD_MARKERS, Mapper, ShardResult, run_shards

RUN_DOCUMENTS = 1 << 18
TEXT = "text"  # the key whose equality is equal text, beside the bands


def band_name(band: int) -> str:
    return f"band_{band}"


def work_path(directory: Path, stage: str, what: str, index: int, suffix: str) -> Path:
    """A working file of a pass over a step directory; it goes when the step is committed."""
    return directory / SHARD_MARKERS / f"{stage}-{what}-{index:05d}.{suffix}"


def mapped(path: Path, kind: Any, length: int) -> np.ndarray:
    """A new array of zeros in a working file: of it the system keeps in memory what there is room for, and pages that
    nothing is written to take no disk.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    return np.asarray(np.memmap(path, kind, "w+", shape=length)) if length else np.zeros(0, kind)


@dataclass(frozen=True)
class SketchTask:
    directory: Path
    output: Path
    shard: StageShard
    near: dict[str, Any] | None  # NearDedup's parameters; None: text hashes only


def sketch_shards(
    directory: Path, stage: str, shards: Sequence[StageShard], near: NearDedup | None, mapper: Mapper, label: str,
    total: int | None = None,
) -> tuple[list[Path], int]:
    """Sketch every shard's surviving documents once; returns the files, one a shard, and how many have no shingle."""
    tasks = [
        SketchTask(directory, work_path(directory, stage, "sketch", index, "arrow"), shard,
                   asdict(near) if near else None)
        for index, shard in enumerate(shards)
    ]
    results = run_shards(
        directory, sketch_shard, tasks, mapper, label, stage=f"{stage}-sketch", total=total, unit="documents")
    return [task.output for task in tasks], sum(result["short"] for result in results)


def sketch_shard(task: SketchTask) -> ShardResult:
    near = NearDedup(**task.near) if task.near else None
    keys = [TEXT, *(band_name(band) for band in range(lsh_parameters(near).bands if near else 0))]
    schema = pa.schema([
        ("id", pa.string()), ("text_low", pa.uint64()), ("has_shingle", pa.uint8()),
        *((f"{key}{end}", kind) for key in keys for end, kind in (("", pa.uint64()), ("_row", pa.uint32()))),
    ])
    short = 0
    with atomic_path(task.output) as temporary, pa.OSFile(str(temporary), "wb") as sink, pa.ipc.new_file(
            sink, schema) as writer:
        waiting: list[tuple[pa.ChunkedArray, list[np.ndarray]]] = []
        for table in iter_surviving(task.shard, ["id", "text"]):
            waiting.append((table["id"], _sketch(table, near)))
            short += int(np.count_nonzero(waiting[-1][1][1] == 0))
            if sum(len(ids) for ids, _ in waiting) >= RUN_DOCUMENTS:
                writer.write_batch(_run(waiting, schema))
                waiting = []
            advance(table.num_rows)
        writer.write_batch(_run(waiting, schema))
    return {"files": [file_entry(task.directory, task.output)], "short": short}


def _sketch(table: pa.Table, near: NearDedup | None) -> list[np.ndarray]:
    """By document: the low half of its text's hash, whether it has a shingle, and its keys: the high half, bands."""
    high, low = text_hashes(table["text"])
    if near is None:
        return [low, np.zeros(len(low), np.uint8), high]
    chosen = lsh_parameters(near)
    hashes, offsets = minhash.shingle_hashes(split_words(table["text"], near.words), near.shingle_words)
    values = minhash.signatures(hashes, offsets, chosen.multipliers, chosen.addends)
    keys = minhash.band_keys(values, chosen.bands, chosen.rows)
    return [low, (np.diff(offsets) > 0).astype(np.uint8), high, *keys.T]


def _run(waiting: list[tuple[pa.ChunkedArray, list[np.ndarray]]], schema: pa.Schema) -> pa.RecordBatch:
    if not waiting:
        return pa.RecordBatch.from_pylist([], schema=schema)
    low, has_shingle, *keys = (np.concatenate(column) for column in zip(*(each for _, each in waiting), strict=True))
    ids = [chunk for ids, _ in waiting for chunk in ids.chunks]  # none where all rows of a group had left before
    columns: list[Any] = [
        pa.concat_arrays([pa.array([], pa.string()), *ids]).cast(pa.string()), low, has_shingle]
    for key in keys:
        order = np.argsort(key, kind="stable")
        columns += [key[order], order.astype(np.uint32)]
    return pa.RecordBatch.from_arrays(
        [column if isinstance(column, pa.Array) else pa.array(column) for column in columns], schema=schema)


def text_hashes(texts: pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    """xxh3-128 of each text's UTF-8 bytes, as two uint64 arrays; null is the empty text."""
    digests = b"".join(xxhash.xxh3_128_digest(data or b"") for data in texts.cast(pa.binary()).to_pylist())
    halves = np.frombuffer(digests, ">u8").astype(np.uint64).reshape(-1, 2)
    return halves[:, 0].copy(), halves[:, 1].copy()


@dataclass(frozen=True)
class Sketches:
    """The sketches of several shards: `paths`, of which the first `reference_shards` are of references."""

    paths: tuple[Path, ...]
    reference_shards: int = 0

    def open(self) -> "OpenSketches":
        return OpenSketches(self)


class OpenSketches:
    """Sketches as they lie, mapped. `shards`: int64 [shards + 1], the numbers at which each one's documents begin."""

    def __init__(self, sketches: Sketches) -> None:
        self._runs: list[pa.RecordBatch] = []
        begins, shards = [0], [0]
        for path in sketches.paths:
            file = pa.ipc.open_file(pa.memory_map(str(path)))
            for run in map(file.get_batch, range(file.num_record_batches)):
                self._runs.append(run)
                begins.append(begins[-1] + run.num_rows)
            shards.append(begins[-1])
        self._begins, self.shards = np.array(begins, np.int64), np.array(shards, np.int64)
        self.references = int(self.shards[sketches.reference_shards])

    def __len__(self) -> int:
        return int(self.shards[-1])

    def column(self, name: str) -> Iterator[np.ndarray]:
        """A column of numbers, a run at a time; it cannot be written."""
        return (run.column(name).to_numpy() for run in self._runs)

    def part(self, key: str, part: int, parts: int) -> tuple[np.ndarray, np.ndarray]:
        """(keys uint64, documents int64) of one of `parts` equal ranges of all keys, a sorted piece after the other."""
        low, high = (-(-(each << 64) // parts) for each in (part, part + 1))
        keys, documents = [np.zeros(0, np.uint64)], [np.zeros(0, np.int64)]
        for begin, every, rows in zip(self._begins, self.column(key), self.column(f"{key}_row"), strict=False):
            first = np.searchsorted(every, np.uint64(low))
            end = len(every) if part == parts - 1 else np.searchsorted(every, np.uint64(high))
            keys.append(every[first:end])
            documents.append(rows[first:end] + begin)
        return np.concatenate(keys), np.concatenate(documents)

    def values(self, name: str, documents: np.ndarray) -> np.ndarray:
        """A column that lies as the documents do, for these documents."""
        order, cuts = self._by_run(documents)
        taken = np.empty(len(documents), np.uint64)
        for begin, column, (first, end) in zip(self._begins, self.column(name), pairwise(cuts), strict=False):
            taken[order[first:end]] = column[documents[order[first:end]] - begin]
        return taken

    def ids(self, documents: np.ndarray) -> pa.Array:
        """Their ids, in the order of `documents`."""
        order, cuts = self._by_run(documents)
        pieces = [pa.array([], pa.string())]
        for begin, run, (first, end) in zip(self._begins, self._runs, pairwise(cuts), strict=False):
            if first < end:
                pieces.append(run.column("id").take(pa.array(documents[order[first:end]] - begin)))
        back = np.empty(len(order), np.int64)
        back[order] = np.arange(len(order))
        return pa.concat_arrays(pieces).take(pa.array(back))

    def ordered(self, documents: np.ndarray, *before: np.ndarray) -> np.ndarray:
        """Indices into `documents`: by `before`, columns beside it, then references first, then in ascending id."""
        columns = [*before, documents >= self.references, self.ids(documents)]
        table = pa.table(columns, names=[str(number) for number in range(len(columns))])
        return pc.sort_indices(table, [(name, "ascending") for name in table.column_names]).to_numpy().astype(np.int64)

    def _by_run(self, documents: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        order = np.argsort(documents, kind="stable")
        return order, np.searchsorted(documents[order], self._begins)
