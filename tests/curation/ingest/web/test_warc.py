import gzip
from collections import Counter
from dataclasses import replace

import brotli
import pytest

from maslin.curation.ingest.records import Document, Dropped, Failed, NoWatch
from maslin.curation.ingest.web import warc
from maslin.curation.ingest.web.extractors import MASLIN, MOST, Extractor, Extractors
from maslin.curation.ingest.web.source import WarcOptions
from maslin.manifests.own_code import in_file
from tests.curation.web_archives import LINE, gzipped, http, input_file, page, record
from tests.shared_data import shared_data

OPTIONS = WarcOptions(max_page_bytes=1 << 20)


def read(file, watch=None, **options):
    return [
        item for split in warc.splits([file], replace(OPTIONS, **options))
        for item in warc.read(split, replace(OPTIONS, **options), watch or NoWatch())
    ]


def read_one(tmp_path, *arguments, **headers):
    (found,) = read(input_file(tmp_path / "a.warc.gz", gzipped(record(*arguments, **headers))))
    return found


def test_a_page_becomes_a_document(tmp_path):
    found = read_one(tmp_path, http(page()), "<http://A.test/x#y>")
    assert isinstance(found, Document)
    assert found.text == f"A page\n\n{LINE.strip()}"
    assert (found.url, found.date) == ("http://A.test/x#y", "2026-01-02T03:04:05Z")
    assert found.source_id == "urn:test:<http://A.test/x#y>"
    assert (found.origin.file, found.origin.offset) == ("a.warc.gz", 0)


@pytest.mark.parametrize("content_type, text", [
    ("application/xhtml+xml; charset=utf-8", "words"), ("text/xml", "words"), ("text/html", "")])
def test_xhtml_is_read_as_it_was_sent(tmp_path, content_type, text):
    body = b"<!DOCTYPE html><html><head><script src='x'/></head><body><p>words</p></body></html>"
    found = read_one(tmp_path, http(body, Content_Type=content_type))
    assert found.text == text


@pytest.mark.parametrize("block, type, uri, cause", [
    (b"", "warcinfo", "", "warcinfo"),
    (b"GET / HTTP/1.1\r\n\r\n", "request", "http://a.test/", "request"),
    (b"x: y", "metadata", "http://a.test/", "metadata"),
    (http(b""), "revisit", "http://a.test/", "revisit"),
    (b"", "unheard-of", "http://a.test/", "other_record_type"),
    (b"20260101 1.2.3.4", "response", "dns:a.test", "not_http"),
    (http(page(), "301 Moved"), "response", "http://a.test/", "redirect"),
    (http(page(), "404 Not Found"), "response", "http://a.test/", "http_error"),
    (http(b"\x89PNG....", Content_Type="image/png"), "response", "http://a.test/", "not_html"),
    (http(b"just words", Content_Type="text/plain"), "response", "http://a.test/", "not_html"),
    (b"words <p>", "resource", "http://a.test/", "not_html"),  # no content type
])
def test_what_is_no_candidate_has_no_id(tmp_path, block, type, uri, cause):
    assert read_one(tmp_path, block, uri, type) == Dropped(cause)


@pytest.mark.parametrize("block, cause", [
    (http(b"<html><body><script>x()</script></body></html>"), "empty_text"),
    (http(b"<p>" + b"words " * 400_000), "too_large"),
    (http(gzip.compress(b"<p>" + b"a" * 50_000_000), Content_Encoding="gzip"), "too_large"),  # a bomb
])
def test_dropped_pages_have_an_id_and_say_why(tmp_path, block, cause):
    found = read_one(tmp_path, block)
    assert isinstance(found, Dropped) and found.cause == cause and found.id and found.detail == "http://a.test/"
    assert (found.value > found.threshold) == (found.op == ">")


def test_fifty_megabytes_are_never_held(tmp_path):
    found = read_one(tmp_path, http(b"<p>" + b"words" * 10_000_000))
    assert (found.cause, found.value) == ("too_large", 50_000_003.0)


@pytest.mark.parametrize("block, cause", [
    (b"<html>no http here", "bad_http"),
    (http(gzip.compress(page() * 20)[:-20], Content_Encoding="gzip"), "damaged_body"),
])
def test_failed_records(tmp_path, block, cause):
    found = read_one(tmp_path, block)
    assert isinstance(found, Failed) and found.cause == cause and "http://a.test/" in found.detail


