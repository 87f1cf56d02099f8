"""Which tokens a step trains on: a pure function of (mixture digest, seed, step), with no state to save.

Each corpus is one stream of tokens, cut into windows of `context_tokens` (and one token more: the last target). A pass
over a corpus takes its windows in a keyed pseudo-random order, every window once. Which corpus a sequence comes from is
a fixed schedule in which, at every length, each corpus is less than one sequence off its share. Ranks and micro-batches
are slices of the same global batch. The order of a corpus depends on the seed and its tokens alone, so arms that share
a corpus and a seed see its windows in the same order: common random numbers. So is the choice of documents, where a
short run is to repeat them as often as a long one would.
"""

import math
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from maslin.manifests.errors import DataError, UsageError
from maslin.manifests.identity import digest_of, hash_int
from maslin.manifests.workspace import read_manifest
from maslin.trainer.data.apportionment import Schedule
from maslin.trainer.data.document_subset import DocumentSubset
from maslin.trainer.data.packed_documents import PackedDocuments
from maslin.trainer.data.permutation import permute
from maslin.trainer.data.token_shards import TokenCorpus

_COUNT_SEQUENCES = 1 << 20  # whose bytes and documents are counted at once


@dataclass(frozen=True)
class Batch:
    """Sequences of one step.

    tokens: int32 [sequences, context_tokens + 1]
    segments: int32 [sequences, context_tokens], the document each input position belongs to, counted from 0 within the
        sequence. End-of-text as an input begins the next document: its first token is predicted from end-of-text alone.
    corpus: int64 [sequences], index into `Sampler.corpora`
    numbers: int64 [sequences], of each sequence in the whole run, whatever the number of ranks
    """

    tokens: np.ndarray
    segments: np.ndarray
    corpus: np.ndarray
    numbers: np.ndarray

    @property
    def inputs(self) -> np.ndarray:
        return self.tokens[:, :-1]

    @property
    def targets(self) -> np.ndarray:
        return self.tokens[:, 1:]


