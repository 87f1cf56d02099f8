"""Part of a corpus, by whole documents, so that a short run repeats scarce data as often as a long one will.

A small run that draws on whole corpora sees scarce ones fewer times than the run it stands for, and then ranks mixtures
wrongly; cut in the proportion of the budgets, every corpus is repeated as often (arXiv 2606.07597). Documents are what
is repeated: windows drawn from all of them would still show something of each.
"""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pyarrow as pa

from maslin.manifests.identity import hash_int
from maslin.manifests.tables import read_table
from maslin.trainer.data.token_shards import TokenCorpus


class DocumentSubset(TokenCorpus):
    """The documents of a tokens step that a hash of (seed, id) puts first, up to a share of its tokens.

    Positions count the tokens of these documents alone, in their order in the corpus. As many documents are taken as
    come nearest to the share, one at least: the tokens are off it by half a document at most. A larger share holds all
    of a smaller one. Memory: two numbers for each document.
    """

    def __init__(self, directory: Path, share: Fraction, seed: int) -> None:
        super().__init__(directory)
        draws, starts, lengths, sizes = map(np.concatenate, zip(*self._drawn(seed), strict=True))
        order = np.argsort(draws, kind="stable")
        taken = np.cumsum(lengths[order])
        wanted = float(share * self.stored_tokens)
        number = int(np.searchsorted(taken, wanted)) + 1  # the first documents with at least as many tokens
        if 1 < number <= len(taken) and wanted - taken[number - 2] < taken[number - 1] - wanted:
            number -= 1
        self._chosen = np.sort(order[:number])
        self._begins_stored = starts[self._chosen]
        self._edges = np.concatenate([[0], np.cumsum(lengths[self._chosen])])
        self.tokens = int(self._edges[-1])
        self.documents = len(self._chosen)
        self.bytes = int(sizes[self._chosen].sum())

    def _drawn(self, seed: int) -> Iterator[tuple[np.ndarray, ...]]:
        """Of every document, part by part: its draw, where it begins, its tokens and its bytes."""
        for begin, path in zip(self._begins, self._indexes, strict=False):
            table = read_table(path, ["id", "start", "end", "bytes"])
            starts, ends, sizes = (table[name].to_numpy() for name in ("start", "end", "bytes"))
            draws = np.array([hash_int(seed, "subset", id) for id in table["id"].to_pylist()], np.uint64)
            yield draws, starts + begin, ends - starts, sizes

    def read(self, start: int, stop: int) -> np.ndarray:
        """Ids at positions [start, stop), a copy where documents meet."""
        if not 0 <= start <= stop <= self.tokens:
            raise IndexError(f"{self.directory}: positions {start} to {stop}, {self.tokens} tokens were chosen")
        document = int(np.searchsorted(self._edges, start, "right")) - 1
        pieces = []
        while start < stop:
            end = min(stop, int(self._edges[document + 1]))
            shift = int(self._begins_stored[document] - self._edges[document])
            pieces.append(super().read(start + shift, end + shift))
            start, document = end, document + 1
        if len(pieces) == 1:
            return pieces[0]
        return np.concatenate(pieces) if pieces else np.empty(0, self.dtype)

    def document_table(self, columns: list[str] | None = None) -> pa.Table:
        """The rows of the chosen documents; `start` and `end` are positions among their tokens."""
        table = super().document_table(columns).take(self._chosen)
        for name, positions in (("start", self._edges[:-1]), ("end", self._edges[1:])):
            if name in table.column_names:
                place = table.column_names.index(name)
                table = table.set_column(place, name, pa.array(positions, pa.int64()))
        return table
