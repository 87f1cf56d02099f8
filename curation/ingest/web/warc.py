"""Web crawls: WARC, WET and ARC files → one document per HTML page of status 200, or per converted text.

Not a candidate for a document, and counted under these names: `warcinfo`, `request`, `metadata`, `revisit` and other
record types; `not_http`; `redirect` and `http_error` by status; `not_html` by header and content together.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from maslin.curation.ingest.html.xhtml import html_of_xhtml, is_xml_type
from maslin.curation.ingest.records import (
    Document,
    Dropped,
    Failed,
    Origin,
    Record,
    Split,
    Watch,
    byte_splits,
    split_bytes,
)
from maslin.curation.ingest.web.body import BadBody, HttpMessage, TooLarge, decoded_body, parse_http
from maslin.curation.ingest.web.charset import Decoded, decode
from maslin.curation.ingest.web.content_type import content_type
from maslin.curation.ingest.web.extractors import MOST, Extractor, ExtractorError
from maslin.curation.ingest.web.framing import ArchiveFile, Damage, Frame
from maslin.curation.ingest.web.robots import robots_notes
from maslin.curation.ingest.web.sniff import is_html, may_be_html
from maslin.curation.ingest.web.source import WarcOptions
from maslin.curation.ingest.web.urls import normalised
from maslin.curation.ingest.web.warc_records import WarcRecord, payload_digest, read_record, wrong_digest
from maslin.manifests.identity import document_id, variant_id
from maslin.manifests.recipe.inputs import InputFile

_HEADER_ONLY = frozenset(("warcinfo", "request", "metadata", "revisit", "continuation"))
_ENTRIES = MOST + 1  # numbers of a record: one for its decoding, one for each extractor


def splits(inputs: Sequence[InputFile], options: WarcOptions) -> list[Split]:
    """Ranges of compressed files; ranges between records of plain ones, whose records have no signature to find."""
    target = split_bytes(inputs)
    found: list[Split] = []
    for file in inputs:
        with ArchiveFile(file.path) as archive:
            found += byte_splits([file], target) if archive.is_gzip else _plain_splits(file, archive, target)
    return found


def _plain_splits(file: InputFile, archive: ArchiveFile, target: int) -> list[Split]:
    edges = [0]
    for frame in archive.frames(0, archive.size, keep=0):
        if frame.offset - edges[-1] >= target:
            edges.append(frame.offset)
    return [Split(file, start, end, end - start) for start, end in zip(edges, [*edges[1:], archive.size], strict=True)]


def read(split: Split, options: WarcOptions, watch: Watch) -> Iterator[Record]:
    """Every record of a split, as a document, a drop or a failure."""
    with ArchiveFile(split.input.path) as archive:
        yield from read_archive(archive, split, options, watch)


def read_archive(
    archive: ArchiveFile, split: Split, options: WarcOptions, watch: Watch, first: int = 0, proved: bool = False,
) -> Iterator[Record]:
    """Every record of a split of an open archive. `first`: the number of its first record, for `watch`.

    `proved`: a record whose block is not what its own digest says has failed.
    """
    for ordinal, frame in enumerate(archive.frames(split.start, split.end, options.keep_bytes), first):
        watch.reached(min(frame.end, split.end) - split.start)
        origin = Origin(split.input.name, frame.offset, None if isinstance(frame, Damage) else frame.length)
        if isinstance(frame, Damage):
            yield Failed(frame.cause, frame.detail, origin)
        else:
            yield from _records(frame, origin, options, watch, ordinal, proved)


def _records(
    frame: Frame, origin: Origin, options: WarcOptions, watch: Watch, ordinal: int, proved: bool,
) -> Iterator[Record]:
    found = _response(frame, origin, options, proved)
    if isinstance(found, tuple):
        yield from _pages(*found, origin, frame, options, watch, ordinal * _ENTRIES)
    else:
        yield found


def _response(
    frame: Frame, origin: Origin, options: WarcOptions, proved: bool,
) -> tuple[WarcRecord, HttpMessage] | Record:
    """A record with its answer of status 200, or what it is instead."""
    try:
        record = read_record(frame, options.reader)
    except ValueError as error:
        return Failed("damaged_record", str(error), origin)
    if proved and (wrong := wrong_digest(record, frame)):
        return Failed("wrong_digest", wrong, origin)
    if record.type == "conversion":
        return _converted(record, origin, frame, options)
    if record.type == "resource":
        message = HttpMessage(200, {"content-type": record.headers.get("content-type", "")}, record.block)
    elif record.type == "response":
        message = parse_http(record.block)
    else:
        return Dropped(record.type if record.type in _HEADER_ONLY else "other_record_type")
    if not record.uri.lower().startswith(("http://", "https://")):
        return Dropped("not_http")
    if message is None:
        return Failed("bad_http", f"{record.uri}: the response begins with no HTTP status", origin)
    if message.status != 200:
        return Dropped("redirect" if 300 <= message.status < 400 else "http_error")
    return record, message


def _pages(
    record: WarcRecord, message: HttpMessage, origin: Origin, frame: Frame, options: WarcOptions, watch: Watch,
    entry: int,
) -> Iterator[Record]:
    """A page as each extractor that is asked finds it, or what it is instead. `entry`: the first number for `watch`."""
    header, identified = message.headers.get("content-type"), record.headers.get("warc-identified-payload-type")
    if not may_be_html(header, identified):
        yield Dropped("not_html")
        return
    id = document_id("warc", normalised(record.uri), record.date or "", payload_digest(record, message.body))
    if not watch.enter(entry):
        yield _worker_died(record, origin, id)
        return
    body = _body(record, message, origin, frame, options, id)
    if not isinstance(body, bytes):
        yield body
        return
    decoded = decode(body, header or "", message.headers.get("content-language", ""))
    if is_xml_type(content_type(header)[0]):
        decoded = replace(decoded, text=html_of_xhtml(decoded.text))
    several = len(options.asked) > 1
    for place, extractor in enumerate(options.asked):
        own_id = variant_id(id, place) if several else id
        if several and not watch.enter(entry + 1 + place):
            yield _worker_died(record, origin, own_id)
        else:
            yield _document(record, message, origin, decoded, extractor, own_id)


def _worker_died(record: WarcRecord, origin: Origin, id: str) -> Failed:
    return Failed("worker_died", f"{record.uri}: native code crashed on this page, twice", origin, id)


def _body(
    record: WarcRecord, message: HttpMessage, origin: Origin, frame: Frame, options: WarcOptions, id: str,
) -> bytes | Record:
    """The HTML of an answer, or what it is instead."""
    header, identified = message.headers.get("content-type"), record.headers.get("warc-identified-payload-type")
    limit = options.max_page_bytes
    try:
        if len(frame.block) < frame.block_length:  # more than is held
            raise TooLarge(len(message.body) + frame.block_length - len(frame.block))
        body = decoded_body(message, limit)
    except TooLarge as large:
        if not is_html(header, identified, message.body) and "content-encoding" not in message.headers:
            return Dropped("not_html")
        return Dropped("too_large", id, record.uri, float(large.args[0]), float(limit), ">")
    except BadBody as bad:
        if "warc-truncated" not in record.headers or not bad.part:
            return Failed("damaged_body", f"{record.uri}: {bad}", origin, id)
        body = bad.part  # the crawler says that it cut it
    return body if is_html(header, identified, body) else Dropped("not_html")


def _document(
    record: WarcRecord, message: HttpMessage, origin: Origin, decoded: Decoded, extractor: Extractor, id: str,
) -> Record:
    try:
        page = extractor.read_page(decoded.text, record.uri)
    except ExtractorError as error:
        return Failed("extractor_error", f"{record.uri}: {error}", origin, id)
    if not page.text:
        return Dropped("empty_text", id, record.uri, 0.0, 1.0, "<")
    notes = ("charset_differs",) if decoded.differs else ()
    notes += robots_notes(message.headers.get("x-robots-tag", ""), page.metas)
    if "warc-truncated" in record.headers:
        notes += ("truncated_by_crawler",)
    return Document(
        id, page.text, origin, record.uri, record.date, record.record_id, notes=notes, extractor=extractor.name)


def _converted(record: WarcRecord, origin: Origin, frame: Frame, options: WarcOptions) -> Record:
    """A WET record: text that the crawl itself made of a page."""
    digest = record.headers.get("warc-block-digest") or payload_digest(record, record.block)
    id = document_id("warc", normalised(record.uri), record.date or "", digest)
    if frame.block_length > options.max_page_bytes:
        return Dropped("too_large", id, record.uri, float(frame.block_length), float(options.max_page_bytes), ">")
    text = decode(record.block).text.strip()
    if not text:
        return Dropped("empty_text", id, record.uri, 0.0, 1.0, "<")
    return Document(id, text, origin, record.uri, record.date, record.record_id)
