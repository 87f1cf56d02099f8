"""What deduplication remembers of each document: its id, a hash of its text and, for near-duplicates, LSH band keys.

One Arrow file a shard, in the shard's row order, below the `.shards/` of the step that asks; read back column by column
through memory maps, so that the global acts hold about 60 bytes a document and never texts.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from maslin.curation.dedup import minhash
from maslin.curation.dedup.lsh import lsh_parameters
from maslin.curation.dedup.words import split_words
from maslin.curation.stages import StageShard, iter_surviving
from maslin.manifests.files import atomic_path, file_entry
from maslin.manifests.progress import advance
from maslin.manifests.steps.dedup import NearDedup
from maslin.manifests.workspace import SHARD_MARKERS, Mapper, ShardResult, run_shards

_TEXT_HASH = [("text_high", pa.uint64()), ("text_low", pa.uint64())]


def band_column(band: int) -> str:
    return f"band_{band}"


def work_path(directory: Path, stage: str, what: str, index: int, suffix: str) -> Path:
    """A working file of a pass over a step directory; it goes when the step is committed."""
    return directory / SHARD_MARKERS / f"{stage}-{what}-{index:05d}.{suffix}"


@dataclass(frozen=True)
class SketchTask:
    directory: Path
    output: Path
    shard: StageShard
    near: dict[str, Any] | None  # NearDedup's parameters; None: text hashes only


def sketch_shards(
    directory: Path, stage: str, shards: Sequence[StageShard], near: NearDedup | None, mapper: Mapper, label: str,
    total: int | None = None,
) -> list[Path]:
    """Sketch every shard's surviving documents once; returns the files, one a shard."""
    tasks = [
        SketchTask(directory, work_path(directory, stage, "sketch", index, "arrow"), shard,
                   asdict(near) if near else None)
        for index, shard in enumerate(shards)
    ]
    run_shards(directory, sketch_shard, tasks, mapper, label, stage=f"{stage}-sketch", total=total, unit="documents")
    return [task.output for task in tasks]


def sketch_shard(task: SketchTask) -> ShardResult:
    near = NearDedup(**task.near) if task.near else None
    bands = lsh_parameters(near).bands if near else 0
    schema = pa.schema([
        ("id", pa.string()), *_TEXT_HASH, ("shingles", pa.int64()),
        *((band_column(band), pa.uint64()) for band in range(bands)),
    ])
    rows = 0
    with atomic_path(task.output) as temporary, pa.OSFile(str(temporary), "wb") as sink, pa.ipc.new_file(
            sink, schema) as writer:
        for table in iter_surviving(task.shard, ["id", "text"]):
            writer.write_table(_sketch(table, near, schema))
            rows += table.num_rows
            advance(table.num_rows)
    return {"files": [file_entry(task.directory, task.output)], "rows": rows}


def _sketch(table: pa.Table, near: NearDedup | None, schema: pa.Schema) -> pa.Table:
    texts = table["text"]
    high, low = text_hashes(texts)
    columns = [table["id"], high, low]
    if near is None:
        return pa.table([*columns, np.zeros(len(texts), np.int64)], schema=schema)
    chosen = lsh_parameters(near)
    hashes, offsets = minhash.shingle_hashes(split_words(texts, near.words), near.shingle_words)
    values = minhash.signatures(hashes, offsets, chosen.multipliers, chosen.addends)
    keys = minhash.band_keys(values, chosen.bands, chosen.rows)
    columns += [np.diff(offsets), *np.ascontiguousarray(keys.T)]
    return pa.table(columns, schema=schema)


def text_hashes(texts: pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    """xxh3-128 of each text's UTF-8 bytes, as two uint64 arrays; null is the empty text."""
    digests = b"".join(xxhash.xxh3_128_digest(data or b"") for data in texts.cast(pa.binary()).to_pylist())
    halves = np.frombuffer(digests, ">u8").astype(np.uint64).reshape(-1, 2)
    return halves[:, 0].copy(), halves[:, 1].copy()


class Sketches:
    """The sketches of several shards in *positions*: references in ascending id, then queries in ascending id.

    `references` shards come first in `paths`. Rows count through the shards as they lie; `order[position]` is the row.
    """

    def __init__(self, paths: Sequence[Path], references: int = 0) -> None:
        self._tables = [pa.ipc.open_file(pa.memory_map(str(path))).read_all() for path in paths]
        self.ends = np.cumsum([0, *(table.num_rows for table in self._tables)], dtype=np.int64)
        self.reference_shards = references
        self.references = int(self.ends[references])
        self._ids = pa.chunked_array(
            [chunk.cast(pa.large_string()) for table in self._tables for chunk in table["id"].chunks],
            pa.large_string())
        self.order = np.concatenate([
            pc.sort_indices(self._ids[:self.references]).to_numpy(),
            pc.sort_indices(self._ids[self.references:]).to_numpy() + np.uint64(self.references),
        ]).astype(np.int64)

    def __len__(self) -> int:
        return len(self.order)

    def column(self, name: str) -> np.ndarray:
        """A column of numbers, by position."""
        parts = [chunk.to_numpy() for table in self._tables for chunk in table[name].chunks]
        return np.concatenate(parts)[self.order] if parts else np.zeros(0, np.uint64)

    def ids(self, positions: np.ndarray) -> pa.Array:
        taken = self._ids.take(pa.array(self.order[positions], pa.int64())).cast(pa.string())
        return pa.concat_arrays(taken.chunks) if taken.num_chunks else pa.array([], pa.string())

    def by_shard(self, positions: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
        """For each shard, of those of `positions` that lie in it: indices into `positions`, and row numbers there.

        In ascending row number.
        """
        rows = self.order[positions]
        sorted_by_row = np.argsort(rows)
        cuts = np.searchsorted(rows[sorted_by_row], self.ends)
        pieces = []
        for shard in range(len(self._tables)):
            which = sorted_by_row[cuts[shard]:cuts[shard + 1]]
            pieces.append((which, rows[which] - self.ends[shard]))
        return pieces
