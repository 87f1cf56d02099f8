"""Which records of a crawl are asked for, by its columnar index: Parquet read over ranges, only what has to be.

Of every file of the index the footer is read; of row groups that can hold what is asked for (by their least and largest
key) the columns that decide; of those with a hit where the records lie. The columns are Common Crawl's
(https://commoncrawl.org/columnar-index).
"""

import io
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from maslin.curation.ingest.crawl.lists import index_files, listed_urls, taken_paths
from maslin.curation.ingest.crawl.read import PathSplit
from maslin.curation.ingest.records import MAX_SPLIT_BYTES, Split
from maslin.manifests.errors import DataError
from maslin.manifests.files import atomic_path, file_entry
from maslin.manifests.progress import advance
from maslin.manifests.recipe.crawls import Crawl, Selection
from maslin.manifests.recipe.inputs import InputFile
from maslin.manifests.remote.client import Client, NotHad
from maslin.manifests.remote.pace import Pace, one_of
from maslin.manifests.workspace import SHARD_MARKERS, UNFINISHED, Mapper, ShardResult, run_shards

_KEY = "url_surtkey"
_PLACE = ("warc_filename", "warc_record_offset", "warc_record_length")
_FOUND = pa.schema([("path", pa.string()), ("offset", pa.int64()), ("length", pa.int64())])
_MOST_GROUP_BYTES = 1 << 30  # of the columns of a row group, as the file says of itself
_DAMAGE = (pa.ArrowException, OSError, ValueError, KeyError)


@dataclass(frozen=True)
class _Task:
    """A file of the index; `inputs`: the lists of the crawl."""

    directory: Path
    index: int
    file: str
    crawl: Crawl
    inputs: tuple[InputFile, ...]


def selected_splits(
    directory: Path, name: str, crawl: Crawl, inputs: Sequence[InputFile], mapper: Mapper,
) -> list[Split]:
    """A split for each path that holds records that are asked for, in the order of the list.

    Raises DataError where a file of the index cannot be had, or no record is asked for: which pages there are is not
    known then. What was found in other files is kept.
    """
    files = index_files(inputs, crawl)
    tasks = [_Task(directory, number, file, crawl, tuple(inputs)) for number, file in enumerate(files)]
    results = run_shards(
        directory, _look_up, tasks, mapper, f"look up {name}", stage="index", total=len(tasks), unit="files")
    lost = [f"{file}: {result['why']}" for file, result in zip(files, results, strict=True) if result.get("why")]
    if lost:
        raise DataError(
            f"source {name}: {len(lost):,} of {len(files):,} files of the index of {crawl.name} could not be had. The "
            "same command asks for them again:", *lost[:5])
    found = pa.concat_tables(pq.read_table(directory / result["files"][0]["path"]) for result in results)
    records: dict[str, set[tuple[int, int]]] = {}
    for path, offset, length in zip(*(found[column].to_pylist() for column in _FOUND.names), strict=True):
        records.setdefault(path, set()).add((offset, length))
    if not records:
        raise DataError(f"source {name}: no page of {crawl.name} is what `select` asks for, among the paths taken.")
    return [_split(path, sorted(records[path])) for path in taken_paths(inputs, crawl) if path in records]


def _split(path: str, records: Sequence[tuple[int, int]]) -> Split:
    size = sum(length for _, length in records)
    return PathSplit(InputFile(path, Path(path), size, ""), 0, size, size, tuple(records))


SELECTED_SHARD_BYTES = MAX_SPLIT_BYTES  # neighbouring paths whose records together are no more are one shard


def _look_up(task: _Task) -> ShardResult:
    """Write where the records lie that a file of the index names and the selection asks for."""
    path = task.directory / SHARD_MARKERS / "index" / f"part-{task.index:05d}.parquet"
    why = None
    tables: list[pa.Table] = []
    try:
        with _opened(task) as file:
            tables = list(_found(file, task))
    except NotHad as error:
        why = str(error)
    except _DAMAGE as error:
        why = f"{task.file}: no readable index ({type(error).__name__}: {error})"
    with atomic_path(path) as temporary:
        pq.write_table(pa.concat_tables([_FOUND.empty_table(), *tables]), temporary)
    advance(1)
    return {"files": [file_entry(task.directory, path)], "why": why, UNFINISHED: why is not None}


@contextmanager
def _opened(task: _Task) -> Iterator[pq.ParquetFile]:
    place = task.crawl.at(task.file)
    if isinstance(place, Path):
        if not place.is_file():
            raise NotHad("no such file", f"{place} is no file")
        with pq.ParquetFile(place) as file:
            yield file
        return
    folder = task.directory / SHARD_MARKERS / "fetched"
    folder.mkdir(parents=True, exist_ok=True)
    with (one_of(task.crawl.connections, folder / "places"),
          closing(Client(Pace(task.crawl.requests_per_second, folder / "pace"), task.crawl.contact)) as client):
        elsewhere = _Ranges(client, place)
        try:
            with pq.ParquetFile(pa.PythonFile(elsewhere, mode="r"), pre_buffer=False) as file:
                yield file
        except _DAMAGE:
            if elsewhere.lost is not None:  # what Arrow makes of it says less
                raise elsewhere.lost from None
            raise


