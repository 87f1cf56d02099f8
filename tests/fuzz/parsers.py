"""Every parser of input that others wrote, as a function of bytes, with real inputs to start from.

A parser passes when whatever it is given is read, dropped or failed by name, in bounded time. Any other exception is a
fault, as the builder would end with it.
"""

import bz2
import contextlib
import gzip
import io
import json
import lzma
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

from maslin.curation.ingest import build
from maslin.curation.ingest.html.page import read_page
from maslin.curation.ingest.records import Document, Dropped, Failed, NoWatch, whole_files
from maslin.curation.ingest.web.body import BadBody, TooLarge, decoded_body, parse_http
from maslin.curation.ingest.web.charset import decode
from maslin.curation.ingest.wikipedia.wikitext import clean
from maslin.curation.licences.detect import detect
from maslin.manifests.counts import Counts
from maslin.manifests.errors import MaslinError
from maslin.manifests.files import sealed, write_json
from maslin.manifests.recipe.inputs import InputFile
from maslin.manifests.recipe.reading import read_recipe
from maslin.manifests.recipe.sources import source_kind
from maslin.manifests.soundness import verify_all
from maslin.manifests.tables import LEDGER
from maslin.manifests.workspace import MANIFEST_NAME, Step, commit, read_manifest
from tests.curation.web_archives import gzipped, http, page, record
from tests.flows.small_inputs import RECIPE
from tests.shared_data import SHARED

SEED_BYTES = 60_000  # of a real input, so that many variants of it are read in a second
SLOW_S = 10.0


@dataclass(frozen=True)
class Parser:
    """`parse(data, folder)`: raises what is a fault. `folder`: to write into. `tokens`: what its format is made of."""

    parse: Callable[[bytes, Path], None]
    seeds: Callable[[], Iterator[bytes]]
    tokens: tuple[bytes, ...]


def checked(parser: Parser, data: bytes, folder: Path) -> None:
    """Parse; raises AssertionError for what takes too long."""
    began = time.process_time()
    parser.parse(data, folder)
    seconds = time.process_time() - began
    assert seconds < SLOW_S, f"{len(data):,} bytes took {seconds:.1f} s"


def _reader(kind: str, name: str) -> Callable[[bytes, Path], None]:
    """Of a kind of source: records, and the tables that the builder makes of them."""

    def parse(data: bytes, folder: Path) -> None:
        path = folder / name
        path.write_bytes(data)
        declared = source_kind(kind)
        file, options = InputFile(name, path, len(data), "digest"), declared.options()
        try:
            splits = (declared.splits or whole_files)([file], options)
        except MaslinError:
            return
        documents, rows = [], []
        for split in splits:
            for item in declared.read(split, options, NoWatch()):
                if isinstance(item, Document):
                    documents.append(item)
                elif isinstance(item, Failed):
                    rows.append(build._failed_row("fuzz", item))
                else:
                    assert isinstance(item, Dropped), item
                    rows += [build._dropped_row("fuzz", item)] if item.id is not None else []
        build._table("fuzz", documents).validate(full=True)
        pa.Table.from_pylist(rows, schema=LEDGER).validate(full=True)

    return parse


def _http(data: bytes, folder: Path) -> None:
    message = parse_http(data)
    if message is not None:
        try:
            body = decoded_body(message, 1 << 20)
        except BadBody as error:
            body = error.part
        except TooLarge:
            return
        read_page(decode(body, message.headers.get("content-type", "")).text)


def _html(data: bytes, folder: Path) -> None:
    read_page(decode(data, "text/html").text).text.encode()


def _wikitext(data: bytes, folder: Path) -> None:
    clean(data.decode("utf-8", "replace"), title="A title")


def _licence(data: bytes, folder: Path) -> None:
    detect(data.decode("utf-8", "replace"))


def _recipe(data: bytes, folder: Path) -> None:
    path = folder / "r.yaml"
    path.write_bytes(data)
    try:
        read_recipe(path)
    except MaslinError as error:
        assert str(error)


