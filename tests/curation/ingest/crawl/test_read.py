"""A crawl by its name: the documents of its files as if they lay here, whatever the server does on the way."""

import gzip
import shutil
from itertools import pairwise

import pytest

from maslin.curation.ingest.build import build_documents
from maslin.curation.ingest.crawl.lists import listed_paths, taken_paths
from maslin.manifests.errors import UsageError
from maslin.manifests.recipe.crawls import Crawl
from maslin.manifests.recipe.inputs import InputFile, find_crawl, find_inputs
from maslin.manifests.recipe.sources import Source, source_kind
from maslin.manifests.remote import client as client_module
from maslin.manifests.tables import iter_tables
from maslin.manifests.workspace import Step, Workspace, is_sound, not_had, serial_map
from tests.crawl_server import serving
from tests.curation.ingest.crawl.small_crawl import CRAWL, FILES, FOLDER, path_of, write_crawl

PAGES = 3 * FILES


@pytest.fixture(autouse=True)
def no_waits(monkeypatch):
    monkeypatch.setattr(client_module, "FIRST_WAIT_SECONDS", 0.001)


@pytest.fixture
def served(tmp_path):
    write_crawl(tmp_path / "served")
    with serving(tmp_path / "served") as server:
        yield server


def crawl_of(server, take=1.0, **more):
    return Crawl(CRAWL, take, base=server.base, requests_per_second=1000, **more)


def build(root, crawl, max_failed=0.05, limit=None, mapper=serial_map):
    """The manifest of the documents of a crawl, or of paths here."""
    by_name = isinstance(crawl, Crawl)
    source = Source("warc", (), max_failed, options=source_kind("warc").options(), crawl=crawl if by_name else None)
    inputs = (find_crawl("r.yaml: sources.web", crawl, root, root) if by_name else
              find_inputs(["r.yaml"] * len(crawl), [str(each) for each in crawl], root, root))
    step = Step("documents", "web", 1, {
        "kind": "warc", "options": source.options_json(), "limit": limit, **source.further_identity()},
        {item.name: item.digest for item in inputs})
    (root / step.directory / "manifest.json").unlink(missing_ok=True)  # as the engine does with what is to be built
    return build_documents(step, Workspace(root), mapper, inputs, source)


def rows(manifest, table="documents"):
    return [row for each in iter_tables(manifest.parts(table)) for row in each.to_pylist()]


def here(served, root, part="warc"):
    """The documents of the same files, given as a folder."""
    folder = root / "same"
    for number in range(FILES):
        (folder / path_of(number, part)).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(served.folder / path_of(number, part), folder / path_of(number, part))
    return rows(build(root / "here", [folder]))


def by_id(documents):
    return sorted(documents, key=lambda row: row["id"])


@pytest.mark.parametrize("part", ["warc", "wet", "wat"])
def test_documents_are_those_of_the_same_files_here(served, tmp_path, part):
    manifest = build(tmp_path / "w", crawl_of(served, part=part))
    assert by_id(rows(manifest)) == by_id(here(served, tmp_path, part))
    assert manifest.complete and manifest.counts.kept == (0 if part == "wat" else PAGES)
    table = rows(manifest, "paths")
    assert [row["path"] for row in table] == [path_of(number, part) for number in range(FILES)]
    assert all(row["not_had"] is None and len(row["xxh3_128"]) == 32 for row in table)
    assert manifest.sizes["input_bytes"] == sum((served.folder / row["path"]).stat().st_size for row in table)
    assert not (manifest.directory / ".shards").exists()


@pytest.mark.parametrize("befalls", [
    {"refused": {path_of(1): (503, 6), path_of(2): (429, 5), "": (503, 3)}},
    {"cut": {"": (700, 9)}}, {"no_validator": True, "cut": {"": (700, 4)}},
    {"no_ranges": True, "cut": {path_of(1): (900, 3)}}, {"no_length": True}, {"pause_seconds": 0.02},
    {"redirects": {path_of(2): "/" + path_of(2) + "?moved"}},
], ids=str)
def test_the_same_bytes_whatever_the_server_does_on_the_way(served, tmp_path, befalls):
    expected = files(build(tmp_path / "quiet", crawl_of(served)))
    if "redirects" in befalls:
        (served.folder / "elsewhere").mkdir()
        (served.folder / path_of(2)).rename(served.folder / "elsewhere/2.warc.gz")
        befalls = {"redirects": {path_of(2): "/elsewhere/2.warc.gz"}}
    for name, value in befalls.items():
        setattr(served.faults, name, value)
    assert files(build(tmp_path / "w", crawl_of(served))) == expected


def files(manifest):
    return {str(path.relative_to(manifest.directory)): path.read_bytes()
            for path in sorted(manifest.directory.rglob("*")) if path.is_file() and path.name != "measured.json"}


def test_a_folder_is_a_mirror_of_the_same_identity(served, tmp_path):
    from_server = build(tmp_path / "a", crawl_of(served))
    from_folder = build(tmp_path / "b", Crawl(CRAWL, 1.0, base="served", folder=str(tmp_path)))
    assert from_server.digest == from_folder.digest and files(from_server) == files(from_folder)


