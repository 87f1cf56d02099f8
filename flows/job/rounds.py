"""A comparison that grows round by round: its plan, written down before the first look, and the steps of each look.

A round is one seed more for every arm and for the A/A control. The runs of the last round are those of a comparison
with as many seeds, so that all its looks and that comparison share them.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from maslin.flows.job.arguments import JobOptions
from maslin.flows.job.planning import make_plan
from maslin.flows.shown.text import say
from maslin.manifests.errors import UsageError
from maslin.manifests.files import read_sealed, sealed, write_json
from maslin.manifests.identity import digest, digest_of
from maslin.manifests.plan import Plan
from maslin.manifests.recipe.inputs import InputFile
from maslin.manifests.recipe.recipe import Recipe
from maslin.manifests.workspace import Workspace
from maslin.trainer.comparison.detectable import ALPHA
from maslin.trainer.comparison.rounds import FIRST_LOOK, MOST_ROUNDS, SPENDING_POWER, RoundsPlan

SUFFIX = ".rounds.json"

Inputs = dict[str, list[InputFile]]


@dataclass(frozen=True)
class Rounds:
    """What is asked for: `most` rounds at most, or as many as fit into `minutes`; else as many as there are seeds."""

    recipe: Recipe
    options: JobOptions
    final: bool
    most: int | None = None
    minutes: float | None = None

    def first(self, inputs: Inputs, workspace: Workspace) -> Plan:
        """The steps of the last look that was reported, or of the first one. Fixes the plan, if that was not done."""
        fixed = self._fixed(inputs, workspace, write=True)
        looks = [self._at(done, fixed, inputs, workspace) for done in range(FIRST_LOOK, fixed.rounds + 1)]
        return next((plan for plan in reversed(looks) if plan.report and workspace.is_complete(plan.report)), looks[0])

    def after(self, plan: Plan, inputs: Inputs, workspace: Workspace) -> Plan | None:
        """The steps of the look after the one of a plan that is built; None when that was the last."""
        assert plan.report is not None and plan.recipe.comparison is not None
        if workspace.manifest(plan.report).summary["rounds"]["ended"]:
            return None
        done = len(plan.groups[plan.recipe.comparison.baseline])
        return self._at(done + 1, RoundsPlan.from_json(plan.report.parameters["rounds"]), inputs, workspace)

    def whole(self, inputs: Inputs, workspace: Workspace) -> Plan:
        """The steps of all rounds, for `--dry-run`: nothing is fixed."""
        fixed = self._fixed(inputs, workspace, write=False)
        return self._at(fixed.rounds, fixed, inputs, workspace)

    def _at(self, done: int, fixed: RoundsPlan, inputs: Inputs, workspace: Workspace) -> Plan:
        recipe = replace(self.recipe, training=replace(self.recipe.training, seeds=fixed.rounds))
        return make_plan(recipe, inputs, workspace, self.options.limit, self.final, fixed, done)

    def _fixed(self, inputs: Inputs, workspace: Workspace, write: bool) -> RoundsPlan:
        """The plan that was written down for what is compared here, or a new one.

        Raises UsageError where another maximum is asked for after a look.
        """
        question = question_of(make_plan(self.recipe, inputs, workspace, self.options.limit, self.final))
        path = next((workspace.root / "recipes").glob(f"*.{question}{SUFFIX}"), None)
        if path is not None:
            known = read_plan(path)
            if self.most in (None, known.rounds) and self.minutes in (None, known.minutes):
                say(f"at most {known.rounds} rounds, as planned: {path}")
                return known
            if _was_looked_at(known, workspace):
                raise UsageError(
                    f"this comparison was planned with at most {known.rounds} rounds (plan {known.digest}, {path}), "
                    "and has been looked at: a maximum chosen now would be chosen by what was seen. Leave out --rounds "
                    "and --budget-minutes to go on as planned. Another maximum needs a comparison of its own, in "
                    "another workspace.")
        most, seconds = self._most(inputs, workspace)
        comparison = self.recipe.comparison
        assert comparison is not None
        unfixed = RoundsPlan(most, "", self.minutes)
        runs = self._at(most, unfixed, inputs, workspace).evaluations.values()
        scored_before = sum(workspace.is_complete(step) for step in runs)
        body: dict[str, Any] = {
            **replace(unfixed, scored_before=scored_before).to_json(), "compared": question, "alpha": ALPHA,
            "power": SPENDING_POWER, "arms": [arm for arm in self.recipe.mixtures if arm != comparison.baseline],
            "baseline": comparison.baseline, "primary": list(comparison.primary or comparison.domains),
            "margin_percent": comparison.margin_percent, "metric": comparison.metric}
        del body["digest"]
        fixed = RoundsPlan(most, digest(body), self.minutes, scored_before)
        if write:
            path = path or workspace.root / "recipes" / f"{self.recipe.name}.{question}{SUFFIX}"
            with workspace.writer(f"maslin compare {self.options.recipe}"):  # no other command is at work on another
                write_json(path, sealed({"plan": body, "digest": fixed.digest, **seconds}))
            say(f"at most {most} rounds: plan {fixed.digest}, written to {path} before the first look")
        return fixed

    def _most(self, inputs: Inputs, workspace: Workspace) -> tuple[int, dict[str, float]]:
        """The maximum of rounds, and what rounds take as far as it was reckoned from that."""
        if self.minutes is None:
            return self.most or self.recipe.training.seeds, {}
        from maslin.flows.forecast.rounds import seconds_of_rounds  # here: nothing else needs a forecast

        two, three = (self._at(done, RoundsPlan(done, ""), inputs, workspace) for done in (FIRST_LOOK, FIRST_LOOK + 1))
        first, each = seconds_of_rounds(two, three, workspace, inputs, self.options)
        most = FIRST_LOOK + int((60 * self.minutes - first) // each)
        if most < FIRST_LOOK:
            raise UsageError(
                f"--budget-minutes {self.minutes:g}: {FIRST_LOOK} rounds, the least that can be looked at, take about "
                f"{first / 60:.1f} minutes here, and each more {each / 60:.1f}.")
        return min(most, MOST_ROUNDS), {"first_look_seconds": round(first, 1), "round_seconds": round(each, 1)}


def question_of(plan: Plan) -> str:
    """A digest of what is compared, whatever the number of seeds and the names: the first run of each arm, scored."""
    comparison = plan.recipe.comparison
    assert comparison is not None
    scored = {arm: digest_of(plan.evaluations[plan.groups[arm][0]].directory) for arm in plan.recipe.mixtures}
    baseline = scored.pop(comparison.baseline)
    return digest([baseline, sorted(scored.values()), sorted(comparison.primary or comparison.domains),
                   comparison.margin_percent])


def read_plan(path: Path) -> RoundsPlan:
    """A plan as it was written down. Raises DamagedError for one that was changed since."""
    value = read_sealed(path, "Without it nobody can tell what was planned: bring it back, or compare anew in another "
                              "workspace.")
    return RoundsPlan.from_json({**value["plan"], "digest": value["digest"]})


def _was_looked_at(plan: RoundsPlan, workspace: Workspace) -> bool:
    """Whether there is a report by it, sound or not."""
    manifests = workspace.root.glob("report/*@*/manifest.json")
    return any(plan.digest.encode() in path.read_bytes() for path in manifests)