def _manifest(data: bytes, folder: Path) -> None:
    """As it stands, and with a checksum of its own made right again: what a fault of ours might write."""
    directory = folder / "corpus" / "c@0123456789abcdef"
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / MANIFEST_NAME
    path.write_bytes(data)
    for _ in range(2):
        with contextlib.suppress(MaslinError):
            read_manifest(directory)
        assert verify_all([directory]) is not None
        try:
            value = json.loads(data)
            if not isinstance(value, dict):
                return
            write_json(path, sealed(value))
        except (ValueError, RecursionError):
            return


# ---- what to start from

def _real(*names: str) -> Iterator[bytes]:
    """The beginnings of real inputs, where they lie beside the checkout."""
    for name in names:
        path = SHARED / "data" / name
        if path.is_file():
            with open(path, "rb") as handle:
                yield handle.read(SEED_BYTES)


def _web() -> Iterator[bytes]:
    records = [
        record(http(page())), record(http(gzip.compress(page()), Content_Encoding="gzip")),
        record(b"x: y", type="metadata"),
        record(http(b"5\r\n<p>ab\r\n0\r\n\r\n", Transfer_Encoding="chunked")), record(b"text", type="conversion"),
        record(http(page("é").decode().encode("cp1252"), Content_Type="text/html; charset=windows-1252"))]
    yield gzipped(*records)
    yield b"".join(records)
    yield zstandard.compress(b"".join(records))
    yield (b"filedesc://a.arc 1.2.3.4 20080101000000 text/plain 76\n1 0 Alexa Internet\n"
           b"URL IP-address Archive-date Content-type Archive-length\n\n"
           b"http://a.test/ 1.2.3.4 20080101000000 text/html 200\nHTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
           b"<p>words</p>\n\n")
    for data in _real("warc/docs-crawl.warc.gz", "warc/example.arc.gz", "warc/wget-sample-0000.warc.gz"):
        yield data
        yield _expanded(data)


def _expanded(data: bytes) -> bytes:
    found = bytearray()
    with gzip.open(io.BytesIO(data)) as handle:
        try:
            while len(found) < SEED_BYTES and (more := handle.read1(8192)):
                found += more
        except (EOFError, OSError):
            pass
    return bytes(found)


def _messages() -> Iterator[bytes]:
    yield http(page())
    yield http(gzip.compress(page()), Content_Encoding="gzip")
    yield http(b"5\r\n<p>ab\r\n0\r\n\r\n", Transfer_Encoding="chunked")
    yield http(zstandard.compress(page()), Content_Encoding="zstd, br")
    yield b"HTTP/1.1 100 Continue\r\n\r\n" + http(page())


def _pages() -> Iterator[bytes]:
    yield page()
    yield (b"<!doctype html><meta charset=shift_jis><title>t</title><table><tr><td>a<td>b<tr><th>c</table><ul><li>x<ol>"
           b"<li>y</ol></ul><pre>  code\n</pre><script>if (a<b) x()</script><template><p>q</template><svg><p>z</svg>"
           b"<textarea></p></textarea><!-- c --><![CDATA[x]]><p hidden>h<a href=x>l</a>&amp;&#x1F600;&notanentity;")
    for data in _real("warc/docs-crawl.warc.gz"):
        yield _expanded(data)


def _articles() -> Iterator[bytes]:
    yield ("'''Bold''' [[link|text]] {{cite web|url=x}} {{convert|3|km}} <ref name=a>r</ref>\n== Head ==\n* a\n** b\n"
           "#c\n"
           "{| class=x\n! h\n|-\n| a || b\n|}\n[[File:x.png|thumb|A [[caption]]]] <math>x^2</math> <!-- c -->\n"
           "-{zh-cn:a;zh-tw:b}- {{lang|fr|été}} <nowiki>[[x]]</nowiki> <table><tr><td>1</table> __NOTOC__").encode()
    for data in _real("wikipedia/enwiki-pages-articles-excerpt.xml.bz2"):
        yield bz2.BZ2Decompressor().decompress(data, SEED_BYTES)


