import gzip
import time

import pytest

from maslin.curation.ingest.records import Document, NoWatch
from maslin.curation.ingest.web import warc
from maslin.curation.ingest.web.arc import ArcHead, arc_head
from maslin.curation.ingest.web.source import WarcOptions
from tests.curation.web_archives import http, input_file, page

DATE = "20040615042000"
FIRST = {
    1: "filedesc://x.arc 0.0.0.0 {0} text/plain {1}\n1 0 Archive\nURL IP-address Archive-date Content-type "
       "Archive-length\n",
    2: "filedesc://x.arc 0.0.0.0 {0} text/plain 200 - - 0 x.arc {1}\n2 0 Archive\nURL IP-address Archive-date "
       "Content-type Result-code Checksum Location Offset Filename Archive-length\n",
}


def first(version=1):
    block = FIRST[version].partition("\n")[2]
    return FIRST[version].format(DATE, len(block)).encode() + b"\n"


def record(url, version=1, length=None, type="text/html"):
    block = http(page(f"The text of {url}."))
    length = len(block) if length is None else length
    rest = f"{type} 200 ABC123 - 12345678 x.arc" if version == 2 else type
    return f"{url} 192.0.2.4 {DATE} {rest} {length}\n".encode() + block + b"\n"


def read(tmp_path, records, packed=False, **options):
    content = b"".join(gzip.compress(part, mtime=0) for part in records) if packed else b"".join(records)
    file = input_file(tmp_path / ("a.arc.gz" if packed else "a.arc"), content)
    asked = WarcOptions(**options)
    return [item for split in warc.splits([file], asked) for item in warc.read(split, asked, NoWatch())]


def urls(found):
    return [item.url.removeprefix("http://a.test/") if isinstance(item, Document) else item.cause for item in found]


@pytest.mark.parametrize("line, expected", [
    (f"http://a.test/ 1.2.3.4 {DATE} text/html 9", ("http://a.test/", DATE, "text/html")),
    (f"http://a.test/b c  d 1.2.3.4 {DATE} text/html 9", ("http://a.test/b c  d", DATE, "text/html")),
    (f"http://a.test/ 0.0.0.0 {DATE} text/html; charset=x 9", ("http://a.test/", DATE, "text/html; charset=x")),
    (f"http://a.test/ ::1 {DATE}  9", ("http://a.test/", DATE, "")),
    (f"http://a.test/b c 1.2.3.4 {DATE} text/html 200 X - 12345678 a.arc 9", ("http://a.test/b c", DATE, "text/html")),
    (f"http://a.test/ 1.2.3.4 {DATE} text/html x", None), ("http://a.test/ 1.2.3.4 2004 text/html 9", None),
    (f"no address 1.2.3.4 {DATE} text/html 9", None), ("http://a.test/", None), ("", None),
])
def test_heads(line, expected):
    found = arc_head(line.encode() + b"\r\n")
    assert found == (ArcHead(*(part.encode() for part in expected)) if expected else None)


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("reader", ["fastwarc", "warcio"])
def test_addresses_with_spaces(tmp_path, version, packed, reader):
    names = ["a", "form?file=WEL 802.02(B)&c=L", "b", "x y z 1.2.3.4 q", "c" * 3000, "ü", "d"]
    found = read(tmp_path, [first(version), *(record(f"http://a.test/{name}", version) for name in names)], packed,
                 reader=reader)
    assert urls(found) == ["warcinfo", *names]
    assert {item.date for item in found[1:]} == {"2004-06-15T04:20:00Z"}


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("bad, expected", [
    (record("http://a.test/x", length=40), ["a", "damaged_record", "b"]),
    (record("http://a.test/x", length=700), ["a", "damaged_record", "b"]),
    (record("http://a.test/x", length=10**9), ["a", "damaged_record", "b"]),
    (record("http://a.test/x").replace(DATE.encode(), b"yesterday"), ["a", "damaged_record", "b"]),
    (record("http://a.test/x").replace(b" 192.0.2.4", b""), ["a", "damaged_record", "b"]),
])
def test_sound_neighbours_are_never_lost(tmp_path, packed, bad, expected):
    found = read(tmp_path, [first(), record("http://a.test/a"), bad, record("https://a.test/b")], packed)
    assert [cause.rpartition("/")[2].replace("truncated", "damaged_record") for cause in urls(found)] == [
        "warcinfo", *expected]


def test_a_file_without_its_first_record(tmp_path):
    assert urls(read(tmp_path, [record("http://a.test/a b"), record("http://a.test/c")])) == ["a b", "c"]


def test_made_up_heads_take_no_time():
    began = time.process_time()
    for line in (b"a:" + b" 20040615042000" * 500 + b" 9", b"a:" + b" ;" * 4000 + b" 9", b"a: " * 3000):
        arc_head(line)
    assert time.process_time() - began < 0.2