class Sampler:
    """The batches of a run over a mixture.

    `mixture` is the directory of a mixture step inside its workspace; `steps` is how many the run will take. With
    `whole_documents` none lies in two sequences; then `tokens` count what fills sequences up, too. Raises
    UsageError when the mixture or its tokens are not there, DataError when corpora have different vocabularies, one is
    shorter than one window, the run is so short that one has no sequence of it, or the run would repeat one beyond the
    mixture's `max_epochs`.
    """

    def __init__(
        self, mixture: Path, *, seed: int, context_tokens: int, sequences_per_step: int, steps: int,
        whole_documents: bool = False,
    ) -> None:
        manifest = read_manifest(mixture)
        if manifest.kind != "mixture":
            raise UsageError(f"{mixture}: holds {manifest.kind}, not a mixture.")
        self.mixture, self.digest, self.seed = manifest.name, manifest.digest, seed
        self.context_tokens, self.sequences_per_step, self.steps = context_tokens, sequences_per_step, steps
        parameters = manifest.parameters
        self.corpora = tuple(sorted(name for name, weight in parameters["weights"].items() if weight > 0))
        target = parameters.get("simulate_target_tokens")
        self._kept = Fraction(parameters["budget_tokens"], target) if target else Fraction(1)
        root = mixture.resolve().parent.parent
        self.tokens = [
            self._open(root / manifest.inputs[f"tokens:{name}"], whole_documents) for name in self.corpora]
        self.vocab_size, self.end_of_text = self._vocabulary()
        self.windows = [self._windows(corpus) for corpus in self.tokens]
        self.schedule = self._schedule(parameters.get("stages") or [{"until": 1.0, "weights": parameters["weights"]}])
        self._check_sequences(parameters["weights"])
        self._check_epochs(parameters["max_epochs"])
        self._seen = np.zeros((len(self.corpora), 3), np.int64)  # sequences counted, their bytes, documents begun

    def _open(self, directory: Path, whole_documents: bool) -> TokenCorpus:
        corpus = TokenCorpus(directory) if self._kept == 1 else DocumentSubset(directory, self._kept, self.seed)
        return PackedDocuments(corpus, self.context_tokens) if whole_documents else corpus

    def _schedule(self, stages: list[dict[str, Any]]) -> Schedule:
        """Stages end at shares of the run's sequences, rounded to whole ones."""
        self.staged = len(stages) > 1
        ends = [round(stage["until"] * self.steps * self.sequences_per_step) for stage in stages]
        return Schedule([
            (begin, [stage["weights"].get(name, 0.0) for name in self.corpora])
            for begin, stage in zip([0, *ends], stages, strict=False)
        ])

    def _vocabulary(self) -> tuple[int, int]:
        first = self.tokens[0]
        for corpus in self.tokens[1:]:
            if digest_of(corpus.tokenizer) != digest_of(first.tokenizer):
                raise DataError(
                    f"mixture {self.mixture}: corpus {corpus.name} is tokenized with {corpus.tokenizer}, "
                    f"{first.name} with {first.tokenizer}; build both with one tokenizer.")
        return first.vocab_size, first.end_of_text

    def cut_documents(self) -> dict[str, int]:
        """By corpus: documents of which only the beginning is read, as none may lie in two sequences."""
        return {
            name: corpus.cut_documents for name, corpus in zip(self.corpora, self.tokens, strict=True)
            if isinstance(corpus, PackedDocuments)}

    def _windows(self, corpus: TokenCorpus) -> int:
        windows = (corpus.tokens - 1) // self.context_tokens
        if windows < 1:
            raise DataError(
                f"mixture {self.mixture}: corpus {corpus.name} has {corpus.tokens:,} tokens"
                f"{'' if self._kept == 1 else ' left of it for simulate_target_tokens'}, one sequence takes "
                f"{self.context_tokens + 1:,}. Lower training.context_tokens, or leave the corpus out.")
        return windows

    def _check_sequences(self, weights: dict[str, float]) -> None:
        sequences = self.steps * self.sequences_per_step
        for name, count in zip(self.corpora, self._counts(self.steps).tolist(), strict=True):
            if count == 0 and sequences:
                needed = math.ceil(self.context_tokens / weights[name] * sum(weights.values()))
                raise DataError(
                    f"mixture {self.mixture}: corpus {name} has no sequence of the run: of {sequences:,} sequences of "
                    f"{self.context_tokens:,} tokens its share of {100 * weights[name] / sum(weights.values()):.3g} % "
                    f"is less than one. Raise its share, raise training.tokens to about {needed:,}, or leave it out.")

    def _check_epochs(self, max_epochs: float) -> None:
        for name, corpus, count in zip(self.corpora, self.tokens, self._counts(self.steps), strict=True):
            tokens = int(count) * self.context_tokens
            there = max(corpus.tokens, float(self._kept * corpus.stored_tokens))  # a subset is of whole documents
            if tokens > max_epochs * there + self.context_tokens:  # shares are whole sequences: one more may be
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
        numbers = step * self.sequences_per_step + np.arange(mine.start, mine.stop)
        return Batch(tokens, segments_of(tokens[:, :-1], self.end_of_text), corpus, numbers)

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
        tokens where a window cuts a document. Beside them `planned_share` of the steps so far and, where shares change
        in stages, `stage_share` of the stage of the last step. Growing `steps` cost only the steps that are new.
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
                "bytes": size, "documents": documents, "epochs": count * self.context_tokens / corpus.tokens, **planned,
            }
            for name, corpus, (count, size, documents), planned in zip(
                self.corpora, self.tokens, self._seen.tolist(), self._planned(steps), strict=True)
        }

    def _planned(self, steps: int) -> list[dict[str, float]]:
        sequences = steps * self.sequences_per_step
        shares = self.schedule.shares[self.schedule.stage(max(0, sequences - 1))]
        so_far = [due / sequences for due in self.schedule.due(sequences)] if sequences else shares
        return [
            {"planned_share": float(due), **({"stage_share": float(share)} if self.staged else {})}
            for due, share in zip(so_far, shares, strict=True)
        ]

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
