"""Duplicates in three visible acts: candidates (equal text, LSH bands), verification (true Jaccard), survivors.

Documents are taken in ascending id. One leaves only when its shingle set has at least the threshold's Jaccard
similarity with one that stays, so no chain of neighbours takes a family away; the survivor named is the most similar of
those that stay and come before it (equally similar: the smallest id). Documents of equal text count as one; texts with
fewer words than a shingle have equal texts only, and are counted (`short_documents` in the summary).

Shingles are compared by the first 64 bits of their SHA-1: among the shingles of two documents of 100,000 words, two
different ones agree by chance in about one pair of documents in two billion, and shift the similarity by 1/100,000.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from maslin.curation.dedup import matching
from maslin.curation.dedup.lsh import lsh_parameters
from maslin.curation.dedup.sketches import Sketches, band_column, sketch_shards, work_path
from maslin.curation.dedup.verification import candidate_sets
from maslin.curation.stages import StageShard
from maslin.manifests.files import atomic_path
from maslin.manifests.identity import digest, record_of
from maslin.manifests.steps.dedup import NearDedup
from maslin.manifests.workspace import Mapper

MATCHES = pa.schema([
    ("id", pa.string()), ("survivor_id", pa.string()), ("similarity", pa.float64()), ("equal_text", pa.bool_()),
])
GROUPS = pa.schema([("id", pa.string()), ("group", pa.string())])
LARGEST = 10  # clusters a summary names


@dataclass(frozen=True)
class Found:
    """One Arrow file a shard (`MATCHES` or `GROUPS`, in the shard's row order), and facts for the manifest."""

    paths: list[Path]
    summary: dict[str, Any]


@dataclass(frozen=True)
class Search:
    """Where a search works: below `.shards/` of the step directory `directory`, its files named by `stage`.

    `sketches` names the sketches of the shards searched, so that two searches over the same ones share them. `total` is
    the number of documents, for the progress line.
    """

    directory: Path
    stage: str
    mapper: Mapper
    label: str
    total: int | None = None
    sketches: str = "shards"

    def sketch(
        self, references: Sequence[StageShard], shards: Sequence[StageShard], near: NearDedup | None,
    ) -> Sketches:
        """Sketch all shards, or take what is there of an earlier attempt. Other parameters give other names."""
        name = f"{self.sketches}-{digest(asdict(near)) if near else 'text'}"
        paths = sketch_shards(
            self.directory, f"{self.stage}-references", references, near, self.mapper, f"{self.label}, references")
        paths += sketch_shards(self.directory, name, shards, near, self.mapper, self.label, self.total)
        return Sketches(paths, len(references))


def find_duplicates(search: Search, shards: Sequence[StageShard], near: NearDedup) -> Found:
    """Documents that leave as duplicates of one that stays."""
    return find_matches(search, (), shards, near)


def find_overlaps(
    search: Search, shards: Sequence[StageShard], references: Sequence[StageShard], near: NearDedup,
) -> Found:
    """Documents of `shards` that duplicate a document of `references`; they are not compared with one another."""
    if not references:
        raise ValueError("find_overlaps needs references")
    return find_matches(search, references, shards, near)


def find_matches(
    search: Search, references: Sequence[StageShard], shards: Sequence[StageShard], near: NearDedup | None,
) -> Found:
    """Documents of `shards` to drop. References all stay; without any, documents are compared with one another.

    `near` None: equal text only.
    """
    sketches = search.sketch(references, shards, near)
    first = matching.first_equal(sketches.column("text_high"), sketches.column("text_low"))
    survivor = np.full(len(sketches), -1, np.int64)
    similarity = np.zeros(len(sketches))
    summary: dict[str, Any] = {}
    if near is not None:
        candidates, buckets = _candidates(sketches, first, near)
        sets, bounds = candidate_sets(
            search.directory, search.stage, sketches, [*references, *shards], candidates, near, search.mapper,
            search.label)
        chosen, similarity[candidates], overflows = matching.choose_survivors(
            buckets, sets, bounds, near.threshold, int(np.searchsorted(candidates, sketches.references)),
            insert=not references)
        survivor[candidates[chosen >= 0]] = candidates[chosen[chosen >= 0]]
        summary = _summary(near, sketches, candidates, overflows)

    copies = np.flatnonzero(first != np.arange(len(first)))
    originals = first[copies]
    equal = np.zeros(len(sketches), bool)
    equal[copies] = (survivor[originals] < 0) & ((originals < sketches.references) if references else True)
    survivor[copies] = np.where(equal[copies], originals, survivor[originals])
    similarity[copies] = np.where(equal[copies], 1.0, similarity[originals])

    def table(which: np.ndarray) -> pa.Table:
        left = which[survivor[which] >= 0]
        return pa.table(
            [sketches.ids(left), sketches.ids(survivor[left]), similarity[left], equal[left]], schema=MATCHES)

    dropped = np.arange(sketches.references, len(sketches))
    dropped = dropped[survivor[dropped] >= 0]
    summary |= {
        "equal_text": int(equal[dropped].sum()), "near": int(len(dropped) - equal[dropped].sum()),
        "largest_clusters": _largest(sketches, survivor[dropped], "survivor_id", 1),
    }
    return Found(_write_shards(search, sketches, "matches", table), summary)


def find_groups(search: Search, shards: Sequence[StageShard], near: NearDedup, variants: bool = False) -> Found:
    """Every document's duplicate group, named by its smallest id: the connected parts of the verified pairs.

    `variants`: those of one record (maslin.manifests.identity.variant_id) are connected, however they differ.
    """
    sketches = search.sketch((), shards, near)
    first = matching.first_equal(sketches.column("text_high"), sketches.column("text_low"))
    candidates, buckets = _candidates(sketches, first, near)
    sets, bounds = candidate_sets(
        search.directory, search.stage, sketches, shards, candidates, near, search.mapper, search.label)
    roots, overflows = matching.connect(buckets, sets, bounds, near.threshold)
    group = first.copy()
    group[candidates] = candidates[roots]
    group = group[first]
    if variants:
        group = _with_records(group, sketches)

    def table(which: np.ndarray) -> pa.Table:
        return pa.table([sketches.ids(which), sketches.ids(group[which])], schema=GROUPS)

    summary = _summary(near, sketches, candidates, overflows) | {
        "groups": len(np.unique(group)), "largest_groups": _largest(sketches, group, "id", 2),
    }
    return Found(_write_shards(search, sketches, "groups", table), summary)


def _with_records(group: np.ndarray, sketches: Sketches) -> np.ndarray:
    """Groups, by position, with those joined that variants of a record are in."""
    from scipy.sparse import coo_array  # here: few sources have variants
    from scipy.sparse.csgraph import connected_components

    records = np.array([record_of(id) for id in sketches.ids(np.arange(len(group))).to_pylist()])
    after = np.flatnonzero(records[1:] == records[:-1]) + 1  # positions ascend by id: variants are neighbours
    pairs = coo_array((np.ones(len(after), np.int8), (group[after - 1], group[after])), (len(group), len(group)))
    _, joined = connected_components(pairs, directed=False)
    _, smallest = np.unique(joined, return_index=True)
    return smallest[joined[group]]


def read_found(path: Path) -> pa.Table:
    with pa.memory_map(str(path)) as source:
        return pa.ipc.open_file(source).read_all()


def _candidates(sketches: Sketches, first: np.ndarray, near: NearDedup) -> tuple[np.ndarray, np.ndarray]:
    """Positions of documents worth comparing, ascending, and the buckets they share, one column a band.

    They are the first of their text, have a shingle, and share a band with another (a reference, if there are any).
    """
    bands = lsh_parameters(near).bands
    here = np.flatnonzero((first == np.arange(len(first))) & (sketches.column("shingles") > 0))
    references = int(np.searchsorted(here, sketches.references)) if sketches.reference_shards else None
    shared = np.zeros(len(here), bool)
    for band in range(bands):
        shared |= matching.shares_key(sketches.column(band_column(band))[here], references)
    candidates = here[shared]
    columns = (sketches.column(band_column(band))[candidates] for band in range(bands))
    return candidates, matching.number_buckets(columns)


def _summary(near: NearDedup, sketches: Sketches, candidates: np.ndarray, overflows: int) -> dict[str, Any]:
    chosen = lsh_parameters(near)
    return {
        "short_documents": int((sketches.column("shingles")[sketches.references:] == 0).sum()),
        "bands": chosen.bands, "rows": chosen.rows, "candidates": len(candidates),
        "full_bucket_entries": int(overflows),  # see matching.BUCKET_LIMIT
    }


def _largest(sketches: Sketches, members: np.ndarray, key: str, least: int) -> list[dict[str, Any]]:
    """The positions that most of `members` name, with how many do; equally many: the smallest id first."""
    named, sizes = np.unique(members, return_counts=True)
    named, sizes = named[sizes >= least], sizes[sizes >= least]
    top = np.argsort(-sizes, kind="stable")[:LARGEST]
    return [
        {key: id, "documents": int(size)}
        for id, size in zip(sketches.ids(named[top]).to_pylist(), sizes[top], strict=True)
    ]


def _write_shards(search: Search, sketches: Sketches, what: str, table: Any) -> list[Path]:
    """Write `table(positions of a shard's documents in row order)` for every shard of the queries."""
    paths = []
    queries = np.arange(sketches.references, len(sketches))
    for index, (which, _) in enumerate(sketches.by_shard(queries)[sketches.reference_shards:]):
        path = work_path(search.directory, search.stage, what, index, "arrow")
        rows = table(queries[which])
        with atomic_path(path) as temporary, pa.OSFile(str(temporary), "wb") as sink, pa.ipc.new_file(
                sink, rows.schema) as writer:
            writer.write_table(rows)
        paths.append(path)
    return paths
