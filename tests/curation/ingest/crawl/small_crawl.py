"""A crawl as Common Crawl lays them out, small, its files written by warcio, with the digests that they should have."""

import gzip
import io
from pathlib import Path

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
