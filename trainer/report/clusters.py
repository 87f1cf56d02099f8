"""Clusters of duplicates of a corpus: how many there are of each size, the largest with samples, how pairs are found.

Sizes and the largest ones are the manifest's. Samples come from the ledger and from documents, of clusters in which
nothing is held out: copies of what runs are scored on are not for reading either.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from maslin.manifests.manifest import Manifest
from maslin.manifests.recipe.earlier import named_earlier
from maslin.manifests.steps.dedup import NEAR_DEDUP, NearDedup
from maslin.manifests.steps.known import HELD_OUT, decode
from maslin.manifests.tables import SPLIT, SPLIT_PATH, TEXT_PREFIX_CHARACTERS, iter_tables, read_table
from maslin.manifests.workspace import ShardResult, read_manifest
from maslin.trainer.report.removals import Best, first_by_hash, keep_smallest, texts_of

SAMPLED = 2  # duplicates shown of a cluster
ACROSS = "dedup_across"  # a corpus's own search, whose survivors are of earlier corpora


@dataclass(frozen=True)
class SizeClass:
    """Clusters of `least` to `most` documents, the ones that stay counted: how many, of how many documents."""

    least: int
    most: int
    clusters: int
    documents: int


@dataclass(frozen=True)
class Duplicate:
    """A document that left for a cluster's survivor, by its similarity; `text`: how it begins."""

    id: str
    similarity: float | None
    text: str


@dataclass(frozen=True)
class Cluster:
    """Documents that left for one, which is counted. `text`: how it begins, None where it is not at hand.

    `closed`: something of it is held out, so that nothing of it is shown.
    """

    survivor_id: str
    documents: int
    closed: bool
    text: str | None
    duplicates: tuple[Duplicate, ...]


@dataclass(frozen=True)
class Banding:
    """How pairs were looked for: a pair is a candidate that shares one of `bands`, of `rows` values each.

    `threshold`: the similarity that the bands are for; `measure` and `least`: by what a candidate leaves, and from
    which value on.
    """

    bands: int
    rows: int
    threshold: float
    measure: str
    least: float


@dataclass(frozen=True)
class Deduplication:
    """A deduplication of a corpus. `banding`: None where equal texts alone are duplicates."""

    step_index: int
    step: str
    sizes: tuple[SizeClass, ...]
    largest: tuple[Cluster, ...]
    banding: Banding | None

    @property
    def clusters(self) -> int:
        return sum(each.clusters for each in self.sizes)

    @property
    def left(self) -> int:
        """Documents that left: all of each cluster but one."""
        return sum(each.documents - each.clusters for each in self.sizes)

    @classmethod
    def of_scan(cls, found: dict[str, Any]) -> "Deduplication":
        """From one of those that `scan_clusters` returned."""
        return cls(
            found["step_index"], found["step"], tuple(SizeClass(**each) for each in found["sizes"]),
            tuple(Cluster(**each | {"duplicates": tuple(Duplicate(**one) for one in each["duplicates"])})
                  for each in found["largest"]),
            None if found["banding"] is None else Banding(**found["banding"]))


def deduplications(directory: Path) -> list[Deduplication]:
    """Those of the corpus in `directory` that took anything away, in the order of steps."""
    return [Deduplication.of_scan(found) for found in scan_clusters(directory)["deduplications"]]


def scan_clusters(directory: Path) -> ShardResult:
    """As JSON values, for `Deduplication.of_scan`: {"files": [], "deduplications": […]}."""
    manifest = read_manifest(directory)
    searched = [each for each in _searched(manifest) if each[2]["cluster_sizes"]]
    wanted = {(index, cluster["survivor_id"]) for index, _, summary in searched
              for cluster in summary["largest_clusters"]}
    samples = _Samples(manifest, wanted)
    return {"files": [], "deduplications": [
        {"step_index": index, "step": step, "sizes": summary["cluster_sizes"], "largest": [
            samples.cluster(index, each["survivor_id"], each["documents"] + 1)
            for each in summary["largest_clusters"]], "banding": _banding(manifest, index, summary)}
        for index, step, summary in searched]}