def _dumps() -> Iterator[bytes]:
    xml = (b'<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.10/" version="0.10" xml:lang="en"><siteinfo>'
           b"<dbname>enwiki</dbname><namespaces><namespace key=\"0\" /></namespaces></siteinfo>\n"
           b"<page><title>A</title><ns>0</ns><id>1</id><revision><id>2</id><timestamp>2020-01-01T00:00:00Z</timestamp>"
           b'<text xml:space="preserve">Words &amp; [[links]].</text></revision></page>\n'
           b"<page><title>B</title><ns>0</ns><id>3</id><redirect title=\"A\" /><revision><id>4</id><text>x</text>"
           b"</revision></page></mediawiki>\n")
    yield xml
    yield bz2.compress(xml)
    yield from _articles()


def _archives() -> Iterator[bytes]:
    files = {"p/LICENSE": b"SPDX-License-Identifier: MIT\n", "p/a.py": b"def f(x):\n    return x\n" * 20,
             "p/package.json": b'{"license": "MIT"}', "p/../evil.c": b"int main;", "p/b.js": b"let x = 1;\n" * 30}
    for compression in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        whole = io.BytesIO()
        with zipfile.ZipFile(whole, "w", compression) as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        yield whole.getvalue()
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name if name != "p/b.js" else "p/" + "long" * 60 + ".js")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    for compress in (bytes, gzip.compress, lzma.compress, bz2.compress, zstandard.compress):
        yield compress(whole.getvalue())
    for data in _real("code/markupsafe-3.0.4.tar.gz", "code/ms-2.1.3.tgz"):
        yield data
        yield _expanded(data)


def _lines() -> Iterator[bytes]:
    rows = [{"id": "a", "text": "words", "url": "http://a.test/", "date": "2020-01-01", "language": "en"},
            {"text": None}, {"text": "\ud800 é", "id": 7, "licence": "MIT"},
            {"messages": [{"role": "user", "content": "q"}]}]
    lines = "".join(json.dumps(row) + "\n" for row in rows).encode()
    yield lines
    yield gzip.compress(lines)
    yield zstandard.compress(lines)
    yield b"\xef\xbb\xbf" + lines + b"[1, 2]\n\x00\n{\"text\": 1e999}\n{\"text\""


def _chats() -> Iterator[bytes]:
    turns = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]
    rows = [{"messages": turns}, {"conversations": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}]},
            {"instruction": "q", "input": "x", "output": "a"}, {"prompt": "q", "response": "a"}]
    yield "".join(json.dumps(row) + "\n" for row in rows).encode()


def _tables() -> Iterator[bytes]:
    table = pa.table({
        "text": [f"text {number}" for number in range(50)], "id": [str(number) for number in range(50)],
        "date": pa.array([0] * 50, pa.date32()), "more": [[1, 2]] * 50})
    for settings in ({}, {"compression": "zstd"}, {"compression": "none", "use_dictionary": False, "row_group_size": 7},
                     {"data_page_version": "2.0", "compression": "gzip"}):
        whole = io.BytesIO()
        pq.write_table(table, whole, **settings)
        yield whole.getvalue()


def _recipes() -> Iterator[bytes]:
    yield RECIPE.encode()
    root = Path(__file__).resolve().parents[2] / "manifests" / "recipes"
    for path in sorted(root.glob("*.yaml")):
        yield path.read_bytes()


def _manifests() -> Iterator[bytes]:
    step = Step("corpus", "c", 1, {"steps": [{"step": "c4"}]}, {"documents": "documents/a@0123456789abcdef"})
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder) / step.directory
        directory.mkdir(parents=True)
        counts = Counts()
        counts.read, counts.kept, counts.dropped = 5, 3, {"rule": 2}
        entry = {"path": "documents/part-00000.parquet", "bytes": 3, "xxh3_128": "0" * 32, "rows": 3}
        (directory / "documents").mkdir()
        (directory / entry["path"]).write_bytes(b"abc")
        commit(directory, step, [entry], counts=counts, sizes={"bytes": 3}, summary={"notes": {}})
        yield (directory / MANIFEST_NAME).read_bytes()


