"""`--dry-run`: what it foretells of a small comparison, beside what the comparison then was."""

import json
import re

import pytest

from maslin.flows.cli import main
from maslin.flows.forecast.amounts import ASSUMED, COUNTED
from maslin.flows.forecast.costs import STAGES, run_bytes
from maslin.flows.forecast.rates import BUILT, RATES_NAME, STEPS, Rates
from maslin.flows.shown.foreseen import _duration, _short, _size
from maslin.manifests.files import disk_bytes, read_json
from maslin.manifests.workspace import Step, read_manifest

RECIPE = """\
name: small
sources: {s: {kind: jsonl, paths: [s.jsonl]}, t: {kind: jsonl, paths: [t.jsonl]}}
tokenizer: {vocab_size: 300}
mixtures: {one: {s: 1}, two: {s: 0.5, t: 0.5}}
training: {tokens: 1024, seeds: 2, context_tokens: 32, batch_tokens: 64, max_epochs: 1000}
comparison: {baseline: one, domains: [s], held_out_share: 0.2, test_share: 0.2}
"""


def write(folder, old="", new=""):
    for name in "st":
        rows = [{"text": f"{name} {number} says that the river {number % 7} is near the bridge {number % 11}. " * 3}
                for number in range(60)]
        (folder / f"{name}.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    assert old in RECIPE
    (folder / "r.yaml").write_text(RECIPE.replace(old, new, 1))
    return folder / "r.yaml"


def maslin(command, recipe, workspace, *more):
    how = ("--workspace", str(workspace), "--prefect", "off", "--engine", "serial")
    return main([command, str(recipe), *how, *more])


def foretold(capsys, command, recipe, workspace):
    capsys.readouterr()
    assert maslin(command, recipe, workspace, "--dry-run", "--json") == 0
    return json.loads(capsys.readouterr().out)


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("compared")
    assert maslin("compare", write(folder), folder / "w") == 0
    return folder


def test_where_nothing_was_built_a_few_steps_are_measured_once_and_the_rest_assumed(tmp_path, capsys):
    recipe = write(tmp_path)
    first = foretold(capsys, "compare", recipe, tmp_path / "w")
    by_stage = {row["stage"]: row for row in first["costs"]}
    assert list(by_stage) == list(STAGES) and by_stage["train"]["source"] == STEPS
    assert {row["source"] for stage, row in by_stage.items() if stage != "train"} == {ASSUMED}
    assert first["runs"] == 6 and first["tokens"] == 6 * 1024 and first["seconds"] > 0
    assert first["seconds"] == pytest.approx(sum(row["seconds"] for row in first["costs"]))
    assert all(row["share"] and row["effect"] is None for row in first["detectable"])
    before = (tmp_path / "w" / RATES_NAME).read_bytes()
    assert foretold(capsys, "compare", recipe, tmp_path / "w")["seconds"] == first["seconds"]
    assert (tmp_path / "w" / RATES_NAME).read_bytes() == before
    assert not list((tmp_path / "w").glob("*/*@*"))


def test_what_is_built_is_counted_and_the_rest_told_by_what_it_took(compared, capsys):
    recipe = write(compared, "tokens: 1024", "tokens: 2048")
    answer = foretold(capsys, "compare", recipe, compared / "w")
    by_stage = {row["stage"]: row for row in answer["costs"]}
    assert list(by_stage) == ["tokenize", "train", "score", "report", "around"]  # of mixtures on
    assert {row["source"] for row in answer["costs"]} == {BUILT}
    assert answer["documents"] == 120 and {row["source"] for row in answer["epochs"]} == {COUNTED}
    (s_alone,) = [row for row in answer["epochs"] if row["mixture"] == "one"]
    (tokens,) = [read_manifest(path) for path in (compared / "w" / "tokens").glob("s@*")]
    assert s_alone["tokens_there"] == tokens.sizes["tokens"]
    assert s_alone["epochs"] == pytest.approx(2048 / tokens.sizes["tokens"])
    (noise,) = answer["detectable"]
    assert noise["effect"] > 0 and "the A/A control of small@" in noise["source"]
    took = Rates(compared / "w").nearest(next(iter(
        kind for kind in read_json(compared / "w" / RATES_NAME)[_host()] if kind.startswith("train"))), 1)
    runs = 6 * 2048 / took.came["tokens_per_second"]
    assert by_stage["train"]["seconds"] == pytest.approx(runs, abs=6)


def _host():
    import platform

    return platform.node()


def test_what_runs_leave_on_the_disk_is_foretold(compared):
    (path,) = (compared / "w" / "run").glob("one-s0@*")
    manifest = read_manifest(path)
    step = Step("run", "one-s0", 1, manifest.parameters)
    assert manifest.parameters["training"]["optimizer"] == "muon"  # one moment of a matrix
    assert run_bytes(step, 300) == pytest.approx(disk_bytes(path), rel=0.1)


def test_nothing_to_build_takes_nothing(compared, capsys):
    answer = foretold(capsys, "compare", write(compared), compared / "w")
    assert answer["to_build"] == 0 and answer["costs"] == [] and answer["seconds"] == 0 == answer["disk_bytes"]


def test_an_hour_and_more_is_warned_of_and_so_are_too_many_epochs_and_a_single_seed(compared, capsys):
    recipe = write(compared, "tokens: 1024, seeds: 2", "tokens: 100_000_000, seeds: 1")
    warnings = foretold(capsys, "compare", recipe, compared / "w")["warnings"]
    assert re.match(r"this will take about [\d.,]+ (h|days), [\d.,]+ (h|days) of it to train", warnings[0])
    assert any("mixture one: it would read s about" in line and "max_epochs is 1000" in line for line in warnings)
    assert any("with one seed an arm" in line for line in warnings)


def test_people_read_the_same_in_words_and_digests_only_if_they_ask(compared, capsys):
    recipe = write(compared, "tokens: 1024", "tokens: 2048")
    capsys.readouterr()
    assert maslin("compare", recipe, compared / "w", "--dry-run") == 0
    told = capsys.readouterr().out
    assert "What it takes, with 1 workers: about " in told and "How two differs from one:" in told
    assert "Held out:" in told and "documents, by group of duplicates" in told
    assert "Epochs (at most 1000):" in told and "The smallest difference that 2 seeds find" in told
    assert told.endswith("steps to build; nothing was done (--dry-run)\n")
    assert not re.search(r"^\w+ +run/", told, re.MULTILINE)
    assert maslin("compare", recipe, compared / "w", "--dry-run", "--verbose") == 0
    assert re.search(r"^build  run/one-s0@[0-9a-f]{16}$", capsys.readouterr().out, re.MULTILINE)


def test_curating_alone_speaks_of_no_runs(tmp_path, capsys):
    answer = foretold(capsys, "curate", write(tmp_path), tmp_path / "w")
    assert answer["runs"] == 0 and answer["epochs"] == answer["detectable"] == answer["arms"] == []
    assert [row["stage"] for row in answer["costs"]] == ["read", "curate", "around"]


@pytest.mark.parametrize(("shown", "said"), [
    (_duration(0.2), "1 s"), (_duration(59), "59 s"), (_duration(90), "1.5 min"), (_duration(7200), "2.0 h"),
    (_duration(864000), "10.0 days"), (_size(999), "1 kB"), (_size(2.5e6), "2.5 MB"), (_size(3e12), "3.0 TB"),
    (_short(771), "771"), (_short(375_000), "375.0 k"), (_short(9_999), "9,999"), (_short(2e6), "2.0 M")])
def test_figures_are_short(shown, said):
    assert shown == said
