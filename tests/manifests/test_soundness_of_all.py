"""What `verify` looks at: the files of step directories, their manifests, what lies beside, what they are of."""

import json
from dataclasses import replace

import pyarrow as pa
import pytest

from maslin.manifests.counts import Counts
from maslin.manifests.files import read_json, sealed, write_json
from maslin.manifests.soundness import lineage, verify_all
from maslin.manifests.tables import write_table
from maslin.manifests.workspace import Step, Workspace, commit, is_marked

SOURCE = Step("documents", "web", 1, {"kind": "warc", "limit": None})
CORPUS = Step("corpus", "web", 1, {"steps": [{"step": "c4", "min_words": 3}]}, {"documents": SOURCE})
TOKENS = Step("tokens", "web", 1, {}, {"documents": CORPUS, "tokenizer": "0" * 32})


@pytest.fixture
def workspace(tmp_path):
    workspace = Workspace(tmp_path)
    for step in (SOURCE, CORPUS, TOKENS):
        directory = workspace.path(step)
        counts = Counts()
        counts.read, counts.kept, counts.dropped = 5, 3, {"rule": 2}
        commit(directory, step, [write_table(directory, "documents/part-00000.parquet", pa.table({"id": ["a"]}))],
               counts=counts, sizes={"bytes": 10}, summary={"verdict": ["Undecided."]})
    return workspace


def problems(workspace, step=TOKENS):
    return verify_all(lineage(workspace.path(step))).problems


def test_what_is_sound_has_no_problems(workspace):
    assert problems(workspace) == () and len(lineage(workspace.path(TOKENS))) == 3


@pytest.mark.parametrize(("keys", "value"), [
    (("identity", "parameters", "steps", 0, "min_words"), 4), (("identity", "digest"), "0" * 16),
    (("identity", "inputs", "documents"), "documents/web@0123456789abcdef"), (("identity", "name"), "other"),
    (("identity", "files", 0, "rows"), 2), (("counts", "kept"), 4), (("sizes", "bytes"), 11), (("complete",), False),
    (("summary", "verdict", 0), "Better."), (("schema_version",), 2), (("checksum",), "0" * 32),
])
def test_whatever_is_edited_in_a_manifest_is_found(workspace, keys, value):
    path = workspace.path(CORPUS) / "manifest.json"
    manifest = read_json(path)
    place = manifest
    for key in keys[:-1]:
        place = place[key]
    assert place[keys[-1]] != value
    place[keys[-1]] = value
    write_json(path, manifest)
    (problem,) = problems(workspace)
    assert str(path) in problem and "checksum" in problem and "anew" in problem


@pytest.mark.parametrize(("keys", "value", "told"), [
    (("parameters", "steps", 0, "min_words"), 4, "its identity has"), (("digest",), "0" * 16, "its identity has"),
    (("libraries",), {"torch": "1"}, "its identity has"),
])
def test_the_digest_is_recomputed_from_the_identity_even_where_the_checksum_is_right(workspace, keys, value, told):
    path = workspace.path(CORPUS) / "manifest.json"
    manifest = read_json(path)
    place = manifest["identity"]
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = value
    del manifest["checksum"]
    write_json(path, sealed(manifest))
    (problem,) = problems(workspace)
    assert told in problem


def test_a_manifest_of_another_step_is_found(workspace):
    other = replace(CORPUS, parameters={"steps": []})
    workspace.path(CORPUS).rename(workspace.path(other))
    assert f"it is that of web@{CORPUS.digest}" in verify_all([workspace.path(other)]).problems[0]


@pytest.mark.parametrize("content", [
    "{", "[]", "null", "3", '{"schema_version": 3}', '{"schema_version": 3, "identity": {"files": [{"byter": 1}]}}',
    "[" * 100_000, "\ud800"])
def test_what_is_no_manifest_is_a_finding_and_the_others_are_checked_all_the_same(workspace, content):
    (workspace.path(CORPUS) / "manifest.json").write_bytes(content.encode("utf-8", "surrogatepass"))
    (workspace.path(SOURCE) / "documents/part-00000.parquet").unlink()
    found = verify_all([workspace.path(step) for step in (TOKENS, CORPUS, SOURCE)]).problems
    assert "not a readable manifest" in found[0] and "part-00000.parquet: missing" in found[1]


def test_a_step_that_something_was_made_from_and_that_is_gone_is_a_finding(workspace):
    workspace.path(CORPUS).rename(workspace.root / "elsewhere")
    (problem,) = problems(workspace)
    assert f"made from {CORPUS.directory}, which is not there" in problem and "run the command" in problem


@pytest.mark.parametrize("name", ["documents/part-00001.parquet", "documents/copy/part-00000.parquet", "notes.txt"])
def test_a_file_that_the_step_did_not_write_is_a_finding(workspace, name):
    stray = workspace.path(CORPUS) / name
    stray.parent.mkdir(exist_ok=True)
    stray.write_bytes(b"stray")
    (problem,) = problems(workspace)
    assert problem == f"{stray}: not of this step, whose manifest does not name it: move it elsewhere"


@pytest.mark.parametrize("name", ["timing.jsonl", "tensorboard/events", ".damaged"])
def test_what_decides_nothing_may_lie_there(workspace, name):
    path = workspace.path(CORPUS) / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"x")
    assert problems(workspace) == ()


def test_damaged_measurements_are_a_finding(workspace):
    path = workspace.path(CORPUS) / "measured.json"
    path.write_text(path.read_text().replace("20", "21", 1))
    (problem,) = problems(workspace)
    assert "measured.json" in problem and "remove it" in problem


def test_what_is_found_damaged_is_marked_for_the_command_that_builds_it_anew(workspace):
    path = workspace.path(CORPUS) / "documents/part-00000.parquet"
    path.write_bytes(path.read_bytes()[::-1])
    found = problems(workspace)
    assert "xxh3-128" in found[0] and "builds it anew" in found[1] and is_marked(workspace.path(CORPUS))


def test_a_directory_of_another_maslin_is_named_and_not_checked(workspace):
    path = workspace.path(CORPUS) / "manifest.json"
    path.write_text(json.dumps({"schema_version": 2}))
    found = verify_all(lineage(workspace.path(TOKENS)))
    assert found.problems == () and found.others == (workspace.path(CORPUS).resolve(),)
