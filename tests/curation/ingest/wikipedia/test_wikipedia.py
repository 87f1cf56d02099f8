import bz2
import gzip
import itertools
import lzma
import time
from pathlib import Path

import pytest
import zstandard

from maslin.curation.ingest.records import Document, Dropped, Failed, NoWatch, Record
from maslin.curation.ingest.wikipedia import dump_stream, wikipedia
from maslin.manifests.recipe.inputs import InputFile
from maslin.manifests.recipe.sources import NoOptions
from tests.shared_data import golden, shared_data

HEAD = (
    '<mediawiki xml:lang="en"><siteinfo><sitename>Wikipedia</sitename><dbname>{0}wiki</dbname>'
    "<base>https://{0}.wikipedia.org/wiki/Main_Page</base><namespaces><namespace key=\"0\" />"
    '<namespace key="6">Datei</namespace><namespace key="1">Talk</namespace></namespaces></siteinfo>'
)


def page(
    number: int, text: str = "Some text.", ns: str = "<ns>0</ns>", title: str = "Title {}", redirect: str = ""
) -> str:
    return (
        f"<page><title>{title.format(number)}</title>{ns}<id>{number}</id>{redirect}<revision><id>{number + 1000}</id>"
        f"<timestamp>2016-04-22T10:19:33Z</timestamp><contributor><id>7</id></contributor>"
        f'<text xml:space="preserve">{text}</text></revision></page>\n'
    )


def dump(*pages: str) -> bytes:
    return (HEAD.format("en") + "".join(pages) + "</mediawiki>").encode()


def read(path: Path, data: bytes | None = None, whole: bool = False) -> list[Record]:
    if data is not None:
        path.write_bytes(data)
    file = InputFile(path.name, path, path.stat().st_size, "0")
    found = wikipedia.splits([file], NoOptions())
    assert [split.start for split in found[1:]] == [split.end for split in found[:-1]]
    return [record for split in found for record in wikipedia.read(split, NoOptions(), NoWatch())]


def causes(records: list[Record]) -> list[str]:
    return [record.cause if isinstance(record, Dropped | Failed) else "document" for record in records]


def test_a_page_becomes_a_document_with_identity_url_date_and_licence(tmp_path: Path) -> None:
    (record,) = read(tmp_path / "enwiki.xml", dump(page(12, "'''A''' &amp; B", title="Über {} (x)")))
    assert isinstance(record, Document)
    assert (record.text, record.source_id, record.date) == ("A & B", "12", "2016-04-22T10:19:33Z")
    assert record.url == "https://en.wikipedia.org/wiki/%C3%9Cber_12_(x)"
    assert record.licence == "CC-BY-SA-3.0"
    data = (tmp_path / "enwiki.xml").read_bytes()
    assert record.origin.offset is not None and record.origin.length is not None
    raw = data[record.origin.offset:record.origin.offset + record.origin.length]
    assert raw.startswith(b"<page>") and raw.endswith(b"</page>")


def test_the_dump_date_decides_the_licence(tmp_path: Path) -> None:
    (record,) = read(tmp_path / "enwiki-20240501-pages-articles.xml", dump(page(1)))
    assert isinstance(record, Document) and record.licence == "CC-BY-SA-4.0"
    foreign = dump(page(1)).replace(b"en.wikipedia.org", b"wiki.example")
    (record,) = read(tmp_path / "other.xml", foreign)
    assert isinstance(record, Document) and record.licence is None


def test_identity_is_project_page_and_revision(tmp_path: Path) -> None:
    one = read(tmp_path / "a.xml", dump(page(1), page(2)))
    again = read(tmp_path / "b.xml.bz2", bz2.compress(dump(page(2), page(1))))
    assert {r.id for r in one if isinstance(r, Document)} == {r.id for r in again if isinstance(r, Document)}
    other = read(tmp_path / "c.xml", dump(page(1)).replace(b"enwiki", b"dewiki"))
    assert isinstance(other[0], Document) and other[0].id not in {r.id for r in one if isinstance(r, Document)}


