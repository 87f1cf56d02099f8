"""Who leaves for whom, or is of which group: put together from what was found family by family, laid out by shard.

Each act is a task of one process, which writes an array by document (mapped files of some bytes a document) and puts it
in its place when it is whole.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from maslin.curation.dedup.near.sketches import OpenSketches, Sketches, mapped, work_path
from maslin.manifests.files import atomic_path, file_entry
from maslin.manifests.identity import record_of
from maslin.manifests.workspace import Mapper, ShardResult, run_shards

MATCHES = pa.schema([
    ("id", pa.string()), ("survivor_id", pa.string()), ("similarity", pa.float64()), ("equal_text", pa.bool_()),
])
GROUPS = pa.schema([("id", pa.string()), ("group", pa.string())])
LARGEST = 10  # clusters a summary names
_CHUNK = 1 << 20  # documents
_POWERS = 64  # of two, that a number of documents can have


def count_sizes(sizes: np.ndarray) -> np.ndarray:
    """int64 [powers of two, 2]: of clusters of these sizes, two or more, how many are no larger than that power and
    larger than the one before, and how many documents they have together.
    """
    powers = np.frexp(sizes.astype(np.int64) - 1)[1]
    return np.stack([np.bincount(powers, minlength=_POWERS), np.bincount(powers, sizes, _POWERS).astype(np.int64)], 1)


def size_classes(classes: np.ndarray) -> list[dict[str, int]]:
    """Those that there are, for a manifest."""
    return [{"least": (1 << power >> 1) + 1, "most": 1 << power, "clusters": clusters, "documents": documents}
            for power, (clusters, documents) in enumerate(classes.tolist()) if clusters]


def size_counts(classes: Sequence[Mapping[str, int]]) -> np.ndarray:
    """The other way."""
    counts = count_sizes(np.zeros(0, np.int64))
    for each in classes:
        counts[(each["most"] - 1).bit_length()] = each["clusters"], each["documents"]
    return counts


@dataclass(frozen=True)
class CompareTask:
    """Say which documents are compared: the first of their text (`copies`: files of the others), with a shingle."""

    directory: Path
    sketches: Sketches
    copies: tuple[Path, ...]
    output: Path


def mark_compared(
    directory: Path, stage: str, sketches: Sketches, copies: Sequence[Path], mapper: Mapper, label: str,
) -> Path:
    """A file of uint8 by document."""
    task = CompareTask(directory, sketches, tuple(copies), work_path(directory, stage, "compared", 0, "bin"))
    run_shards(directory, write_compared, [task], mapper, f"{label}, texts", stage=f"{stage}-compared")
    return task.output


def write_compared(task: CompareTask) -> ShardResult:
    sketches = task.sketches.open()
    with atomic_path(task.output) as temporary:
        compared = mapped(temporary, np.uint8, len(sketches))
        first = 0
        for has_shingle in sketches.column("has_shingle"):
            compared[first:first + len(has_shingle)] = has_shingle
            first += len(has_shingle)
        for path in task.copies:
            compared[np.load(path)[0]] = 0
    return {"files": [file_entry(task.directory, task.output)]}


@dataclass(frozen=True)
class Outcome:
    """Files by document.

    `other` int64: the number, plus one, of its survivor or of who names its group, 0 where that is itself; `similarity`
    float64: with the survivor; `equal` uint8: whether that has its text.
    """

    other: Path
    similarity: Path
    equal: Path

    @classmethod
    def at(cls, directory: Path, stage: str) -> "Outcome":
        return cls(*(work_path(directory, stage, what, 0, "bin") for what in ("other", "similarity", "equal")))

    def read(self, here: slice) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        other, similarity, equal = (
            np.memmap(path, kind, "r")[here]
            for path, kind in ((self.other, np.int64), (self.similarity, np.float64), (self.equal, np.uint8)))
        return other, similarity, equal


@dataclass(frozen=True)
class ResolveTask:
    directory: Path
    sketches: Sketches
    copies: tuple[Path, ...]
    found: tuple[Path, ...]  # npy of families.FOUND
    output: Outcome
    tally: Path
    grouped: bool
    variants: bool


def resolve(
    directory: Path, stage: str, sketches: Sketches, copies: Sequence[Path], found: Sequence[Path], output: Outcome,
    grouped: bool, variants: bool, mapper: Mapper, label: str,
) -> dict[str, Any]:
    """Write the outcome; returns facts for the manifest."""
    task = ResolveTask(
        directory, sketches, tuple(copies), tuple(found), output, work_path(directory, stage, "tally", 0, "bin"),
        grouped, variants)
    (result,) = run_shards(directory, write_resolved, [task], mapper, f"{label}, survivors", stage=f"{stage}-resolved")
    return result["summary"]


def write_resolved(task: ResolveTask) -> ShardResult:
    sketches = task.sketches.open()
    documents = len(sketches)
    with (atomic_path(task.output.other) as other, atomic_path(task.output.similarity) as similarity,
          atomic_path(task.output.equal) as equal, atomic_path(task.tally) as tally):
        resolved = _Resolved(
            task.sketches.reference_shards > 0, sketches, mapped(other, np.int64, documents),
            mapped(similarity, np.float64, documents), mapped(equal, np.uint8, documents),
            mapped(tally, np.uint32, documents))
        for path in task.copies:
            copy, first = np.load(path)
            resolved.other[copy] = -first - 1
        for path in task.found:
            rows = np.load(path, mmap_mode="r")
            resolved.other[rows["document"]] = rows["other"] + 1
            resolved.similarity[rows["document"]] = rows["similarity"]
        if task.grouped:
            groups = resolved.groups(task.variants)
            sizes, largest = resolved.clusters("id")
            summary = {"groups": groups, "group_sizes": sizes, "largest_groups": largest}
        else:
            left, equal_texts = resolved.survivors()
            sizes, largest = resolved.clusters("survivor_id")
            summary = {"equal_text": equal_texts, "near": left - equal_texts, "cluster_sizes": sizes,
                       "largest_clusters": largest}
    task.tally.unlink(missing_ok=True)  # another may have done the same task
    return {"files": [file_entry(task.directory, path) for path in (
        task.output.other, task.output.similarity, task.output.equal)], "summary": summary}


@dataclass(frozen=True)
class _Resolved:
    """An outcome in the making. Until it is resolved, `other` of a copy is minus that of the first of its text."""

    referred: bool
    opened: OpenSketches
    other: np.ndarray
    similarity: np.ndarray
    equal: np.ndarray
    tally: np.ndarray

    def chunks(self) -> Iterator[tuple[slice, np.ndarray, np.ndarray, np.ndarray]]:
        """(a slice of documents; of it, which are copies, of which documents, and what `other` those have)."""
        for begin in range(0, len(self.opened), _CHUNK):
            here = slice(begin, begin + _CHUNK)
            copies = np.flatnonzero(self.other[here] < 0)
            first = -self.other[here][copies] - 1
            yield here, copies, first, self.other[first]

    def survivors(self) -> tuple[int, int]:
        """Copies leave for the first of their text, or for whom that leaves; (how many leave, for an equal text)."""
        left = equal_texts = 0
        for here, copies, first, other in self.chunks():
            equal = other == 0
            if self.referred:
                equal &= first < self.opened.references
            self.other[here][copies] = np.where(equal, first + 1, other)
            self.similarity[here][copies] = np.where(equal, 1.0, self.similarity[first])
            self.equal[here][copies] = equal
            queries = slice(max(0, self.opened.references - here.start), None)
            left += int(np.count_nonzero(self.other[here][queries]))
            equal_texts += int(np.count_nonzero(self.equal[here][queries]))
        return left, equal_texts

    def groups(self, variants: bool) -> int:
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
        tally = self.tally
        for begin in range(self.opened.references, documents, _CHUNK):
            here = np.arange(begin, min(begin + _CHUNK, documents))
            other = self.other[here]
            np.add.at(tally, other[other > 0] - 1, 1)
            if not named_too:
                tally[here[other == 0]] += 1
        kept, classes = np.zeros(0, np.int64), count_sizes(np.zeros(0, np.int64))
        for begin in range(0, documents, _CHUNK):
            here = begin + np.flatnonzero(tally[begin:begin + _CHUNK] + named_too >= 2)
            classes += count_sizes(tally[here] + named_too)
            kept = np.concatenate([kept, here])
            if len(kept) > LARGEST:
                enough = np.sort(tally[kept])[-LARGEST]
                kept = self._largest_first(kept[tally[kept] >= enough])
        kept = self._largest_first(kept)
        return size_classes(classes), [
            {key: id, "documents": int(size)}
            for id, size in zip(self.opened.ids(kept).to_pylist(), tally[kept], strict=True)]

    def _largest_first(self, kept: np.ndarray) -> np.ndarray:
        return kept[self.opened.ordered(kept, -self.tally[kept].astype(np.int64))][:LARGEST]


@dataclass(frozen=True)
class WriteTask:
    """Lay out what was found of the documents `first` to `end` of all, a shard's."""

    directory: Path
    output: Path
    sketches: Sketches
    outcome: Outcome
    first: int
    end: int
    grouped: bool


