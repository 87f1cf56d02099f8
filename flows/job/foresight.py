"""What a comparison or training would end with, told before anything is trained."""

from collections.abc import Callable, Sequence

from maslin.manifests.plan import Plan
from maslin.manifests.workspace import Mapper, Step, Workspace


def foreseen(
    plan: Plan, steps: Sequence[Step], workspace: Workspace, mapper: Mapper, say: Callable[[str], None],
) -> list[str]:
    """Problems, a sentence each, of the runs and evaluations among the steps to build; `say` hears of lesser ones.

    Corpora, held-out documents and mixtures have to be built.
    """
    from maslin.trainer.comparison.foresight import unscored_domains
    from maslin.trainer.runs.foresight import problems_of_runs

    runs = {name: run for name, run in plan.runs.items() if workspace.is_complete(run.input_steps()["mixture"])}
    comparison = plan.recipe.comparison if any(step.kind == "evaluation" for step in steps) else None
    arms = {arm: plan.groups[arm][0] for arm in plan.recipe.mixtures} if comparison is not None else {}
    problems = problems_of_runs(runs, arms, comparison.baseline if comparison else None, workspace, mapper)
    if comparison is None or problems:
        return problems
    evaluation = next(iter(plan.evaluations.values())).parameters
    unscored = unscored_domains(plan.held_out, evaluation, workspace, mapper)
    told = [
        f"domain {domain}: no document of the {evaluation['split']} part of its {documents:,} held-out documents can "
        f"be scored. Raise comparison.held_out_share{' or max_bytes_per_domain' if documents else ''}, or leave it out."
        for domain, documents in unscored.items()]
    if len(unscored) == len(plan.held_out):
        return told
    for line in told:
        say(f"{line} Its verdict will be undecided.", "warning")
    return []
