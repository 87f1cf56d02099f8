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

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from maslin.curation.dedup.families import compare_families, unite
from maslin.curation.dedup.kept import keep_sketches, kept_sketches
from maslin.curation.dedup.lsh import lsh_parameters
from maslin.curation.dedup.partitions import equal_texts, shared_bands
from maslin.curation.dedup.sketches import OpenSketches, Sketches, mapped, sketch_shards, work_path
from maslin.curation.dedup.verification import write_sets
from maslin.curation.stages import StageShard
from maslin.manifests.files import atomic_path, file_entry
from maslin.manifests.identity import digest, record_of
from maslin.manifests.steps.dedup import NearDedup
from maslin.manifests.workspace import TASK_MEMORY_BYTES, Mapper, ShardResult, run_shards

MATCHES = pa.schema([
    ("id", pa.string()), ("survivor_id", pa.string()), ("similarity", pa.float64()), ("equal_text", pa.bool_()),
])
GROUPS = pa.schema([("id", pa.string()), ("group", pa.string())])
LARGEST = 10  # clusters a summary names
_CHUNK = 1 << 20  # documents
_POWERS = 64  # of two, that a number of documents can have


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

    def path(self, what: str) -> Path:
        return work_path(self.directory, self.stage, what, 0, "bin")


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
    compared = _compare(search, references, shards, near, grouped=False)
    left, equal = compared.resolve_survivors()
    sizes, largest = compared.clusters("survivor_id")
    summary = compared.summary | {
        "equal_text": equal, "near": left - equal, "cluster_sizes": sizes, "largest_clusters": largest}
    return Found(compared.write("matches"), summary)


def find_groups(search: Search, shards: Sequence[StageShard], near: NearDedup, variants: bool = False) -> Found:
    """Every document's duplicate group, named by its smallest id: the connected parts of the verified pairs.

    `variants`: those of one record (maslin.manifests.identity.variant_id) are connected, however they differ.
    """
    compared = _compare(search, (), shards, near, grouped=True)
    groups = compared.resolve_groups(variants)
    sizes, largest = compared.clusters("id")
    summary = compared.summary | {"groups": groups, "group_sizes": sizes, "largest_groups": largest}
    return Found(compared.write("groups"), summary)


