"""What rounds of a growing comparison take, from the rates that were measured here."""

from collections.abc import Mapping, Sequence

from maslin.flows.forecast.costs import REPORT, SCORE, TRAIN
from maslin.flows.forecast.forecast import forecast
from maslin.flows.job.arguments import JobOptions
from maslin.manifests.errors import UsageError
from maslin.manifests.plan import Plan
from maslin.manifests.recipe.inputs import InputFile
from maslin.manifests.workspace import Step, Workspace


def seconds_of_rounds(
    first: Plan, longer: Plan, workspace: Workspace, inputs: Mapping[str, Sequence[InputFile]], options: JobOptions,
) -> tuple[float, float]:
    """Of the rounds of the first look, and of each more, which the other plan has: training, scoring and the report.

    Counts as if nothing of it were there. Raises UsageError when the rate of training cannot be measured.
    """
    def seconds(plan: Plan, runs: Sequence[str]) -> float:
        steps: list[Step] = [each[name] for each in (plan.runs, plan.evaluations) for name in runs]
        assert plan.report is not None
        found = forecast(plan, [*steps, plan.report], steps, workspace, inputs, options)
        if found.problems:
            raise UsageError(f"--budget-minutes: {'; '.join(found.problems)}. Give --rounds instead.")
        return sum(cost.seconds for cost in found.costs if cost.stage in (TRAIN, SCORE, REPORT))

    more = [name for mixture in longer.groups.values() for name in mixture[len(next(iter(first.groups.values()))):]]
    return seconds(first, list(first.runs)), seconds(longer, [
        name for name in longer.runs if any(name == run or name.startswith(f"{run}-") for run in more)])
