"""Planning: what shares work, what a digest depends on and what it does not."""

import shutil
from pathlib import Path

from maslin.manifests import kinds
from maslin.manifests.plan import in_order, plan_comparison, plan_corpora, plan_mixtures, plan_runs
from maslin.manifests.recipe.held_out import how_held_out
from maslin.manifests.recipe.inputs import InputFile
from maslin.manifests.recipe.reading import read_recipe
from maslin.manifests.steps.known import STEPS
from maslin.manifests.steps.presets import PRESETS
from maslin.manifests.steps.spec import CurationStep
from maslin.manifests.workspace import Workspace, commit

RECIPE = """\
name: n
sources:
  web: {kind: warc, paths: [w.warc]}
  wiki: {kind: wikipedia, paths: [w.xml]}
corpora:
  a:
    from: web
    steps: [language, {c4: {code: drop}}, offensive, exact_dedup, near_dedup]
  b: {like: a, set: {c4.code: keep}}
mixtures: {one: {a: 1}, two: {b: 0.5, wiki: 0.5}}
training: {seeds: 2}
comparison: {baseline: one, domains: [a, wiki]}
"""


def make(tmp_path: Path, text: str = RECIPE, digests: str = "d"):
    path = tmp_path / "r.yaml"
    path.write_text(text)
    recipe = read_recipe(path)
    inputs = {name: [InputFile(f"{name}.x", Path("/anywhere") / name, 1, digests)] for name in recipe.sources}
    plan = plan_mixtures(plan_corpora(recipe, inputs, None))
    return plan_comparison(plan_runs(plan, {"m": 1}, {"t": 1}), {}, final=False)


def stages(step):
    found = []
    while step is not None:
        step = step.via.get("last") or step.via.get("previous")
        if step is not None:
            found.append(step)
    return found[::-1]


def test_corpora_share_stages_up_to_where_they_differ(tmp_path):
    plan = make(tmp_path)
    a, b = stages(plan.corpora["a"]), stages(plan.corpora["b"])
    assert [(s.kind, len(s.parameters["steps"]), s.parameters["start"]) for s in a] == [
        ("segment", 1, 0), ("segment", 3, 1), ("dedup", 4, 3), ("dedup", 5, 4)]
    assert a[0] == b[0] and a[1].digest != b[1].digest


def test_a_corpus_digest_does_not_depend_on_where_segments_are_cut(tmp_path):
    alone = RECIPE.replace("  b: {like: a, set: {c4.code: keep}}\n", "").replace("b: 0.5", "a: 0.5")
    one, both = make(tmp_path, alone), make(tmp_path)
    assert len(stages(one.corpora["a"])) == 3 and len(stages(both.corpora["a"])) == 4
    assert one.corpora["a"].digest == both.corpora["a"].digest


def test_an_editing_barrier_is_a_segment_of_its_own_and_not_for_held_out_documents(tmp_path):
    text = RECIPE.replace(
        "[language, {c4: {code: drop}}, offensive, exact_dedup, near_dedup]", "[c4, c4_line_dedup, offensive]")
    plan = make(tmp_path, text)
    assert [(s.kind, len(s.parameters["steps"]), s.parameters["start"]) for s in stages(plan.corpora["a"])] == [
        ("segment", 1, 0), ("segment", 2, 1), ("segment", 3, 2)]
    assert [step["step"] for step in plan.held_out["a"].parameters["steps"]] == ["c4", "offensive"]


def test_inputs_come_before_what_needs_them_and_each_step_once(tmp_path):
    plan = make(tmp_path)
    steps = in_order([plan.report])
    places = {step.directory: index for index, step in enumerate(steps)}
    assert len(places) == len(steps)
    for step in steps:
        assert all(places[needed.directory] < places[step.directory] for needed in step.input_steps().values())


def test_arms_have_common_seeds_and_the_a_a_set_has_others(tmp_path):
    plan = make(tmp_path)
    assert plan.groups == {"one": ["one-s0", "one-s1"], "two": ["two-s0", "two-s1"], "a_a": ["one-s2", "one-s3"]}
    assert set(plan.evaluations) == set(plan.runs)


