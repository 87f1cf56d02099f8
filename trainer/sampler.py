"""Which tokens a step trains on: a pure function of (mixture digest, seed, step), with no state to save.

Each corpus is one stream of tokens, cut into windows of `context_tokens` (and one token more: the last target). A pass
over a corpus takes its windows in a keyed pseudo-random order, every window once. Which corpus a sequence comes from is
a fixed schedule in which, at every length, each corpus is less than one sequence off its share. Ranks and micro-batches
are slices of the same global batch. The order of a corpus depends on the seed and its tokens alone, so arms that share
a corpus and a seed see its windows in the same order: common random numbers.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numba import njit

from manifests.errors import DataError, UsageError
from manifests.identity import hash_int
from manifests.workspace import read_manifest
from trainer.token_shards import TokenCorpus

PERIOD_MAX = 1 << 20  # sequences after which the schedule repeats; other shares are rounded to this denominator
_COUNT_EVERY = 4096  # slots between stored counts of the schedule
_COUNT_SEQUENCES = 1 << 20  # whose bytes and documents are counted at once
_ROUNDS = 6


@dataclass(frozen=True)
class Batch:
    """Sequences of one step.

    tokens: int32 [sequences, context_tokens + 1]
    segments: int32 [sequences, context_tokens], the document each input position belongs to, counted from 0 within the
        sequence. End-of-text as an input begins the next document: its first token is predicted from end-of-text alone.
    corpus: int64 [sequences], index into `Sampler.corpora`
    """

    tokens: np.ndarray
    segments: np.ndarray
    corpus: np.ndarray

    @property
    def inputs(self) -> np.ndarray:
        return self.tokens[:, :-1]

    @property
    def targets(self) -> np.ndarray:
        return self.tokens[:, 1:]


class Sampler:
    """The batches of a run over a mixture.

    `mixture` is the directory of a mixture step inside its workspace; `steps` is how many the run will take. Raises
    UsageError when the mixture or its tokens are not there, DataError when corpora have different vocabularies, one is
    shorter than one window, or the run would repeat one beyond the mixture's `max_epochs`.
    """

    def __init__(self, mixture: Path, *, seed: int, context_tokens: int, sequences_per_step: int, steps: int) -> None:
        identity = read_manifest(mixture)["identity"]
        if identity["kind"] != "mixture":
            raise UsageError(f"{mixture}: holds {identity['kind']}, not a mixture.")
        self.mixture, self.digest, self.seed = identity["name"], identity["digest"], seed
        self.context_tokens, self.sequences_per_step, self.steps = context_tokens, sequences_per_step, steps
        weights = {name: weight for name, weight in identity["parameters"]["weights"].items() if weight > 0}
        self.corpora = tuple(sorted(weights))
        root = mixture.resolve().parent.parent
        self.tokens = [TokenCorpus(root / identity["inputs"][f"tokens:{name}"]) for name in self.corpora]
        self.vocab_size, self.end_of_text = self._vocabulary()
        self.windows = [self._windows(corpus) for corpus in self.tokens]
        self.schedule = Schedule([weights[name] for name in self.corpora])
        self._check_epochs(identity["parameters"]["max_epochs"])
        self._seen = np.zeros((len(self.corpora), 3), np.int64)  # sequences counted, their bytes, documents begun

    def _vocabulary(self) -> tuple[int, int]:
        first = self.tokens[0]
        for corpus in self.tokens[1:]:
            if corpus.tokenizer != first.tokenizer:
                raise DataError(
                    f"mixture {self.mixture}: corpus {corpus.name} is tokenized with {corpus.tokenizer}, "
                    f"{first.name} with {first.tokenizer}; build both with one tokenizer.")
        return first.vocab_size, first.end_of_text

    def _windows(self, corpus: TokenCorpus) -> int:
        windows = (corpus.tokens - 1) // self.context_tokens
        if windows < 1:
            raise DataError(
                f"mixture {self.mixture}: corpus {corpus.name} has {corpus.tokens:,} tokens, one sequence takes "
                f"{self.context_tokens + 1:,}. Lower training.context_tokens, or leave the corpus out.")
        return windows

    def _check_epochs(self, max_epochs: float) -> None:
        for name, corpus, count in zip(self.corpora, self.tokens, self._counts(self.steps), strict=True):
            tokens = int(count) * self.context_tokens
            if tokens > max_epochs * corpus.tokens + self.context_tokens:  # shares are whole sequences: one more may be
                raise DataError(
                    f"mixture {self.mixture}: {self.steps:,} steps take {tokens:,} tokens of corpus {name}, which has "
                    f"{corpus.tokens:,}: {tokens / corpus.tokens:.3g} epochs, more than max_epochs {max_epochs:g}.")

    def _counts(self, steps: int) -> np.ndarray:
        return self.schedule.counts(steps * self.sequences_per_step)

    def batch(self, step: int, rank: int = 0, ranks: int = 1) -> Batch:
        """The sequences of `step` (from 0): all of them, or the `rank`-th of `ranks` equal slices in order."""
        corpus, starts = self._sequences(step)
        if not 0 <= rank < ranks or len(corpus) % ranks:
            raise UsageError(f"{len(corpus)} sequences a step cannot be shared by {ranks} workers.")
        share = len(corpus) // ranks
        mine = slice(rank * share, (rank + 1) * share)
        corpus, starts = corpus[mine], starts[mine]
        tokens = np.empty((share, self.context_tokens + 1), np.int32)
        for row, (index, start) in enumerate(zip(corpus.tolist(), starts.tolist(), strict=True)):
            tokens[row] = self.tokens[index].read(start, start + self.context_tokens + 1)
        return Batch(tokens, segments_of(tokens[:, :-1], self.end_of_text), corpus)

    def _sequences(self, step: int) -> tuple[np.ndarray, np.ndarray]:
        """Of each sequence of the step: its corpus, and the position of its first token."""
        if not 0 <= step < self.steps:
            raise IndexError(f"step {step} of a run of {self.steps}")
        first = step * self.sequences_per_step
        corpus = self.schedule.corpus(first, first + self.sequences_per_step)
        starts = np.empty(len(corpus), np.int64)
        for index, taken in enumerate(self.schedule.counts(first).tolist()):
            rows = np.flatnonzero(corpus == index)
            starts[rows] = self._starts(index, taken, taken + len(rows))
        return corpus, starts

    def _starts(self, index: int, first: int, last: int) -> np.ndarray:
        """Positions of the `first` to `last`-th sequence that the run takes of a corpus."""
        windows, found = self.windows[index], []
        while first < last:
            number, begin = divmod(first, windows)
            end = min(windows, begin + last - first)
            key = hash_int(self.seed, "order", self.tokens[index].digest, str(number))
            found.append(permute(np.arange(begin, end), windows, key) * self.context_tokens)
            first += end - begin
        return np.concatenate(found) if found else np.empty(0, np.int64)

    def document_ids(self, step: int) -> list[list[str]]:
        """The ids of the documents in each sequence of a step."""
        return [
            self.tokens[index].document_ids(start, start + self.context_tokens + 1)
            for index, start in zip(*(values.tolist() for values in self._sequences(step)), strict=True)
        ]

    def realised(self, steps: int) -> dict[str, dict[str, Any]]:
        """What `steps` steps have trained on, by corpus: sequences, share, tokens, bytes, documents, epochs.

        `tokens` counts targets; `documents` those begun, again in each pass; `bytes` UTF-8 bytes, in proportion to
        tokens where a window cuts a document. Growing `steps` cost only the steps that are new.
        """
        counts = self._counts(steps)
        if (counts < self._seen[:, 0]).any():
            self._seen[:] = 0
        for index, count in enumerate(counts.tolist()):
            windows, done = self.windows[index], int(self._seen[index, 0])
            begun, passes = -(-done // windows), count // windows
            if begun < passes:  # whole passes: no need to go through their sequences
                self._seen[index, 1:] += (passes - begun) * self._span(index, np.zeros(1, np.int64), windows)
                stretches = [(done, begun * windows), (passes * windows, count)]
            else:
                stretches = [(done, count)]
            for first, last in stretches:
                for begin in range(first, last, _COUNT_SEQUENCES):
                    starts = self._starts(index, begin, min(last, begin + _COUNT_SEQUENCES))
                    self._seen[index, 1:] += self._span(index, starts, 1)
            self._seen[index, 0] = count
        return {
            name: {
                "sequences": count, "share": count / max(1, int(counts.sum())), "tokens": count * self.context_tokens,
                "bytes": size, "documents": documents, "epochs": count * self.context_tokens / corpus.tokens,
            }
            for name, corpus, (count, size, documents) in zip(
                self.corpora, self.tokens, self._seen.tolist(), strict=True)
        }

    def _span(self, index: int, starts: np.ndarray, windows: int) -> np.ndarray:
        """Bytes, and documents begun, in `windows` windows from each of `starts`."""
        corpus, ends = self.tokens[index], starts + windows * self.context_tokens
        return np.array([
            (corpus.bytes_before(ends) - corpus.bytes_before(starts)).sum(),
            (corpus.documents_before(ends) - corpus.documents_before(starts)).sum(),
        ])

    def close(self) -> None:
        for corpus in self.tokens:
            corpus.close()

    def __enter__(self) -> "Sampler":
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.close()


def segments_of(inputs: np.ndarray, end_of_text: int) -> np.ndarray:
    """The document of each position [sequences, length], counted from 0 within each sequence, int32."""
    return np.cumsum(inputs == end_of_text, axis=1, dtype=np.int32)


class Schedule:
    """The corpus of every sequence of an endless run, from the shares of corpora alone.

    After any number n of sequences, |count - n * share| < 1 for every corpus. Sequence i goes to the corpus that must
    have one soonest among those that may have one now: proportionate progress (Baruah, Cohen, Plaxton and Varvel 1996)
    on one processor. It repeats after `period` sequences, so any place is found without going through those before.
    """

    def __init__(self, weights: Sequence[float]) -> None:
        self.shares = rational_shares(weights)
        self.period = math.lcm(*(share.denominator for share in self.shares))
        self._numerators = np.array([int(share * self.period) for share in self.shares], np.int64)
        self._pattern = _proportionate(self._numerators, self.period)
        blocks = -(-self.period // _COUNT_EVERY)
        self._stored = np.zeros((blocks, len(self.shares)), np.int64)
        for block in range(1, blocks):
            begin = (block - 1) * _COUNT_EVERY
            self._stored[block] = self._stored[block - 1] + self._tally(begin, begin + _COUNT_EVERY)

    def _tally(self, begin: int, end: int) -> np.ndarray:
        return np.bincount(self._pattern[begin:end], minlength=len(self.shares))

    def counts(self, sequences: int) -> np.ndarray:
        """How many of the first `sequences` each corpus has, int64 [corpora]."""
        periods, rest = divmod(sequences, self.period)
        block = min(rest // _COUNT_EVERY, len(self._stored) - 1)
        return periods * self._numerators + self._stored[block] + self._tally(block * _COUNT_EVERY, rest)

    def corpus(self, start: int, stop: int) -> np.ndarray:
        """The corpus of each of the sequences [start, stop), int64."""
        return self._pattern[np.arange(start, stop) % self.period].astype(np.int64)


def rational_shares(weights: Sequence[float]) -> list[Fraction]:
    """Shares that add up to 1 with a common denominator of at most `PERIOD_MAX`.

    Exact for weights as people write them (0.8, 1/3); others are rounded by largest remainder, to at least one part.
    """
    total = sum(weights)
    near = [Fraction(weight / total).limit_denominator(10_000) for weight in weights]
    close = all(abs(float(share) - weight / total) < 1e-12 for share, weight in zip(near, weights, strict=True))
    if close and sum(near) == 1 and math.lcm(*(share.denominator for share in near)) <= PERIOD_MAX:
        return near
    parts = [max(1, math.floor(weight / total * PERIOD_MAX)) for weight in weights]
    remainders = [weight / total * PERIOD_MAX - part for weight, part in zip(weights, parts, strict=True)]
    while (left := PERIOD_MAX - sum(parts)) != 0:
        unit = 1 if left > 0 else -1
        index = max((i for i in range(len(parts)) if parts[i] + unit), key=lambda i: (unit * remainders[i], parts[i]))
        parts[index] += unit
        remainders[index] -= unit
    return [Fraction(part, PERIOD_MAX) for part in parts]


@njit(cache=True)
def _proportionate(numerators: np.ndarray, period: int) -> np.ndarray:
    """The corpus of each of `period` sequences, int16, for shares numerators / period.

    The (c+1)-th sequence of a corpus with share a / period may be the i-th of all (from 1) once c < i * a / period, and
    must be placed by the first i with i * a / period >= c + 1.
    """
    pattern = np.empty(period, np.int16)
    counts = np.zeros(len(numerators), np.int64)
    for slot in range(1, period + 1):
        chosen, soonest = -1, 0
        for corpus in range(len(numerators)):
            if counts[corpus] * period < slot * numerators[corpus]:
                latest = -((-(counts[corpus] + 1) * period) // numerators[corpus])
                if chosen < 0 or latest < soonest:
                    chosen, soonest = corpus, latest
        pattern[slot - 1] = chosen
        counts[chosen] += 1
    return pattern


def permute(places: np.ndarray, size: int, key: int) -> np.ndarray:
    """What stands at `places` (int64, below `size`) of the permutation of range(size) that `key` names: int64.

    Rounds of multiply, add and xor-shift are bijections of the next power of two; what falls outside `size` walks on
    along its cycle, fewer than two times on average.
    """
    return _permute(places.astype(np.uint64), np.uint64(size), np.uint64(key))


@njit(cache=True)
def _permute(places: np.ndarray, size: np.uint64, key: np.uint64) -> np.ndarray:
    bits = 1
    while bits < 63 and np.uint64(1) << np.uint64(bits) < size:
        bits += 1
    mask = (np.uint64(1) << np.uint64(bits)) - np.uint64(1)
    shift = np.uint64((bits + 1) // 2)
    multipliers, addends = np.empty(_ROUNDS, np.uint64), np.empty(_ROUNDS, np.uint64)
    for number in range(_ROUNDS):  # splitmix64 (Steele, Lea and Flood 2014)
        for constants in (multipliers, addends):
            key += np.uint64(0x9E3779B97F4A7C15)
            mixed = (key ^ (key >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            constants[number] = mixed ^ (mixed >> np.uint64(31))
        multipliers[number] |= np.uint64(1)
    found = np.empty(len(places), np.int64)
    for place in range(len(places)):
        value = places[place]
        while True:
            for number in range(_ROUNDS):
                value = (value * multipliers[number] + addends[number]) & mask
                value ^= value >> shift
            if value < size:
                break
        found[place] = value
    return found
