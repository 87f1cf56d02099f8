"""Rows are found by id, and by a name or its end, through sorted indexes; only the parts that answer are read."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as hs

from maslin.manifests.identity import document_id
from maslin.manifests.lookup import find, index_tables, read_row, text_bytes
from maslin.manifests.tables import DOCUMENTS, LEDGER, TableWriter, ledger_row, part_name
from maslin.manifests.workspace import INDEX_FOLDER, Step, Workspace, commit, read_manifest, serial_map

ROWS, PARTS = 3000, 3


def write(root, urls_by_part, ledger=()):
    """A documents step with these URLs; ids by URL and place."""
    step = Step("documents", "web", 1, {})
    directory = Workspace(root).path(step)
    files = []
    for part, urls in enumerate(urls_by_part):
        with TableWriter(directory, f"documents/{part_name(part)}", DOCUMENTS) as writer:
            writer.write(pa.Table.from_pylist([
                {"id": document_id("t", str(part), str(row)), "url": url, "text": f"é{row}", "source": "web"}
                for row, url in enumerate(urls)], schema=DOCUMENTS))
        files.append(writer.entry)
    with TableWriter(directory, f"ledger/{part_name(0)}", LEDGER) as writer:
        writer.write_rows(list(ledger))
    commit(directory, step, [*files, writer.entry])
    return directory


@pytest.fixture(scope="module")
def crawl(tmp_path_factory):
    urls = [[f"https://site{part}.test/a/page{row}.html" for row in range(ROWS)] for part in range(PARTS)]
    ledger = [
        ledger_row("0" * 31 + "1", "web", 0, "documents", "empty_text", detail="https://site0.test/none.html"),
        ledger_row("0" * 31 + "2", "web", 0, "documents", "damaged_body", action="fail",
                   detail="crawl.warc.gz at 12: https://site0.test/bad.html: gzip ends early"),
    ]
    return write(tmp_path_factory.mktemp("crawl"), urls, ledger)


def places(found):
    return [(place.part, place.row) for place in found]


def test_by_id_url_and_end(crawl):
    assert places(find(crawl, "documents", document_id("t", "2", "2500"))) == [(2, 2500)]
    assert places(find(crawl, "documents", "https://site1.test/a/page77.html")) == [(1, 77)]
    assert places(find(crawl, "documents", "/page77.html")) == [(0, 77), (1, 77), (2, 77)]
    assert places(find(crawl, "documents", "e77.html")) == [(0, 77), (1, 77), (2, 77)]
    assert find(crawl, "documents", "page77") == [] and find(crawl, "documents", "f" * 32) == []


def test_removed_at_ingest_by_url_whatever_the_detail_says_around_it(crawl):
    assert places(find(crawl, "ledger", "none.html")) == [(0, 0)]
    assert places(find(crawl, "ledger", "https://site0.test/bad.html")) == [(0, 1)]
    assert places(find(crawl, "ledger", "0" * 31 + "2")) == [(0, 1)]


def test_one_row_group_of_one_part_is_read(crawl, monkeypatch):
    find(crawl, "documents", "/page0.html")  # the indexes are there
    read, opened = [], []
    read_row_group, init = pq.ParquetFile.read_row_group, pq.ParquetFile.__init__

    def counted(self, group, **options):
        read.append(group)
        return read_row_group(self, group, **options)

    def counted_open(self, source, **options):
        opened.append(source.name)
        init(self, source, **options)

    monkeypatch.setattr(pq.ParquetFile, "read_row_group", counted)
    monkeypatch.setattr(pq.ParquetFile, "__init__", counted_open)
    (place,) = find(crawl, "documents", "https://site1.test/a/page2999.html")
    assert (read, opened) == ([], [])
    assert read_row(place.path, place.row)["text"] == "é2999"
    assert (read, opened) == ([2], [part_name(1)])


def test_an_index_is_made_once_and_again_for_other_bytes(tmp_path):
    said = []
    directory = write(tmp_path, [["file:a"], ["file:b"]])
    assert places(find(directory, "documents", "file:b", said.append)) == [(1, 0)] and len(said) == 1
    find(directory, "documents", "file:b", said.append)
    assert len(said) == 1
    made = {path.name: path.read_bytes() for path in (directory / INDEX_FOLDER).iterdir()}
    assert set(made) == {"documents-00000.index", "documents-00001.index"}
    (directory / INDEX_FOLDER / "documents-00001.index").write_bytes(made["documents-00000.index"])  # of another part
    (directory / INDEX_FOLDER / "documents-00000.index").write_bytes(b"cut")
    assert places(find(directory, "documents", "file:b", said.append)) == [(1, 0)] and len(said) == 2
    assert {path.name: path.read_bytes() for path in (directory / INDEX_FOLDER).iterdir()} == made


def test_the_builder_makes_the_same_indexes(tmp_path):
    one, other = write(tmp_path / "a", [["x", None]]), write(tmp_path / "b", [["x", None]])
    files = [entry.to_json() for entry in read_manifest(one).files]
    index_tables(one, ("documents", "ledger"), files, serial_map, "index")
    find(other, "documents", "x")
    find(other, "ledger", "x")
    made = [{path.name: path.read_bytes() for path in (root / INDEX_FOLDER).iterdir()} for root in (one, other)]
    assert made[0] == made[1] and len(made[0]) == 2


def test_bytes_of_texts(crawl):
    sizes = list(text_bytes(crawl))
    assert [len(part) for part in sizes] == [ROWS] * PARTS and sizes[0][:11].tolist() == [3] * 10 + [4]


@settings(max_examples=60, deadline=None)
@given(urls=hs.lists(hs.none() | hs.text(hs.sampled_from("ab/é\U0001f600"), max_size=5), max_size=12), data=hs.data())
def test_finds_what_a_scan_finds(tmp_path_factory, urls, data):
    directory = write(tmp_path_factory.mktemp("urls"), [urls])
    query = data.draw(hs.text(hs.sampled_from("ab/é\U0001f600"), min_size=1, max_size=4))
    exact = [(0, row) for row, url in enumerate(urls) if url == query]
    ending = [(0, row) for row, url in enumerate(urls) if url is not None and url.endswith(query)]
    assert places(find(directory, "documents", query)) == (exact or ending)