def test_digests_follow_content_and_parameters_but_not_paths(tmp_path):
    plan = make(tmp_path)
    assert make(tmp_path, digests="e").report.digest != plan.report.digest
    moved = make(tmp_path, RECIPE.replace("paths: [w.xml]", "paths: [else/w.xml]"))
    assert moved.report.digest == plan.report.digest
    tolerant = make(tmp_path, RECIPE.replace("[w.warc]}", "[w.warc], max_failed: 1}"))
    assert tolerant.corpora["a"].digest == plan.corpora["a"].digest
    stricter = make(tmp_path, RECIPE.replace("offensive, ", ""))
    assert stricter.corpora["a"].digest != plan.corpora["a"].digest
    assert stricter.documents["web"].digest == plan.documents["web"].digest


def test_every_corpus_is_kept_clear_of_all_held_out_documents(tmp_path):
    plan = make(tmp_path)
    for step in plan.corpora.values():
        assert {"held_out:a", "held_out:wiki", "split"} <= set(step.inputs)
    assert [entry["step"] for entry in plan.held_out["a"].parameters["steps"]] == ["language", "c4", "offensive"]


def test_what_is_held_out_by_is_in_the_identity_where_it_decides(tmp_path):
    plan, by_site = make(tmp_path), make(tmp_path, RECIPE.replace("domains:", "held_out_by: site, domains:"))
    splits = [{name: step.inputs["split"] for name, step in each.held_out.items()} for each in (plan, by_site)]
    assert "by" not in splits[0]["a"].parameters and splits[0]["wiki"].digest == splits[1]["wiki"].digest
    assert splits[1]["a"].parameters == splits[0]["a"].parameters | {"by": "site", "least_units": 3}
    both = make(tmp_path, RECIPE.replace("domains:", "held_out_by: [repository, site], least_units: 5, domains:"))
    assert both.held_out["a"].inputs["split"].parameters["least_units"] == 5
    assert both.held_out["wiki"].digest == plan.held_out["wiki"].digest


def test_how_much_may_overlap_is_in_the_identity_of_corpora_alone(tmp_path):
    plan, looser = make(tmp_path), make(tmp_path, RECIPE.replace("domains:", "overlap: {share: 0.3}, domains:"))
    assert plan.corpora["wiki"].parameters["overlap"]["share"] == 0.2
    assert looser.corpora["wiki"].parameters["overlap"]["share"] == 0.3
    assert plan.held_out["a"].digest == looser.held_out["a"].digest
    alone = RECIPE[:RECIPE.index("comparison:")]
    path = tmp_path / "alone.yaml"
    path.write_text(alone)
    recipe = read_recipe(path)
    assert plan_corpora(recipe, {name: [] for name in recipe.sources}, None).held_out == {}


def test_how_documents_are_held_out_is_told_before_and_after(tmp_path):
    plan = make(tmp_path, RECIPE.replace("domains:", "held_out_by: [site, repository], domains:"))
    workspace = Workspace(tmp_path / "work")
    words = {name: how_held_out(step, ("site", "repository"), "k", workspace) for name, step in plan.held_out.items()}
    groups = "documents, by group of duplicates"
    assert words == {"a": f"whole sites, if at least 3 more remain to train on, else {groups}",
                     "wiki": f"{groups}, as its source (k) tells no site or repository"}
    assert how_held_out(plan.held_out["wiki"], ("document",), "k", workspace) == groups
    split = plan.held_out["a"].inputs["split"]
    for summary, expected in (
        ({"by": "document", "asked": "site", "why": "there is one site"},
         f"{groups}, and not by site: there is one site"),
        ({"by": "site", "held_out": 5, "of": 21, "mirrors": 2, "without": 4, "bytes_share": 0.051},
         "whole sites: 5 of 21, 2 more going with one that they mirror, with 5.1% of their text; 4 documents are of "
         "none"),
    ):
        commit(workspace.path(split), split, [], summary={"held_out_by": summary})
        assert how_held_out(plan.held_out["a"], ("site",), "k", workspace) == expected
        shutil.rmtree(workspace.path(split))


def test_dedup_across_makes_later_corpora_depend_on_earlier_ones(tmp_path):
    plan = make(tmp_path, RECIPE + "dedup: {across: [wiki, b]}\n")
    assert plan.corpora["b"].inputs["across:wiki"] == plan.corpora["wiki"]
    assert plan.corpora["b"].parameters["across"]["threshold"] == 0.8
    assert plan.corpora["wiki"].parameters["across"] is None


