"""`maslin manifest show`: what a mixture's manifest says, for people."""

from maslin.flows.commands.manifest import ShowOptions, show
from tests.token_steps import mixture


def test_stages_and_a_simulated_target_are_in_the_manifest_and_shown(tmp_path, capsys):
    stages = [{"until": 0.5, "weights": {"a": 1.0}}, {"until": 1.0, "weights": {"b": 1.0}}]
    workspace, step = mixture(
        tmp_path, {"a": 0.5, "b": 0.5}, {"a": 40, "b": 20}, budget=1000, stages=stages, simulate_target_tokens=5000)
    about = workspace.manifest(step).summary
    assert [stage["until_tokens"] for stage in about["stages"]] == [500, 1000]
    there = about["corpora"]["a"]["tokens_available"]
    assert about["corpora"]["a"]["epochs"] == 2500 / there
    assert about["corpora"]["a"]["tokens_used"] == round(there / 5) and about["corpora"]["a"]["tokens_planned"] == 500
    assert show(ShowOptions(str(workspace.path(step)), workspace.root)) == 0
    shown = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["a", "1.000", "0.000"] in shown and ["b", "0.000", "1.000"] in shown
    assert "tokens_used" in next(line for line in shown if line[:1] == ["corpus"])
