"""Web archives that are elsewhere, for the reader of those that are here: as they come, or a record alone."""

from pathlib import Path
from types import TracebackType

from maslin.curation.ingest.web.framing import ArchiveFile
from maslin.manifests.remote.download import MOST_BYTES, Download


class ComingArchive(ArchiveFile):
    """An archive under way: whoever reads waits for the bytes. `read` raises NotHad."""

    def __init__(self, download: Download) -> None:
        super().__init__(download.path)
        self._download = download

    def _length(self) -> int:
        if self._download.length is None:
            self._download.upto(MOST_BYTES)  # nobody says how long it is
        assert self._download.length is not None
        return self._download.length

    def read(self, offset: int, size: int) -> bytes:
        self._download.upto(min(offset + size, self.size))
        return super().read(offset, size)


class RecordAlone(ArchiveFile):
    """One record of an archive, in memory: it lies where it lies there, and the archive ends with it."""

    def __init__(self, path: Path, offset: int, data: bytes) -> None:
        super().__init__(path)
        self.first, self._data = offset, data

    def __enter__(self) -> "RecordAlone":
        self.size = self.first + len(self._data)
        self._look()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        return None

    def read(self, offset: int, size: int) -> bytes:
        start = offset - self.first
        return self._data[max(0, start):max(0, start + size)]
