"""Equal ids inside a source: found over all shards in bounded memory, and all but the first dropped.

A shard drops its own repetitions while it is read; here only the first document of each id and shard is looked at.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from maslin.manifests.tables import DOCUMENTS, LEDGER, TableWriter, iter_tables, ledger_row, part_name
from maslin.manifests.workspace import ShardResult

_IDS_AT_ONCE = 8_000_000
_ID_CHARACTERS = 32
_ELSEWHERE = " (the first is in an earlier part)"


def find_repeated(directory: Path, kept: Sequence[int]) -> list[tuple[int, list[str]]]:
    """(shard, ids it must drop because an earlier shard has them), for the shards of which there are any.

    `kept`: documents of each shard. Ids are uniform hashes, so a pass over those of one range of values holds its part
    of all ids only; there are as many passes as keep memory bounded.
    """
    passes = max(1, -(-sum(kept) // _IDS_AT_ONCE))
    found: dict[int, list[str]] = {}
    for number in range(passes):
        ids, shards = _ids_in_range(directory, kept, number, passes)
        order = np.argsort(ids, kind="stable")  # stable: of equal ids the first in split order stays in front
        ids, shards = ids[order], shards[order]
        again = np.flatnonzero(ids[1:] == ids[:-1]) + 1
        for place in again:
            found.setdefault(int(shards[place]), []).append(ids[place].decode("ascii"))
    return sorted((shard, sorted(ids)) for shard, ids in found.items())


def _ids_in_range(directory: Path, kept: Sequence[int], number: int, passes: int) -> tuple[np.ndarray, np.ndarray]:
    ids, shards = [], []
    for shard, documents in enumerate(kept):
        if not documents:
            continue
        for table in iter_tables([directory / "documents" / part_name(shard)], ["id"]):
            values = np.array(table["id"].to_numpy(zero_copy_only=False), dtype=f"S{_ID_CHARACTERS}")
            if passes > 1:
                first = np.array([int(value[:8], 16) for value in values], dtype=np.uint64)
                values = values[first * np.uint64(passes) >> np.uint64(32) == number]
            ids.append(values)
            shards.append(np.full(len(values), shard, dtype=np.int32))
    if not ids:
        return np.array([], dtype=f"S{_ID_CHARACTERS}"), np.array([], dtype=np.int32)
    return np.concatenate(ids), np.concatenate(shards)


def drop_repeated(task: tuple[Path, str, int, list[str]]) -> ShardResult:
    """Write a shard's documents again without the given ids, and its ledger with a row for each.

    The ledger is put in place before the documents, and takes only what the documents still hold: so a death in
    between loses nothing and counts nothing twice when the task runs again.
    """
    directory, source, index, ids = task
    part = part_name(index)
    leaving = pa.array(ids)
    rows: list[dict[str, Any]] = []
    text_bytes = 0
    with ExitStack() as stack:
        documents = stack.enter_context(TableWriter(directory, f"documents/{part}", DOCUMENTS))
        ledger = stack.enter_context(TableWriter(directory, f"ledger/{part}", LEDGER))
        for table in iter_tables([directory / "documents" / part]):
            leaves = pc.is_in(table["id"], value_set=leaving)
            rows += [_row(source, document) for document in table.filter(leaves).to_pylist()]
            stays = table.filter(pc.invert(leaves))
            text_bytes += pc.sum(pc.binary_length(stays["text"])).as_py() or 0
            documents.write(stays)
        written_before = {row["id"] for row in rows}
        for table in iter_tables([directory / "ledger" / part]):
            ledger.write_rows([
                row for row in table.to_pylist()
                if not (row["id"] in written_before and (row["detail"] or "").endswith(_ELSEWHERE))
            ])
        ledger.write_rows(rows)
    return {"files": [documents.entry, ledger.entry], "text_bytes": text_bytes}


def _row(source: str, document: dict[str, Any]) -> dict[str, Any]:
    where = document["url"] or document["origin"]["file"]
    return ledger_row(
        document["id"], source, 0, "documents", "same_identity", detail=where + _ELSEWHERE,
        survivor_id=document["id"], text=document["text"],
    )