def test_other_namespaces_redirects_and_empty_pages_are_dropped_by_cause(tmp_path: Path) -> None:
    records = read(tmp_path / "d.xml", dump(
        page(1), page(2, ns="<ns>4</ns>"), page(3, redirect='<redirect title="x" />'), page(4, "#REDIRECT [[x]]"),
        page(5, "{{only a template}}"), page(6, ns="", title="Talk:{}"), page(7, ns="", title="Of: {}"),
        page(8, "[[Datei:x.jpg|a b]]text"),
    ))
    assert causes(records) == [
        "document", "other_namespace", "redirect", "redirect", "no_text", "other_namespace", "document", "document",
    ]
    assert isinstance(records[4], Dropped) and records[4].id is not None
    assert isinstance(records[7], Document) and records[7].text == "text"


@pytest.mark.parametrize("ns", ["0-1", "", "zero", "\u0660", "9" * 5000])
def test_a_namespace_that_is_no_number_costs_its_page(tmp_path: Path, ns: str) -> None:
    records = read(tmp_path / "d.xml", dump(page(1), page(2, ns=f"<ns>{ns}</ns>"), page(3)))
    assert causes(records) == ["document", "damaged_xml", "document"]


def test_beginnings_without_an_end_are_each_read_once(tmp_path: Path) -> None:
    began = time.process_time()
    records = read(tmp_path / "d.xml", ("<mediawiki>" + "<page>" * 100_000).encode())
    assert len(records) == 100_000 and time.process_time() - began < 20  # quadratic: minutes


def test_damage_costs_one_page(tmp_path: Path) -> None:
    broken = page(2).replace("</title>", "</titel>")
    invalid = page(3, "X").encode().replace(b">X<", b">\xff\xfe<")
    cut = page(4).replace("</page>", "")
    data = dump(page(1), broken, "@", cut, page(5)).replace(b"@", invalid)
    assert causes(read(tmp_path / "x.xml", data)) == [
        "document", "damaged_xml", "damaged_xml", "truncated_page", "document",
    ]


def test_entities_are_never_expanded(tmp_path: Path) -> None:
    laughs = "".join(f'<!ENTITY l{i + 1} "{f"&l{i};" * 10}">' for i in range(9))
    doctype = f'<!DOCTYPE mediawiki [<!ENTITY l0 "ha">{laughs}<!ENTITY file SYSTEM "file:///etc/passwd">]>'
    data = (doctype + HEAD.format("en") + page(1, "&l9;") + page(2, "&file;") + page(3) + "</mediawiki>").encode()
    records = read(tmp_path / "x.xml", data)
    assert causes(records) == ["doctype_refused", "damaged_xml", "damaged_xml", "document"]
    inner = dump(page(1).replace("<page>", f"<page>{doctype}"))
    assert causes(read(tmp_path / "y.xml", inner)) == ["damaged_xml"]


