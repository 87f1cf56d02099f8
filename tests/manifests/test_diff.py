"""`manifest diff` says why digests differ: parameter path, old → new, followed down the inputs."""

from maslin.manifests.diff import differences, why_stale
from maslin.manifests.workspace import Step, Workspace, commit, read_manifest


def make(root, threshold, raw="aaaa"):
    workspace = Workspace(root)
    documents = Step("documents", "web", 1, {"kind": "warc"}, {"input:a.warc": raw})
    corpus = Step("corpus", "web", 1, {"steps": [
        {"step": "c4", "parameters": {"code": "drop"}}, {"step": "near_dedup", "parameters": {"threshold": threshold}},
    ]}, {"documents": documents})
    for step in (documents, corpus):
        workspace.path(step).mkdir(parents=True, exist_ok=True)
        commit(workspace.path(step), step, [])
    return read_manifest(workspace.path(corpus))


def test_parameter_paths(tmp_path):
    old, new = make(tmp_path, 0.8), make(tmp_path, 0.7)
    assert differences(old, new, tmp_path, tmp_path) == [
        "parameters.steps[1 near_dedup].parameters.threshold: 0.8 → 0.7"]


def test_inputs_are_followed_to_the_raw_content(tmp_path):
    old, new = make(tmp_path / "a", 0.8), make(tmp_path / "b", 0.8, raw="bbbb")
    assert differences(old, new, tmp_path / "a", tmp_path / "b") == [
        "documents › inputs.input:a.warc: aaaa → bbbb  (the raw content differs)"]


def test_equal_steps_have_no_differences(tmp_path):
    assert differences(make(tmp_path / "a", 0.8), make(tmp_path / "b", 0.8), tmp_path / "a", tmp_path / "b") == []


def test_why_a_directory_is_stale_is_said_of_versions_libraries_parameters_and_inputs(tmp_path):
    old = make(tmp_path, 0.8)
    documents = Step("documents", "web", 2, {"kind": "warc"}, {"input:a.warc": "aaaa"})
    planned = Step("corpus", "web", 2, old.parameters, {"documents": documents}, {}, {"pyarrow": "99"})
    version, library, documents_line = why_stale(old, planned)
    assert version == "step_version: 1 → 2" and library == "libraries.pyarrow: (absent) → 99"
    assert documents_line.startswith("inputs.documents: documents/web@")
