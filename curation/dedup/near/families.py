"""Families: documents connected by shared buckets, compared within each. Which ones a batch has decides nothing.

`families`, an int64 array by document in a working file, which all processes map, has for each document the smallest
of its family, plus one; 0 for those that are compared with none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from maslin.curation.dedup.near import matching, minhash
from maslin.curation.dedup.near.partitions import Buckets, save
from maslin.curation.dedup.near.payloads import own_shingles
from maslin.curation.dedup.near.sketches import Sketches, mapped, work_path
from maslin.curation.dedup.near.verification import SetsTask, gather_sets
from maslin.curation.text.text_hash import mix
from maslin.manifests.files import atomic_path, file_entry
from maslin.manifests.kernels.kernel import njit
from maslin.manifests.progress import advance
from maslin.manifests.steps.dedup import NearDedup
from maslin.manifests.workspace import Mapper, ShardResult, run_shards

_MEMBERSHIP_BYTES = 96  # what a document's being in a bucket takes while its batch is compared
_BATCH_DOCUMENTS = 1 << 15  # so many for each batch at least, that all workers have some

# What was found of a document: `other` is its survivor, or (groups) the smallest id that it is connected with.
FOUND = np.dtype([("document", "<i8"), ("other", "<i8"), ("similarity", "<f8")])


@dataclass(frozen=True)
class UniteTask:
    directory: Path
    output: Path
    documents: int
    files: tuple[Buckets, ...]


def unite(
    directory: Path, stage: str, documents: int, files: Sequence[Buckets], mapper: Mapper, label: str,
) -> tuple[Path, int]:
    """(the file of `families`, how many documents are in one)."""
    stage = f"{stage}-united-{len(files)}"
    task = UniteTask(directory, work_path(directory, stage, "families", 0, "bin"), documents, tuple(files))
    (result,) = run_shards(directory, write_families, [task], mapper, f"{label}, families", stage=stage)
    return task.output, result["documents"]


def write_families(task: UniteTask) -> ShardResult:
    with atomic_path(task.output) as temporary:
        families = mapped(temporary, np.int64, task.documents)
        for each in task.files:
            _unite(families, *each.load())
        found = int(_flatten(families))
    return {"files": [file_entry(task.directory, task.output)], "documents": found}


@njit(cache=True)
def _unite(families, members, bounds):
    for bucket in range(len(bounds) - 1):
        smallest = -1
        for member in members[bounds[bucket]:bounds[bucket + 1]]:
            if families[member] == 0:
                families[member] = member + 1
            root = member
            while families[root] != root + 1:
                families[root] = families[families[root] - 1]
                root = families[root] - 1
            if smallest < 0:
                smallest = root
            elif root < smallest:
                families[smallest] = root + 1
                smallest = root
            else:
                families[root] = smallest + 1


@njit(cache=True)
def _flatten(families):
    """Have every document name the smallest of its family; returns how many are in one."""
    found = 0
    for document in range(len(families)):
        if families[document]:
            families[document] = families[families[document] - 1]  # which is before it, and names the smallest
            found += 1
    return found


@dataclass(frozen=True)
class RouteTask:
    """Lay the buckets of a file by the batches that their families are in."""

    directory: Path
    families: Path
    found: Buckets
    batches: int
    routed: Buckets
    cuts: Path  # .npy: int64 [batches + 1], the bucket at which each begins


@dataclass(frozen=True)
class BatchTask:
    """Compare the documents of a batch of families."""

    directory: Path
    sketches: Sketches
    batch: int
    routed: tuple[RouteTask, ...]
    sets: tuple[SetsTask, ...]
    families: Path
    scratch: Path  # and others beside it
    output: Path  # .npy of FOUND
    near: NearDedup
    grouped: bool  # whom it is connected with, not whom it leaves for


def compare_families(
    directory: Path, stage: str, sketches: Sketches, families: Path, compared: int, files: Sequence[Buckets],
    memberships: int, sets: Sequence[SetsTask], near: NearDedup, grouped: bool, memory_bytes: int, mapper: Mapper,
    label: str,
) -> tuple[list[Path], int]:
    """(files, npy of FOUND, of who leaves for whom or is connected with whom; how often a full bucket listed none)."""
    batches = max(1, -(-memberships * _MEMBERSHIP_BYTES // memory_bytes), compared // _BATCH_DOCUMENTS)
    stage = f"{stage}-families-{len(files)}-{batches}"
    routes = []
    for index, found in enumerate(files):
        named = [work_path(directory, stage, what, index, "npy") for what in ("members", "bounds", "cuts")]
        routes.append(RouteTask(directory, families, found, batches, Buckets(*named[:2]), named[2]))
    run_shards(directory, route, routes, mapper, f"{label}, batches", stage=f"{stage}-routed")
    tasks = [
        BatchTask(
            directory, sketches, batch, tuple(routes), tuple(sets), families,
            work_path(directory, stage, "gathered", batch, "bin"), work_path(directory, stage, "found", batch, "npy"),
            near, grouped)
        for batch in range(batches)
    ]
    results = run_shards(directory, compare_batch, tasks, mapper, f"{label}, comparison", stage=stage, total=compared,
                         unit="documents")
    return [task.output for task in tasks], sum(result["overflows"] for result in results)


def route(task: RouteTask) -> ShardResult:
    members, bounds = task.found.load()
    sizes = np.diff(bounds)
    if len(members):
        family = np.memmap(task.families, np.int64, "r")[members[bounds[:-1]]].astype(np.uint64)
        batch = (mix.py_func(family) % np.uint64(task.batches)).astype(np.int64)
    else:
        batch = np.zeros(0, np.int64)
    order = np.argsort(batch, kind="stable")
    ends = np.cumsum(sizes[order])
    taken = np.arange(len(members)) + np.repeat(bounds[:-1][order] - (ends - sizes[order]), sizes[order])
    task.routed.save(members[taken], np.concatenate([np.zeros(1, np.int64), ends]))
    save(task.cuts, np.searchsorted(batch[order], np.arange(task.batches + 1)))
    return {"files": [file_entry(task.directory, path) for path in (
        task.routed.members, task.routed.bounds, task.cuts)]}


def compare_batch(task: BatchTask) -> ShardResult:
    sketches = task.sketches.open()
    members, sizes = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for each in task.routed:
        every, bounds = each.routed.load()
        first, end = np.load(each.cuts)[task.batch:task.batch + 2]
        members.append(every[bounds[first]:bounds[end]])
        sizes.append(np.diff(bounds[first:end + 1]))
    member, size = np.concatenate(members), np.concatenate(sizes)
    documents = np.unique(member)
    sets, bounds = gather_sets(task.sets, documents, task.scratch)
    own, payload = matching.no_payload()
    containment = not task.grouped and task.near.verify == "containment"
    if containment:
        sets, bounds, own, payload = _with_payloads(task, documents, sets, bounds)
        order = sketches.ordered(documents, documents >= sketches.references, -np.diff(bounds))
    else:
        order = sketches.ordered(documents)
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    place = place[np.searchsorted(documents, member)]  # of each membership
    documents, bounds = documents[order], np.stack([bounds[:-1], bounds[1:]], axis=1)[order]
    payload = payload[order] if len(payload) else payload
    buckets = np.repeat(np.arange(len(size)), size)[np.argsort(place, kind="stable")]
    begins = np.concatenate([np.zeros(1, np.int64), np.cumsum(np.bincount(place, minlength=len(documents)))])
    starts = matching.places(size)
    if task.grouped:
        other, overflows = matching.connect(begins, buckets, starts, sets, bounds, task.near.threshold)
        similarity, left = np.zeros(len(other)), np.flatnonzero(other != np.arange(len(other)))
    else:
        other, similarity, overflows = matching.choose_survivors(
            begins, buckets, starts, sets, bounds, task.near.contained if containment else task.near.threshold,
            int(np.count_nonzero(documents < sketches.references)), not task.sketches.reference_shards, containment,
            own, payload)
        left = np.flatnonzero(other >= 0)
    found = np.zeros(len(left), FOUND)
    found["document"], found["other"], found["similarity"] = documents[left], documents[other[left]], similarity[left]
    save(task.output, found)
    for path in task.scratch.parent.glob(f"{task.scratch.stem}.*"):
        path.unlink(missing_ok=True)
    advance(len(documents))
    return {"files": [file_entry(task.directory, task.output)], "overflows": int(overflows)}


def _with_payloads(
    task: BatchTask, documents: np.ndarray, shingles: np.ndarray, ends: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The sets of documents whose shingles lie as in their texts, their bounds, `own` and `payload`."""
    sets, bounds = mapped(task.scratch.with_suffix(".sets"), np.uint64, len(shingles)), np.empty_like(ends)
    minhash.sort_sets(shingles, ends, sets, bounds)
    family = np.memmap(task.families, np.int64, "r")[documents] if len(documents) else documents
    own, payload = own_shingles(
        shingles, ends, sets[:bounds[-1]], bounds, family, task.near.template_documents, task.near.shingle_words,
        task.scratch)
    return sets, bounds, own, payload
