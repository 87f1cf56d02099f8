"""Raw inputs: names that say nothing of this machine, digests of content, patterns that match nothing."""

import http.server
import os
import threading
from functools import partial

import pytest

from maslin.manifests.errors import UsageError
from maslin.manifests.recipe.inputs import find_inputs


def put(path, text="x"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def names(tmp_path, paths, **options):
    return [item.name for item in find_inputs(["r.yaml: s"] * len(paths), paths, tmp_path, tmp_path / "ws", **options)]


def test_names_are_relative_to_where_the_pattern_starts(tmp_path):
    put(tmp_path / "crawl/a/1.warc"), put(tmp_path / "crawl/b/1.warc"), put(tmp_path / "crawl/b/2.txt")
    assert names(tmp_path, ["crawl/*/*.warc"]) == ["a/1.warc", "b/1.warc"]
    assert names(tmp_path, ["crawl/**/1.*"]) == ["a/1.warc", "b/1.warc"]
    assert names(tmp_path, ["crawl/b/2.txt"]) == ["2.txt"]
    assert names(tmp_path, [str(tmp_path / "crawl/b")]) == ["1.warc", "2.txt"]


def test_colliding_names_get_their_folders(tmp_path):
    put(tmp_path / "x/1.warc", "x"), put(tmp_path / "y/1.warc", "y")
    assert names(tmp_path, ["x/1.warc", "y/1.warc"]) == ["x/1.warc", "y/1.warc"]
    assert names(tmp_path, ["x/1.warc", "x/*.warc"]) == ["1.warc"]


def test_a_file_is_read_once_however_it_is_named_and_that_is_told(tmp_path):
    put(tmp_path / "in/a.jsonl")
    os.link(tmp_path / "in/a.jsonl", tmp_path / "in/b.jsonl")
    told = []
    assert names(tmp_path, ["in/*.jsonl", "in/../in/b.jsonl"], tell=told.append) == ["a.jsonl"]
    assert len(told) == 1 and "2 of these names lead to a file" in told[0]
    put(tmp_path / "in/c.jsonl")
    assert names(tmp_path, ["in/c.jsonl", "in/a.jsonl"], tell=told.append) == ["a.jsonl", "c.jsonl"] and len(told) == 1


def test_a_name_that_is_no_text_is_refused(tmp_path):
    put(tmp_path / os.fsdecode(b"in/a\xff.jsonl"))
    with pytest.raises(UsageError, match=r"a\\xff.jsonl': the name is no UTF-8"):
        names(tmp_path, ["in/"])


def test_a_folder_of_code_is_one_input_with_the_digest_of_its_tree(tmp_path):
    put(tmp_path / "code/pkg/a.py", "a"), put(tmp_path / "code/pkg/.git/config", "no")
    os.symlink("/etc/passwd", tmp_path / "code/pkg/link")

    def digest():
        (item,) = find_inputs(["w"], ["code/pkg"], tmp_path, tmp_path / "ws", folders_are_inputs=True)
        assert (item.name, item.bytes) == ("pkg", 1)
        return item.digest

    before = digest()
    put(tmp_path / "code/pkg/.git/config", "yes")
    assert digest() == before
    os.rename(tmp_path / "code/pkg/a.py", tmp_path / "code/pkg/b.py")
    assert digest() != before


def test_the_digest_is_of_content_and_follows_changes(tmp_path):
    put(tmp_path / "a.jsonl", "one"), put(tmp_path / "b.jsonl", "one")
    first, second = find_inputs(["w"], ["*.jsonl"], tmp_path, tmp_path / "ws")
    assert first.digest == second.digest
    put(tmp_path / "a.jsonl", "two")
    changed, same = find_inputs(["w"], ["*.jsonl"], tmp_path, tmp_path / "ws")
    assert changed.digest != first.digest and same.digest == second.digest


def test_a_remote_file_is_fetched_once(tmp_path):
    put(tmp_path / "served/a.jsonl", "one")
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=tmp_path / "served")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/a.jsonl?x=1"
        (first,) = find_inputs(["w"], [url], tmp_path, tmp_path / "ws")
        server.shutdown()
    (second,) = find_inputs(["w"], [url], tmp_path, tmp_path / "ws")
    assert first == second and first.name == "a.jsonl" and first.path.read_text() == "one"


def test_what_matches_nothing_is_said_with_its_place(tmp_path, monkeypatch):
    monkeypatch.setattr("maslin.manifests.remote.client.FIRST_WAIT_SECONDS", 0.01)
    with pytest.raises(UsageError, match=r"r.yaml: sources.web.paths: `crawl/\*.gz` matches nothing"):
        find_inputs(["r.yaml: sources.web.paths"], ["crawl/*.gz"], tmp_path, tmp_path / "ws")
    with pytest.raises(UsageError, match="cannot be fetched"):
        find_inputs(["w"], ["http://127.0.0.1:9/none.warc.gz"], tmp_path, tmp_path / "ws")
