"""Pages of a crawl by its columnar index: those that are asked for, as if read from their files, and nothing else."""

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maslin.curation.ingest.crawl.index import _may_hold
from maslin.manifests.errors import DataError
from maslin.manifests.recipe.crawls import Crawl, Selection
from maslin.manifests.remote import client as client_module
from tests.crawl_server import serving
from tests.curation.ingest.crawl.small_crawl import CRAWL, path_of, url_of, write_crawl, write_index
from tests.curation.ingest.crawl.test_read import build, by_id, crawl_of, files, here, rows


@pytest.fixture(autouse=True)
def no_waits(monkeypatch):
    monkeypatch.setattr(client_module, "FIRST_WAIT_SECONDS", 0.001)


@pytest.fixture
def served(tmp_path):
    write_crawl(tmp_path / "served", pages=6)
    write_index(tmp_path / "served")
    with serving(tmp_path / "served") as server:
        yield server


@pytest.mark.parametrize("select, wanted", [
    (Selection(domains=("site1.example",)), lambda file, number: file == 1),
    (Selection(domains=("SITE1.example", "site3.example")), lambda file, number: file in (1, 3)),
    (Selection(domains=("example",), languages=("deu",)), lambda file, number: number % 3 == 1),
    (Selection(languages=("eng", "fra")), lambda file, number: number % 3 == 0),
    (Selection(mime=("text/html",), status=(200,), domains=("site0.example",)), lambda file, number: file == 0),
])
def test_the_pages_that_are_asked_for_and_no_others(served, tmp_path, select, wanted):
    manifest = build(tmp_path / "w", crawl_of(served, select=select))
    expected = [row for row in here(served, tmp_path) if wanted(*map(int, row["url"][12:].split(".example/")))]
    assert expected and by_id(rows(manifest)) == by_id(expected)
    assert manifest.complete and manifest.counts.read == len(expected) == manifest.counts.kept
    assert all(row["records"] and row["xxh3_128"] is None for row in rows(manifest, "paths"))
    mirror = Crawl(CRAWL, 1.0, base="served", folder=str(tmp_path), select=select)
    assert files(build(tmp_path / "folder", mirror)) == files(manifest)


def test_addresses_of_a_file(served, tmp_path):
    (tmp_path / "w").mkdir()
    (tmp_path / "w/urls.txt").write_text(f"{url_of(2, 4)}\n{url_of(0, 0)}\nhttps://[bad\nhttps://nowhere.example/\n")
    crawl = crawl_of(served, select=Selection(urls="urls.txt"))
    manifest = build(tmp_path / "w", crawl)
    assert sorted(row["url"] for row in rows(manifest)) == [url_of(0, 0), url_of(2, 4)]
    (tmp_path / "w/urls.txt").write_text(f"{url_of(2, 4)}\n")
    assert build(tmp_path / "w", crawl).digest != manifest.digest


def test_only_what_may_hold_an_answer_is_read(served, tmp_path):
    build(tmp_path / "w", crawl_of(served, select=Selection(domains=("site0.example",))))
    read = {path for path, _ in served.heads}
    assert {path for path in read if path.endswith(".warc.gz")} == {path_of(0)}
    assert not any("robotstxt" in path for path in read)
    assert served.asked[path_of(0)] == 1  # neighbours in one request


def test_a_part_of_the_paths_is_a_part_of_the_pages(served, tmp_path):
    manifest = build(tmp_path / "w", crawl_of(served, take=0.5, select=Selection(languages=("eng",))))
    (tmp_path / "v").mkdir()
    whole = build(tmp_path / "v", crawl_of(served, take=0.5))
    assert {row["path"] for row in rows(manifest, "paths")} == {row["path"] for row in rows(whole, "paths")}


def test_what_goes_wrong_with_the_index_is_told_and_asked_for_again(served, tmp_path):
    crawl = crawl_of(served, select=Selection(languages=("eng",)))
    index = next(served.folder.rglob("part-00001*.parquet"))
    held = index.read_bytes()
    index.write_bytes(held[:-200])
    with pytest.raises(DataError, match="1 of 2 files of the index of CC-MAIN-2026-43 could not be had"):
        build(tmp_path / "w", crawl)
    index.write_bytes(held)
    served.faults.refused, served.asked = {"": (503, 3)}, type(served.asked)()
    assert build(tmp_path / "w", crawl).complete
    assert not [path for path in served.asked if "part-00000" in path]
    with pytest.raises(DataError, match=r"no page of CC-MAIN-2026-43 is what `select` asks for"):
        build(tmp_path / "w", crawl_of(served, select=Selection(domains=("nowhere.test",))))


def test_a_record_that_cannot_be_had_is_named(served, tmp_path):
    served.faults.refused = {path_of(2): (404, -1)}
    manifest = build(tmp_path / "w", crawl_of(served, select=Selection(languages=("eng",))), max_failed=0.5)
    assert not manifest.complete and manifest.summary["paths"]["not_had"] == {path_of(2): "HTTP 404"}


HOSTS = st.lists(st.sampled_from("ab"), min_size=1, max_size=3).map(",".join)


@given(st.lists(HOSTS, min_size=1), st.lists(HOSTS, min_size=1, max_size=3))
def test_no_row_group_with_an_answer_is_passed_over(hosts, asked):
    keys = sorted(f"{host})/x" for host in hosts)
    column = SimpleNamespace(path_in_schema="url_surtkey", statistics=SimpleNamespace(
        has_min_max=True, min=keys[0], max=keys[-1]))
    held = any(key.startswith((f"{one})", f"{one},")) for key in keys for one in asked)
    assert _may_hold(SimpleNamespace(num_columns=1, column=lambda _: column), sorted(set(asked))) or not held
