"""Which corpus each sequence of a run comes from: a fixed schedule, exact to less than one sequence at every length."""

import bisect
import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from maslin.manifests.kernels.kernel import njit

PERIOD_MAX = 1 << 20  # the largest common denominator of shares, in sequences
_COUNT_EVERY = 4096  # slots between stored counts of a piece, and denominators tried at once
_EXACT = 1e-12  # off a share at most, for a rounded one to count as the weight that was written
_NEVER = 1 << 62  # beyond every sequence


class Schedule:
    """The corpus of every sequence of an endless run, from shares alone that may change in stages.

    `stages` are (sequence at which the stage begins, weights), the first from 0. After any number n of sequences,
    |count - due| < 1 for every corpus, where `due` adds up the shares of the sequences so far: what one stage leaves
    owing, the next makes good. Sequence i goes to the corpus that must have one soonest among those that may have one
    now: proportionate progress (Baruah, Cohen, Plaxton and Varvel 1996) on one processor, with windows that follow
    the shares as they change. Each job's window holds all of its share, so that a schedule exists, and the earliest
    deadline finds it.

    In a stage the pattern soon repeats, with the common denominator of the shares as its period: only the periods in
    which it does not are stored beside one that stands for the others, so that neither memory nor finding a place
    depends on the length of the run.
    """

    def __init__(self, stages: Sequence[tuple[int, Sequence[float]]]) -> None:
        self._begins = [begin for begin, _ in stages]
        self.shares = shares_of_stages([weights for _, weights in stages])
        self.period = math.lcm(*(share.denominator for shares in self.shares for share in shares))
        self._numerators = np.array([[int(share * self.period) for share in row] for row in self.shares], np.int64)
        lengths = np.diff(self._begins)
        done = np.cumsum(lengths[:, None] * self._numerators[:-1], axis=0, dtype=np.int64)
        self._done = np.concatenate([np.zeros((1, self._numerators.shape[1]), np.int64), done])  # due × period
        self._pieces: list[_Piece] = []
        for stage, end in enumerate([*self._begins[1:], _NEVER]):
            self._fill(stage, end)

    def _fill(self, stage: int, end: int) -> None:
        """Add the pieces of one stage: periods as they come, one that returns to where it began as often as it can.

        A deadline beyond the stage's end is another one than if the stage went on. Only sequences that fall due in the
        last period can have one, or those that are due to corpora without a share; they wait behind all the others.
        """
        begin, growth = self._begins[stage], self._numerators[stage]
        counts = np.zeros(len(growth), np.int64) if not self._pieces else self._pieces[-1].counts_at(begin)
        starts = np.array([*self._begins, _NEVER], np.int64)
        while begin < end:
            stop = min(begin + self.period, end)
            pattern = _proportionate(begin, stop, counts, starts, self._done, self._numerators, self.period)
            taken = np.bincount(pattern, minlength=len(growth))
            repeats = 1
            if end - begin >= 2 * self.period and np.array_equal(taken, growth):
                repeats = (end - begin - self.period) // self.period
            piece = _Piece.of(begin, begin + repeats * len(pattern), pattern, counts)
            self._pieces.append(piece)
            if end == _NEVER and np.array_equal(taken, growth):
                return
            begin = piece.end
            counts = counts + repeats * taken

    def counts(self, sequences: int) -> np.ndarray:
        """How many of the first `sequences` each corpus has, int64 [corpora]."""
        return self._pieces[self._piece(sequences)].counts_at(sequences)

    def due(self, sequences: int) -> list[Fraction]:
        """How many of the first `sequences` each corpus ought to have."""
        stage = self.stage(sequences)
        due = self._done[stage] + (sequences - self._begins[stage]) * self._numerators[stage]
        return [Fraction(number, self.period) for number in due.tolist()]

    def stage(self, sequence: int) -> int:
        """The stage that a sequence is in, counted from 0."""
        return bisect.bisect_right(self._begins, sequence) - 1

    def corpus(self, start: int, stop: int) -> np.ndarray:
        """The corpus of each of the sequences [start, stop), int64."""
        found, number = [], self._piece(start)
        while start < stop:
            piece = self._pieces[number]
            end = min(stop, piece.end)
            found.append(piece.pattern[np.arange(start - piece.begin, end - piece.begin) % len(piece.pattern)])
            start, number = end, number + 1
        return np.concatenate(found).astype(np.int64) if found else np.empty(0, np.int64)

    def _piece(self, sequence: int) -> int:
        return bisect.bisect_right(self._pieces, sequence, key=lambda piece: piece.begin) - 1


