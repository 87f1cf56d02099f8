"""Which stage each step is of: few for a recipe, every step of one, what corpora share with the first of them."""

from collections import Counter

from maslin.flows.job.planning import make_plan, read_checked, source_inputs
from maslin.flows.tracking.stages import stages_of
from maslin.manifests.plan import in_order
from maslin.manifests.workspace import Workspace
from tests.flows.small_inputs import write_all


def test_stages_of_a_recipe(tmp_path):
    (tmp_path / "inputs").mkdir()
    recipe, workspace = read_checked(write_all(tmp_path / "inputs")), Workspace(tmp_path / "ws")
    plan = make_plan(recipe, source_inputs(recipe, workspace), workspace)
    steps = in_order([plan.report])
    stages = stages_of(steps, plan)
    assert stages.keys() == {step.directory for step in steps}
    named = Counter(map(str, stages.values()))
    runs = {f"run {arm}-s{seed}" for arm, seeds in (("text-only", 4), ("with-code", 2)) for seed in range(seeds)}
    assert named.keys() == runs | {
        "ingest web", "ingest wiki", "ingest code", "corpus web-no-code", "corpus web-code", "corpus wiki",
        "corpus code", "tokens small", "report small"}
    assert all(named[run] == 2 for run in runs)  # and its evaluation
    shared = [step for step in steps if step.kind == "split" and step.name == "web"]
    assert [str(stages[step.directory]) for step in shared] == ["corpus web-no-code"]
