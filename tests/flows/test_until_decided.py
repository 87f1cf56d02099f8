"""`maslin compare --until-decided`: the plan is fixed before the first look and kept; rounds add to what there is."""

import json
from pathlib import Path

import pytest

from maslin.flows.cli import main
from maslin.manifests.files import read_json
from maslin.manifests.locks import read_lock
from tests.flows.kills import run_killed
from tests.flows.test_laws import content

RECIPE = """\
name: small
sources: {s: {kind: jsonl, paths: [s.jsonl]}, t: {kind: jsonl, paths: [t.jsonl]}}
tokenizer: {vocab_size: 300}
mixtures: {one: {s: 1}, two: {s: 0.5, t: 0.5}}
training: {tokens: 1024, seeds: 3, context_tokens: 32, batch_tokens: 64, optimizer: adamw, max_epochs: 1000}
comparison: {baseline: one, domains: [s], held_out_share: 0.2, test_share: 0.2}
"""
TEXTS = {"s": "{0} says that the river {1} is near the bridge {2}. ", "t": "{0}: 0x{1:08x} = {2} ** 2 + [{0}, {2}]; "}


def write(folder, *changes):
    """The recipe, with texts of two kinds that have little in common; changes are (old, new)."""
    folder.mkdir(exist_ok=True)
    for name, text in TEXTS.items():
        rows = [{"text": "".join(text.format(number, number * 7919 % 9973, number * part % 97) for part in range(3, 9))}
                for number in range(60)]
        (folder / f"{name}.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    recipe = RECIPE
    for old, new in changes:
        assert old in recipe
        recipe = recipe.replace(old, new)
    (folder / "r.yaml").write_text(recipe)
    return folder / "r.yaml"


def words(recipe, workspace, *more):
    return ["compare", str(recipe), "--workspace", str(workspace), "--prefect", "off", "--engine", "serial", *more]


def decide(recipe, workspace, *more):
    return main(words(recipe, workspace, "--until-decided", *more))


def plan_file(workspace):
    return next((workspace / "recipes").glob("*.rounds.json"))


def steps(workspace, kind):
    return sorted(path.name for path in (workspace / kind).iterdir())


@pytest.fixture(scope="module")
def spent(tmp_path_factory):
    """Arms that differ little: all three rounds are needed, and not enough."""
    folder = tmp_path_factory.mktemp("spent")
    recipe = write(folder, ("s: 0.5, t: 0.5", "s: 0.94, t: 0.06"), ("0.2}", "0.2, margin_percent: 0.001}"))
    assert decide(recipe, folder / "w") == 0
    return recipe, folder / "w"


@pytest.mark.slow
def test_rounds_are_added_until_they_are_spent_and_the_report_says_so(spent, capsys):
    recipe, workspace = spent
    before = content(workspace)
    capsys.readouterr()
    assert decide(recipe, workspace, "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    assert content(workspace) == before  # asked again: nothing is built
    rounds = answer["rounds"]
    assert (rounds["most"], rounds["ended"], [look["rounds"] for look in rounds["looks"]]) == (3, "spent", [2, 3])
    written = read_json(plan_file(workspace))
    assert written["digest"] == rounds["plan"]
    assert (written["plan"]["rounds"], written["plan"]["primary"], written["plan"]["arms"]) == (3, ["s"], ["two"])
    told = read_json(Path(answer["comparison"]))
    assert told["rounds"]["plan"]["digest"] == rounds["plan"] and len(told["rounds"]["looks"]) == 2
    page = Path(answer["report"]).read_text()
    assert rounds["plan"] in page and "the rounds are spent" in page
    assert len(steps(workspace, "report")) == 2 and len(steps(workspace, "run")) == 9
    assert len(read_lock(workspace, "small").groups["runs"]) == 9


@pytest.mark.slow
def test_the_last_round_has_the_runs_of_a_comparison_with_as_many_seeds(spent):
    recipe, workspace = spent
    runs = steps(workspace, "run"), steps(workspace, "evaluation")
    assert main(words(recipe, workspace)) == 0
    assert (steps(workspace, "run"), steps(workspace, "evaluation")) == runs and len(steps(workspace, "report")) == 3


@pytest.mark.slow
def test_another_maximum_is_refused_after_a_look(spent, capsys):
    recipe, workspace = spent
    for more in (["--rounds", "4"], ["--budget-minutes", "90"]):
        assert decide(recipe, workspace, *more) == 2
        assert "planned with at most 3 rounds" in capsys.readouterr().err
    assert decide(recipe, workspace, "--rounds", "3") == 0
    assert read_json(plan_file(workspace))["plan"]["rounds"] == 3


@pytest.mark.slow
def test_killed_it_goes_on_with_the_plan_that_it_had(spent, tmp_path):
    recipe, whole = spent
    kills, _ = run_killed(words(recipe, tmp_path / "killed", "--until-decided"), {"report": {2}, "evaluation": {15}})
    assert kills == 2
    assert read_json(plan_file(tmp_path / "killed")) == read_json(plan_file(whole))
    built = content(whole)
    assert content(tmp_path / "killed").items() <= built.items()
    assert steps(tmp_path / "killed", "run") == steps(whole, "run")


@pytest.mark.slow
def test_a_plan_that_was_not_looked_at_can_be_changed_and_a_changed_file_is_not_believed(spent, tmp_path, capsys):
    recipe, workspace = spent
    assert decide(recipe, tmp_path / "w", "--rounds", "4", "--dry-run") == 0
    assert not (tmp_path / "w" / "recipes").exists() or not list((tmp_path / "w" / "recipes").glob("*.rounds.json"))
    printed = capsys.readouterr().out
    assert "at most 4 rounds" in printed and "100.0%" in printed and "run         build 12" in printed
    text = plan_file(workspace).read_text()
    try:
        plan_file(workspace).write_text(text.replace('"rounds": 3', '"rounds": 9'))
        assert decide(recipe, workspace) == 3
    finally:
        plan_file(workspace).write_text(text)


@pytest.mark.slow
def test_a_large_difference_is_decided_before_the_rounds_are_spent(tmp_path, capsys):
    recipe = write(tmp_path, ("two: {s: 0.5, t: 0.5}", "two: {t: 1}"), ("tokens: 1024", "tokens: 4096"))
    assert decide(recipe, tmp_path / "w", "--rounds", "5", "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["verdicts"] == {"two": {"s": "worse"}}
    looks = [look["rounds"] for look in answer["rounds"]["looks"]]
    assert answer["rounds"]["ended"] == "settled" and looks[-1] < 5
    assert len(steps(tmp_path / "w", "run")) == 3 * looks[-1] and len(steps(tmp_path / "w", "report")) == len(looks)
    assert f"Settled after {looks[-1]} rounds" in " ".join(answer["verdict"])


@pytest.mark.slow
def test_minutes_become_rounds_by_the_rate_measured_here_before_anything_is_trained(tmp_path, capsys):
    recipe = write(tmp_path)
    assert decide(recipe, tmp_path / "w", "--budget-minutes", "0.01") == 2
    assert "the least that can be looked at" in capsys.readouterr().err
    assert not (tmp_path / "w" / "run").exists() and (tmp_path / "w" / "mixture").exists()
    assert decide(recipe, tmp_path / "w", "--budget-minutes", "2", "--dry-run", "--json") == 0
    few = json.loads(capsys.readouterr().out)["rounds"]["most"]
    assert decide(recipe, tmp_path / "w", "--budget-minutes", "60", "--dry-run", "--json") == 0
    assert 2 <= few < json.loads(capsys.readouterr().out)["rounds"]["most"] <= 50


@pytest.mark.parametrize(("changes", "more", "said"), [
    ([], ["--rounds", "1"], "from 2, as one run a side gives no interval, to 50"),
    ([], ["--rounds", "51"], "51 rounds"),
    ([("seeds: 3", "seeds: 1")], [], "training.seeds"),
    ([("seeds: 3", "seeds: 3, together: 3")], [], "one round at a time"),
    ([(", two: {s: 0.5, t: 0.5}", "")], [], "nothing to decide")])
def test_what_makes_no_sense_is_refused(tmp_path, capsys, changes, more, said):
    assert decide(write(tmp_path, *changes), tmp_path / "w", *more) == 2
    assert said in capsys.readouterr().err


def test_a_maximum_without_until_decided_is_refused_and_so_are_two(tmp_path, capsys):
    assert main(words(write(tmp_path), tmp_path / "w", "--rounds", "3")) == 2
    assert "--until-decided" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        decide(tmp_path / "r.yaml", tmp_path / "w", "--rounds", "3", "--budget-minutes", "5")
