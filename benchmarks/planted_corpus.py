"""A corpus of any size that is known: short documents, a fifth of them edited copies, templates, chains.

Every word is a hash of (seed, whose words these are, place), so each part is made by itself and the whole never needs
to be in memory. Of 100 documents about

- 76 are of their own words, 60 to 240 of them;
- 20 are copies of one of these, with 0.5 to 4 % of the words changed;
- 2 are pages of 50 templates: 120 words that all of its pages have, and 30 to 40 in one piece that only they have;
- 2 are links of chains: windows of 150 words that go on by 12, a hundred to a chain.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from maslin.manifests.tables import DOCUMENTS, TableWriter

OWN, COPY, TEMPLATE, CHAIN = range(4)
TEMPLATES, LINKS, STEP_WORDS, WINDOW_WORDS = 50, 100, 12, 150
_VOCABULARY = 60_000
_MOST_WORDS = 240
_BLOCK = 20_000  # documents made at once


def hashed(seed: int, *of: np.ndarray | int) -> np.ndarray:
    """uint64 by splitmix64's finalizer over all of them, in their order."""
    value = np.asarray(seed, np.uint64)
    with np.errstate(over="ignore"):
        for each in of:
            value = (value ^ np.asarray(each).astype(np.uint64)) + np.uint64(0x9E3779B97F4A7C15)
            value = (value ^ value >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
            value = (value ^ value >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
            value = value ^ value >> np.uint64(31)
    return value


def share(hashes: np.ndarray) -> np.ndarray:
    """Hashes as numbers in [0, 1)."""
    return (hashes >> np.uint64(11)) / float(1 << 53)


@dataclass(frozen=True)
class Planted:
    """By document: its kind uint8; whose words it has, itself unless it is a copy; which of all links it is, int64."""

    seed: int
    documents: int
    kinds: np.ndarray
    original: np.ndarray
    link: np.ndarray

    @classmethod
    def of(cls, documents: int, seed: int = 0) -> "Planted":
        number = np.arange(documents)
        kinds = np.searchsorted([0.76, 0.96, 0.98], share(hashed(seed, 1, number)), side="right").astype(np.uint8)
        kinds[0] = OWN
        own = np.flatnonzero(kinds == OWN)
        before = np.searchsorted(own, number)  # of their own words, before this one
        chosen = own[(share(hashed(seed, 2, number)) * before).astype(np.int64)]
        return cls(seed, documents, kinds, np.where(kinds == COPY, chosen, number), np.cumsum(kinds == CHAIN) - 1)

    def edited_share(self, documents: np.ndarray) -> np.ndarray:
        """Of the words of a copy, how many are changed."""
        return np.where(
            self.kinds[documents] == COPY, 0.005 + 0.035 * share(hashed(self.seed, 3, documents)), 0.0)

    def similarity(self, copies: np.ndarray, shingle_words: int = 5) -> np.ndarray:
        """Jaccard similarity of the shingles of each copy and its original, all words taken for different."""
        found = np.empty(len(copies))
        for first in range(0, len(copies), _BLOCK):
            here = copies[first:first + _BLOCK]
            length = self._lengths(here)[:, None]
            place = np.arange(_MOST_WORDS)[None]
            changed = (share(hashed(self.seed, 7, here[:, None], place)) < self.edited_share(here)[:, None]) & (
                place < length)
            before = np.concatenate([np.zeros((len(here), 1), int), np.cumsum(changed, axis=1)], axis=1)
            begins = place[:, :_MOST_WORDS - shingle_words + 1] + shingle_words <= length
            same = (begins & (before[:, shingle_words:] == before[:, :-shingle_words])).sum(axis=1)
            shingles = length[:, 0] - shingle_words + 1
            found[first:first + _BLOCK] = same / (2 * shingles - same)
        return found

    def _lengths(self, documents: np.ndarray) -> np.ndarray:
        """Words of documents that are of no template or chain."""
        return 60 + (hashed(self.seed, 4, self.original[documents]) % np.uint64(_MOST_WORDS - 59)).astype(np.int64)

    def texts(self, first: int, end: int) -> pa.Array:
        """The texts of these documents."""
        documents = np.arange(first, end)
        kind, original, lengths = self.kinds[documents], self.original[documents], self._lengths(documents)
        payload = 30 + (hashed(self.seed, 5, documents) % np.uint64(11)).astype(np.int64)
        lengths = np.where(kind == TEMPLATE, 120 + payload, np.where(kind == CHAIN, WINDOW_WORDS, lengths))
        ends = np.cumsum(lengths)
        of = np.repeat(np.arange(len(documents)), lengths)
        place = np.arange(ends[-1]) - np.repeat(ends - lengths, lengths)

        link = self.link[documents]
        template = (hashed(self.seed, 6, documents) % np.uint64(TEMPLATES)).astype(np.int64)
        whose = np.select(
            [kind == TEMPLATE, kind == CHAIN], [-1 - template, -1_000 - link // LINKS], original)[of]
        at = place + np.where(kind == CHAIN, link % LINKS * STEP_WORDS, 0)[of]
        # A template's page has its own words in one piece from the 60th on.
        inside = (kind == TEMPLATE)[of] & (place >= 60) & (place < (60 + payload)[of])
        at = np.where((kind == TEMPLATE)[of] & (place >= (60 + payload)[of]), place - payload[of], at)
        changed = inside | (share(hashed(self.seed, 7, documents[of], place)) < self.edited_share(documents)[of])
        whose, at = np.where(changed, documents[of] + (1 << 40), whose), np.where(changed, place, at)
        word = (share(hashed(self.seed, 8, whose, at)) ** 2 * _VOCABULARY).astype(np.int32)
        lists = pa.ListArray.from_arrays(
            pa.array(np.concatenate([[0], ends]).astype(np.int32)), vocabulary().take(pa.array(word)))
        return pc.binary_join(lists, " ")

    def write(self, root: Path, shards: int) -> list[Path]:
        """Write Parquet files of documents; neighbours are not alike, and ids are in no order."""
        paths = []
        for shard in range(shards):
            first, end = (self.documents * each // shards for each in (shard, shard + 1))
            with TableWriter(root, f"documents/part-{shard:05d}.parquet", DOCUMENTS) as writer:
                for begin in range(first, end, _BLOCK):
                    stop = min(end, begin + _BLOCK)
                    texts = self.texts(begin, stop)
                    columns = {"id": ids(begin, stop), "text": texts, "source": pa.array(["planted"] * len(texts))}
                    writer.write(pa.table([
                        columns.get(field.name, pa.nulls(len(texts), field.type)).cast(field.type)
                        for field in DOCUMENTS], schema=DOCUMENTS))
            paths.append(root / "documents" / f"part-{shard:05d}.parquet")
        return paths


def ids(first: int, end: int) -> pa.Array:
    """32 hex digits each; `number_of` leads back."""
    return pa.array([f"{hashed(9, number):016x}{number:016x}" for number in range(first, end)])


def number_of(id: str) -> int:
    return int(id[16:], 16)


@cache
def vocabulary() -> pa.Array:
    number = np.arange(_VOCABULARY)
    letters = np.frombuffer(b"etaoinshrdlucmfwypvbgkjqxz", np.uint8)
    lengths = 2 + (hashed(10, number) % np.uint64(8)).astype(int)
    drawn = letters[(share(hashed(11, number[:, None], np.arange(10)[None])) ** 1.5 * 26).astype(int)]
    return pa.array([row[:length].tobytes().decode() for row, length in zip(drawn, lengths, strict=True)])
