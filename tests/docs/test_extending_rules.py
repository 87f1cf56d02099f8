"""docs/extending.md: its examples of steps and rules run as they stand there."""

import json
import sys
import tomllib
from types import ModuleType

import pytest

from maslin.curation import rules
from maslin.curation.evidence.corpora import corpora_of
from maslin.curation.rules import c4_length
from maslin.curation.text.batch import KEEP, Batch
from maslin.manifests.steps import c4
from maslin.manifests.steps.spec import CurationStep
from maslin.manifests.tables import iter_tables
from maslin.manifests.workspace import read_manifest
from tests.curation.documents import documents
from tests.docs.pages import examples
from tests.flows.curated import curate

EXAMPLES = examples("extending.md")


def causes(decision) -> list[str | None]:
    return [None if cause == KEEP else decision.reasons[cause].rule for cause in decision.cause]


def test_a_threshold_rule_is_a_declaration_and_a_kernel():
    declared = dict(vars(c4))
    exec(EXAMPLES["manifests/steps/c4.py"], declared)
    kernel = vars(c4_length) | {name: declared[name] for name in ("C4_LENGTH", "C4Length")}
    exec(EXAMPLES["curation/rules/c4_length.py"], kernel)
    batch = Batch(documents(["one two three", "one two three four five", "x" * 200_000]))
    decision = kernel["judge"](batch, declared["C4Length"]())
    assert causes(decision) == ["c4_short", None, "c4_length"] and decision.value[0] == 3


def test_a_step_is_a_declaration_and_a_kernel(monkeypatch):
    for path in ("manifests/steps/shouting.py", "curation/rules/shouting.py"):
        name = f"maslin.{path.removesuffix('.py').replace('/', '.')}"
        monkeypatch.setitem(sys.modules, name, module := ModuleType(name))
        exec(EXAMPLES[path], vars(module))
    spec = sys.modules["maslin.manifests.steps.shouting"].SHOUTING
    decision = rules.bind(CurationStep(spec, spec.parameters()))(Batch(documents(["Quiet.", "LOUD!", "1 2 3"])))
    assert causes(decision) == [None, "shouting", "no_letters"] and tuple(decision.signals) == spec.signals


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The page's files in a folder, with a few documents."""
    for path in ("my_rules.py", "emojis.py", "our_rules.py"):
        (tmp_path / path).write_text(EXAMPLES[path])
    rows = [
        ("https://ours.test/1", "A page of 1 line\n--\nits author"),
        ("https://ours.test/2", "Fun \U0001f600\U0001f600!"),
        ("https://theirs.test/3", "A page of theirs."), ("https://ours.test/4", "long " * 90),
        ("https://ours.test/5", "")]
    (tmp_path / "web.jsonl").write_text("".join(json.dumps({"url": url, "text": text}) + "\n" for url, text in rows))
    monkeypatch.setattr(sys, "path", list(sys.path))
    return tmp_path


def kept(directory) -> list[str]:
    tables = iter_tables(sorted((directory / "documents").iterdir()))
    return [text for table in tables for text in table["text"].to_pylist()]


def test_rules_of_a_file(folder):
    recipe = curate(folder, EXAMPLES["recipe.yaml"])
    clean, loose = corpora_of(str(recipe), folder / "work")
    assert read_manifest(clean).counted().dropped == {"too_many_emojis": 1, "not_ours": 1, "long_lines": 1}
    assert "A page of 1 line" in kept(clean) and "Fun \U0001f600\U0001f600!" in kept(loose)
    assert read_manifest(clean).counted().edited == {"without_signature": 1}


def test_a_rule_of_a_package(folder):
    project = tomllib.loads(EXAMPLES["pyproject.toml"])["project"]
    (group, points), = project["entry-points"].items()
    info = folder / "our_rules-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    (info / "entry_points.txt").write_text(f"[{group}]\n" + "".join(f"{k} = {v}\n" for k, v in points.items()))
    sys.path.insert(0, str(folder))
    (corpus,) = corpora_of(str(curate(folder, EXAMPLES["packaged.yaml"])), folder / "work")
    assert read_manifest(corpus).counted().dropped == {"no_digits": 1}
