"""Kinds of sources: one declaration each, options typed from it, and kinds of the user's own."""

import pickle
import sys
import types

import pytest

from maslin.manifests.errors import UsageError
from maslin.manifests.recipe.reading import read_recipe
from maslin.manifests.recipe.sources import SOURCES, SourceKind, source_kind

READER = """\
from dataclasses import dataclass, field
from maslin.manifests.recipe.sources import SourceKind

@dataclass(frozen=True)
class Options:
    depth: int = field(default=3, metadata={"min": 1})

def plain(path): return []
def read(split, options, watch): yield {"text": f"depth {options.depth}"}
forum = SourceKind(read=read, options=Options)
number = 3
"""


def source(folder, line, reader=READER):
    folder.mkdir(exist_ok=True)
    (folder / "r.yaml").write_text(f"name: n\nsources:\n  s: {{paths: [x], {line}}}\n")
    (folder / "my.py").write_text(reader)
    return read_recipe(folder / "r.yaml").sources["s"]


@pytest.mark.parametrize(("line", "said"), [
    ("kind: jsonl, depth: 3", r"r\.yaml:3:\d+: sources\.s\.depth: unknown key `depth`"),
    ("kind: warc, max_page_bytes: 0", r"sources\.s\.max_page_bytes: 0 is too small"),
    ("kind: warc, extractor: maslim",
     r"sources\.s\.extractor: `maslim` is not one of maslin, resiliparse, traf.*; did you mean `maslin`"),
    ("kind: warc, extractors: [maslin]", r"sources\.s\.extractors: name 2 to 16 extractors"),
    ("kind: warc, extractors: [maslin, maslin]", r"sources\.s\.extractors: `maslin` stands twice"),
    ("kind: warc, extractors: [maslin, traf]", r"sources\.s\.extractors\[1\]: `traf` is not one of"),
    ("kind: warc, extractor: resiliparse, extractors: [maslin, resiliparse]", "name one of the two"),
    ("kind: warc, extractor: {file: my.py, name: number}", r"sources\.s\.extractor: `number` of .* is no function"),
    ("kind: {file: my.py, name: forum}, dept: 3", r"yaml:3:\d+: sources\.s\.dept: unknown key.*did you mean `depth`"),
    ("kind: {file: my.py, name: forum}, depth: 0", r"sources\.s\.depth: 0 is too small"),
    ("kind: {file: my.py, name: number}", r"sources\.s\.kind: .*neither a SourceKind nor a function"),
    ("kind: {file: no.py, name: forum}", r"sources\.s\.kind\.file: .*no\.py: cannot be read"),
    ("kind: {name: no_such}", r"sources\.s\.kind\.name: no installed package offers `no_such`"),
])
def test_what_is_wrong_is_told_by_its_line_and_key(tmp_path, line, said):
    with pytest.raises(UsageError, match=said):
        source(tmp_path, line)


def test_the_options_of_an_own_kind_go_to_workers_and_its_digest_into_the_identity(tmp_path):
    one = source(tmp_path / "a", "kind: {file: my.py, name: forum}, depth: 5")
    two = source(tmp_path / "b", "kind: {file: my.py, name: forum}, depth: 5", READER + "# changed\n")
    again = pickle.loads(pickle.dumps(one))
    assert again.options.depth == 5 and again.options_json() == {"depth": 5}
    assert one.further_identity() != two.further_identity() and set(one.further_identity()) == {"code"}
    assert source(tmp_path, "kind: warc").further_identity() == {}


def test_an_extractor_stands_in_the_identity_by_name_or_by_the_digest_of_its_code(tmp_path):
    assert source(tmp_path, "kind: warc").options_json()["extractor"] == "maslin"
    own = source(tmp_path, "kind: warc, extractor: {file: my.py, name: plain}").options_json()["extractor"]
    assert own["name"] == "plain" and len(own["code"]) == 16


def test_a_library_is_in_the_identity_of_what_it_reads_alone(tmp_path):
    assert set(source(tmp_path, "kind: warc").libraries) == {"resiliparse"}
    union = source(tmp_path, "kind: warc, extractors: [maslin, {file: my.py, name: plain}, trafilatura]")
    assert {"resiliparse", "trafilatura"} <= set(union.libraries) and union.extras == ("trafilatura",)
    assert union.has_variants and pickle.loads(pickle.dumps(union)) == union
    assert [each if isinstance(each, str) else each["name"] for each in union.options_json()["extractors"]] == [
        "maslin", "plain", "trafilatura"]


@pytest.mark.parametrize("kind", SOURCES)
def test_every_kind_is_declared(kind):
    assert isinstance(source_kind(kind), SourceKind)


def test_another_kind_is_one_file_and_one_line(tmp_path, monkeypatch):
    made = types.ModuleType("one_file")
    exec(READER, made.__dict__)
    monkeypatch.setitem(sys.modules, "one_file", made)
    monkeypatch.setitem(SOURCES, "forum", "one_file:forum")
    found = source(tmp_path, "kind: forum, depth: 4")
    assert found.options.depth == 4 and found.code is None
    assert list(found.declared.read(None, found.options, None)) == [{"text": "depth 4"}]
