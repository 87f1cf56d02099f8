"""Texts of one page by several extractors: all but the first of those that are still there leave."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from maslin.curation.dedup.equal.batches import write_arrow
from maslin.curation.dedup.near.search import Found, Search
from maslin.curation.dedup.near.sketches import work_path
from maslin.curation.stages import StageShard, iter_surviving
from maslin.manifests.files import file_entry
from maslin.manifests.identity import record_of
from maslin.manifests.progress import advance
from maslin.manifests.steps.dedup import OneExtractor
from maslin.manifests.workspace import ShardResult, run_shards

OTHERS = pa.schema([("id", pa.string()), ("survivor_id", pa.string()), ("detail", pa.string())])


@dataclass(frozen=True)
class OthersTask:
    directory: Path
    output: Path
    shard: StageShard


def find_others(search: Search, shards: Sequence[StageShard], _: OneExtractor) -> Found:
    """Documents to drop, one file (OTHERS) a shard, with the extractor whose text stays.

    The texts of a page are in one shard, and of those that are there the one with the smallest id stays.
    """
    tasks = [
        OthersTask(search.directory, work_path(search.directory, "extractors", "others", index, "arrow"), shard)
        for index, shard in enumerate(shards)
    ]
    run_shards(search.directory, find_in_shard, tasks, search.mapper, search.label, stage="extractors",
               total=search.total, unit="documents")
    return Found([task.output for task in tasks], {})


def find_in_shard(task: OthersTask) -> ShardResult:
    first: dict[str, tuple[str, str | None]] = {}
    ids: list[str] = []
    for table in iter_surviving(task.shard, ["id", "extractor"]):
        advance(table.num_rows)
        for id, extractor in zip(table["id"].to_pylist(), table["extractor"].to_pylist(), strict=True):
            ids.append(id)
            record = record_of(id)
            first[record] = min(first.get(record, (id, extractor)), (id, extractor), key=lambda named: named[0])
    left = [(id, *first[record_of(id)]) for id in ids if first[record_of(id)][0] != id]
    rows = pa.Table.from_pylist([dict(zip(OTHERS.names, row, strict=True)) for row in left], schema=OTHERS)
    write_arrow(task.output, rows)
    return {"files": [file_entry(task.directory, task.output)]}
