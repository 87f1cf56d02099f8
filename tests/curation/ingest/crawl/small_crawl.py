"""A crawl as Common Crawl lays them out, small, its files written by warcio, with the digests that they should have."""

import gzip
import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from warcio.archiveiterator import ArchiveIterator
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from tests.curation.web_archives import LINE, page

CRAWL = "CC-MAIN-2026-43"
FOLDER = f"crawl-data/{CRAWL}"
DATE = "2026-10-21T03:04:05Z"
FILES = 4


def path_of(number: int, part: str = "warc") -> str:
    suffix = {"warc": "warc.gz", "wet": "warc.wet.gz", "wat": "warc.wat.gz"}[part]
    return f"{FOLDER}/segments/1776.{number % 2}/{part}/{CRAWL}-{number:05d}.{suffix}"


def url_of(file: int, number: int) -> str:
    return f"https://site{file}.example/{number}"


def write_crawl(root: Path, files: int = FILES, pages: int = 3) -> None:
    """`files` of a few pages each, their texts beside, and the lists of both."""
    for part, write in (("warc", _warc), ("wet", _wet), ("wat", _wat)):
        for number in range(files):
            path = root / path_of(number, part)
            path.parent.mkdir(parents=True, exist_ok=True)
            with open(path, "wb") as sink:
                writer = WARCWriter(sink, gzip=True)
                writer.write_record(writer.create_warcinfo_record(path.name, {"software": "a test"}))
                for each in range(pages):
                    write(writer, number, each)
        lines = "".join(f"{path_of(number, part)}\n" for number in range(files))
        (root / FOLDER / f"{part}.paths.gz").write_bytes(gzip.compress(lines.encode(), mtime=0))


def _text(file: int, number: int) -> str:
    return f"{LINE * 3}Verse {number} of book {file}, which nobody else has."


def _warc(writer: WARCWriter, file: int, number: int) -> None:
    headers = StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.1")
    _write(writer, "response", file, number, page(_text(file, number)), headers)


def _wet(writer: WARCWriter, file: int, number: int) -> None:
    _write(writer, "conversion", file, number, _text(file, number).encode(), None, "text/plain")


def _wat(writer: WARCWriter, file: int, number: int) -> None:
    _write(writer, "metadata", file, number, b"{}", None, "application/json")


def _write(
    writer: WARCWriter, type: str, file: int, number: int, body: bytes, headers: StatusAndHeaders | None,
    content_type: str = "",
) -> None:
    fields = {"WARC-Date": DATE, "WARC-Record-ID": f"<urn:uuid:{file:08d}-0000-0000-0000-{number:012d}>"}
    writer.write_record(writer.create_warc_record(
        url_of(file, number), type, io.BytesIO(body), http_headers=headers, warc_headers_dict=fields,
        warc_content_type=content_type))


def write_index(root: Path, files: int = FILES, groups: int = 3) -> None:
    """The columnar index of the pages of `write_crawl`, in two files of a few row groups, sorted by their keys."""
    rows = sorted(_index_rows(root, files), key=lambda row: row["url_surtkey"])
    paths = []
    for part in range(2):
        path = f"cc-index/table/cc-main/warc/crawl={CRAWL}/subset=warc/part-{part:05d}.c000.gz.parquet"
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        half = rows[part * len(rows) // 2:(part + 1) * len(rows) // 2]
        pq.write_table(pa.Table.from_pylist(half), root / path, row_group_size=max(1, len(half) // groups))
        paths.append(path)
    paths.append(paths[0].replace("subset=warc", "subset=robotstxt"))
    (root / FOLDER / "cc-index-table.paths.gz").write_bytes(gzip.compress("\n".join(paths).encode(), mtime=0))


def _index_rows(root: Path, files: int):
    for file in range(files):
        with open(root / path_of(file), "rb") as stream:
            archive = ArchiveIterator(stream)
            for record in archive:
                offset = archive.get_record_offset()
                record.content_stream().read()
                if record.rec_type == "response":
                    url = record.rec_headers.get_header("WARC-Target-URI")
                    host, _, rest = url.removeprefix("https://").partition("/")
                    yield {
                        "url_surtkey": ",".join(reversed(host.split("."))) + ")/" + rest, "url": url,
                        "url_host_name": host, "fetch_status": 200, "content_mime_detected": "text/html",
                        "content_languages": ["eng", "deu,eng", None][int(rest) % 3], "warc_filename": path_of(file),
                        "warc_record_offset": offset, "warc_record_length": archive.get_record_length()}
