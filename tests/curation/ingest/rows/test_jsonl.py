import bz2
import gzip
import json
import lzma

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from maslin.curation.ingest.records import Document, Dropped, Failed, NoWatch
from maslin.curation.ingest.rows import jsonl
from maslin.manifests.recipe.sources import NoOptions
from tests.curation.web_archives import input_file
from tests.shared_data import shared_data


def read(file):
    return [item for split in jsonl.splits([file], NoOptions()) for item in jsonl.read(split, NoOptions(), NoWatch())]


def lines(*rows):
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


TEN = lines(*({"id": str(number), "text": f"text {number}"} for number in range(10)))


def test_fields(tmp_path):
    row = {"id": 7, "text": "x\r\ny", "url": "http://a.test/", "date": "2026", "language": "en", "licence": "MIT"}
    (found,) = read(input_file(tmp_path / "a.jsonl", lines(row)))
    assert (found.source_id, found.text, found.url, found.date, found.language, found.licence) == (
        "7", "x\r\ny", "http://a.test/", "2026", "en", "MIT")


def test_id_is_its_own_or_of_the_line(tmp_path):
    def id_of(content):
        return read(input_file(tmp_path / "a.jsonl", content))[0].id

    assert id_of(lines({"id": "a", "text": "x"})) == id_of(b"\n" + lines({"id": "a", "text": "y"}))
    assert id_of(lines({"text": "x"})) == id_of(lines({"text": "x"})[:-1] + b"\r\n") != id_of(lines({"text": "y"}))


@pytest.mark.parametrize("name, content", [
    ("a.jsonl", TEN), ("a.jsonl.gz", gzip.compress(TEN)), ("a.jsonl.zst", zstandard.compress(TEN)),
    ("b.jsonl.gz", gzip.compress(TEN[:40]) + gzip.compress(TEN[40:])), ("c.jsonl", TEN[:-1]),
    ("b.jsonl.zst", zstandard.compress(TEN[:40]) + zstandard.compress(TEN[40:])), ("d.jsonl", b"\xef\xbb\xbf" + TEN),
    ("e.jsonl", TEN.replace(b"\n", b"\r\n\n")), ("f.jsonl.gz", TEN), ("g.jsonl.GZ", gzip.compress(TEN)),
    ("h.jsonl", bz2.compress(TEN[:40]) + bz2.compress(TEN[40:])), ("i.json.zst", lzma.compress(TEN)),
    ("j.xz", lzma.compress(TEN[:40]) + bytes(8) + lzma.compress(TEN[40:])), ("k.jsonl", zstandard.compress(TEN)),
    ("l.jsonl.zst", b"\x5a\x2a\x4d\x18\3\0\0\0any" + zstandard.compress(TEN)),
])
def test_ways_to_store_lines(tmp_path, name, content):
    assert [item.source_id for item in read(input_file(tmp_path / name, content))] == [*"0123456789"]


@pytest.mark.parametrize("line, cause, words", [
    (b'{"text": "\xff"}', "invalid_utf8", "line 2"),
    (b'{"text": ', "invalid_json", "line 2"),
    (b"[" * 100_000, "invalid_json", "line 2"),
    (b'{"text": ' + b"9" * 10_000 + b"}", "invalid_json", "line 2"),
    (b'{"txt": "x"}', "no_text", "line 2"),
    (b'{"text": 5}', "no_text", "line 2"),
    (b'["text"]', "no_text", "line 2"),
])
def test_bad_lines_fail_with_their_number_and_reading_goes_on(tmp_path, line, cause, words):
    content = lines({"text": "x"}) + line + b"\n" + lines({"text": "y"})
    first, bad, last = read(input_file(tmp_path / "a.jsonl", content))
    assert isinstance(first, Document) and isinstance(bad, Failed) and isinstance(last, Document)
    assert bad.cause == cause and words in bad.detail and "a.jsonl" in bad.detail


