"""Scheduling steps: inputs first, nothing twice, what is complete stays, what is damaged is built again."""

import pytest

from maslin.flows.engine import build as build_module
from maslin.flows.engine.build import build_all, missing_steps
from maslin.manifests.errors import DataError
from maslin.manifests.files import file_entry, write_text
from maslin.manifests.workspace import Step, Workspace, commit, serial_map

A = Step("documents", "a", 1, {})
B = Step("segment", "b", 1, {}, {"documents": A})
C = Step("dedup", "c", 1, {}, {"documents": A}, via={"previous": B})
D = Step("corpus", "d", 1, {}, {"documents": A}, via={"last": C})
E = Step("tokens", "e", 1, {}, {"documents": D})


@pytest.fixture
def built(monkeypatch):
    order = []

    def fake(step, workspace, mapper, extra):
        if extra.get("fail"):
            raise DataError("bad")
        order.append(step.name)
        path = workspace.path(step) / "x"
        write_text(path, step.name)
        return commit(workspace.path(step), step, [file_entry(workspace.path(step), path)])

    monkeypatch.setattr(build_module, "build", fake)
    return order


def run(workspace, targets, at_once=3, extra=lambda step: {}):
    steps = missing_steps(targets, workspace)
    build_all(steps, workspace, lambda step: serial_map, extra, lambda step, manifest, seconds: None, at_once)


@pytest.mark.parametrize("at_once", [1, 3])
def test_inputs_and_stages_come_first_and_each_step_once(tmp_path, built, at_once):
    run(Workspace(tmp_path), [E, D], at_once)
    assert built == ["a", "b", "c", "d", "e"]


def test_complete_steps_are_left_alone(tmp_path, built):
    workspace = Workspace(tmp_path)
    run(workspace, [E])
    built.clear()
    run(workspace, [E, D])
    assert built == []


def test_a_damaged_step_is_built_again_and_its_sound_inputs_are_not(tmp_path, built):
    workspace = Workspace(tmp_path)
    run(workspace, [E])
    (workspace.path(D) / "x").write_text("damaged")
    (workspace.path(E) / "manifest.json").write_text("{")
    built.clear()
    run(workspace, [E, D])
    assert built == ["d", "e"]


def test_stages_on_the_way_are_needed_again_when_the_corpus_is(tmp_path, built):
    workspace = Workspace(tmp_path)
    run(workspace, [E])
    for step in (B, D):
        (workspace.path(step) / "manifest.json").unlink()
    built.clear()
    run(workspace, [E])
    assert built == []  # the tokens are there: nothing is asked of what they were made from
    run(workspace, [D])
    assert built == ["b", "d"]


def test_the_first_error_is_raised_and_stops_what_depends_on_it(tmp_path, built):
    with pytest.raises(DataError, match="bad"):
        run(Workspace(tmp_path), [E], extra=lambda step: {"fail": step.name == "c"})
    assert built == ["a", "b"]