def _searched(manifest: Manifest) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """(index, step, summary) of every deduplication by text; others have no clusters of sizes to tell."""
    for key, summary in manifest.summary.get("dedup", {}).items():
        index, _, step = key.partition(":")
        if "cluster_sizes" in summary:
            yield int(index), step, summary
    across = manifest.summary.get(ACROSS, {})
    if "cluster_sizes" in across:
        yield len(manifest.parameters["steps"]) + 1, ACROSS, across


def _banding(manifest: Manifest, index: int, summary: dict[str, Any]) -> dict[str, Any] | None:
    if "bands" not in summary:
        return None
    steps = manifest.parameters["steps"]
    near: NearDedup = (decode(steps[index]).parameters if index < len(steps)
                       else NEAR_DEDUP.decode(manifest.parameters["across"]))
    measure, least = near.limit
    return {"bands": summary["bands"], "rows": summary["rows"], "threshold": near.threshold, "measure": measure,
            "least": least}


class _Samples:
    """What can be shown of the clusters `wanted`: (index of the step, id of the survivor)."""

    def __init__(self, manifest: Manifest, wanted: set[tuple[int, str]]) -> None:
        self.closed: set[tuple[int, str]] = set()
        self.duplicates: Best = {}
        self.texts: dict[str, str] = {}
        if not wanted:
            return
        survivors = pa.array(sorted({id for _, id in wanted}), pa.string())
        held_out = read_table(manifest.input("split") / SPLIT_PATH, ["id"]) if "split" in manifest.inputs else (
            SPLIT.empty_table())
        hidden = set(survivors.filter(pc.is_in(survivors, value_set=held_out["id"])).to_pylist())
        columns = ["id", "step_index", "step", "survivor_id", "similarity", "detail", "text_prefix"]
        for rows in iter_tables(manifest.parts("ledger"), columns):
            self._read(rows, survivors, held_out["id"], hidden)
        self.closed |= {each for each in wanted if each[1] in hidden}
        self._read_texts(manifest, {id for _, id in wanted - self.closed} - set(self.texts))

    def _read(self, rows: pa.Table, survivors: pa.Array, held_out: pa.ChunkedArray, hidden: set[str]) -> None:
        """Of rows of a ledger: those that left for a survivor, and survivors that left later themselves."""
        for row in rows.filter(pc.is_in(rows["id"], value_set=survivors)).to_pylist():
            self.texts[row["id"]] = row["text_prefix"] or ""
            if row["step"] == HELD_OUT:  # held out, or with parts of what is
                hidden.add(row["id"])
        rows = rows.filter(pc.is_in(rows["survivor_id"], value_set=survivors))
        if not rows.num_rows:
            return
        by = ["step_index", "survivor_id"]
        closed = rows.filter(pc.is_in(rows["id"], value_set=held_out)).group_by(by).aggregate([]).to_pylist()
        self.closed |= {(each["step_index"], each["survivor_id"]) for each in closed}
        for row in first_by_hash(rows, by):
            keep_smallest(self.duplicates, (row["step_index"], row["survivor_id"]), row)

    def _read_texts(self, manifest: Manifest, missing: set[str]) -> None:
        """How survivors begin that are in this corpus or in those it was compared with."""
        corpora = [manifest, *(read_manifest(manifest.input(role)) for role in sorted(manifest.inputs)
                               if role.startswith("across:"))]
        for path in (path for corpus in corpora for path in corpus.parts("documents")):
            if not missing:
                return
            for id, text in texts_of(path, missing):
                self.texts[id] = text[:TEXT_PREFIX_CHARACTERS]
                missing = missing - {id}

    def cluster(self, index: int, survivor_id: str, documents: int) -> dict[str, Any]:
        closed = (index, survivor_id) in self.closed
        rows: Sequence[dict[str, Any]] = () if closed else self.duplicates.get((index, survivor_id), ())[:SAMPLED]
        elsewhere = any(named_earlier(row["detail"]) for row in rows)  # of an earlier run: the id is of another here
        return {"survivor_id": survivor_id, "documents": documents, "closed": closed,
                "text": None if closed or elsewhere else self.texts.get(survivor_id), "duplicates": [
                    {"id": row["id"], "similarity": row["similarity"], "text": row["text_prefix"] or ""}
                    for row in rows]}