class _Ranges(io.RawIOBase):
    """A file elsewhere, to be read in parts. `lost`: why a part of it could not be had."""

    def __init__(self, client: Client, url: str) -> None:
        super().__init__()
        self._client, self._url, self._at = client, url, 0
        self.lost: NotHad | None = None
        length = client.length(url)
        if length is None:
            raise NotHad("no length", f"{url}: the server does not say how long the file is")
        self._length = length

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._length}[whence]
        return self._at

    def read(self, size: int = -1) -> bytes:
        end = self._length if size < 0 else min(self._length, self._at + size)
        if end - self._at > _MOST_GROUP_BYTES:
            raise OSError(f"a part of {end - self._at:,} bytes")
        if end <= self._at:
            return b""
        try:
            data = self._client.part(self._url, self._at, end)
        except NotHad as error:
            self.lost = error
            raise OSError(str(error)) from error
        self._at += len(data)
        return data


def _found(file: pq.ParquetFile, task: _Task) -> Iterator[pa.Table]:
    """The places of what is asked for, a table a row group."""
    asked = task.crawl.select
    assert asked is not None
    urls = listed_urls(task.inputs[2].path) if asked.urls is not None else frozenset()
    prefixes = _prefixes(asked, urls)
    taken = pa.array(taken_paths(task.inputs, task.crawl), pa.string())
    names = set(file.schema_arrow.names)
    deciding = _deciding_columns(asked, names)
    if lacking := [name for name in (*_PLACE, *deciding) if name not in names]:
        raise ValueError(f"it has no column {', '.join(lacking)}")
    for number in range(file.metadata.num_row_groups):
        group = file.metadata.row_group(number)
        if prefixes is not None and not _may_hold(group, prefixes):
            continue
        if sum(group.column(place).total_uncompressed_size for place in range(group.num_columns)
               if group.column(place).path_in_schema in (*_PLACE, *deciding)) > _MOST_GROUP_BYTES:
            raise ValueError(f"row group {number} holds too much to be read")
        kept = _mask(file.read_row_group(number, deciding, use_threads=False), asked, urls)
        if not pc.any(kept).as_py():
            continue
        table = file.read_row_group(number, list(_PLACE), use_threads=False).filter(kept)
        table = table.filter(pc.is_in(table[_PLACE[0]].cast(pa.string()), value_set=taken))
        offset, length = (table[name].cast(pa.int64()) for name in _PLACE[1:])
        sane = pc.and_(pc.greater_equal(offset, 0), pc.greater(length, 0))
        yield pa.table([table[_PLACE[0]].cast(pa.string()), offset, length], schema=_FOUND).filter(sane)


def _deciding_columns(asked: Selection, names: set[str]) -> list[str]:
    columns = ["url_host_name"] * bool(asked.domains) + ["content_languages"] * bool(asked.languages)
    if asked.mime:
        columns.append("content_mime_detected" if "content_mime_detected" in names else "content_mime_type")
    return columns + ["fetch_status"] * bool(asked.status) + ["url"] * (asked.urls is not None)


def _mask(table: pa.Table, asked: Selection, urls: frozenset[str]) -> pa.Array:
    """Which rows are asked for: what is null in one of the columns is not."""
    kept: Any = pa.array([True] * table.num_rows)
    if asked.domains:
        hosts, one = table["url_host_name"].cast(pa.string()), pa.array([False] * table.num_rows)
        for domain in map(str.lower, asked.domains):
            one = pc.or_(one, pc.or_(pc.equal(hosts, domain), pc.ends_with(hosts, pattern=f".{domain}")))
        kept = pc.and_(kept, one)
    if asked.languages:
        first = pc.utf8_slice_codeunits(table["content_languages"].cast(pa.string()), 0, 3)
        kept = pc.and_(kept, pc.is_in(first, value_set=pa.array(asked.languages)))
    for name in ("content_mime_detected", "content_mime_type"):
        if asked.mime and name in table.column_names:
            kept = pc.and_(kept, pc.is_in(table[name].cast(pa.string()), value_set=pa.array(asked.mime)))
    if asked.status:
        kept = pc.and_(kept, pc.is_in(table["fetch_status"].cast(pa.int64()), value_set=pa.array(asked.status)))
    if asked.urls is not None:
        kept = pc.and_(kept, pc.is_in(table["url"].cast(pa.string()), value_set=pa.array(sorted(urls))))
    return pc.fill_null(kept, False)


def _prefixes(asked: Selection, urls: frozenset[str]) -> list[str] | None:
    """How the keys of what is asked for begin, sorted; None: anyhow. Keys are hosts from behind: `org,example)/path`.

    A leading `www.` is left out of them, so of a host that begins so both spellings are looked for.
    """
    hosts = [domain.lower() for domain in asked.domains]
    if asked.urls is not None:
        hosts += [host for url in urls if (host := _host(url))]
    if not hosts:
        return None
    hosts += [host.removeprefix("www.") for host in hosts]
    return sorted({",".join(reversed(host.split("."))) for host in hosts})


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _may_hold(group: pq.RowGroupMetaData, prefixes: Sequence[str]) -> bool:
    """Whether a row group may hold a key that begins so, by its least and largest; where it says none, it may."""
    columns = [group.column(place) for place in range(group.num_columns)]
    statistics = next((each.statistics for each in columns if each.path_in_schema == _KEY), None)
    if statistics is None or not statistics.has_min_max:
        return True
    least, largest = _text(statistics.min), _text(statistics.max)
    first = bisect_left(prefixes, least)
    if first < len(prefixes) and prefixes[first] <= largest:
        return True
    return any(_holds(prefixes, least[:end]) for end in _ends_of_labels(least))


def _holds(prefixes: Sequence[str], wanted: str) -> bool:
    place = bisect_left(prefixes, wanted)
    return place < len(prefixes) and prefixes[place] == wanted


def _ends_of_labels(key: str) -> list[int]:
    """How far a key's beginnings go that may be hosts."""
    return [place for place, sign in enumerate(key) if sign in ",)"]


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
