"""Documents of the same URL: all but the newest leave, as in C4's URL deduplication."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from maslin.curation.dedup.near import Found, Search, read_found
from maslin.curation.dedup.sketches import text_hashes, work_path
from maslin.curation.stages import StageShard, iter_surviving
from maslin.curation.text.c4_urls import normalised
from maslin.manifests.files import atomic_path, file_entry
from maslin.manifests.progress import advance
from maslin.manifests.steps.c4 import C4UrlDedup
from maslin.manifests.workspace import ShardResult, run_shards

_KEYS = pa.schema([
    ("id", pa.string()), ("url", pa.string()), ("high", pa.uint64()), ("low", pa.uint64()), ("date", pa.string())])
OLDER = pa.schema([("id", pa.string()), ("survivor_id", pa.string()), ("detail", pa.string())])


@dataclass(frozen=True)
class UrlTask:
    directory: Path
    output: Path
    shard: StageShard


def find_older(search: Search, shards: Sequence[StageShard], _: C4UrlDedup) -> Found:
    """Documents to drop, one file (OLDER) a shard, with their normalised URL.

    Of the documents with one normalised URL the one with the newest date stays (dates compare as strings, none is the
    oldest); of several the first in the order of the shards. Documents without a URL all stay.
    """
    tasks = [
        UrlTask(search.directory, work_path(search.directory, "urls", "keys", index, "arrow"), shard)
        for index, shard in enumerate(shards)
    ]
    run_shards(search.directory, hash_urls, tasks, search.mapper, search.label, stage="urls", total=search.total,
               unit="documents")
    tables = [read_found(task.output) for task in tasks]
    rows = pa.concat_tables([_KEYS.empty_table(), *tables])
    rows = rows.append_column("position", pa.array(np.arange(rows.num_rows)))
    order = pc.sort_indices(rows, [
        ("high", "ascending"), ("low", "ascending"), ("date", "descending"), ("position", "ascending")]).to_numpy()
    high, low = (rows[name].to_numpy()[order] for name in ("high", "low"))
    new = np.ones(len(order), bool)
    new[1:] = (high[1:] != high[:-1]) | (low[1:] != low[:-1])
    survivor = np.empty(len(order), np.int64)
    survivor[order] = order[np.maximum.accumulate(np.where(new, np.arange(len(order)), 0))]
    paths, begin = [], 0
    for index, table in enumerate(tables):
        here = np.arange(begin, begin + table.num_rows)
        left = here[survivor[here] != here]
        found = pa.table(
            [rows["id"].take(left), rows["id"].take(survivor[left]), rows["url"].take(left)], schema=OLDER)
        paths.append(work_path(search.directory, "urls", "older", index, "arrow"))
        _write(paths[-1], found)
        begin += table.num_rows
    return Found(paths, {})


def hash_urls(task: UrlTask) -> ShardResult:
    """id, normalised URL with its hash, and date of every document that has a URL."""
    parts = []
    for table in iter_surviving(task.shard, ["id", "url", "date"]):
        advance(table.num_rows)
        table = table.filter(pc.is_valid(table["url"]))
        urls = pa.chunked_array([pa.array(map(normalised, table["url"].to_pylist()), pa.string())])
        parts.append(pa.table([table["id"], urls, *text_hashes(urls), pc.fill_null(table["date"], "")], schema=_KEYS))
    _write(task.output, pa.concat_tables([_KEYS.empty_table(), *parts]))
    return {"files": [file_entry(task.directory, task.output)]}


def _write(path: Path, table: pa.Table) -> None:
    with atomic_path(path) as temporary, pa.OSFile(str(temporary), "wb") as sink, pa.ipc.new_file(
            sink, table.schema) as writer:
        writer.write_table(table)