@dataclass
class _Compared:
    """What came of a comparison, by document, in arrays that processes map.

    `other`: the number, plus one, of its survivor or of the document that names its group; 0: itself. Until it is
    resolved, minus that of the first of its text, for a copy. `similarity` with the survivor; `flags`: see `EQUAL`.
    """

    search: Search
    sketches: Sketches
    opened: OpenSketches
    other: np.ndarray
    similarity: np.ndarray
    flags: np.ndarray
    summary: dict[str, Any] = field(default_factory=dict)

    EQUAL = 2  # its survivor has its text

    def chunks(self) -> Iterator[tuple[slice, np.ndarray, np.ndarray, np.ndarray]]:
        """(a slice of documents; of it, which are copies, of which documents, and what `other` those have)."""
        for begin in range(0, len(self.opened), _CHUNK):
            here = slice(begin, begin + _CHUNK)
            copies = np.flatnonzero(self.other[here] < 0)
            first = -self.other[here][copies] - 1
            yield here, copies, first, self.other[first]

    def resolve_survivors(self) -> tuple[int, int]:
        """Copies leave for the first of their text, or for whom that leaves; (how many leave, for an equal text)."""
        left = equal_texts = 0
        for here, copies, first, other in self.chunks():
            equal = other == 0
            if self.sketches.reference_shards:
                equal &= first < self.opened.references
            self.other[here][copies] = np.where(equal, first + 1, other)
            self.similarity[here][copies] = np.where(equal, 1.0, self.similarity[first])
            self.flags[here][copies] = np.where(equal, self.EQUAL, 0)
            queries = slice(max(0, self.opened.references - here.start), None)
            left += int(np.count_nonzero(self.other[here][queries]))
            equal_texts += int(np.count_nonzero(self.flags[here][queries] == self.EQUAL))
        return left, equal_texts

    def resolve_groups(self, variants: bool) -> int:
        """Copies are of the group of the first of their text; returns how many groups there are."""
        for here, copies, first, other in self.chunks():
            self.other[here][copies] = np.where(other > 0, other, first + 1)
        if variants:
            self._join_records()
        return len(self.opened) - sum(
            int(np.count_nonzero(self.other[begin:begin + _CHUNK])) for begin in range(0, len(self.opened), _CHUNK))

    def _join_records(self) -> None:
        """Join groups that variants of a record are in: few sources have variants, and their pairs are in memory."""
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        pairs = [np.zeros((0, 2), np.int64)]
        for first, end in pairwise(self.opened.shards.tolist()):  # variants of a record are in one shard
            documents = np.arange(first, end)
            documents = documents[self.opened.ordered(documents)]
            records = np.array([record_of(id) for id in self.opened.ids(documents).to_pylist()], np.str_)
            same = np.flatnonzero(records[1:] == records[:-1])
            group = np.where(self.other[documents] > 0, self.other[documents] - 1, documents)
            pairs.append(np.stack([group[same], group[same + 1]], axis=1))
        groups, numbers = np.unique(np.concatenate(pairs), return_inverse=True)
        numbers = numbers.reshape(-1, 2)
        joined = connected_components(
            coo_array((np.ones(len(numbers), np.int8), (numbers[:, 0], numbers[:, 1])), (len(groups),) * 2))[1]
        order = self.opened.ordered(groups, joined)
        _, smallest = np.unique(joined[order], return_index=True)
        name = groups[order][smallest][joined]
        for begin in range(0, len(self.opened), _CHUNK):
            here = np.arange(begin, min(begin + _CHUNK, len(self.opened)))
            group = np.where(self.other[here] > 0, self.other[here] - 1, here)
            at = np.minimum(np.searchsorted(groups, group), max(0, len(groups) - 1))
            moved = groups[at] == group if len(groups) else np.zeros(len(here), bool)
            group[moved] = name[at[moved]]
            self.other[here] = np.where(group == here, 0, group + 1)

    def clusters(self, key: str) -> tuple[list[dict[str, int]], list[dict[str, Any]]]:
        """How many there are of each size, by powers of two, and those of most documents; the smallest id first of
        equally large ones.

        Whom others name, with how many do (`key` survivor_id: queries alone name one), or with all of the group (id).
        A size counts the one that is named, too.
        """
        documents, named_too = len(self.opened), int(key != "id")
        self.search.path("families").unlink(missing_ok=True)  # all are compared: its place on the disk is free
        tally = mapped(self.search.path("tally"), np.int64, documents)
        for begin in range(self.opened.references, documents, _CHUNK):
            here = np.arange(begin, min(begin + _CHUNK, documents))
            other = self.other[here]
            np.add.at(tally, other[other > 0] - 1, 1)
            if not named_too:
                tally[here[other == 0]] += 1
        kept, sizes = np.zeros(0, np.int64), np.zeros((_POWERS, 2), np.int64)
        for begin in range(0, documents, _CHUNK):
            here = begin + np.flatnonzero(tally[begin:begin + _CHUNK] + named_too >= 2)
            size = tally[here] + named_too
            power = np.frexp(size - 1)[1]  # the power of two that is no smaller
            sizes[:, 0] += np.bincount(power, minlength=_POWERS)
            sizes[:, 1] += np.bincount(power, size, _POWERS).astype(np.int64)
            kept = np.concatenate([kept, here])
            if len(kept) > LARGEST:
                enough = -np.partition(-tally[kept], LARGEST - 1)[LARGEST - 1]
                kept = kept[tally[kept] >= enough]
                kept = kept[self.opened.ordered(kept, -tally[kept])][:LARGEST]
        kept = kept[self.opened.ordered(kept, -tally[kept])][:LARGEST]
        return [
            {"least": (1 << power >> 1) + 1, "most": 1 << power, "clusters": clusters, "documents": size}
            for power, (clusters, size) in enumerate(sizes.tolist()) if clusters
        ], [{key: id, "documents": int(size)}
            for id, size in zip(self.opened.ids(kept).to_pylist(), tally[kept], strict=True)]

    def write(self, what: str) -> list[Path]:
        """A file a shard of queries."""
        for array in (self.other, self.similarity, self.flags):
            if isinstance(array.base, np.memmap):
                array.base.flush()
        begins = self.opened.shards[self.sketches.reference_shards:]
        tasks = [
            WriteTask(
                self.search.directory, work_path(self.search.directory, self.search.stage, what, index, "arrow"),
                self.sketches, *map(self.search.path, ("other", "similarity", "flags")), first, end, what == "groups")
            for index, (first, end) in enumerate(pairwise(begins.tolist()))
        ]
        run_shards(self.search.directory, write_found, tasks, self.search.mapper, f"{self.search.label}, {what}",
                   stage=f"{self.search.stage}-{what}")
        return [task.output for task in tasks]


