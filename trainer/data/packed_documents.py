"""A corpus laid out anew, no document in two sequences: for conversations, whose answers need their questions.

Sequences are filled by best-fit decreasing: documents in descending length, each into the fullest sequence that has
room for it. What is left of a sequence is end-of-text.
"""

import numpy as np
import pyarrow as pa

from maslin.manifests.kernels.kernel import njit
from maslin.trainer.data.token_shards import TokenCorpus


class PackedDocuments(TokenCorpus):
    """The documents of `corpus` in sequences of `context_tokens`; of longer ones, the `cut_documents`, the beginning.

    Positions count the tokens of this layout, `tokens` with what fills sequences up. Memory: three numbers a document.
    """

    def __init__(self, corpus: TokenCorpus, context_tokens: int) -> None:
        vars(self).update(vars(corpus))  # all but the places of documents is the corpus's
        self._corpus = corpus
        table = corpus.document_table(["start", "end"])
        starts, ends = table["start"].to_numpy(), table["end"].to_numpy()
        lengths = np.minimum(ends - starts, context_tokens)
        self.cut_documents = int((ends - starts > context_tokens).sum())
        places = best_fit(lengths, np.argsort(-lengths, kind="stable"), context_tokens)
        self._order = np.argsort(places)
        self._places, self._lengths, self._stored = (each[self._order] for each in (places, lengths, starts))
        last = int(places.max(initial=0))
        self.tokens = (last // context_tokens + 1) * context_tokens + 1  # one to be the last target

    def read(self, start: int, stop: int) -> np.ndarray:
        """Ids at positions [start, stop), a copy."""
        if not 0 <= start <= stop <= self.tokens:
            raise IndexError(f"{self.directory}: positions {start} to {stop}, laid out are {self.tokens} tokens")
        ids = np.full(stop - start, self.end_of_text, self.dtype)
        first = max(0, int(np.searchsorted(self._places, start, "right")) - 1)
        for document in range(first, int(np.searchsorted(self._places, stop, "left"))):
            place, stored = int(self._places[document]), int(self._stored[document])
            begin, end = max(start, place), min(stop, place + int(self._lengths[document]))
            if begin < end:
                ids[begin - start : end - start] = self._corpus.read(stored + begin - place, stored + end - place)
        return ids

    def document_table(self, columns: list[str] | None = None) -> pa.Table:
        """The rows of the documents in the order of their places: `start`, `end` and `bytes` of what is laid out."""
        table = self._corpus.document_table(None if columns is None else [*{*columns, "start", "end"}])
        table = table.take(self._order)
        whole = table["end"].to_numpy() - table["start"].to_numpy()
        changed = {"start": self._places, "end": self._places + self._lengths}
        if "bytes" in table.column_names:
            changed["bytes"] = table["bytes"].to_numpy() * self._lengths // whole
        for name, values in changed.items():
            table = table.set_column(table.column_names.index(name), name, pa.array(values, pa.int64()))
        return table if columns is None else table.select(columns)

    def close(self) -> None:
        self._corpus.close()


@njit(cache=True)
def best_fit(lengths: np.ndarray, order: np.ndarray, room: int) -> np.ndarray:
    """Where each document begins, int64, when they are put in this order into sequences of `room` tokens.

    Sequences with equal room left are taken last in, first out.
    """
    places = np.empty(len(lengths), np.int64)
    newest = np.full(room + 1, -1, np.int64)  # by room left: the sequence that came to it last
    before = np.full(len(lengths), -1, np.int64)  # of each sequence: the one that came to the same room before
    sequences = 0
    for document in order:
        left = lengths[document]
        while left <= room and newest[left] < 0:
            left += 1
        if left <= room:
            sequence = newest[left]
            newest[left] = before[sequence]
        else:
            sequence, left = sequences, room
            sequences += 1
        places[document] = sequence * room + room - left
        left -= lengths[document]
        before[sequence] = newest[left]
        newest[left] = sequence
    return places
