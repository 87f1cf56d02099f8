"""What is known of a comparison before anything is trained: domains that have nothing to score."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from maslin.manifests.tables import iter_tables
from maslin.manifests.workspace import Mapper, ShardResult, Step, Workspace


def unscored_domains(
    held_out: Mapping[str, Step], evaluation: Mapping[str, Any], workspace: Workspace, mapper: Mapper,
) -> dict[str, int]:
    """Domains of which no document will be scored under the parameters of an evaluation, with how many are held out."""
    counted = mapper(
        partial(_count, workspace, evaluation["split"], evaluation["max_bytes"]), list(held_out.values()),
        "check held-out documents", total=len(held_out), unit="domains")
    return {domain: count["documents"] for domain, count in zip(held_out, counted, strict=True) if not count["scored"]}


def _count(workspace: Workspace, split: str, max_bytes: int, step: Step) -> ShardResult:
    """How many documents a domain holds out, and how many of them can be scored: see `evaluate.choose_documents`."""
    documents = scored = 0
    for table in iter_tables(workspace.manifest(step).parts("documents"), ["text", "split"]):
        sizes = pc.cast(pc.binary_length(table["text"]), pa.int64())
        fits = pc.and_(pc.greater(sizes, 0), pc.less_equal(sizes, max_bytes))
        documents += table.num_rows
        scored += pc.sum(pc.and_(fits, pc.equal(table["split"], split))).as_py() or 0
    return {"documents": documents, "scored": scored}