def write_outcome(
    directory: Path, stage: str, sketches: Sketches, outcome: Outcome, grouped: bool, mapper: Mapper, label: str,
) -> list[Path]:
    """A file (MATCHES, or GROUPS) a shard of those that are no references, in its row order."""
    what = "groups" if grouped else "matches"
    begins = sketches.open().shards[sketches.reference_shards:]
    tasks = [
        WriteTask(directory, work_path(directory, stage, what, index, "arrow"), sketches, outcome, first, end, grouped)
        for index, (first, end) in enumerate(pairwise(begins.tolist()))
    ]
    run_shards(directory, write_found, tasks, mapper, f"{label}, {what}", stage=f"{stage}-{what}")
    return [task.output for task in tasks]


def write_found(task: WriteTask) -> ShardResult:
    sketches = task.sketches.open()
    schema = GROUPS if task.grouped else MATCHES
    with atomic_path(task.output) as temporary, pa.OSFile(str(temporary), "wb") as sink, pa.ipc.new_file(
            sink, schema) as writer:
        for first in range(task.first, task.end, _CHUNK):
            here = slice(first, min(first + _CHUNK, task.end))
            other, similarity, equal = task.outcome.read(here)
            documents = np.arange(here.start, here.stop)
            if task.grouped:
                columns = [sketches.ids(documents), sketches.ids(np.where(other > 0, other - 1, documents))]
            else:
                left = np.flatnonzero(other)
                columns = [
                    sketches.ids(documents[left]), sketches.ids(other[left] - 1), pa.array(similarity[left]),
                    pa.array(equal[left] > 0)]
            writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=schema))
    return {"files": [file_entry(task.directory, task.output)]}
