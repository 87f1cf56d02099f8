"""Sites and repositories that are held out whole: what documents are of, which mirror another, and which are drawn.

A site is a host, by its name without `www.`; a repository the archive or folder a file lies in, whatever its version,
or an owner's project at one of the `FORGES`. One that largely repeats a larger one goes with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from maslin.curation.dedup.near.search import read_found
from maslin.curation.stages import StageShard, iter_surviving
from maslin.manifests.files import atomic_path, file_entry
from maslin.manifests.identity import hash_unit
from maslin.manifests.progress import advance
from maslin.manifests.tables import UNITS
from maslin.manifests.workspace import SHARD_MARKERS, Mapper, ShardResult, run_shards

FORGES = ("github.com", "gitlab.com", "bitbucket.org", "codeberg.org")
MIRROR_SHARE = 0.5  # of a site's duplicate groups that a larger one has too
MOST_SHARING = 20  # sites that have documents of one group: error pages and licences are in more and tell nothing
MEASURED = pa.schema([("unit", pa.string()), ("bytes", pa.int64())])

# The host of a URL; of a path its first part: the archive or the folder of a repository.
_SITE = r"^(?:[a-zA-Z][a-zA-Z0-9+.-]*://(?:[^/?#@]*@)?(?P<host>\[[^\]/]*\]|[^/?#:]+)|(?P<top>[^/:]+)/)"
_PROJECT = (r"^https?://(?:www\.)?(?P<forge>" + "|".join(FORGES).replace(".", r"\.")
            + r")/(?P<owner>[^/?#]+)/(?P<name>[^/?#]+)")
_RAW = "://raw.githubusercontent.com/"
_PACKED = r"(?:\.orig)?\.(?:zip|whl|crate|tgz|tbz2|txz|tar(?:\.(?:gz|bz2|xz|zst))?)$"
_VERSION = r"[-_]v?\d+\.\d.*$"


def site_of(urls: pa.ChunkedArray) -> pa.ChunkedArray:
    """The host of each URL, or the first part of each path, lower case; null where there is none to tell."""
    found = pc.extract_regex(urls, _SITE)
    host, top = (pc.struct_field(found, name) for name in ("host", "top"))
    return _told(pc.if_else(pc.equal(host, ""), top, host))


def unit_of(urls: pa.ChunkedArray, by: str) -> pa.ChunkedArray:
    """The site, or the repository, of each address, lower case; null where it tells none."""
    parts = pc.extract_regex(urls, _SITE)
    if by == "site":
        host = pc.utf8_lower(pc.struct_field(parts, "host"))
        host = pc.replace_substring_regex(host, r"\.$", "")
        return _told(pc.replace_substring_regex(host, r"^www\.([^.]+\.)", r"\1"))
    project = pc.extract_regex(pc.replace_substring(urls, _RAW, f"://{FORGES[0]}/"), _PROJECT)
    named = pc.binary_join_element_wise(*(pc.struct_field(project, name) for name in ("forge", "owner", "name")), "/")
    top = pc.struct_field(parts, "top")
    for end in (_PACKED, _VERSION):
        top = pc.replace_substring_regex(top, f"(?i)(.){end}", r"\1")
    return pc.coalesce(_told(pc.replace_substring_regex(named, r"\.git$", "")), _told(top))


def _told(names: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.utf8_lower(pc.if_else(pc.equal(names, ""), pa.scalar(None, pa.string()), names))


@dataclass(frozen=True)
class MeasureTask:
    directory: Path
    output: Path
    shard: StageShard
    by: str


def measure(
    directory: Path, shards: Sequence[StageShard], by: str, mapper: Mapper, label: str, total: int,
) -> list[pa.Table]:
    """Of every document of each shard, in its order, the unit and the bytes of its text (MEASURED)."""
    tasks = [MeasureTask(directory, directory / SHARD_MARKERS / f"units-{index:05d}.arrow", shard, by)
             for index, shard in enumerate(shards)]
    run_shards(directory, measure_shard, tasks, mapper, label, stage="units", total=total, unit="documents")
    return [read_found(task.output) for task in tasks]


def measure_shard(task: MeasureTask) -> ShardResult:
    with atomic_path(task.output) as temporary, pa.OSFile(str(temporary), "wb") as sink, pa.ipc.new_file(
            sink, MEASURED) as writer:
        for table in iter_surviving(task.shard, ["url", "text"]):
            sizes = pc.cast(pc.fill_null(pc.binary_length(table["text"]), 0), pa.int64())
            writer.write_table(pa.table([unit_of(table["url"], task.by), sizes], schema=MEASURED))
            advance(table.num_rows)
    return {"files": [file_entry(task.directory, task.output)]}


@dataclass(frozen=True)
class Drawn:
    """Which units are held out: `names` of them all, ascending; `mirror_of` and `held_out` are by place in it.

    `of` says of every document which it is of, -1 for none; `why_not`: the reason why none is held out.
    """

    names: list[str]
    of: np.ndarray
    bytes: np.ndarray
    documents: np.ndarray
    mirror_of: np.ndarray
    held_out: np.ndarray
    why_not: str | None

    def table(self) -> pa.Table:
        """UNITS: a row a unit, by the one that it goes with."""
        place = np.arange(len(self.names))
        order = np.lexsort((place, self.mirror_of))
        names = np.array(self.names, dtype=object)
        return pa.table([names[order], names[self.mirror_of[order]], self.documents[order], self.bytes[order],
                         pa.array(self.held_out[order], pa.bool_())], schema=UNITS)

    def summary(self, by: str) -> dict[str, Any]:
        """What reports tell of it."""
        if self.why_not is not None:
            return {"by": "document", "asked": by, "why": self.why_not}
        roots = self.mirror_of == np.arange(len(self.names))
        return {
            "by": by, "held_out": int((roots & self.held_out).sum()), "of": int(roots.sum()),
            "mirrors": int((~roots).sum()), "without": int((self.of < 0).sum()),
            "bytes_share": float(self.bytes[self.held_out].sum() / max(1, self.bytes.sum()))}


def draw(
    units: pa.ChunkedArray, sizes: np.ndarray, groups: pa.ChunkedArray, by: str, seed: int, fraction: float, least: int,
) -> Drawn:
    """Draw units until they have the share `fraction` of the bytes, `least` of them remaining.

    By documents: unit, bytes of text, duplicate group. Units come in the order of a hash of (seed, name); those too
    large for what is missing are passed over, so that there are several of them, and in a second round taken where that
    brings the share nearer. So few and unequal units come near it, and a source that grows changes the end of the
    choice only.
    """
    names = sorted(pc.unique(units.drop_null()).to_pylist())
    of = pc.fill_null(pc.index_in(units, value_set=pa.array(names, pa.string())), -1).to_numpy().astype(np.int64)
    known = of >= 0
    documents = np.bincount(of[known], minlength=len(names))
    text = np.bincount(of[known], sizes[known], len(names)).astype(np.int64)
    group = pc.index_in(groups, value_set=pc.unique(groups)).to_numpy().astype(np.int64)
    mirror_of = find_mirrors(of[known], group[known], len(names))
    whole = np.bincount(mirror_of, text, len(names))
    roots = np.flatnonzero(mirror_of == np.arange(len(names)))
    chosen, taken, target = np.zeros(len(names), bool), 0.0, fraction * text.sum()
    order = sorted(roots.tolist(), key=lambda place: hash_unit(seed, by, names[place]))
    remaining = len(roots)
    for overshooting in (False, True):
        for place in order:
            missing = target - taken
            fits = whole[place] < 2 * missing if overshooting else whole[place] <= missing
            if fits and not chosen[place] and remaining > least:
                chosen[place] = True
                taken += whole[place]
                remaining -= 1
    why = None
    if not names:
        why = f"no address tells a {by}"
    elif len(roots) <= least:
        why = f"{_counted(len(roots), by)}, and at least {least:,} have to remain to train on"
    elif not chosen.any():
        why = f"each {by} has more than twice the share of the text that is held out"
    return Drawn(names, of, text, documents, mirror_of, chosen[mirror_of], why)


def _counted(number: int, by: str) -> str:
    plural = {"site": "sites", "repository": "repositories"}[by]
    return f"there is one {by}" if number == 1 else f"there are {number:,} {plural}"


def find_mirrors(of: np.ndarray, group: np.ndarray, units: int) -> np.ndarray:
    """By unit, the one that it goes with: itself, or the end of a chain of larger ones that have most of its groups.

    `of`, `group`: unit and duplicate group of each document. Each goes with one larger unit at most, the one that has
    most of it, so that a page that two sites quote does not tie these two together.
    """
    pairs = np.unique(np.stack([group, of], axis=1), axis=0)
    sizes = np.bincount(pairs[:, 1], minlength=units)
    _, count = np.unique(pairs[:, 0], return_counts=True)
    few = np.repeat((count > 1) & (count <= MOST_SHARING), count)
    pairs = pairs[few]
    larger_than = np.empty(units, np.int64)  # the rank by size; equal ones by name
    larger_than[np.lexsort((-np.arange(units), sizes))] = np.arange(units)
    shared = [np.zeros((0, 2), np.int64)]
    for apart in range(1, min(MOST_SHARING, len(pairs))):
        same = pairs[apart:, 0] == pairs[:-apart, 0]
        both = np.stack([pairs[:-apart, 1][same], pairs[apart:, 1][same]], axis=1)
        swap = larger_than[both[:, 0]] > larger_than[both[:, 1]]
        both[swap] = both[swap][:, ::-1]
        shared.append(both)
    edges, counts = np.unique(np.concatenate(shared), axis=0, return_counts=True)
    enough = counts >= MIRROR_SHARE * sizes[edges[:, 0]]
    edges, counts = edges[enough], counts[enough]
    order = np.lexsort((larger_than[edges[:, 1]], counts))  # the last word on a unit is that of most in common
    parent = np.arange(units)
    parent[edges[order, 0]] = edges[order, 1]
    while not np.array_equal(parent, parent[parent]):
        parent = parent[parent]
    return parent