def test_line_numbers_are_of_the_file_in_every_range(tmp_path, monkeypatch):
    monkeypatch.setattr("maslin.curation.ingest.records.MIN_SPLIT_BYTES", 32)
    monkeypatch.setattr("maslin.curation.ingest.records.MAX_SPLIT_BYTES", 32)
    content = TEN.replace(b'{"id": "8"', b'oops "8"')
    (bad,) = [item for item in read(input_file(tmp_path / "a.jsonl", content)) if isinstance(item, Failed)]
    assert "line 9:" in bad.detail


def test_empty_text_is_dropped(tmp_path):
    (found,) = read(input_file(tmp_path / "a.jsonl", lines({"text": " \n"})))
    assert isinstance(found, Dropped) and found.cause == "empty_text" and found.id


def test_too_long_line(tmp_path, monkeypatch):
    monkeypatch.setattr(jsonl, "MAX_LINE_BYTES", 100)
    monkeypatch.setattr(jsonl, "_BLOCK_BYTES", 64)
    found = read(input_file(tmp_path / "a.jsonl", lines({"text": "x"}, {"text": "y" * 500}, {"text": "z"})))
    assert [getattr(item, "cause", "kept") for item in found] == ["kept", "line_too_long", "kept"]


def test_a_bomb_of_one_line_ends_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr(jsonl, "MAX_LINE_BYTES", 1 << 16)
    monkeypatch.setattr(jsonl, "_MAX_SKIP_BYTES", 1 << 20)
    for name, packed in (("a.jsonl.gz", gzip.compress), ("a.jsonl.zst", zstandard.compress)):
        found = read(input_file(tmp_path / name, packed(lines({"text": "x"}) + b"a" * 20_000_000)))
        assert [getattr(item, "cause", "kept") for item in found][-1] == "line_too_long"


@pytest.mark.parametrize("name, content, cause", [
    ("a.jsonl.gz", gzip.compress(TEN)[:-9], "truncated"), ("a.jsonl.zst", zstandard.compress(TEN)[:-9], "truncated"),
    ("a.jsonl.bz2", bz2.compress(TEN)[:-9], "truncated"), ("a.jsonl.xz", lzma.compress(TEN)[:-9], "truncated"),
    ("c.jsonl.gz", gzip.compress(TEN)[:-8] + bytes(8), "damaged_file"),
    ("d.jsonl", gzip.compress(TEN) + b"no member", "damaged_file"),
    ("e.jsonl.gz", gzip.compress(b"PK\x03\x04" + TEN), "not_json_lines"),
    ("f.jsonl", b"\x04\x22\x4d\x18" + TEN, "not_json_lines"),
    ("g.jsonl", TEN.decode().encode("utf-16"), "not_json_lines"),
], ids=["gz cut", "zst cut", "bz2 cut", "xz cut", "gz check sum", "gz rest", "zip in gz", "lz4", "utf-16"])
def test_damaged_files(tmp_path, name, content, cause):
    found = read(input_file(tmp_path / name, content))
    assert found[-1].cause == cause
    if name == "a.jsonl.gz":
        assert len(found) == 11  # what could be read is kept


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(max_size=20), max_size=12), st.integers(1, 60))
def test_every_line_once_however_the_file_is_cut(tmp_path_factory, texts, target):
    content = lines(*({"text": "x" + text} for text in texts))
    file = input_file(tmp_path_factory.mktemp("j") / "a.jsonl", content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("maslin.curation.ingest.records.MIN_SPLIT_BYTES", target)
        patch.setattr("maslin.curation.ingest.records.MAX_SPLIT_BYTES", target)
        found = read(file)
    assert [item.text for item in found] == ["x" + text for text in texts]
    assert [content[item.origin.offset:][:item.origin.length] for item in found] == content.splitlines(keepends=True)


def test_real_documents():
    path = shared_data("webtext/cc_en_head-0174.jsonl.gz")
    from maslin.manifests.recipe.inputs import InputFile

    assert len(read(InputFile(path.name, path, path.stat().st_size, "digest"))) == 10
