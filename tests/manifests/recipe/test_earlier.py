"""Corpora of earlier runs that a recipe names: found by their paths, known by their content, faults before any work."""

import shutil

import pytest

from maslin.manifests.counts import Counts
from maslin.manifests.errors import DamagedError, RecipeError, UsageError
from maslin.manifests.plan import plan_corpora
from maslin.manifests.recipe.earlier import named_earlier
from maslin.manifests.recipe.inputs import InputFile
from maslin.manifests.workspace import Step, Workspace, commit
from tests.manifests.recipe.test_recipe import read

RECIPE = "name: n\nsources: {{s: {{kind: jsonl, paths: [a.jsonl]}}}}\ncorpora: {{c: {{from: s, steps: [{step}]}}}}\n"


def finish(root, kind="corpus", name="web", inputs=None, **parameters):
    """A finished step directory with one file; returns its path and digest."""
    step = Step(kind, name, 1, parameters, inputs or {})
    directory = Workspace(root).path(step)
    (directory / "documents").mkdir(parents=True)
    (directory / "documents/part-00000.parquet").write_bytes(b"1234")
    entry = {"path": "documents/part-00000.parquet", "bytes": 4, "xxh3_128": "0" * 32, "rows": 0}
    commit(directory, step, [entry], counts=Counts("documents", 0, 0))
    return directory, step.digest


def steps(tmp_path, against, name="near_dedup"):
    recipe = read(tmp_path, RECIPE.format(step=f"{{{name}: {{against: {against}}}}}"))
    return recipe, recipe.corpora["c"].steps[0]


def test_its_content_is_known_and_not_its_path(tmp_path):
    directory, digest = finish(tmp_path / "ws")
    (tmp_path / "elsewhere").mkdir()
    shutil.copytree(directory, moved := tmp_path / "elsewhere" / directory.name)
    recipe, step = steps(tmp_path, f"ws/corpus/{directory.name}")
    for path in (str(directory), "ws/corpus/*", f"elsewhere/{directory.name}", f"[ws/corpus/*, {moved}, {moved}]"):
        assert steps(tmp_path, path)[1].to_json() == step.to_json()
    assert step.to_json()["parameters"]["against"] == [digest]
    assert recipe.earlier[digest].path == directory
    assert "elsewhere" not in str(recipe.identity_json()) and str(tmp_path) not in str(step.to_json())


def test_several_are_the_same_in_any_order(tmp_path):
    one, other = (finish(tmp_path / "ws", name=name, own=name)[0] for name in ("web", "crawl"))
    there, back = (steps(tmp_path, f"[{a}, {b}]", "exact_dedup")[1] for a, b in ((one, other), (other, one)))
    assert there.to_json() == back.to_json() and len(there.against) == 2


@pytest.mark.parametrize("step", [
    "exact_dedup", "near_dedup", "exact_dedup: {by: text}", "near_dedup: {threshold: 0.8}"])
def test_what_is_left_at_its_default_stands_in_no_manifest(tmp_path, step):
    parameters = read(tmp_path, RECIPE.format(step=step if ":" not in step else f"{{{step}}}")).corpora["c"].steps[
        0].to_json()["parameters"]
    assert not {"by", "numbers", "against"} & set(parameters)


@pytest.mark.parametrize(("against", "said"), [
    ("nowhere", "`nowhere` matches nothing"), ("ws/corpus/z*", "matches nothing"), ("[]", "name at least one"),
    ("ws/corpus", "no finished step directory"), ("ws/run/*", "matches no finished corpus"), ("''", "an empty path"),
    ("ws/unfinished/web@0123456789abcdef", "no finished step directory"), ("7", "expected the path"),
    ("{a: b}", "expected a single value"), ("https://a.test/corpus", "name a directory of this machine"),
    ("s3://a/corpus", "name a directory of this machine"), ("~/corpus", "stands for something only in a shell"),
    ("[ws/run/r@0, nowhere]", "`nowhere` matches nothing"), ("RUN", "a step of kind run, not corpus or documents"),
    ("[[ws]]", "expected a single value"), ("ws/other/web@0123456789abcdef", "of an earlier Maslin"),
    ("ws/other/*", "matches no finished corpus"),
])
def test_a_path_that_leads_nowhere_is_a_fault_of_the_recipe(tmp_path, against, said):
    run, _ = finish(tmp_path / "ws", "run", "r")
    (tmp_path / "ws/unfinished/web@0123456789abcdef").mkdir(parents=True)
    other = tmp_path / "ws/other/web@0123456789abcdef"
    other.mkdir(parents=True)
    (other / "manifest.json").write_text('{"schema_version": 1}')
    (tmp_path / "ws/corpus").mkdir()
    with pytest.raises(RecipeError) as error:
        steps(tmp_path, str(run) if against == "RUN" else against)
    assert said in str(error.value) and "recipe.yaml:3:" in str(error.value) and "against" in str(error.value)


def test_a_damaged_manifest_is_damage(tmp_path):
    directory, _ = finish(tmp_path / "ws")
    text = (directory / "manifest.json").read_text()
    (directory / "manifest.json").write_text(text.replace('"web"', '"wbe"'))
    with pytest.raises(DamagedError):
        steps(tmp_path, directory)


@pytest.mark.parametrize("harm", [lambda file: file.unlink(), lambda file: file.write_bytes(b"123")])
def test_a_file_that_is_gone_or_shorter_is_damage_before_any_work(tmp_path, harm):
    directory, digest = finish(tmp_path / "ws")
    recipe, _ = steps(tmp_path, directory)
    recipe.earlier[digest].check()
    harm(directory / "documents/part-00000.parquet")
    with pytest.raises(DamagedError, match=r"part-00000\.parquet"):
        recipe.earlier[digest].check()


def plan(recipe, raw):
    return plan_corpora(recipe, {"s": [InputFile("a.jsonl", recipe.path, 1, raw)]}, None)


def test_a_pattern_leaves_out_what_is_made_of_the_same_documents(tmp_path):
    """Else a run that is repeated would find its own result, and remove all of it."""
    recipe, _ = steps(tmp_path, finish(tmp_path / "ws", name="old")[0])
    first = plan(recipe, "raw").corpora["c"]
    finish(tmp_path / "ws", inputs={"documents": first.inputs["documents"].digest})  # type: ignore[union-attr]
    documents, _ = finish(tmp_path / "ws", "documents", "s", {"input:a": "raw"}, limit=7)  # a trial of the same file
    again, _ = steps(tmp_path, "[ws/corpus/*, ws/documents/*]")
    assert plan(again, "raw").corpora["c"].digest == first.digest
    assert plan(again, "other").corpora["c"].digest != first.digest
    with pytest.raises(UsageError, match="made of the same documents"):
        plan(steps(tmp_path, documents)[0], "raw")


@pytest.mark.parametrize(("detail", "named"), [
    (None, None), ("equal text", None), ("in corpus @0123456789abcdef", "corpus @0123456789abcdef"),
    ("a.test/x, in documents @0123456789abcdef", "documents @0123456789abcdef"), ("in corpus wiki", None),
    ("built in corpus @0123456789abcdef", None)])
def test_what_the_ledger_names(detail, named):
    assert named_earlier(detail) == named