def _licences() -> Iterator[bytes]:
    yield b"SPDX-License-Identifier: (MIT OR Apache-2.0) AND GPL-2.0-only WITH Classpath-exception-2.0\n"
    yield (b"Permission is hereby granted, free of charge, to any person obtaining a copy of this software\n"
           b"Licensed under the Apache License, Version 2.0; or the GNU General Public License version 2 or later\n"
           b"Redistribution and use in source and binary forms, with or without modification, are permitted\n")
    root = Path(__file__).resolve().parents[2]
    yield (root / "LICENSE").read_bytes()


_NUMBERS = (b"0", b"-1", b"99999999999999999999", b"\xff\xff\xff\xff", b"\x00\x00\x00\x00", b"\x00", b"\xff",
            b"\xed\xa0\x80")
_TAGS = (b"<p>", b"</p>", b"<table>", b"<td>", b"<script>", b"</script>", b"<!--", b"-->", b"&#", b"<svg>",
         b"<a href='", b"<template>", b"<plaintext>", b"<![CDATA[", b"<meta charset=", b"<div class=\"nav\">",
         b"<li>", b"<pre>")
_HEADS = (b"\r\n\r\n", b"Content-Length: ", b"Transfer-Encoding: chunked\r\n", b"Content-Encoding: br\r\n",
          b"Content-Encoding: zstd\r\n", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 100 \r\n\r\n", b"ffffffffffffffff\r\n")
_WIKI = (b"{{", b"}}", b"[[", b"]]", b"{|", b"|}", b"|-", b"<ref>", b"</ref>", b"<nowiki>", b"==", b"'''", b"-{", b"}-",
         b"<math>", b"<table>", b"{{{", b"[[File:", b"<!--", b"__", b"{{convert|", b"{{lang|", b"\n*", b"\n;", b"\x7f")

PARSERS = {
    "warc": Parser(_reader("warc", "a.warc"), _web, (b"WARC/1.0\r\n", b"WARC-Type: ", *_HEADS, *_NUMBERS)),
    "http": Parser(_http, _messages, (*_HEADS, *_NUMBERS)),
    "html": Parser(_html, _pages, (*_TAGS, *_NUMBERS)),
    "wikitext": Parser(_wikitext, _articles, (*_WIKI, *_NUMBERS)),
    "wikipedia": Parser(_reader("wikipedia", "a.xml"), _dumps, (
        b"<page>", b"</page>", b"<text>", b"</text>", b"<!ENTITY a 'b'>", b"<!DOCTYPE", b"&a;", b"]]>", *_NUMBERS)),
    "archives": Parser(_reader("code", "a.zip"), _archives, (
        b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06", b"ustar", b"../", b"00000000000", b"77777777777", *_NUMBERS)),
    "jsonl": Parser(_reader("jsonl", "a.jsonl"), _lines, (
        b'"text": ', b"{", b"}", b"[", b"]", b"\n", b"\\ud800", b"1e999", b"NaN", b"null", *_NUMBERS)),
    "chat": Parser(_reader("chat", "a.jsonl"), _chats, (
        b'"role"', b'"content"', b'"messages"', b"{", b"[", b"null", b"<|im_end|>", *_NUMBERS)),
    "parquet": Parser(_reader("parquet", "a.parquet"), _tables, (b"PAR1", *_NUMBERS)),
    "recipe": Parser(_recipe, _recipes, (
        b"&a ", b"*a", b"<<: ", b"!!python/object:os.system ", b"{", b"[", b"- ", b": ", b"1e30", b".inf", b".nan",
        b"0x10", b"2020-01-01", b"~", b"!!binary ", b"? ", b"| ", b"%YAML 1.1\n---\n", b"12:30:45", b"'",
        b"\t", *_NUMBERS)),
    "manifest": Parser(_manifest, _manifests, (
        b'"files"', b'"counts"', b'"schema_version": 3', b'"path": "../../x"', b"{", b"[", b"null", b"NaN", b"1e999",
        *_NUMBERS)),
    "licence": Parser(_licence, _licences, (
        b"SPDX-License-Identifier: ", b"(", b")", b" OR ", b" AND ", b" WITH ", b"GPL", b"version 2", *_NUMBERS)),
}
