"""A recipe that names a crawl, from a server on loopback: foreseen, read, refused where too much cannot be had."""

import json

import pytest

from maslin.flows.cli import main
from maslin.manifests.remote import client as client_module
from tests.crawl_server import serving
from tests.curation.ingest.crawl.small_crawl import FOLDER, path_of, write_crawl

pytestmark = pytest.mark.slow


@pytest.fixture
def served(tmp_path, monkeypatch):
    monkeypatch.setattr(client_module, "FIRST_WAIT_SECONDS", 0.001)
    write_crawl(tmp_path / "served")
    with serving(tmp_path / "served") as server:
        yield server


def curate(folder, served, capsys, *options, crawl="CC-MAIN-2026-43"):
    (folder / "r.yaml").write_text(
        f"name: n\nsources:\n  web: {{kind: warc, crawl: {crawl}, take: 1, seed: 7, from: '{served.base}', "
        "requests_per_second: 1000}\n")
    code = main(["curate", str(folder / "r.yaml"), "--workspace", str(folder / "ws"), "--prefect", "off",
                 "--engine", "serial", *options])
    told = capsys.readouterr()
    return code, told.err, told.out


def test_too_much_that_cannot_be_had_ends_with_3_and_the_next_command_asks_for_it(tmp_path, served, capsys):
    code, told, out = curate(tmp_path, served, capsys, "--dry-run", "--json")
    (crawl,) = json.loads(out)["crawls"]
    length = sum((served.folder / path_of(number)).stat().st_size for number in range(4))
    assert code == 0 and crawl == {
        "source": "web", "crawl": "CC-MAIN-2026-43", "paths": 4, "all_paths": 4, "bytes": length, "asked": 4}
    served.faults.refused = {path_of(1): (404, -1), path_of(2): (503, -1)}
    code, told, _ = curate(tmp_path, served, capsys)
    assert code == 3 and "2 of 4 paths could not be had (HTTP 404 1, HTTP 503 1), more than max_failed" in told
    assert not list((tmp_path / "ws").glob("corpus/*"))  # nothing is made of a part
    served.faults.refused = {}
    served.asked.clear()
    code, told, out = curate(tmp_path, served, capsys, "--json")
    assert code == 0 and not {path_of(0), path_of(3), f"{FOLDER}/warc.paths.gz"} & set(served.asked), told
    assert json.loads(out)["corpora"][0]["counts"]["kept"] == 12
    served.asked.clear()
    assert curate(tmp_path, served, capsys)[0] == 0 and not served.asked


def test_a_crawl_that_is_not_there_is_said_before_any_work(tmp_path, served, capsys):
    code, told, _ = curate(tmp_path, served, capsys, crawl="CC-MAIN-1999-01")
    assert code == 2 and "404" in told
    assert "r.yaml:3:8: sources.web: nothing is known of the crawl CC-MAIN-1999-01" in told
