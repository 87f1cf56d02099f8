import errno
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maslin.curation.ingest import repeated_ids
from maslin.curation.ingest.build import build_documents, normalised_text, valid_unicode
from maslin.manifests.counts import Counts
from maslin.manifests.errors import StorageError
from maslin.manifests.recipe.sources import Source, source_kind
from maslin.manifests.tables import DOCUMENTS, LEDGER
from maslin.manifests.workspace import Step, Workspace, serial_map
from tests.curation.web_archives import gzipped, http, input_file, page, pages, record


def build(root, inputs, kind="warc", limit=None, mapper=serial_map, max_failed=0.05):
    source = Source(kind, (), max_failed, options=source_kind(kind).options())
    step = Step("documents", "web", 1, {"kind": kind, "options": source.options_json(), "limit": limit})
    manifest = build_documents(step, Workspace(root), mapper, inputs, source)
    return manifest, root / step.directory


def rows(directory, table):
    return [row for path in sorted((directory / table).iterdir()) for row in pq.read_table(path).to_pylist()]


def files(directory):
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in sorted(directory.rglob("*")) if path.is_file() and path.name != "measured.json"
    }


@pytest.fixture
def many_shards(monkeypatch):
    monkeypatch.setattr("maslin.curation.ingest.records.MIN_SPLIT_BYTES", 1000)
    monkeypatch.setattr("maslin.curation.ingest.records.MAX_SPLIT_BYTES", 1000)


@pytest.fixture
def crawl(tmp_path):
    """Two files with pages, what is no page, damage, and documents that are there twice or thrice."""
    drops = [record(b"", type="request"), record(http(b"<html><body></body></html>"), "http://a.test/empty")]
    damage = gzipped(record(http(page()), "http://a.test/lost"))[:-20] + b"x" * 20
    return [
        input_file(tmp_path / "in" / "a.warc.gz", gzipped(*pages(12), *drops) + damage + gzipped(*pages(2))),
        input_file(tmp_path / "in" / "b.warc.gz", gzipped(*pages(5)[3:], record(http(page()), "http://b.test/"))),
    ]


def test_counts_ledger_and_schema(tmp_path, crawl):
    manifest, directory = build(tmp_path / "w", crawl)
    assert manifest.counts == Counts(
        "records", 20, 13, {"request": 1, "empty_text": 1, "same_identity": 4}, {"damaged_record": 1})
    ledger = rows(directory, "ledger")
    assert sorted(row["rule"] for row in ledger) == ["damaged_record", "empty_text"] + ["same_identity"] * 4
    repeated = [row for row in ledger if row["rule"] == "same_identity"]
    assert all(row["survivor_id"] == row["id"] and row["text_prefix"] for row in repeated)
    assert pq.read_schema(directory / "documents/part-00000.parquet").equals(DOCUMENTS)
    assert pq.read_schema(directory / "ledger/part-00000.parquet").equals(LEDGER)
    documents = rows(directory, "documents")
    assert len({row["id"] for row in documents}) == len(documents) == 13
    assert manifest.sizes["text_bytes"] == sum(len(row["text"].encode()) for row in documents)
    assert manifest.complete and not (directory / ".shards").exists()


def test_of_equal_ids_the_first_stays(tmp_path, crawl, many_shards):
    _, directory = build(tmp_path / "w", crawl)
    kept = {row["url"]: row["origin"]["file"] for row in rows(directory, "documents")}
    assert kept["http://a.test/3"] == "a.warc.gz" and kept["http://b.test/"] == "b.warc.gz"


def test_same_documents_however_the_source_is_cut(tmp_path, crawl, monkeypatch):
    whole, first = build(tmp_path / "whole", crawl)
    monkeypatch.setattr("maslin.curation.ingest.records.MIN_SPLIT_BYTES", 1000)
    monkeypatch.setattr("maslin.curation.ingest.records.MAX_SPLIT_BYTES", 1000)
    cut, second = build(tmp_path / "cut", crawl)
    assert rows(first, "documents") == rows(second, "documents") and whole.counts == cut.counts
    assert len(list((second / "documents").iterdir())) > 4


def backwards(function, tasks, label="", *, total=None, unit=""):
    return [function(task) for task in reversed(tasks)][::-1]


def test_same_bytes_in_any_order_of_work(tmp_path, crawl, many_shards):
    assert files(build(tmp_path / "a", crawl)[1]) == files(build(tmp_path / "b", crawl, mapper=backwards)[1])


def test_same_bytes_after_dying_anywhere(tmp_path, crawl, many_shards):
    expected = files(build(tmp_path / "whole", crawl)[1])
    budget = 0

    class Killed(Exception):
        pass

    def dies_after(function, tasks, label="", *, total=None, unit=""):
        nonlocal budget
        results = []
        for task in tasks:
            if not budget:
                raise Killed
            budget -= 1
            results.append(function(task))
        return results

    for allowed in (1, 3, 6, 9, 12):
        root, lives = tmp_path / str(allowed), 0
        while True:
            budget, lives = allowed + lives, lives + 1
            try:
                directory = build(root, crawl, mapper=dies_after)[1]
                break
            except Killed:
                continue
        assert files(directory) == expected