def test_dedup_across_does_not_hold_variants_of_one_source_against_each_other(tmp_path):
    plan = make(tmp_path, RECIPE + "dedup: {across: [wiki, a, b]}\n")
    for name in "ab":
        assert [role for role in plan.corpora[name].inputs if role.startswith("across:")] == ["across:wiki"]


def test_seeds_that_train_together_are_runs_of_one_stack(tmp_path):
    from maslin.flows.job.planning import make_plan, source_inputs
    from maslin.manifests.recipe.reading import read_recipe
    from maslin.manifests.workspace import Workspace

    (tmp_path / "a.jsonl").write_text('{"text": "a"}\n')
    (tmp_path / "recipe.yaml").write_text(
        "name: n\nsources: {a: {kind: jsonl, paths: [a.jsonl]}}\nmixtures: {m: {a: 1}}\n"
        "training: {tokens: 100000, seeds: 5, together: 3}\n")
    recipe, workspace = read_recipe(tmp_path / "recipe.yaml"), Workspace(tmp_path / "ws")
    plan = make_plan(recipe, source_inputs(recipe, workspace), workspace)
    stacks = [run.inputs["stack"] for run in plan.runs.values()]
    assert [stack.name for stack in stacks] == ["m-s0-to-s2"] * 3 + ["m-s3-to-s4"] * 2
    assert stacks[0].parameters["seeds"] == [0, 1, 2] and len({stack.digest for stack in stacks}) == 2


def test_a_manifest_has_every_number_that_a_variant_fills_in(tmp_path):
    """Nothing is left to be filled in later: else another default would come under the same digest."""
    plan = make(tmp_path)
    c4 = next(step for step in plan.corpora["a"].parameters["steps"] if step["step"] == "c4")["parameters"]
    assert (c4["min_words_per_line"], c4["min_sentences"], c4["max_word_characters"]) == (5, 3, 1000)
    written = make(tmp_path, RECIPE.replace("{code: drop}", "{code: drop, min_words_per_line: 5, min_sentences: 3}"))
    assert plan.corpora["a"].digest == written.corpora["a"].digest


def test_no_parameter_of_any_step_or_preset_is_null_in_a_manifest():
    steps = [*(CurationStep(spec, spec.parameters()) for spec in STEPS.values()),
             *(step for preset in PRESETS.values() for step in preset.steps)]
    for step in steps:
        assert None not in step.to_json()["parameters"].values(), step.name


def test_set_changes_a_variant_with_its_numbers(tmp_path):
    plan = make(tmp_path, RECIPE.replace("{c4.code: keep}", "{c4.variant: datatrove}"))
    c4 = next(step for step in plan.corpora["b"].parameters["steps"] if step["step"] == "c4")["parameters"]
    assert (c4["min_words_per_line"], c4["min_sentences"]) == (3, 5)


def test_the_versions_of_libraries_that_decide_are_in_the_digest(tmp_path, monkeypatch):
    before = make(tmp_path)
    assert set(before.documents["web"].libraries) == {"pyarrow", "resiliparse", "unicode"}
    assert set(before.documents["wiki"].libraries) == {"pyarrow", "unicode"}
    assert "datasketch" in before.corpora["a"].libraries and "torch" in before.runs["one-s0"].libraries
    monkeypatch.setattr(kinds, "_version", lambda name: "99" if name == "tokenizers" else before_versions[name])
    before_versions = {name: value for step in in_order([before.report]) for name, value in step.libraries.items()}
    after = make(tmp_path)
    assert after.corpora["a"].digest == before.corpora["a"].digest
    assert after.tokenizer.digest != before.tokenizer.digest != after.tokens["a"].digest


def test_a_package_asked_for_by_a_parameter_is_in_the_digest(tmp_path):
    plan = make(tmp_path, RECIPE.replace("[language,", "[{language: {method: langdetect}}, {fineweb: {words: spacy}},"))
    assert {"langdetect", "spacy"} <= set(stages(plan.corpora["a"])[0].libraries)
    assert {"langdetect", "spacy"} <= set(plan.held_out["a"].libraries)