def test_compression_is_told_by_content_and_a_cut_keeps_the_pages_before(tmp_path: Path) -> None:
    pages = [page(n, f"{'word ' * 50}{n * 7919 % 1013}") for n in range(2000)]
    data = bz2.compress(dump(*pages), 1)
    records = read(tmp_path / "x.xml.bz2", data[: len(data) * 3 // 4])
    assert causes(records)[-1] == "truncated" and causes(records).count("document") > 200
    for pack in (gzip.compress, lzma.compress, zstandard.compress):
        whole = pack(dump(*pages))
        assert causes(read(tmp_path / "x.xml.bz2", whole)) == ["document"] * 2000
        records = read(tmp_path / "x.xml.gz", whole[: len(whole) // 2])
        assert causes(records)[-1] == "truncated" and causes(records).count("document") > 200


def test_a_damaged_stream_of_several_costs_its_own_pages(tmp_path: Path) -> None:
    streams = [bz2.compress(part.encode()) for part in (HEAD.format("en"), page(1), page(2) * 50, page(3))]
    streams[2] = streams[2][:30] + b"\x00" * 20 + streams[2][50:]
    assert causes(read(tmp_path / "x.bz2", b"".join(streams))) == ["document", "damaged_compression", "document"]


@pytest.mark.parametrize("aligned", [True, False])
def test_splits_read_every_page_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, aligned: bool) -> None:
    text = dump(*(page(n, f"{'word ' * 30}{n}") for n in range(400)))
    first = len(HEAD.format("en"))
    size = len(page(111, f"{'word ' * 30}111"))
    cuts = [0, *range(first + (0 if aligned else 3), len(text), size * 7 if aligned else 1000), len(text)]
    data = b"".join(bz2.compress(text[a:b]) for a, b in itertools.pairwise(cuts))
    monkeypatch.setattr(wikipedia, "split_bytes", lambda inputs: len(data) // 9)
    monkeypatch.setattr(dump_stream, "READ_BYTES", 97)
    path = tmp_path / "many.xml.bz2"
    path.write_bytes(data)
    assert len(wikipedia.splits([InputFile("many", path, len(data), "0")], NoOptions())) > 5
    records = read(path)
    assert causes(records) == ["document"] * 400
    assert len({record.id for record in records if isinstance(record, Document)}) == 400
    assert all(r.url and r.url.startswith("https://en.") for r in records if isinstance(r, Document))


def test_a_page_beyond_the_bound_fails_and_the_next_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dump_stream, "MAX_PAGE_BYTES", 10_000)
    records = read(tmp_path / "x.xml.bz2", bz2.compress(dump(page(1, "a" * 2_000_000), page(2))))
    assert causes(records) == ["page_too_large", "document"]


def test_a_bomb_without_pages_stops_at_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dump_stream, "MAX_GAP_BYTES", 1 << 20)
    assert causes(read(tmp_path / "x.bz2", bz2.compress(b"\0" * 20_000_000))) == ["no_pages"]


@pytest.mark.parametrize(("name", "data", "expected"), [
    ("empty.xml", b"", ["no_pages"]),
    ("not.xml", b"hello", ["no_pages"]),
    ("utf16.xml", dump(page(1, "Ж")).decode().encode("utf-16"), ["document"]),
    ("latin1.xml", b'<?xml version="1.0" encoding="iso-8859-1"?>' + dump(page(1, "é")).decode().encode("latin-1"),
     ["document"]),
    ("odd.xml", b'<?xml version="1.0" encoding="base64"?>' + dump(page(1)), ["unknown_encoding", "document"]),
    ("nosite.xml", f"<mediawiki>{page(1)}".encode(), ["document"]),
    ("cut.xml", dump(page(1))[:-40], ["truncated_page"]),
])
def test_odd_files(tmp_path: Path, name: str, data: bytes, expected: list[str]) -> None:
    assert causes(read(tmp_path / name, data)) == expected


def test_a_page_that_killed_its_worker_fails_by_name(tmp_path: Path) -> None:
    class Watch(NoWatch):
        def enter(self, ordinal: int) -> bool:
            return ordinal != 2  # the head is number 0

    path = tmp_path / "x.xml"
    path.write_bytes(dump(page(1), page(2), page(3)))
    (split,) = wikipedia.splits([InputFile("x", path, path.stat().st_size, "0")], NoOptions())
    assert causes(list(wikipedia.read(split, NoOptions(), Watch()))) == ["document", "worker_died", "document"]


def test_the_real_excerpt_has_its_articles() -> None:
    path = shared_data("wikipedia/enwiki-pages-articles-excerpt.xml.bz2")
    records = read(path)
    assert causes(records).count("document") == 106 and len(records) == 206


def test_article_beginnings_agree_with_another_extractor() -> None:
    records = read(shared_data("wikipedia/enwiki-pages-articles-excerpt.xml.bz2"))
    documents = {record.source_id: record.text for record in records if isinstance(record, Document)}
    shares = []
    for record in golden("wiki"):
        if record["kind"] == "page" and record.get("wikiextractor") and record["id"] in documents:
            words = record["wikiextractor"]["head"].split()[:-1]
            ours = set(documents[record["id"]][:1500].split())
            shares.append(sum(word in ours for word in words) / max(1, len(words)))
    assert shares and sum(shares) / len(shares) > 0.95


def test_templates_lost_are_noted_with_their_number(tmp_path: Path) -> None:
    record, whole = read(tmp_path / "x.xml", dump(page(1, "It is {{no such|5}} or {{no such|6}} long."), page(2)))
    assert isinstance(record, Document) and record.notes == ("templates_lost:2",)
    assert isinstance(whole, Document) and whole.notes == ()


def test_the_language_of_the_dump_decides_names_and_variants(tmp_path: Path) -> None:
    data = dump(page(1, "[[Image:x.jpg]][[檔案:y.jpg|a]]-{H|zh-cn:甲}-{{le|中|X}}")).replace(b"enwiki", b"zhwiki")
    (record,) = read(tmp_path / "x.xml", data)
    assert isinstance(record, Document) and record.text == "中"
