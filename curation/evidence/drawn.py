"""Documents of a source drawn by a hash of (seed, id), and their texts as a step of a corpus met them."""

import heapq
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from maslin.curation.evidence.edits import apply
from maslin.curation.evidence.outcomes import outcomes
from maslin.manifests.identity import hash_int
from maslin.manifests.manifest import Manifest
from maslin.manifests.tables import DOCUMENTS, SPLIT, SPLIT_PATH, open_table, part_name, read_table


def draw(source: Path, rows: Mapping[int, np.ndarray], most: int, seed: int) -> dict[int, np.ndarray]:
    """Of these rows, by part of the documents in `source`, the `most` with the smallest hashes, ascending."""
    def hashed() -> Iterator[tuple[int, int, int]]:
        for part, here in rows.items():
            ids = read_table(source / "documents" / part_name(part), ["id"])["id"].take(pa.array(here)).to_pylist()
            yield from ((hash_int(seed, each), part, row) for each, row in zip(ids, here.tolist(), strict=True))

    chosen: dict[int, list[int]] = {}
    for _, part, row in heapq.nsmallest(most, hashed()):
        chosen.setdefault(part, []).append(row)
    return {part: np.sort(np.array(here)) for part, here in sorted(chosen.items())}


def take(path: Path, rows: np.ndarray) -> Iterator[pa.Table]:
    """These rows (ascending) of a part of documents, row group by row group."""
    begin = 0
    with open_table(path) as file:
        for group in range(file.num_row_groups):
            end = begin + file.metadata.row_group(group).num_rows
            here = rows[np.searchsorted(rows, begin):np.searchsorted(rows, end)] - begin
            if len(here):
                yield file.read_row_group(group, columns=DOCUMENTS.names).take(pa.array(here))
            begin = end


def with_edits(table: pa.Table, path: Path, first: int, end: int) -> pa.Table:
    """The documents with the edits, stored in `path`, of the steps `first` to `end`, without that."""
    edits = read_table(path)
    edits = edits.filter(pc.and_(
        pc.and_(pc.greater_equal(edits["step_index"], first), pc.less(edits["step_index"], end)),
        pc.is_in(edits["id"], table["id"])))
    by_step: dict[int, dict[str, list[dict]]] = {}
    for edit in edits.to_pylist():
        by_step.setdefault(edit["step_index"], {}).setdefault(edit["id"], []).append(edit)
    ids, texts = table["id"].to_pylist(), table["text"].to_pylist()
    for _, by_id in sorted(by_step.items()):
        texts = [apply(text, by_id.get(id, [])) for id, text in zip(ids, texts, strict=True)]
    return table.set_column(table.schema.get_field_index("text"), "text", pa.array(texts, pa.string()))


def texts_met(
    manifest: Manifest, index: int, most: int, seed: int, say: Callable[[str], None] = lambda line: None,
) -> dict[str, str]:
    """Documents that reach the step `index` and are not held out, drawn by hash, by id, with the text that it meets.

    `say`: see lookup.find.
    """
    directory, source = manifest.directory, manifest.input("documents")
    split = (read_table(manifest.input("split") / SPLIT_PATH, ["id"]) if "split" in manifest.inputs
             else SPLIT.empty_table())
    own = len(manifest.parameters["steps"])  # the corpus's first own step takes what is held out, and what holds it
    rows: dict[int, np.ndarray] = {}
    for found in outcomes(directory, say):
        held_out = pc.is_in(found.ids, value_set=split["id"]).to_numpy(zero_copy_only=False)
        rows[found.part] = np.flatnonzero((found.step >= index) & (found.step != own) & ~held_out)
    texts: dict[str, str] = {}
    for part, here in draw(source, rows, most, seed).items():
        for table in take(source / "documents" / part_name(part), here):
            table = with_edits(table, directory / "edits" / part_name(part), 0, index)
            texts |= zip(table["id"].to_pylist(), table["text"].fill_null("").to_pylist(), strict=True)
    return dict(sorted(texts.items()))