def test_dropping_repeated_ids_twice_changes_nothing(tmp_path, crawl, many_shards, monkeypatch):
    """A worker may die after its files are in place and before it has said so."""
    original = repeated_ids.drop_repeated
    monkeypatch.setattr("maslin.curation.ingest.build.drop_repeated", lambda task: (original(task), original(task))[1])
    again = files(build(tmp_path / "a", crawl)[1])
    monkeypatch.undo()
    monkeypatch.setattr("maslin.curation.ingest.records.MIN_SPLIT_BYTES", 1000)
    monkeypatch.setattr("maslin.curation.ingest.records.MAX_SPLIT_BYTES", 1000)
    assert again == files(build(tmp_path / "b", crawl)[1])


def test_repeated_ids_in_several_passes(tmp_path, crawl, many_shards, monkeypatch):
    once = files(build(tmp_path / "a", crawl)[1])
    monkeypatch.setattr(repeated_ids, "_IDS_AT_ONCE", 3)
    assert files(build(tmp_path / "b", crawl)[1]) == once


def test_a_full_disk_is_said_and_nothing_is_corrupt(tmp_path, crawl, many_shards, monkeypatch):
    expected = files(build(tmp_path / "whole", crawl)[1])
    write_table, calls = pq.ParquetWriter.write_table, 0

    def full(self, *arguments, **options):
        nonlocal calls
        calls += 1
        if calls == 4:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write_table(self, *arguments, **options)

    monkeypatch.setattr(pq.ParquetWriter, "write_table", full)
    with pytest.raises(StorageError, match="no space left"):
        build(tmp_path / "w", crawl)
    assert not list((tmp_path / "w").rglob("*.partial")) and not list((tmp_path / "w").rglob("manifest.json"))
    assert files(build(tmp_path / "w", crawl)[1]) == expected


@pytest.mark.parametrize("limit, kept", [(1, 1), (5, 5), (100, 13)])
def test_limit_reads_the_first_records_in_order(tmp_path, crawl, many_shards, limit, kept):
    manifest, directory = build(tmp_path / "w", crawl, limit=limit)
    assert (manifest.counted().read, manifest.counted().kept) == (min(limit, 20), kept)
    assert [row["url"] for row in rows(directory, "documents")][:1] == ["http://a.test/0"]


@pytest.mark.parametrize("max_failed, complete", [(0.05, True), (0.01, False)])
def test_too_many_failures_mark_the_manifest(tmp_path, crawl, max_failed, complete):
    assert build(tmp_path / "w", crawl, max_failed=max_failed)[0].complete is complete


@pytest.mark.parametrize("content, cause", [(b"", "empty_file"), (b"no archive", "not_warc")])
def test_a_damaged_file_is_a_failure_and_never_a_crash(tmp_path, content, cause):
    manifest, directory = build(tmp_path / "w", [input_file(tmp_path / "a.warc.gz", content)])
    assert manifest.counted().failed == {cause: 1} and not manifest.complete
    (row,) = rows(directory, "ledger")
    assert row["action"] == "fail" and row["detail"].startswith("a.warc.gz") and rows(directory, "documents") == []


def test_text_is_normalised_and_valid(tmp_path):
    content = b'{"id": "\\ud800", "text": "a\\r\\nb\\u0000c\\ud83d\\ude00\\udc00 e\\u0301"}\n'
    _, directory = build(tmp_path / "w", [input_file(tmp_path / "a.jsonl", content)], kind="jsonl")
    (row,) = rows(directory, "documents")
    assert (row["text"], row["source_id"]) == ("a\nbc\U0001f600\ufffd e\u0301", "\ufffd")


@given(st.text(st.characters(codec=None)))
def test_any_text_becomes_valid(text):
    text = valid_unicode(normalised_text(text))
    assert text.encode() is not None and "\0" not in text and "\r\n" not in text


def test_what_a_page_asks_of_robots_stands_beside_it_and_is_counted(tmp_path):
    asking = http(b"<meta name=robots content=noindex>" + page())
    content = gzipped(record(asking, "http://a.test/1"), record(http(page()), "http://a.test/2"))
    manifest, directory = build(tmp_path / "w", [input_file(tmp_path / "a.warc.gz", content)])
    assert [row["notes"] for row in rows(directory, "documents")] == [["robots_noindex"], None]
    assert manifest.summary["notes"] == {"robots_noindex": 1}


SCRIPT = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from maslin.curation.ingest.html import page as html
from tests.curation.ingest.test_build import build
from maslin.manifests.recipe.inputs import InputFile
read_page = html.read_page
def crash(page, url):
    if "Verse 2." in page:
        os.kill(os.getpid(), signal.SIGKILL)
    return read_page(page, url)
html.read_page = crash
path = Path(sys.argv[1])
build(Path(sys.argv[2]), [InputFile(path.name, path, path.stat().st_size, "digest")])
"""


@pytest.mark.slow
def test_a_page_that_kills_its_worker_is_left_out_by_name(tmp_path):
    """A real process dies in the parser, twice; the third time it goes past that page, and keeps all others."""
    file = input_file(tmp_path / "a.warc.gz", gzipped(*pages(5)))
    command = [sys.executable, "-c", SCRIPT, file.path, tmp_path / "w", Path(__file__).parents[3]]
    assert [subprocess.run(command, check=False).returncode for _ in range(3)] == [-9, -9, 0]
    (directory,) = (tmp_path / "w" / "documents").iterdir()
    assert [row["url"][-1] for row in rows(directory, "documents")] == ["0", "1", "3", "4"]
    (row,) = rows(directory, "ledger")
    assert row["rule"] == "worker_died" and "http://a.test/2" in row["detail"]