def test_identity_is_uri_date_and_payload(tmp_path):
    first = read_one(tmp_path, http(page())).id
    assert read_one(tmp_path, http(page(), X="other header"), "<HTTP://a.test:80/>").id == first
    assert read_one(tmp_path, http(page("Other words.")), "http://a.test/").id != first
    assert read_one(tmp_path, http(page()), "http://a.test/", WARC_Date="2027-01-01T00:00:00Z").id != first
    given = "sha1:BVOBDYN7OQUBKTQN7PJGKLFE55YWYO5Y"
    assert read_one(tmp_path, http(page()), WARC_Payload_Digest=given).id != first


def test_identity_does_not_depend_on_how_the_body_travelled(tmp_path):
    digest = {"WARC_Payload_Digest": "sha1:A"}
    packed = http(gzip.compress(page(), mtime=0), Content_Encoding="gzip")
    assert read_one(tmp_path, packed, **digest).id == read_one(tmp_path, http(page()), **digest).id
    assert read_one(tmp_path, packed, **digest).text == read_one(tmp_path, http(page()), **digest).text


def test_wrong_charset_is_noted(tmp_path):
    found = read_one(tmp_path, http(page("Déjà vu, élève."), Content_Type="text/html; charset=iso-8859-1"))
    assert "Déjà vu, élève." in found.text and found.notes == ("charset_differs",)


def test_what_a_page_asks_of_robots_is_noted(tmp_path):
    body = page().replace(b"<title>", b"<meta name=robots content=noarchive><title>")
    found = read_one(tmp_path, http(body, X_Robots_Tag="noindex"))
    assert found.notes == ("robots_noindex", "robots_noarchive")


def test_crawler_truncation_is_noted(tmp_path):
    assert read_one(tmp_path, http(page()), WARC_Truncated="length").notes == ("truncated_by_crawler",)


@pytest.mark.parametrize("name, pack", [("gzip", gzip.compress), ("br", brotli.compress)])
def test_of_a_body_that_the_crawler_cut_what_decodes_is_read(tmp_path, name, pack):
    body = http(pack(page("".join(f"{LINE}Verse {number}. " for number in range(900))))[:-60], Content_Encoding=name)
    found = read_one(tmp_path, body, WARC_Truncated="length")
    assert "Verse 1." in found.text and found.notes == ("truncated_by_crawler",)
    assert read_one(tmp_path, body).cause == "damaged_body"


def test_converted_text_is_a_document(tmp_path):
    found = read_one(tmp_path, "Título\nwords\n".encode(), "http://a.test/", "conversion")
    assert (found.text, found.url) == ("Título\nwords", "http://a.test/")


def test_html_resource_is_a_document(tmp_path):
    assert isinstance(read_one(tmp_path, page(), "http://a.test/", "resource", Content_Type="text/html"), Document)


def test_a_record_that_killed_its_worker_is_failed_by_name(tmp_path):
    class Killer(NoWatch):
        def enter(self, ordinal):
            return ordinal != MOST + 1

    file = input_file(tmp_path / "a.warc.gz", gzipped(*[record(http(page()), f"http://a.test/{n}") for n in range(3)]))
    found = read(file, Killer())
    assert [type(item) for item in found] == [Document, Failed, Document]
    assert found[1].cause == "worker_died" and "http://a.test/1" in found[1].detail and found[1].id


@pytest.mark.parametrize("content", [
    b"".join(record(http(page(str(n) * 50)), f"http://a.test/é{n}") for n in range(30)),
    gzipped(*[record(http(page(str(n))), f"http://a.test/{n}").replace(b"\r\n", b"\n", 8) for n in range(3)]),
    gzipped(record(http(page()), "http://a.test/ÿ", X_Folded="a\r\n b").replace("ÿ".encode(), b"\xff")),
    gzipped(b"WARC/1.0\r\nno colon\r\nContent-Length: 0\r\n\r\n", b"WARC/9.9\r\nContent-Length: 0\r\n\r\n\r\n\r\n"),
], ids=["plain", "bare line feeds", "odd bytes", "odd heads"])
def test_both_readers_give_the_same(tmp_path, content):
    file = input_file(tmp_path / "a.warc.gz", content)
    assert read(file, reader="fastwarc") == read(file, reader="warcio")


