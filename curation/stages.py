"""The stages of a corpus's way: which documents a step reads, shard by shard, when dedup steps lie in between.

A segment writes its survivors; a dedup step writes only a ledger. The surviving documents of a stage are therefore
the `documents/` of the nearest step that has them, minus the ids in the ledgers of the dedup steps after it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from maslin.manifests.tables import open_table, read_table
from maslin.manifests.workspace import Step, Workspace


@dataclass(frozen=True)
class StageShard:
    """One shard of a stage: a Parquet file of documents, and the ledgers whose ids are no longer there."""

    path: Path
    drop_ids_paths: tuple[Path, ...] = ()


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
    dedup_steps = []
    while step.kind == "dedup":
        dedup_steps.insert(0, step)
        step = previous(step)  # type: ignore[assignment]  # a dedup step always reads a stage
    return [
        StageShard(path, tuple(workspace.path(dedup) / "ledger" / path.name for dedup in dedup_steps))
        for path in workspace.manifest(step).parts("documents")
    ]


def iter_surviving(shard: StageShard, columns: list[str] | None = None) -> Iterator[pa.Table]:
    """The surviving rows of a shard, row group by row group: bounded memory. A table may be empty."""
    drop_ids = pa.concat_arrays(
        [pa.array([], pa.string())]
        + [chunk for path in shard.drop_ids_paths for chunk in read_table(path, ["id"])["id"].chunks]
    )
    wanted = None if columns is None else list(dict.fromkeys(["id", *columns]))
    with open_table(shard.path) as file:
        for index in range(file.num_row_groups):
            table = file.read_row_group(index, columns=wanted)
            if len(drop_ids):
                table = table.filter(pc.invert(pc.is_in(table["id"], value_set=drop_ids)))
            yield table if columns is None else table.select(columns)
