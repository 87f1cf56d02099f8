"""Near duplicates of a step: of documents of earlier corpora, which all stay, and then of one another.

Each earlier corpus is searched by itself; a document that several have leaves for one of equal text, else for the most
similar (of equally similar ones the smallest id). Those left are compared with one another, so that the same documents
stay as if old and new ones were compared at once and no old one could leave.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from maslin.curation.dedup.equal.batches import write_arrow
from maslin.curation.dedup.equal.keys import Earlier
from maslin.curation.dedup.near.outcome import LARGEST, MATCHES, count_sizes, size_classes, size_counts
from maslin.curation.dedup.near.search import Found, Search, find_duplicates, find_overlaps, read_found
from maslin.curation.dedup.near.sketches import work_path
from maslin.curation.stages import Dropped, StageShard
from maslin.manifests.steps.dedup import NearDedupStep
from maslin.manifests.tables import write_table

_FOUND = pa.schema([*MATCHES, ("where", pa.string())])


def find_near(
    search: Search, shards: Sequence[StageShard], parameters: NearDedupStep, earlier: Earlier = MappingProxyType({}),
) -> Found:
    """Documents that leave, one file (MATCHES and `where`, the earlier corpus) a shard.

    The summary has, in `against`, what each earlier corpus takes by itself; a document that two have counts in both.
    """
    near = parameters.near
    if not earlier:
        return find_duplicates(search, shards, near)
    acts = {
        name: find_overlaps(
            replace(search, stage=f"{search.stage}-{number}", label=f"{search.label}, {name}"), shards, references,
            near)
        for number, (name, references) in enumerate(earlier.items()) if references}
    left, found = [], []
    for index, shard in enumerate(shards):
        found.append(_best([(name, read_found(act.paths[index])) for name, act in acts.items()]))
        ids = work_path(search.directory, search.stage, "against", index, "parquet")
        write_table(search.directory, ids.relative_to(search.directory).as_posix(), found[-1].select(["id"]))
        left.append(replace(shard, done=(*shard.done, Dropped(ids))))
    among = find_duplicates(replace(search, stage=f"{search.stage}-among", sketches="left"), left, near)
    paths = []
    for index, (table, path) in enumerate(zip(found, among.paths, strict=True)):
        paths.append(work_path(search.directory, search.stage, "found", index, "arrow"))
        write_arrow(paths[-1], pa.concat_tables([table, _with_place(read_found(path), None)]))
    return Found(paths, _summary({name: act.summary for name, act in acts.items()}, among.summary, found))


def _best(found: Sequence[tuple[str, pa.Table]]) -> pa.Table:
    """Each document once, with the best of its matches in any corpus."""
    every = pa.concat_tables([_FOUND.empty_table(), *(_with_place(table, name) for name, table in found)])
    every = every.append_column("equal", pc.cast(every["equal_text"], pa.int8())).append_column(
        "place", pa.array(np.arange(every.num_rows)))
    every = every.take(pc.sort_indices(every, [
        ("id", "ascending"), ("equal", "descending"), ("similarity", "descending"), ("survivor_id", "ascending"),
        ("place", "ascending")]))
    ids = every["id"].combine_chunks().dictionary_encode().indices.to_numpy()
    first = np.ones(len(ids), bool)
    first[1:] = ids[1:] != ids[:-1]
    return every.filter(pa.array(first)).select(_FOUND.names)


def _with_place(table: pa.Table, where: str | None) -> pa.Table:
    return table.append_column("where", pa.repeat(pa.scalar(where, pa.string()), table.num_rows))


def _summary(
    acts: Mapping[str, Mapping[str, Any]], among: Mapping[str, Any], found: Sequence[pa.Table],
) -> dict[str, Any]:
    """That of the comparison among one another, with all that leaves counted, and what is short before any left."""
    of_earlier = sum(table.num_rows for table in found)
    equal = sum(pc.sum(table["equal_text"]).as_py() or 0 for table in found)
    clusters = [each for summary in (*acts.values(), among) for each in summary["largest_clusters"]]
    short = [summary["short_documents"] for summary in acts.values()]
    stay = pc.value_counts(pa.concat_tables([_FOUND.empty_table(), *found])["survivor_id"].combine_chunks())
    sizes = count_sizes(stay.field("counts").to_numpy() + 1)
    return {
        **among, "short_documents": max([*short, among["short_documents"]]),
        "equal_text": among["equal_text"] + equal, "near": among["near"] + of_earlier - equal,
        "cluster_sizes": size_classes(sizes + size_counts(among["cluster_sizes"])),
        "largest_clusters": sorted(
            clusters, key=lambda each: (-each["documents"], each["survivor_id"]))[:LARGEST],
        "against": {name: {key: summary[key] for key in ("candidates", "full_bucket_entries", "equal_text", "near")}
                    for name, summary in acts.items()},
    }
