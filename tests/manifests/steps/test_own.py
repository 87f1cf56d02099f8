"""A person's own rule: found in a file, held to what a declaration must say, told by a digest of its source."""

import sys

import pytest

from maslin.manifests.errors import RecipeError, UsageError
from maslin.manifests.recipe.reading import read_recipe
from maslin.manifests.steps.known import decode
from maslin.manifests.steps.own import load
from maslin.manifests.steps.spec import RULE_ERROR, Origin

RULES = """\
from dataclasses import dataclass, field
from typing import Literal

from helper import WORDS
from maslin.rules import Rule, StepSpec, between


@dataclass(frozen=True)
class Short:
    min_words: int = field(default=WORDS, metadata=between(0, 9))
    names: tuple[str, ...] = ("a", "b")
    how: Literal["x", "y"] = "x"
    most: float | None = None


def words(text, parameters):
    from inside import part
    return {"words": len(text.split())}


SHORT = StepSpec(
    "short", Short, "words", "mine", form="text", rules=(Rule("short", "<", "min_words", "words"),), signals=("words",))
"""


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "helper.py").write_text("WORDS = 3\n")
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "__init__.py").write_text("from .part import PART as part\n")
    (tmp_path / "inside" / "part.py").write_text("PART = 1\n")
    (tmp_path / "r.py").write_text(RULES)
    return tmp_path / "r.py"


def step(file, extra=""):
    recipe = file.with_name("recipe.yaml")
    recipe.write_text(
        "name: n\nsources:\n  s: {kind: jsonl, paths: [a]}\ncorpora:\n  c:\n    from: s\n    steps:\n"
        f"      - rule: {{file: {file.name}, name: short{extra}}}\n")
    return read_recipe(recipe).corpora["c"].steps[0]


def test_a_rule_of_a_file_is_read_and_its_entry_needs_no_file(file):
    entry = step(file, ", with: {min_words: 5}").to_json()
    assert entry["parameters"] == {"min_words": 5, "names": ["a", "b"], "how": "x", "most": None}
    assert str(file.parent) not in str(entry)
    file.unlink()
    again = decode(entry)
    assert again.to_json() == entry
    assert [rule.name for rule in again.rules] == [RULE_ERROR, "short"] and again.spec.thresholds == {"min_words"}
    assert again.rules[1].condition(again.parameters) == "< 5"
    with pytest.raises(UsageError, match="min_words is 50: not between 0 and 9"):
        decode({**entry, "parameters": entry["parameters"] | {"min_words": 50}})


@pytest.mark.parametrize("changed", ["r.py", "helper.py", "inside/__init__.py", "inside/part.py"])
def test_the_digest_is_of_the_file_and_of_what_it_imports_from_its_folder(file, changed):
    before = load(Origin("short", file)).spec.code
    (file.parent / "unrelated.py").write_text("1\n")
    assert load(Origin("short", file)).spec.code == before
    (file.parent / changed).write_text((file.parent / changed).read_text().replace("= 1", "= 2") + "\nNEW = 1\n")
    assert load(Origin("short", file)).spec.code != before


def test_a_changed_helper_is_imported_anew_and_the_files_place_and_name_do_not_matter(file, tmp_path):
    code = load(Origin("short", file)).spec.code
    renamed = file.rename(file.with_name("other.py"))
    assert load(Origin("short", renamed)).spec.code == code
    (file.parent / "helper.py").write_text("WORDS = 7\n")
    assert load(Origin("short", renamed)).spec.parameters().min_words == 7


def write(old, new):
    return lambda file: file.write_text(RULES.replace(old, new))


@pytest.mark.parametrize(("change", "said"), [
    (lambda file: file.unlink(), r"recipe.yaml:8:\d+: .*\.file: .*r.py: no such file"),
    (write('"short", Short', '"shorter", Short'), r"yaml:8:\d+: .*\.name: .*no rule is called `short`; did you mean"),
    (write("SHORT =", "import not_there\nSHORT ="), r"r.py:21: ModuleNotFoundError: No module named 'not_there'"),
    (write("def words(", "def words(("), r"r.py:16: SyntaxError"),
    (write('how: Literal["x", "y"] =', "how ="), "the parameter how has no type: write `how: str = …`"),
    (write("float | None = None", "dict = None"), "the parameter most has the type dict; a recipe can give int"),
    (write("frozen=True", "frozen=False"), "parameters are a class with @dataclass"),
    (write('Short, "words"', 'Short, "word"'), "`kernel` names a function of this file; `word` is none"),
    (write('"<", "min_words"', '"<", "min_word"'), "compares with `min_word`; did you mean `min_words`"),
    (write('signals=("words",)', 'signals=("word",)'), "compares the signal `words` by `<`: `signals` .word. must"),
])
def test_what_is_wrong_with_it_is_said_in_words(file, change, said):
    change(file)
    with pytest.raises(RecipeError, match=said):
        step(file)


@pytest.mark.parametrize(("extra", "said"), [
    (", with: {min_words: 50}", r"recipe.yaml:8:\d+: .*with.min_words: 50 is too large: at most 9"),
    (", with: {min_word: 5}", r"with.min_word: unknown key `min_word`; did you mean `min_words`"),
    (", wit: {}", "unknown key `wit`; did you mean `with`"),
])
def test_its_parameters_are_read_as_those_of_any_step(file, extra, said):
    with pytest.raises(RecipeError, match=said):
        step(file, extra)


def test_a_rule_that_no_package_has(file):
    with pytest.raises(UsageError, match="no installed package has a rule `nobodys`"):
        load(Origin("nobodys"))


def test_a_name_of_ours_is_taken(file):
    file.write_text(RULES.replace('"short", Short', '"c4", Short'))
    with pytest.raises(UsageError, match="that no step or preset of Maslin has"):
        load(Origin("c4", file))
