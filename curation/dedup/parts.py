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
    ("id", pa.string()), ("reference_id", pa.string()), ("value", pa.float64()), ("ngram", pa.int64()),
    ("words", pa.int64())])


@dataclass(frozen=True)
class Small:
    """Documents of a shard that stay so far and hold n-grams of a reference that count.

    `ids`, and of each: n-grams it has; the words of the longest passage that it shares, its place, and of which
    reference. The pairs `pair_rows` (places in `ids`), `pair_numbers` say once which n-gram is in which.
    """

    ids: np.ndarray
    ngrams: np.ndarray
    run_words: np.ndarray
    run_places: np.ndarray
    run_of: np.ndarray
    pair_rows: np.ndarray
    pair_numbers: np.ndarray

    @classmethod
    def of(
        cls, row: np.ndarray, number: np.ndarray, ids: np.ndarray, ngrams: np.ndarray, rows: np.ndarray,
        run_words: np.ndarray, run_places: np.ndarray, run_of: np.ndarray, stays: np.ndarray,
    ) -> "Small":
        """Of hits (`row`, `number`), and what was found of `rows`; `ids`, `ngrams` and `stays` are by row."""
        here = stays[rows]
        kept, hits = rows[here], stays[row]
        width = 1 + int(number.max(initial=0))
        pairs = np.unique(np.searchsorted(kept, row[hits]) * width + number[hits])
        return cls(ids[kept], ngrams[kept], run_words[here], run_places[here], run_of[here], *np.divmod(pairs, width))

    def save(self, path: Path) -> None:
        with atomic_path(path) as temporary, open(temporary, "wb") as sink:
            np.savez(sink, **{each.name: getattr(self, each.name) for each in fields(self)})

    @classmethod
    def load(cls, path: Path) -> "Small":
        with np.load(path) as stored:
            return cls(**{each.name: stored[each.name] for each in fields(cls)})


@dataclass(frozen=True)
class Chosen:
    """How many documents leave: all those whose value is at least `threshold`."""

    documents: int
    threshold: float


def choose_parts(
    paths: Sequence[Path], outputs: Sequence[Path], domains: Sequence[np.ndarray], total: int,
    parameters: HeldOutOverlap,
) -> Chosen:
    """Which documents leave so that at most `left_share` of each domain's n-grams stay; PARTS in `outputs`.

    `paths`: of `Small`, a shard each; `domains`: the numbers of each one's n-grams; `total`: n-grams of all documents
    that stay so far. As n-grams in many documents do not count, there are few pairs for each: all fit in memory as the
    references do.
    """
    shards = [Small.load(path) for path in paths]
    bounds = np.cumsum([0, *(len(shard.ids) for shard in shards)])
    document = np.concatenate([shard.pair_rows + first for shard, first in zip(shards, bounds, strict=False)])
    number = np.concatenate([shard.pair_numbers for shard in shards])
    value, threshold = _values(
        document, number, np.concatenate([shard.ngrams for shard in shards]), domains, total, parameters)
    leaves = (value >= threshold) & (value > 0)
    for shard, output, (begin, end) in zip(shards, outputs, pairwise(bounds), strict=True):
        mine = leaves[begin:end]
        columns = (shard.ids[mine], shard.run_of[mine], value[begin:end][mine], shard.run_places[mine],
                   shard.run_words[mine])
        rows = pa.table([pa.array(column.tolist(), field.type) for column, field in zip(columns, PARTS, strict=True)],
                        schema=PARTS)
        with atomic_path(output) as temporary, pa.OSFile(str(temporary), "wb") as sink, pa.ipc.new_file(
                sink, PARTS) as writer:
            writer.write_table(rows)
    return Chosen(int(leaves.sum()), float(threshold) if leaves.any() else 0.0)


def _values(
    document: np.ndarray, number: np.ndarray, ngrams: np.ndarray, domains: Sequence[np.ndarray], total: int,
    parameters: HeldOutOverlap,
) -> tuple[np.ndarray, float]:
    """Of each document the share of its n-grams that are another's too, shared out; from which value on they leave."""
    holders = np.bincount(number, minlength=1 + max((int(mine[-1]) for mine in domains if len(mine)), default=0))
    standing = [mine[holders[mine] > 0] for mine in domains]
    most = [int(parameters.left_share * len(mine)) for mine in domains]
    over = [domain for domain in range(len(domains)) if len(standing[domain]) > most[domain]]
    if not over:
        return np.zeros(len(ngrams)), np.inf
    asked = np.isin(number, np.concatenate([standing[domain] for domain in over]))
    document, number = document[asked], number[asked]
    value = np.bincount(document, 1 / holders[number], len(ngrams)) / np.maximum(ngrams, 1)
    levels, rank = np.unique(-value, return_inverse=True)  # equal ones leave together
    last = np.zeros(len(holders), np.int64)  # by n-gram, the rank with which it is gone
    np.maximum.at(last, number, rank[document])
    ranks = max(int(np.sort(last[standing[domain]])[::-1][most[domain]]) + 1 for domain in over)
    lost = np.cumsum(np.bincount(rank, ngrams, len(levels)))
    ranks = min(ranks, int(np.searchsorted(lost, parameters.most_removed * total, side="right")))
    return value, float(-levels[ranks - 1]) if ranks else np.inf
