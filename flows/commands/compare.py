"""`maslin compare`: all arms and seeds, scored on held-out documents, and the report; or by rounds, until decided."""

import argparse
from dataclasses import dataclass
from typing import TYPE_CHECKING

from maslin.flows.arguments import above_zero, positive, runs
from maslin.flows.job.arguments import JobOptions, add_job_arguments, add_tensorboard, check_tensorboard, recipe_with
from maslin.flows.shown.answers import Compared
from maslin.manifests.errors import RecipeError, UsageError

if TYPE_CHECKING:
    from maslin.flows.job.rounds import Rounds
    from maslin.flows.job.work import Job
    from maslin.manifests.plan import Plan
    from maslin.manifests.recipe.recipe import Recipe
    from maslin.manifests.workspace import Step


@dataclass(frozen=True)
class CompareOptions(JobOptions):
    """`final`: score on the closed test part of the held-out documents.

    `until_decided`: seeds are added one round at a time, of at most `rounds`, or as many as fit into `budget_minutes`.
    """

    final: bool = False
    tensorboard: bool = False
    until_decided: bool = False
    rounds: int | None = None
    budget_minutes: float | None = None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_job_arguments(parser)
    add_tensorboard(parser)
    parser.add_argument(
        "--final", action="store_true", help="score on the closed test part of the held-out documents: once")
    parser.add_argument(
        "--until-decided", action="store_true",
        help="add seeds one round at a time and look after each, until every claim is settled")
    most = parser.add_mutually_exclusive_group()
    most.add_argument(
        "--rounds", type=positive, metavar="N",
        help="with --until-decided: at most N rounds, fixed before the first look (default: the recipe's seeds)")
    most.add_argument(
        "--budget-minutes", type=above_zero, metavar="M",
        help="with --until-decided: as many rounds as fit into M minutes, by the rates measured here")
    runs(parser, run, CompareOptions, Compared)


def run(options: CompareOptions) -> int:
    """Train all arms and seeds, score them, write the report, and print the verdict."""
    from maslin.flows.job.work import carry_out

    return carry_out(job(options))


def job(options: CompareOptions) -> "Job":
    """Raises UsageError when the recipe compares nothing, or nothing that can be compared."""
    from maslin.flows.job.work import Job
    from maslin.flows.shown.results import compared, print_verdict
    from maslin.trainer.models.known import ARCHITECTURES, decoders

    recipe = recipe_with("comparison", "compare", options)
    if not ARCHITECTURES[recipe.training.architecture].is_decoder:
        raise RecipeError(
            f"{recipe.place('training.architecture')}: {recipe.training.architecture} gives a document no probability, "
            f"so there is nothing to compare by: compare with {' or '.join(decoders())} "
            "(`maslin train` trains it).")
    check_tensorboard(options.tensorboard)
    return Job(
        "compare", recipe, options, phases, compared, print_verdict, final=options.final,
        tensorboard=options.tensorboard, shown=shown, rounds=_rounds(options, recipe))


def _rounds(options: CompareOptions, recipe: "Recipe") -> "Rounds | None":
    """Raises UsageError for a comparison that cannot grow round by round."""
    from maslin.flows.job.rounds import Rounds
    from maslin.trainer.comparison.rounds import FIRST_LOOK, MOST_ROUNDS

    if not options.until_decided:
        if options.rounds is not None or options.budget_minutes is not None:
            raise UsageError("--rounds and --budget-minutes say how far --until-decided goes: give it, too.")
        return None
    if options.rounds is not None and options.budget_minutes is not None:
        raise UsageError("--rounds and --budget-minutes both say how far --until-decided goes: give one of them.")
    if len(recipe.mixtures) < 2:
        raise UsageError(f"{recipe.path}: there is no arm beside the baseline, so nothing to decide.")
    if recipe.training.together > 1:
        raise UsageError(
            f"{recipe.place('training.together')}: seeds that train together cannot be added one round at a time, as "
            "--until-decided does: leave it out.")
    most = options.rounds or (recipe.training.seeds if options.budget_minutes is None else FIRST_LOOK)
    if not FIRST_LOOK <= most <= MOST_ROUNDS:
        raise UsageError(
            f"{'--rounds' if options.rounds else recipe.place('training.seeds')}: {most} rounds; it is from "
            f"{FIRST_LOOK}, as one run a side gives no interval, to {MOST_ROUNDS}.")
    return Rounds(recipe, options, options.final, options.rounds, options.budget_minutes)


def shown(plan: "Plan") -> "list[Step]":
    """What a verdict is read from: the report, and the evaluations that it is computed from."""
    assert plan.report is not None
    return [plan.report, *(step for step in plan.report.input_steps().values() if step.kind == "evaluation")]


def phases(plan: "Plan") -> "list[list[Step]]":
    """What a comparison builds: corpora, then tokens and mixtures, then all that the report is made from."""
    from maslin.flows.job.planning import corpora, tokens_and_mixtures

    assert plan.report is not None
    return [corpora(plan), tokens_and_mixtures(plan, plan.mixtures), [plan.report]]
