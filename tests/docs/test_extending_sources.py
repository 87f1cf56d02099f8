"""The examples of docs/extending.md on sources run as they stand there."""

import re
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from maslin.flows.cli import main
from maslin.manifests.recipe.sources import SOURCES
from tests.curation.web_archives import http, page, record

PAGE = Path(__file__).resolve().parents[2] / "docs/extending.md"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("extending")
    for name, text in re.findall(r"```(?:python|yaml)\n# (\S+)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S):
        (folder / name).write_text(text)
    (folder / "posts").mkdir()
    (folder / "posts/a.txt").write_text("The first post\n---\nThe second post\n")
    (folder / "web.warc").write_bytes(record(http(page(title="A heading of its own"))))
    return folder


@pytest.mark.parametrize(("recipe", "texts"), [
    ("recipe.yaml", ["The first post", "The second post\n"]),
    ("split_recipe.yaml", ["The first post", "The second post"]),
    ("pages_recipe.yaml", ["A heading of its own"]),
])
def test_the_examples_run(folder, recipe, texts):
    work = folder / recipe.removesuffix(".yaml")
    assert main(["curate", str(folder / recipe), "--workspace", str(work), "--prefect", "off", "--workers", "2"]) == 0
    parts = sorted(work.glob("corpus/*/documents/*.parquet"))
    assert sorted(text for part in parts for text in pq.read_table(part)["text"].to_pylist()) == texts


def test_the_same_file_is_a_kind_of_ours_by_one_line(folder, monkeypatch):
    module, name = "halves_of_ours", "HALVES"
    source = (folder / "my_split_reader.py").read_text()
    (folder / f"{module}.py").write_text(source.replace("\nhalves =", f"\n{name} ="))
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setitem(SOURCES, "halves", f"{module}:{name}")
    recipe = folder / "ours.yaml"
    recipe.write_text("name: ours\nsources: {lines: {kind: halves, paths: [posts/*.txt], min_letters: 15}}\n")
    work = folder / "ours"
    assert main(["curate", str(recipe), "--workspace", str(work), "--prefect", "off", "--engine", "serial"]) == 0
    parts = sorted(work.glob("corpus/*/documents/*.parquet"))
    assert [text for part in parts for text in pq.read_table(part)["text"].to_pylist()] == ["The second post"]
