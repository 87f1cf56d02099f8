"""The paths of a crawl as splits of a source, a path a split, read as they come from where they are.

A path is fetched into the step's own folder as far as its reader asks, and removed when it is read: at most one for
each worker lies on the disk. A command that was killed goes on within the path, from what lies there.
"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from maslin.curation.ingest.crawl.archive import ComingArchive, RecordAlone
from maslin.curation.ingest.crawl.lists import TYPICAL_BYTES
from maslin.curation.ingest.records import Failed, Origin, Record, Split, Watch
from maslin.curation.ingest.web.framing import ArchiveFile
from maslin.curation.ingest.web.source import WarcOptions
from maslin.curation.ingest.web.warc import read_archive
from maslin.manifests.files import checksum
from maslin.manifests.recipe.crawls import Crawl
from maslin.manifests.recipe.inputs import InputFile
from maslin.manifests.remote.client import Client, NotHad
from maslin.manifests.remote.download import Download
from maslin.manifests.remote.pace import Pace, one_of

NOT_HAD = "not_had"
_MOST_FILE_BYTES = 64 << 30
_MOST_PART_BYTES = 8 << 20  # asked for at once
_MOST_GAP_BYTES = 64 << 10  # between records that are asked for together
_MOST_RECORD_BYTES = 256 << 20


@dataclass(frozen=True)
class PathSplit(Split):
    """A path of a crawl; `records`: (offset, length) of those that are read, in ascending order; None: all."""

    records: tuple[tuple[int, int], ...] | None = None


def path_splits(paths: Sequence[str], crawl: Crawl) -> list[Split]:
    """A split a path. Where it lies is asked when it is read."""
    size = TYPICAL_BYTES[crawl.part]
    return [PathSplit(InputFile(path, Path(path), size, ""), 0, size, size) for path in paths]


class CrawlReader:
    """Reads splits of a crawl for one shard, one after the other; `paths` has a row for each afterwards.

    `folder`: where the step keeps what it needs until it is committed; what processes share lies there, too.
    """

    def __init__(self, crawl: Crawl, folder: Path) -> None:
        self._crawl, self._folder = crawl, folder / "fetched"
        self._folder.mkdir(parents=True, exist_ok=True)
        self.paths: list[dict[str, Any]] = []

    def read(self, split: PathSplit, options: WarcOptions, watch: Watch) -> Iterator[Record]:
        """The records of a path; where it cannot be had, or not to its end, one failure more."""
        path = split.input.name
        row: dict[str, Any] = {
            "path": path, "bytes": None, "xxh3_128": None, NOT_HAD: None,
            "records": None if split.records is None else len(split.records)}
        self.paths.append(row)
        place = self._crawl.at(path)
        try:
            if isinstance(place, Path):
                yield from self._here(place, split, options, watch, row)
            else:
                pace = Pace(self._crawl.requests_per_second, self._folder / "pace")
                with (one_of(self._crawl.connections, self._folder / "places"),
                      closing(Client(pace, self._crawl.contact)) as client):
                    read = self._coming if split.records is None else self._parts
                    yield from read(client, place, split, options, watch, row)
        except NotHad as error:
            row[NOT_HAD] = error.cause
            yield Failed(NOT_HAD, str(error), Origin(path))

    def _here(
        self, place: Path, split: PathSplit, options: WarcOptions, watch: Watch, row: dict[str, Any],
    ) -> Iterator[Record]:
        """Of a path in a folder of this machine."""
        if not place.is_file():
            raise NotHad("no such file", f"{place} is no file")
        if split.records is None:
            with ArchiveFile(place) as archive:
                yield from read_archive(
                    archive, _whole(split, place, archive.size), options, _Scaled(watch, archive.size, split.bytes),
                    proved=True)
            row |= {"bytes": place.stat().st_size, "xxh3_128": checksum(place)}
            return
        with open(place, "rb") as file:

            def part(start: int, end: int) -> bytes:
                file.seek(start)
                return file.read(end - start)

            yield from _alone(part, place, split, options, watch, row)

    def _coming(
        self, client: Client, url: str, split: PathSplit, options: WarcOptions, watch: Watch, row: dict[str, Any],
    ) -> Iterator[Record]:
        """Of a path elsewhere, as it comes."""
        name = f"{hashlib.sha256(url.encode()).hexdigest()[:16]}-{Path(split.input.name).name}"
        download = Download(client, url, self._folder / name, _MOST_FILE_BYTES)
        with download, ComingArchive(download) as archive:
            yield from read_archive(
                archive, _whole(split, download.path, archive.size), options,
                _Scaled(watch, archive.size, split.bytes), proved=True)
            download.upto(archive.size)  # what of it nobody had to read
            row |= {"bytes": archive.size, "xxh3_128": checksum(download.path)}
        download.remove()

    def _parts(
        self, client: Client, url: str, split: PathSplit, options: WarcOptions, watch: Watch, row: dict[str, Any],
    ) -> Iterator[Record]:
        """Single records of a path elsewhere."""
        yield from _alone(
            lambda start, end: client.part(url, start, end), Path(split.input.name), split, options, watch, row)


def _alone(
    part: Any, place: Path, split: PathSplit, options: WarcOptions, watch: Watch, row: dict[str, Any],
) -> Iterator[Record]:
    """Single records of a path, of which `part(start, end)` gives bytes; neighbours are asked for together."""
    assert split.records is not None
    ordinal = done = 0
    for group in _together(split.records):
        start, end = group[0][0], group[-1][0] + group[-1][1]
        data = part(start, end)
        for offset, length in group:
            record = data[offset - start:offset - start + length]
            if len(record) < length:
                raise NotHad("beyond the end", f"{place}: ends before byte {offset + length:,}, which the index names")
            with RecordAlone(place, offset, record) as archive:
                own = Split(split.input, offset, offset + length, length)
                yield from read_archive(archive, own, options, _Deaf(watch), ordinal, proved=True)
            ordinal, done = ordinal + 1, done + length
            watch.reached(done)
    row["bytes"] = done


def _together(records: Sequence[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
    """Records in groups that one request can ask for. Raises NotHad for one that is larger than any page is."""
    group: list[tuple[int, int]] = []
    for offset, length in records:
        if length > _MOST_RECORD_BYTES:
            raise NotHad("too large", f"the index names a record of {length:,} bytes")
        if group:
            end = group[-1][0] + group[-1][1]
            if offset - end > _MOST_GAP_BYTES or offset + length - group[0][0] > _MOST_PART_BYTES:
                yield group
                group = []
        group.append((offset, length))
    if group:
        yield group


def _whole(split: Split, place: Path, size: int) -> Split:
    return Split(InputFile(split.input.name, place, size, ""), 0, size, size)


class _Scaled:
    """Tells a watch, which reckons with the typical size of a path, how much of it is done."""

    def __init__(self, watch: Watch, size: int, typical: int) -> None:
        self._watch, self._scale = watch, typical / max(1, size)

    def enter(self, ordinal: int) -> bool:
        return self._watch.enter(ordinal)

    def reached(self, done: int) -> None:
        self._watch.reached(int(done * self._scale))


class _Deaf:
    """Tells a watch of records only."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    def enter(self, ordinal: int) -> bool:
        return self._watch.enter(ordinal)

    def reached(self, done: int) -> None:
        return None
