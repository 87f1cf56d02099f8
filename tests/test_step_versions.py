"""A step's version is raised when its code changes: else old directories would pass for new ones."""

import ast

from maslin.manifests.kinds import KINDS
from maslin.manifests.steps.known import STEPS
from tests import step_versions


def test_every_step_is_watched():
    assert set(step_versions.ENTRIES) == set(STEPS) | set(KINDS)


def test_code_and_versions_change_together():
    assert step_versions.unrecorded_steps() == [], (
        "the code of these steps changed: raise their version if what they write may differ, then run "
        "`python -m tests.step_versions` (with --same-bytes if it cannot differ)")


def test_changed_code_without_a_new_version_is_noticed(monkeypatch):
    monkeypatch.setattr(step_versions, "code_digest", lambda step: "changed")
    assert step_versions.recorded()
    assert step_versions.stale_steps() == list(step_versions.recorded())


def test_a_changed_constant_is_noticed_wherever_it_stands_on_the_way():
    """Every constant of every module that has a part in a step: another one is another digest."""
    steps = list(step_versions.ENTRIES)
    known = {step: step_versions.code_digest(step) for step in steps}
    tried = 0
    for module in sorted(set().union(*map(step_versions.modules, steps))):
        file = step_versions.source(module)
        if (text := _with_another_constant(file.read_text(encoding="utf-8"))) is None:
            continue
        tried += 1
        for step in steps:
            changed = step_versions.code_digest(step, {file: text}) != known[step]
            assert changed == (module in step_versions.modules(step)), f"{step}: a constant of {module}"
    assert tried > 100


def test_what_a_recipe_leaves_to_defaults_and_how_conversations_are_written_is_on_the_way():
    assert {"maslin.manifests.steps.c4", "maslin.manifests.steps.spec"} <= step_versions.modules("c4")
    assert "maslin.manifests.chatml" in step_versions.modules("documents") & step_versions.modules("run")


def test_each_step_is_watched_by_its_own_declaration():
    """Every kernel's way leads over the module that declares its step; none over the lists of all of them."""
    for name, spec in STEPS.items():
        ways = step_versions.modules(name)
        assert spec.parameters.__module__ in ways and not ways & step_versions.LISTS, name
    assert "maslin.manifests.steps.gopher" not in step_versions.modules("c4")


def _with_another_constant(text: str) -> str | None:
    """The module with its last constant changed that is no docstring; None where there is none."""
    tree = ast.parse(text)
    docstrings = {
        id(node.body[0].value) for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None}
    constants = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in docstrings]
    if not constants:
        return None
    constants[-1].value = "another"
    return ast.unparse(tree)