def test_plain_files_are_cut_between_records(tmp_path, monkeypatch):
    monkeypatch.setattr("maslin.curation.ingest.records.MIN_SPLIT_BYTES", 1500)
    monkeypatch.setattr("maslin.curation.ingest.records.MAX_SPLIT_BYTES", 1500)
    nested = record(http(page(LINE + "\nWARC/1.0\nWARC-Type: response\n")), "http://a.test/nested")
    records = [record(http(page(str(n))), f"http://a.test/{n}") for n in range(20)]
    file = input_file(tmp_path / "a.warc", b"".join([*records, nested]))
    assert len(warc.splits([file], OPTIONS)) > 3
    assert [item.url.rpartition("/")[2] for item in read(file)] == [*map(str, range(20)), "nested"]


REAL = {
    "cc-main-2020-34-excerpt.warc.gz": {"kept": 16, "request": 17, "metadata": 16, "warcinfo": 1},
    "cc-main-2024-22-one-page.warc.wet.gz": {"kept": 1, "warcinfo": 1},
    "cc-main-2024-22-one-page.warc.wat.gz": {"metadata": 1, "warcinfo": 1},
    "example.arc.gz": {"kept": 1, "warcinfo": 1},
    "wget-sample-0000.warc.gz": {"kept": 22, "request": 22, "metadata": 1, "not_http": 2, "warcinfo": 1},
    "iana-revisits.warc.gz": {
        "kept": 16, "request": 171, "revisit": 123, "not_html": 28, "redirect": 4, "warcinfo": 1,
    },
}


@pytest.mark.parametrize("name", REAL)
def test_real_archives(name):
    path = shared_data(f"warc/{name}")
    file = input_file_of(path)
    found = read(file)
    assert Counter(getattr(item, "cause", "kept") for item in found) == REAL[name]
    assert found == read(file, reader="warcio")


def test_chinese_and_russian_pages_come_out_readable():
    texts = [item.text for item in read(input_file_of(shared_data("warc/cc-main-2020-34-excerpt.warc.gz")))
             if isinstance(item, Document)]
    assert sum("\ufffd" in text for text in texts) == 0
    assert sum(any("\u4e00" <= letter <= "\u9fff" for letter in text) for text in texts) >= 10
    assert sum(any("\u0430" <= letter <= "\u044f" for letter in text) for text in texts) >= 1


def input_file_of(path):
    from maslin.manifests.recipe.inputs import InputFile

    return InputFile(path.name, path, path.stat().st_size, "digest")


def test_an_extractor_of_ones_own_is_asked_and_its_exceptions_fail_the_page(tmp_path):
    (tmp_path / "mine.py").write_text(
        "def mine(html, url):\n    return {'a': url, 'b': None, 'c': 3}[url[-1]]\n")
    code = in_file(tmp_path / "mine.py", "mine")
    pages = [record(http(page()), f"http://a.test/{name}") for name in "abcd"]
    found = read(input_file(tmp_path / "a.warc.gz", gzipped(*pages)), extractor=Extractor("mine", code))
    assert found[0].text == "http://a.test/a" and found[1].cause == "empty_text"
    assert [item.cause for item in found[2:]] == ["extractor_error"] * 2
    assert found[0].extractor == "mine"
    assert "gave a int" in found[2].detail and "mine.py:2: KeyError: 'd'" in found[3].detail


def test_several_extractors_give_a_document_each(tmp_path):
    (tmp_path / "mine.py").write_text(
        "def none(html, url):\n    return None\n\ndef bad(html, url):\n    raise ValueError(url)\n")
    asked = Extractors((MASLIN, Extractor("resiliparse"), *(
        Extractor(name, in_file(tmp_path / "mine.py", name)) for name in ("none", "bad"))))
    single = read_one(tmp_path, http(page()))
    file = input_file(tmp_path / "a.warc.gz", gzipped(record(http(page())), record(http(b"", "404 No"), "http://b.test/")))
    found = read(file, extractors=asked)
    assert [getattr(item, "cause", None) or item.extractor for item in found] == [
        "maslin", "resiliparse", "empty_text", "extractor_error", "http_error"]
    assert [item.id for item in found[:4]] == [f"{single.id[:-1]}{place}" for place in range(4)]
    assert found[0].text == single.text and LINE.strip() in found[1].text
    assert single.extractor == "maslin"


def test_an_extractor_that_killed_its_worker_fails_alone(tmp_path):
    class Killer(NoWatch):
        def enter(self, ordinal):
            return ordinal != 2

    found = read(input_file(tmp_path / "a.warc.gz", gzipped(record(http(page())))), Killer(),
                 extractors=Extractors((MASLIN, Extractor("resiliparse"))))
    assert [getattr(item, "cause", None) for item in found] == [None, "worker_died"]
