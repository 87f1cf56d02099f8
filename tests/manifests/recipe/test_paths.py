"""What paths name: each file once however it is spelled, folders as others leave them, signs that are no pattern."""

import os
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maslin.manifests.errors import UsageError
from maslin.manifests.recipe.inputs import find_inputs
from maslin.manifests.recipe.paths import each_once
from maslin.manifests.recipe.sources import SOURCES, source_kind


def put(path, text="x"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def names(base, *paths, kind=None):
    is_input = {} if kind is None else {"is_input": source_kind(kind).is_input}
    return [item.name for item in find_inputs(["r.yaml: s"] * len(paths), paths, base, base / "ws", **is_input)]


SPELLINGS = [
    "data/a.jsonl", "./data/a.jsonl", "data//a.jsonl", "data/../data/a.jsonl", "data/*.jsonl", "data/", "data/**",
    "{base}/data/a.jsonl", "link.jsonl", "linked/a.jsonl", "linked/../data/a.jsonl", "elsewhere/../data/a.jsonl"]


@given(st.lists(st.sampled_from(SPELLINGS), min_size=1, max_size=4))
def test_a_file_of_several_spellings_is_read_once(tmp_path_factory, paths):
    base = tmp_path_factory.mktemp("p") / "r"
    put(base / "data/a.jsonl"), put(base.parent / "far/data/a.jsonl", "another"), put(base.parent / "far/in/x")
    os.symlink("data/a.jsonl", base / "link.jsonl"), os.symlink("data", base / "linked")
    os.symlink("../far/in", base / "elsewhere")  # `elsewhere/..` is far, not here
    found = find_inputs(["w"] * len(paths), [path.format(base=base) for path in paths], base, base / "ws")
    assert len(found) == len({path.startswith("elsewhere") for path in paths})
    assert len({item.name for item in found}) == len({item.digest for item in found}) == len(found)


def test_names_differ_and_end_where_folders_do(tmp_path):
    files = [tmp_path / "a/b/x", tmp_path / "c/b/x", tmp_path / "y"]
    assert each_once([(file, file.parent) for file in files]) == dict(zip(files, ["a/b/x", "c/b/x", "y"], strict=True))
    assert list(each_once([(tmp_path / "x", tmp_path), (tmp_path.parent / "x", tmp_path.parent)]).values()) == [
        f"{tmp_path.name}/x", f"{tmp_path.parent.name}/x"]


@pytest.mark.parametrize("folder", [
    "[v2]", "a*b", "what?", "~", "~root", "two words", "Übung", "日本", "-x", "{a,b}", "a\\b", "[", "!x", "#y", "a:b"])
def test_signs_in_names_of_folders_are_no_pattern(tmp_path, folder):
    base = tmp_path / folder
    put(base / "data/a.jsonl"), put(base / folder / "b.jsonl")
    assert names(base, "data/*.jsonl", f"{folder}/*.jsonl") == names(base, "data/a.jsonl", f"{folder}/b.jsonl") == [
        "a.jsonl", "b.jsonl"]


def test_a_file_that_is_there_is_itself_before_it_is_a_pattern(tmp_path):
    put(tmp_path / "[ab].jsonl"), put(tmp_path / "a.jsonl")
    assert names(tmp_path, "[ab].jsonl") == ["[ab].jsonl"]
    assert names(tmp_path, "[a].jsonl") == ["a.jsonl"]


@pytest.mark.parametrize(("written", "stored"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_marks_are_found_however_they_are_spelled(tmp_path, written, stored):
    put(tmp_path / unicodedata.normalize(stored, "é/ü-1.jsonl"))
    for path in ("é/ü-1.jsonl", "é/*.jsonl", "é/ü*.jsonl", "*/ü-1.jsonl", "é"):
        assert len(names(tmp_path, unicodedata.normalize(written, path))) == 1


OTHERS = {
    "README.md": "---\nlicense: mit\n---\n# x", "_SUCCESS": "", ".DS_Store": "\0\0\0\1Bud1", "._part-0.jsonl": "\0\5",
    ".gitattributes": "*.jsonl -text", "_temporary/0/part-1.jsonl": '{"text": "half"}\n', "SHA256SUMS": "00  part-0",
    "part-0.jsonl.sha256": "00", "dataset_infos.json": '{"default": {"features": {"text": {"dtype": "string"}}}}',
    ".cache/x.jsonl": '{"text": "x"}', "part-0.jsonl.crc": "crc\0", "part-1.jsonl.tmp": '{"text": "half"}\n',
    "state.json": '{\n  "_data_files": []\n}', "list.json": '[{"text": "x"}]', "__MACOSX/._a.jsonl": "\0",
    "_metadata": "PAR1",
}


@pytest.mark.parametrize("path", ["in", "in/", "in/*", "in/**", "in/**/*", "i?"])
def test_a_folder_as_others_leave_it(tmp_path, path):
    for name, text in OTHERS.items():
        put(tmp_path / "in" / name, text)
    for name in ("part-0.jsonl", "year=2024/part-1.JSONL.GZ", "_year=1/a.jsonl"):
        put(tmp_path / "in" / name)
    put(tmp_path / "in/part-00002", '{"id": 1}\n{"text": "x"}\n'), put(tmp_path / "in/c4.json", '{"text": "x"}')
    told = []
    found = find_inputs(["r.yaml: s"], [path], tmp_path, tmp_path / "ws", is_input=source_kind("jsonl").is_input,
                        tell=told.append)
    assert {item.path.relative_to(tmp_path / "in").as_posix() for item in found} == {
        "_year=1/a.jsonl", "c4.json", "part-0.jsonl", "part-00002", "year=2024/part-1.JSONL.GZ"}
    assert any("README.md" in line and "passed over" in line for line in told)


@pytest.mark.parametrize(("kind", "own", "other"), [
    ("warc", "WARC/1.0\r\n", "a.jsonl"), ("wikipedia", "<mediawiki>", "md5sums.txt"), ("parquet", "PAR1", "README.md"),
    ("chat", '{"messages": []}', "README.md"), ("jsonl", '{"text": ""}', "a.parquet"),
])
def test_every_kind_tells_its_files_by_name_or_content(tmp_path, kind, own, other):
    suffix = source_kind(kind).suffixes[0]
    put(tmp_path / "in" / f"named{suffix}", ""), put(tmp_path / "in/unnamed", own)
    put(tmp_path / f"in/{other}", "other")
    assert names(tmp_path, "in", kind=kind) == sorted([f"named{suffix}", "unnamed"])
    assert names(tmp_path, f"in/{other}", kind=kind) == [other]  # who names a file wants it


def test_kinds_say_what_their_files_are_called():
    assert all(source_kind(kind).suffixes and source_kind(kind).belongs for kind in SOURCES)


def test_a_folder_without_inputs_is_refused_by_the_names_in_it(tmp_path):
    put(tmp_path / "in/README.md"), put(tmp_path / "in/notes.txt")
    with pytest.raises(UsageError, match=r"`in` holds no file for this kind of source: README.md, notes.txt\. Name"):
        names(tmp_path, "in", kind="jsonl")
    put(tmp_path / "hidden/.a.jsonl")
    with pytest.raises(UsageError, match="`hidden` matches nothing"):
        names(tmp_path, "hidden", kind="jsonl")


def test_links_that_lead_round_end(tmp_path):
    put(tmp_path / "in/a.jsonl")
    os.symlink(".", tmp_path / "in/round"), os.symlink("nowhere", tmp_path / "in/b.jsonl")
    for path in ("in", "in/**", "in/**/*.jsonl"):
        assert len(names(tmp_path, path)) == 1