def _compare(
    search: Search, references: Sequence[StageShard], shards: Sequence[StageShard], near: NearDedup | None,
    grouped: bool,
) -> _Compared:
    directory, stage, mapper, label, memory = (
        search.directory, search.stage, search.mapper, search.label, search.memory_bytes)
    paths = kept_sketches(references, near)
    if paths is None:
        paths, _ = sketch_shards(directory, f"{stage}-references", references, near, mapper, f"{label}, references")
        keep_sketches(references, near, paths)
    name = f"{search.sketches}-{digest(asdict(near)) if near else 'text'}"  # other parameters give other sketches
    more, short = sketch_shards(directory, name, shards, near, mapper, label, search.total)
    sketches = Sketches((*paths, *more), len(references))
    opened = sketches.open()
    documents = len(opened)
    compared = _Compared(search, sketches, opened, *(
        mapped(search.path(what), kind, documents)
        for what, kind in (("other", np.int64), ("similarity", np.float64), ("flags", np.uint8))))
    copies = equal_texts(directory, stage, sketches, documents, memory, mapper, label)
    for path in copies:
        copy, first = np.load(path)
        compared.other[copy] = -first - 1
    if near is None:
        return compared
    lsh = lsh_parameters(near)
    first_document = 0
    for has_shingle in opened.column("has_shingle"):
        here = slice(first_document, first_document + len(has_shingle))
        compared.flags[here] = has_shingle * (compared.other[here] == 0)
        first_document = here.stop
    buckets, memberships = shared_bands(
        directory, stage, sketches, documents, lsh.bands, search.path("flags"), memory, mapper, label)
    _, candidates = unite(search.path("families"), documents, buckets)
    sets = write_sets(
        directory, stage, search.path("families"), [*references, *shards], opened.shards, candidates, near, mapper,
        label)
    found, overflows = compare_families(
        directory, stage, sketches, search.path("families"), candidates, buckets, memberships, sets, near,
        grouped, memory, mapper, label)
    for path in found:
        rows = np.load(path, mmap_mode="r")
        compared.other[rows["document"]] = rows["other"] + 1
        compared.similarity[rows["document"]] = rows["similarity"]
    compared.summary = {
        "short_documents": short, "bands": lsh.bands, "rows": lsh.rows, "candidates": candidates,
        "full_bucket_entries": overflows,  # see matching.BUCKET_LIMIT
    }
    return compared


@dataclass(frozen=True)
class WriteTask:
    """Write what was found of the documents `first` to `end` of all, a shard's."""

    directory: Path
    output: Path
    sketches: Sketches
    other: Path
    similarity: Path
    flags: Path
    first: int
    end: int
    grouped: bool


def write_found(task: WriteTask) -> ShardResult:
    sketches = task.sketches.open()
    schema = GROUPS if task.grouped else MATCHES
    with atomic_path(task.output) as temporary, pa.OSFile(str(temporary), "wb") as sink, pa.ipc.new_file(
            sink, schema) as writer:
        for first in range(task.first, task.end, _CHUNK):
            here = slice(first, min(first + _CHUNK, task.end))
            other, similarity, flags = (
                np.memmap(path, kind, "r")[here]
                for path, kind in ((task.other, np.int64), (task.similarity, np.float64), (task.flags, np.uint8)))
            documents = np.arange(here.start, here.stop)
            if task.grouped:
                columns = [sketches.ids(documents), sketches.ids(np.where(other > 0, other - 1, documents))]
            else:
                left = np.flatnonzero(other)
                columns = [
                    sketches.ids(documents[left]), sketches.ids(other[left] - 1), pa.array(similarity[left]),
                    pa.array(flags[left] == _Compared.EQUAL)]
            writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=schema))
    return {"files": [file_entry(task.directory, task.output)]}


def read_found(path: Path) -> pa.Table:
    with pa.memory_map(str(path)) as source:
        return pa.ipc.open_file(source).read_all()
