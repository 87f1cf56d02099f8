"""Small parts of held-out documents that training documents hold, each too small for containment.py to matter.

They add up: the head of every file of a package, a table that five pages repeat. An n-gram leaves a corpus with the
last document that holds it. So each n-gram is shared out evenly among its documents, and those leave first of which
these shares make up most for their length, until little enough is left.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa

from maslin.manifests.files import atomic_path
from maslin.manifests.steps.dedup import HeldOutOverlap

PARTS = pa.schema([
    ("id", pa.string()), ("reference_id", pa.string()), ("value", pa.float64()), ("passage", pa.string())])


@dataclass(frozen=True)
class Small:
    """Documents of a shard that stay so far and hold n-grams of a reference that count.

    `rows` ascending, of each: n-grams it has, the longest run of shared ones, its place, of which reference. The pairs
    `pair_rows` (places in `rows`), `pair_numbers` say once which n-gram is in which.
    """

    rows: np.ndarray
    ngrams: np.ndarray
    runs: np.ndarray
    run_places: np.ndarray
    run_of: np.ndarray
    pair_rows: np.ndarray
    pair_numbers: np.ndarray

    @classmethod
    def of(
        cls, row: np.ndarray, number: np.ndarray, ngrams: np.ndarray, rows: np.ndarray, runs: np.ndarray,
        run_places: np.ndarray, run_of: np.ndarray, stays: np.ndarray,
    ) -> "Small":
        """Of hits (`row`, `number`), and what was found of `rows`; `ngrams` and `stays` are by row of the shard."""
        here = stays[rows]
        kept = rows[here]
        hits = stays[row]
        pairs = np.unique(np.stack([np.searchsorted(kept, row[hits]), number[hits]], axis=1), axis=0)
        return cls(kept, ngrams[kept], runs[here], run_places[here], run_of[here], pairs[:, 0], pairs[:, 1])

    def save(self, path: Path) -> None:
        with atomic_path(path) as temporary, open(temporary, "wb") as sink:
            np.savez(sink, **{each.name: getattr(self, each.name) for each in fields(self)})

    @classmethod
    def load(cls, path: Path) -> "Small":
        with np.load(path) as stored:
            return cls(**{each.name: stored[each.name] for each in fields(cls)})


@dataclass(frozen=True)
class Chosen:
    """By shard the rows that leave, and the value of each; they are all those of at least `threshold`."""

    rows: list[np.ndarray]
    values: list[np.ndarray]
    threshold: float


def choose_parts(
    paths: Sequence[Path], domains: Sequence[np.ndarray], total: int, parameters: HeldOutOverlap,
) -> Chosen:
    """Which documents leave so that at most `left_share` of each domain's n-grams stay.

    `paths`: of `Small`, a shard each; `domains`: the numbers of each one's n-grams; `total`: n-grams of all documents
    that stay so far. As n-grams in many documents do not count, there are few pairs for each: all fit in memory as the
    references do.
    """
    shards = [Small.load(path) for path in paths]
    bounds = np.cumsum([0, *(len(shard.rows) for shard in shards)])
    document = np.concatenate([shard.pair_rows + first for shard, first in zip(shards, bounds, strict=False)])
    number = np.concatenate([shard.pair_numbers for shard in shards])
    ngrams = np.concatenate([shard.ngrams for shard in shards])
    holders = np.bincount(number, minlength=1 + max((int(mine[-1]) for mine in domains if len(mine)), default=0))
    standing = [mine[holders[mine] > 0] for mine in domains]
    most = [int(parameters.left_share * len(mine)) for mine in domains]
    over = [domain for domain in range(len(domains)) if len(standing[domain]) > most[domain]]
    none = Chosen([np.zeros(0, np.int64)] * len(shards), [np.zeros(0)] * len(shards), 0.0)
    if not over:
        return none
    asked = np.isin(number, np.concatenate([standing[domain] for domain in over]))
    document, number = document[asked], number[asked]
    value = np.bincount(document, 1 / holders[number], len(ngrams)) / np.maximum(ngrams, 1)
    levels, rank = np.unique(-value, return_inverse=True)  # equal ones leave together
    last = np.zeros(len(holders), np.int64)
    np.maximum.at(last, number, rank[document])
    ranks = max(int(np.sort(last[standing[domain]])[::-1][most[domain]]) + 1 for domain in over)
    lost = np.cumsum(np.bincount(rank, ngrams, len(levels)))
    ranks = min(ranks, int(np.searchsorted(lost, parameters.most_removed * total, side="right")))
    if not ranks:
        return none
    leaves = rank < ranks
    mine = [leaves[begin:end] for begin, end in pairwise(bounds)]
    return Chosen(
        [shard.rows[which] for shard, which in zip(shards, mine, strict=True)],
        [value[begin:end][which] for which, (begin, end) in zip(mine, pairwise(bounds), strict=True)],
        float(-levels[ranks - 1]))