@dataclass(frozen=True)
class _Piece:
    """Sequences [begin, end) that go through `pattern` over and over. `stored`: counts within it, every so many."""

    begin: int
    end: int
    pattern: np.ndarray
    counts: np.ndarray  # of each corpus before `begin`
    stored: np.ndarray
    growth: np.ndarray  # of the counts, by one pattern

    @classmethod
    def of(cls, begin: int, end: int, pattern: np.ndarray, counts: np.ndarray) -> "_Piece":
        blocks = -(-len(pattern) // _COUNT_EVERY)
        tallies = [
            np.bincount(pattern[block * _COUNT_EVERY : (block + 1) * _COUNT_EVERY], minlength=len(counts))
            for block in range(blocks)
        ]
        sums = np.concatenate([np.zeros((1, len(counts)), np.int64), np.cumsum(tallies, axis=0)])
        return cls(begin, end, pattern, counts, sums[:-1], sums[-1])

    def counts_at(self, sequence: int) -> np.ndarray:
        periods, rest = divmod(sequence - self.begin, len(self.pattern))
        block = rest // _COUNT_EVERY
        tally = np.bincount(self.pattern[block * _COUNT_EVERY : rest], minlength=len(self.counts))
        return self.counts + periods * self.growth + self.stored[block] + tally


def shares_of_stages(stages: Sequence[Sequence[float]]) -> list[list[Fraction]]:
    """Shares of each stage, adding up to 1, with one common denominator for all of at most `PERIOD_MAX`.

    It is the smallest one at which all are exact (for weights as people write them: 0.8, 1/3), or else the one that
    comes nearest to all of them: of two corpora to 1e-12, of three to about 1e-9, of eight to about 1e-7.
    """
    wanted = np.array([np.array(weights) / sum(weights) for weights in stages])
    best, least = 1, math.inf
    for begin in range(1, PERIOD_MAX + 1, _COUNT_EVERY):
        denominators = np.arange(begin, min(begin + _COUNT_EVERY, PERIOD_MAX + 1))
        parts = denominators[:, None] * wanted.reshape(1, -1)
        off = np.abs(parts - np.maximum(np.rint(parts), wanted.reshape(1, -1) > 0)).max(axis=1) / denominators
        found = int(np.argmax(off <= _EXACT)) if (off <= _EXACT).any() else int(np.argmin(off))
        if off[found] < least:
            best, least = int(denominators[found]), float(off[found])
        if least <= _EXACT:
            break
    return [_largest_remainder(shares, best) for shares in wanted.tolist()]


def _largest_remainder(shares: Sequence[float], denominator: int) -> list[Fraction]:
    """Whole parts by largest remainder; a corpus with any share has at least one."""
    parts = [max(1, math.floor(share * denominator)) if share else 0 for share in shares]
    remainders = [share * denominator - part for share, part in zip(shares, parts, strict=True)]
    while (left := denominator - sum(parts)) != 0:
        unit = 1 if left > 0 else -1
        able = (i for i in range(len(parts)) if parts[i] + unit and shares[i])
        index = max(able, key=lambda i: (unit * remainders[i], parts[i]))
        parts[index] += unit
        remainders[index] -= unit
    return [Fraction(part, denominator) for part in parts]


@njit(cache=True)
def _proportionate(
    begin: int, end: int, counts: np.ndarray, starts: np.ndarray, done: np.ndarray, numerators: np.ndarray, period: int,
) -> np.ndarray:
    """The corpus of each of the sequences [begin, end), int16, when each corpus has had `counts` before.

    Stage s begins at sequence starts[s], where done[s] / period sequences were due to each corpus, and goes on at the
    rates numerators[s] / period. The (c+1)-th sequence of a corpus may be the i-th of all (from 1) once c < due(i), and
    must be placed by the first i with due(i) >= c + 1.
    """
    pattern = np.empty(end - begin, np.int16)
    counts = counts.copy()
    stage = 0
    for slot in range(begin + 1, end + 1):
        while starts[stage + 1] < slot:
            stage += 1
        chosen, soonest = -1, 0
        for corpus in range(len(counts)):
            if counts[corpus] * period < done[stage, corpus] + (slot - starts[stage]) * numerators[stage, corpus]:
                latest = starts[-1]
                for later in range(stage, len(numerators)):
                    rate = numerators[later, corpus]
                    owing = (counts[corpus] + 1) * period - done[later, corpus]
                    ends = later + 1 < len(numerators) and done[later + 1, corpus] - done[later, corpus] < owing
                    if rate > 0 and not ends:
                        latest = starts[later] - (-owing // rate)
                        break
                if chosen < 0 or latest < soonest:
                    chosen, soonest = corpus, latest
        pattern[slot - 1 - begin] = chosen
        counts[chosen] += 1
    return pattern
