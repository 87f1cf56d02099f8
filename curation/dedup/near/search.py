"""Duplicates in visible acts: sketches, shared keys (equal text, LSH bands), families, comparison (true Jaccard).

Documents are taken in ascending id. One leaves only when its shingle set has at least the threshold's Jaccard
similarity with one that stays, so no chain of neighbours takes a family away; the survivor named is the most similar of
those that stay and come before it (equally similar: the smallest id). By containment (`verify`) the longest are taken
first, and what is asked is how much of the shorter one the other has. Documents of equal text count as one; texts with
fewer words than a shingle have equal texts only, and are counted (`short_documents` in the summary).

Shingles are compared by the first 64 bits of their SHA-1: among the shingles of two documents of 100,000 words, two
different ones agree by chance in about one pair of documents in two billion, and shift the similarity by 1/100,000.

What grows with the corpus lies in working files: sorted keys, which are read in partitions (`partitions.py`), and
arrays of a few bytes a document, which all processes map. `memory_bytes` is about what a task holds at once.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from maslin.curation.dedup.near.families import compare_families, unite
from maslin.curation.dedup.near.kept import keep_sketches, kept_sketches
from maslin.curation.dedup.near.lsh import lsh_parameters
from maslin.curation.dedup.near.outcome import Outcome, mark_compared, resolve, write_outcome
from maslin.curation.dedup.near.partitions import equal_texts, shared_bands
from maslin.curation.dedup.near.sketches import Sketches, sketch_shards
from maslin.curation.dedup.near.verification import write_sets
from maslin.curation.stages import StageShard
from maslin.manifests.identity import digest
from maslin.manifests.steps.dedup import NearDedup
from maslin.manifests.workspace import TASK_MEMORY_BYTES, Mapper


@dataclass(frozen=True)
class Found:
    """One Arrow file a shard (`MATCHES` or `GROUPS`, in the shard's row order), and facts for the manifest."""

    paths: list[Path]
    summary: dict[str, Any]


@dataclass(frozen=True)
class Search:
    """Where a search works: below `.shards/` of the step directory `directory`, its files named by `stage`.

    `sketches` names the sketches of the shards searched, so that two searches over the same ones share them. `total` is
    the number of documents, for the progress line; `memory_bytes` about what one task may hold, beside what it maps.
    """

    directory: Path
    stage: str
    mapper: Mapper
    label: str
    total: int | None = None
    sketches: str = "shards"
    memory_bytes: int = TASK_MEMORY_BYTES


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
    return _compare(search, references, shards, near, grouped=False)


def find_groups(search: Search, shards: Sequence[StageShard], near: NearDedup, variants: bool = False) -> Found:
    """Every document's duplicate group, named by its smallest id: the connected parts of the verified pairs.

    `variants`: those of one record (maslin.manifests.identity.variant_id) are connected, however they differ.
    """
    return _compare(search, (), shards, near, grouped=True, variants=variants)


def _compare(
    search: Search, references: Sequence[StageShard], shards: Sequence[StageShard], near: NearDedup | None,
    grouped: bool, variants: bool = False,
) -> Found:
    directory, stage, mapper, label, memory = (
        search.directory, search.stage, search.mapper, search.label, search.memory_bytes)
    paths = kept_sketches(references, near)
    if paths is None:
        paths, _ = sketch_shards(directory, f"{stage}-references", references, near, mapper, f"{label}, references")
        keep_sketches(references, near, paths)
    name = f"{search.sketches}-{digest(asdict(near)) if near else 'text'}"  # other parameters give other sketches
    more, short = sketch_shards(directory, name, shards, near, mapper, label, search.total)
    sketches = Sketches((*paths, *more), len(references))
    begins = sketches.open().shards
    documents = int(begins[-1])
    stage = f"{stage}-{documents}"  # of more shards nothing but their sketches is what it was
    copies = equal_texts(directory, stage, sketches, documents, memory, mapper, label)
    found: list[Path] = []
    summary: dict[str, Any] = {}
    if near is not None:
        lsh = lsh_parameters(near)
        compared = mark_compared(directory, stage, sketches, copies, mapper, label)
        buckets, memberships = shared_bands(
            directory, stage, sketches, documents, lsh.bands, compared, memory, mapper, label)
        families, candidates = unite(directory, stage, documents, buckets, mapper, label)
        sets = write_sets(
            directory, stage, families, [*references, *shards], begins, candidates, near, mapper, label)
        found, overflows = compare_families(
            directory, stage, sketches, families, candidates, buckets, memberships, sets, near, grouped, memory, mapper,
            label)
        summary = {
            "short_documents": short, "bands": lsh.bands, "rows": lsh.rows, "candidates": candidates,
            "full_bucket_entries": overflows,  # see matching.BUCKET_LIMIT
        }
    outcome = Outcome.at(directory, stage)
    summary |= resolve(directory, stage, sketches, copies, found, outcome, grouped, variants, mapper, label)
    return Found(write_outcome(directory, stage, sketches, outcome, grouped, mapper, label), summary)


def read_found(path: Path) -> pa.Table:
    with pa.memory_map(str(path)) as source:
        return pa.ipc.open_file(source).read_all()
