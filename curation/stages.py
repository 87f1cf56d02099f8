"""The stages of a corpus's way: which documents a step reads, shard by shard, whatever segments and dedups lie before.

No stage writes documents again. A segment writes which rows of the extracted documents it keeps and what it changed of
them (`survivors.py`), a dedup step who leaves. The documents of a stage are those extracted, with this applied.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from maslin.curation.survivors import Changes
from maslin.manifests.tables import open_table, read_table
from maslin.manifests.workspace import Step, Workspace


@dataclass(frozen=True)
class Dropped:
    """What a dedup step did to a shard: the ledger whose ids are no longer there."""

    ledger: Path


@dataclass(frozen=True)
class Curated:
    """What a segment did to a shard: the rows it keeps, and its edits."""

    survivors: Path
    edits: Path


@dataclass(frozen=True)
class StageShard:
    """One shard of a stage: a Parquet file of documents, and what stages did to them, in their order."""

    path: Path
    done: tuple[Dropped | Curated, ...] = ()


def previous(step: Step) -> Step | None:
    """The stage that `step` (segment or dedup) reads; None for a step that reads no stage (documents)."""
    if step.kind not in ("segment", "dedup"):
        return None
    stage = step.via.get("previous") or step.inputs["documents"]
    assert isinstance(stage, Step)
    return stage


def chain(step: Step) -> list[Step]:
    """Every stage from the extracted documents to `step`, in the order they run."""
    stages = [step]
    while (before := previous(stages[0])) is not None:
        stages.insert(0, before)
    return stages


def surviving(step: Step, workspace: Workspace) -> list[StageShard]:
    """The surviving documents after `step` (documents, segment, dedup, held_out or corpus), one entry a shard.

    Every step on the way must be complete; raises UsageError otherwise.
    """
    first, *stages = chain(step)
    for stage in stages:
        workspace.manifest(stage)
    return [
        StageShard(path, tuple(_done(stage, workspace, path.name) for stage in stages))
        for path in workspace.manifest(first).parts("documents")
    ]


def _done(stage: Step, workspace: Workspace, part: str) -> Dropped | Curated:
    directory = workspace.path(stage)
    if stage.kind == "dedup":
        return Dropped(directory / "ledger" / part)
    return Curated(directory / "survivors" / part, directory / "edits" / part)


def iter_surviving(shard: StageShard, columns: list[str] | None = None) -> Iterator[pa.Table]:
    """The surviving rows of a shard, a row group of its documents at a time: bounded memory. A table may be empty."""
    for _, table in iter_rows(shard, columns):
        yield table


def iter_rows(shard: StageShard, columns: list[str] | None = None) -> Iterator[tuple[np.ndarray, pa.Table]]:
    """As `iter_surviving`, with the rows of the shard's documents (int64) that the table's rows are."""
    wanted = None if columns is None else list(dict.fromkeys(["id", *columns]))
    done = [_read(each, wanted) for each in shard.done]
    first = 0
    with open_table(shard.path) as file:
        for index in range(file.num_row_groups):
            table = file.read_row_group(index, columns=wanted)
            rows = np.arange(first, first + table.num_rows)
            first += table.num_rows
            for each in done:
                if isinstance(each, Changes):
                    rows, table = each.apply(rows, table)
                elif len(each):
                    stays = pc.invert(pc.is_in(table["id"], value_set=each))
                    rows, table = rows[np.asarray(stays)], table.filter(stays)
            yield rows, table if columns is None else table.select(columns)


def _read(done: Dropped | Curated, columns: list[str] | None) -> Changes | pa.Array:
    if isinstance(done, Curated):
        return Changes(done.survivors, done.edits, columns)
    return pa.concat_arrays([pa.array([], pa.string()), *read_table(done.ledger, ["id"])["id"].chunks])