@pytest.mark.parametrize("befalls, cause", [
    ({"refused": {path_of(1): (404, -1)}}, "HTTP 404"), ({"refused": {path_of(1): (503, -1)}}, "HTTP 503"),
    ({"cut": {path_of(1): (10, -1)}}, "cut off"), ({"says_length": {path_of(1): 10_000}}, "wrong length"),
], ids=str)
def test_a_path_that_cannot_be_had_is_a_named_failure(served, tmp_path, befalls, cause):
    for name, value in befalls.items():
        setattr(served.faults, name, value)
    manifest = build(tmp_path / "w", crawl_of(served), max_failed=0.3)
    assert not manifest.complete and not_had(manifest) == {path_of(1): cause}
    assert manifest.counts.failed["not_had"] == 1 and is_sound(manifest.directory)
    (row,) = [row for row in rows(manifest, "ledger") if row["rule"] == "not_had"]
    assert path_of(1) in row["detail"]
    assert {row["origin"]["file"] for row in rows(manifest)} >= {path_of(0), path_of(2), path_of(3)}


def test_where_too_many_cannot_be_had_they_alone_are_asked_for_again(served, tmp_path):
    whole = build(tmp_path / "whole", crawl_of(served))
    served.faults.refused = {path_of(1): (404, -1), path_of(2): (404, -1)}
    manifest = build(tmp_path / "w", crawl_of(served))
    assert not manifest.complete and not is_sound(manifest.directory) and len(not_had(manifest)) == 2
    served.faults.refused, served.asked = {}, type(served.asked)()
    again = build(tmp_path / "w", crawl_of(served))
    assert files(again) == files(whole) and set(served.asked) == {path_of(1), path_of(2)}


def test_a_killed_build_goes_on_within_a_path(served, tmp_path):
    whole = build(tmp_path / "whole", crawl_of(served))

    class Killed(Exception):
        pass

    def dies(function, tasks, label="", **_):
        (folder := tasks[0][1].directory / ".shards/fetched").mkdir(parents=True)
        results = [function(tasks[0])]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("maslin.curation.ingest.crawl.read.checksum", lambda path: (_ for _ in ()).throw(Killed))
            try:
                function(tasks[1])
            finally:
                assert [path.name for path in folder.glob("*.warc.gz")], results

    with pytest.raises(Killed):
        build(tmp_path / "w", crawl_of(served), mapper=dies)
    served.asked = type(served.asked)()
    assert files(build(tmp_path / "w", crawl_of(served))) == files(whole)
    assert set(served.asked) == {path_of(2), path_of(3)}  # the second lay here whole, the first was read


def test_a_limit_leaves_the_rest_where_it_is(served, tmp_path):
    manifest = build(tmp_path / "w", crawl_of(served), limit=3)
    assert manifest.counts.read == 3 and set(served.asked) == {f"{FOLDER}/warc.paths.gz", path_of(0)}


def test_a_record_that_is_not_what_its_digest_says_has_failed(served, tmp_path):
    path = served.folder / path_of(1)
    text = gzip.decompress(path.read_bytes())
    path.write_bytes(gzip.compress(text.replace(b"Verse 1", b"Curse 1"), mtime=0))
    manifest = build(tmp_path / "w", crawl_of(served), max_failed=0.3)
    assert manifest.counts.failed == {"wrong_digest": 1} and manifest.counts.kept == PAGES - 1


def test_a_part_is_drawn_by_hash_and_a_larger_one_holds_it(tmp_path):
    paths = [f"crawl-data/x/{number}.warc.gz" for number in range(1000)]
    (tmp_path / "l.gz").write_bytes(gzip.compress("\n".join(paths).encode()))
    inputs = [InputFile("l.gz", tmp_path / "l.gz", 0, "")]
    drawn = [taken_paths(inputs, Crawl("x", take, seed=7)) for take in (0.0001, 0.01, 0.1, 1.0)]
    assert [len(each) for each in drawn] == [1, 10, 100, 1000] and drawn[-1] == paths
    for fewer, more in pairwise(drawn):
        assert set(fewer) < set(more) and fewer == sorted(fewer, key=paths.index)
    assert taken_paths(inputs, Crawl("x", 0.01, seed=8)) != drawn[1]


@pytest.mark.parametrize("content", [
    b"", b"\n\n", gzip.compress(b""), b"../../etc/passwd\n", b"/etc/passwd", b"http://a.test/x\n", b"a/./b", b"a//b",
    gzip.compress(b"a/b.warc.gz\n")[:-9], b"\xff\xfe", b"a" * 5000, gzip.compress(b"\0" * 10_000_000), b"<html><p>no",
], ids=range(13))
def test_what_is_no_list_of_paths_is_refused(tmp_path, content):
    (tmp_path / "warc.paths.gz").write_bytes(content)
    with pytest.raises(UsageError, match=r"warc\.paths\.gz: (no list|the list)"):
        listed_paths(tmp_path / "warc.paths.gz")


def test_a_crawl_that_is_not_there_is_told_before_any_work(served, tmp_path):
    with pytest.raises(UsageError, match=r"r\.yaml: sources.web: nothing is known of the crawl CC-MAIN-1999-01.*404"):
        find_crawl("r.yaml: sources.web", Crawl("CC-MAIN-1999-01", 1.0, base=served.base), tmp_path, tmp_path / "w")
    with pytest.raises(UsageError, match=r"is no file\. `from` is the folder"):
        find_crawl("r.yaml", Crawl("CC-MAIN-1999-01", 1.0, base=str(tmp_path)), tmp_path, tmp_path / "w")
