"""Read a tokens step: one stream of ids over memory-mapped parts, and the table of its documents."""

import bisect
from collections import OrderedDict
from functools import cached_property
from pathlib import Path
from types import TracebackType

import numpy as np
import pyarrow as pa

from maslin.manifests.errors import DataError, UsageError
from maslin.manifests.manifest import FileEntry
from maslin.manifests.soundness import checked
from maslin.manifests.tables import read_table
from maslin.manifests.workspace import read_manifest

OPEN_PARTS = 64  # each map holds a file descriptor; a usual limit is 1,024 a process
_DTYPES = {"uint16": np.dtype("<u2"), "uint32": np.dtype("<u4")}


class TokenCorpus:
    """The tokens of one corpus or held-out domain, opened read-only. For one thread at a time.

    Positions count tokens from the beginning of part 0 through all parts. A document's tokens end with `end_of_text`.
    Raises UsageError when `directory` is no finished tokens step, DataError when its files differ from its manifest.
    """

    def __init__(self, directory: Path) -> None:
        manifest = read_manifest(directory)
        summary = manifest.summary
        if manifest.kind != "tokens":
            raise UsageError(f"{directory}: holds {manifest.kind}, not tokens.")
        self.directory = directory
        self.name: str = manifest.name
        self.digest: str = manifest.digest
        self.tokenizer: str = manifest.inputs["tokenizer"]
        self.vocab_size: int = summary["vocab_size"]
        self.end_of_text: int = summary["end_of_text"]
        self.dtype = _DTYPES[summary["dtype"]]
        self.tokens = self.stored_tokens = int(manifest.sizes["tokens"])
        self.bytes: int = manifest.sizes["bytes"]  # UTF-8, of the documents' texts
        self.documents: int = manifest.sizes["documents"]
        if not 0 <= self.end_of_text < self.vocab_size <= 1 << 8*self.dtype.itemsize:
            raise DataError(
                f"{directory}: a vocabulary of {self.vocab_size} with end-of-text {self.end_of_text} "
                f"does not fit {summary['dtype']}.")
        parts = [entry for entry in manifest.entries("tokens") if self._check(entry)]
        self._paths = manifest.parts("tokens")
        self._begins = [0]  # position of each part's first token, and the end
        for entry in parts:
            self._begins.append(self._begins[-1] + entry.bytes // self.dtype.itemsize)
        self._indexes = manifest.parts("index")
        if len(parts) != len(self._indexes) or self._begins[-1] != self.tokens:
            raise DataError(f"{directory}: parts, index and sizes of the manifest do not agree; build it again.")
        self._maps: OrderedDict[int, np.ndarray] = OrderedDict()

    def _check(self, entry: FileEntry) -> bool:
        path = self.directory / entry.path
        if not path.is_file() or path.stat().st_size != entry.bytes or entry.bytes % self.dtype.itemsize:
            raise DataError(f"{path}: missing or not {entry.bytes} bytes as the manifest says; build it again.")
        return True

    def read(self, start: int, stop: int) -> np.ndarray:
        """Ids at positions [start, stop), in the stored dtype: a view of the file, or a copy where parts meet."""
        if not 0 <= start <= stop <= self.stored_tokens:
            raise IndexError(f"{self.directory}: positions {start} to {stop}, there are {self.stored_tokens} tokens")
        part = bisect.bisect_right(self._begins, start) - 1
        pieces = []
        while start < stop:
            begin, end = self._begins[part], min(stop, self._begins[part + 1])
            if end > start:
                pieces.append(self._map(part)[start - begin : end - begin])
                start = end
            part += 1
        if len(pieces) == 1:
            return pieces[0]
        return np.concatenate(pieces) if pieces else np.empty(0, self.dtype)

    def _map(self, part: int) -> np.ndarray:
        if part in self._maps:
            self._maps.move_to_end(part)
        else:
            if len(self._maps) >= OPEN_PARTS:
                self._maps.popitem(last=False)
            self._maps[part] = np.memmap(checked(self._paths[part]), self.dtype, "r").view(np.ndarray)
        return self._maps[part]

    def document_table(self, columns: list[str] | None = None) -> pa.Table:
        """The index of all parts, one row a document in the order of the tokens; `start` and `end` are positions."""
        tables = []
        for begin, path in zip(self._begins, self._indexes, strict=False):
            table = read_table(path, columns)
            for name in ("start", "end"):
                if name in table.column_names:
                    shifted = table[name].to_numpy() + begin
                    table = table.set_column(table.column_names.index(name), name, pa.array(shifted, pa.int64()))
            tables.append(table)
        return pa.concat_tables(tables)

    def document_ids(self, start: int, stop: int) -> list[str]:
        """Ids of the documents with a token in [start, stop)."""
        table = self.document_table(["id", "start", "end"])
        first = int(np.searchsorted(table["end"].to_numpy(), start, "right"))
        last = int(np.searchsorted(table["start"].to_numpy(), stop, "left"))
        return table["id"].slice(first, max(0, last - first)).to_pylist()

    @cached_property
    def _bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """Position and UTF-8 bytes before each document, and behind the last: float64 [documents + 1] each."""
        table = self.document_table(["end", "bytes"])
        positions, sizes = np.zeros((2, self.documents + 1))
        positions[1:] = table["end"].to_numpy()
        np.cumsum(table["bytes"].to_numpy(), out=sizes[1:])
        return positions, sizes

    def bytes_before(self, positions: np.ndarray) -> np.ndarray:
        """UTF-8 bytes before each position, int64: exact between documents, in proportion to tokens within one."""
        return np.floor(np.interp(positions, *self._bounds)).astype(np.int64)

    def documents_before(self, positions: np.ndarray) -> np.ndarray:
        """Documents that begin before each position, int64."""
        return np.searchsorted(self._bounds[0][:-1], positions, "left")

    def close(self) -> None:
        """Let go of the maps; a view that is still held keeps its own."""
        self._maps.clear()

    def __enter__(self) -> "TokenCorpus":
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.close()
