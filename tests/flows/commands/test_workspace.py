"""What people see of a workspace, find in it by name, and clean out of it."""

import os
import shutil
import time

import pytest

from maslin.flows.cli import main
from maslin.manifests.locks import Begun, lock_file, note_begun, read_lock
from maslin.manifests.workspace import step_directories
from tests.flows.curated import RECIPE, curate, write_inputs


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("workspace")
    write_inputs(folder)
    curate(folder)
    return folder / "work"


@pytest.fixture
def changed(tmp_path):
    """A workspace whose recipe was built twice, with other steps the second time; and an unfinished directory."""
    write_inputs(tmp_path)
    curate(tmp_path)
    first = read_lock(tmp_path / "work", "small")
    curate(tmp_path, RECIPE.replace("- c4\n", "- c4: {min_sentences: 2}\n"))
    (tmp_path / "work/run/half@0123456789abcdef/checkpoints").mkdir(parents=True)
    (tmp_path / "work/run/half@0123456789abcdef/checkpoints/step-00000120.safetensors").touch()
    return tmp_path / "work", first


def test_latest_leads_by_name_to_what_the_lock_names(built):
    lock = read_lock(built, "small")
    for name, directory in lock.groups["corpora"].items():
        assert (built / "latest/small/corpora" / name).resolve() == (built / directory).resolve()
    assert not (built / "latest/small/held_out").exists()


def test_latest_forgets_what_the_recipe_has_no_more(changed):
    work, first = changed
    link = work / "latest/small/corpora/mine"
    assert link.resolve() == (work / read_lock(work, "small").groups["corpora"]["mine"]).resolve()
    assert link.resolve() != (work / first.groups["corpora"]["mine"]).resolve()


def test_status_is_grouped_by_recipe_with_a_line_a_thing(changed, capsys):
    work, _ = changed
    assert main(["status", "--workspace", str(work)]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"small   {work}/latest/small\n")
    assert "corpus      mine" in out and " documents (" in out and "@" not in out.split("unfinished")[0]
    assert "run/half@0123456789abcdef  0.00 MB, 120 steps" in out
    assert "parameters.steps[0 c4].parameters.min_sentences: 3 → 2" in out  # why a corpus is stale
    assert "`maslin clean` shows them" in out


def test_status_tells_of_a_recipe_what_it_has_not_begun_and_how_far_the_rest_is(built, tmp_path, capsys):
    work = tmp_path / "work"
    shutil.copytree(built, work)
    for path in [*work.glob("corpus/*"), *work.glob("recipes/*.lock.json"), work / "latest"]:
        path.unlink() if path.is_file() else shutil.rmtree(path)
    (segment,) = [path for path in work.glob("segment/*") if path.is_dir()][:1]
    (segment / "manifest.json").unlink()
    (segment / ".shards").mkdir()
    (segment / ".shards/part.shards").write_text("4\n")
    (segment / ".shards/part-00000.json").touch()
    begun = [(path.parent.name, path.name) for path in step_directories(work)] + [("corpus", f"mine@{'0' * 16}")]
    note_begun(work, "small", (Begun(f"{kind}/{name}", kind, name.partition("@")[0], None) for kind, name in begun))
    assert main(["status", "--workspace", str(work)]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"small   {work}/latest/small\n") and "not begun: mine" in out
    assert "segment mine unfinished: 1 of 4 parts (25%)" in out and "stale" not in out
    assert main(["clean", "--workspace", str(work), "--yes"]) == 2  # no lock tells what is needed


@pytest.mark.parametrize("asked", ["mine", "corpus/mine", "corpora/mine"])
def test_a_thing_is_shown_by_its_name(built, capsys, asked):
    assert main(["manifest", "show", asked, "--workspace", str(built)]) == 0
    assert capsys.readouterr().out.startswith("corpus mine ")


def test_a_name_that_is_not_there_gets_the_nearest(built, capsys):
    assert main(["manifest", "show", "minne", "--workspace", str(built)]) == 2
    assert "did you mean `mine`?" in capsys.readouterr().err


def test_clean_removes_what_no_recipe_needs_and_keeps_unfinished_work(changed, capsys):
    work, first = changed
    before = set(step_directories(work))
    assert main(["clean", "--workspace", str(work)]) == 0  # no terminal to answer on
    assert set(step_directories(work)) == before and "nothing was removed" in capsys.readouterr().err
    assert main(["clean", "--workspace", str(work), "--yes"]) == 0
    left = set(step_directories(work))
    assert work / first.groups["corpora"]["mine"] in before - left
    assert work / "run/half@0123456789abcdef" in left
    assert {work / directory for directory in read_lock(work, "small").directories()} <= left
    assert main(["manifest", "verify", str(work)]) == 0
    assert main(["clean", "--workspace", str(work), "--yes", "--unfinished"]) == 0
    assert work / "run/half@0123456789abcdef" not in set(step_directories(work))


def test_clean_leaves_what_is_younger(changed):
    work, first = changed
    old = work / first.groups["corpora"]["mine"]
    assert main(["clean", "--workspace", str(work), "--yes", "--older-than", "2d"]) == 0
    assert old.is_dir()
    past = time.time() - 3 * 86400
    for path in [old, *old.rglob("*")]:
        os.utime(path, (past, past))
    assert main(["clean", "--workspace", str(work), "--yes", "--older-than", "2d"]) == 0
    assert not old.is_dir()


def test_a_lock_that_cannot_be_read_is_named(built, tmp_path, capsys):
    path = lock_file(tmp_path, "torn")
    path.parent.mkdir()
    path.write_text('{"corpora": [')
    assert main(["clean", "--workspace", str(tmp_path), "--yes"]) == 3
    assert f"{path}: damaged, and not used: not readable as JSON" in capsys.readouterr().err
