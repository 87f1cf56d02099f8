"""`maslin compare`: all arms and seeds, scored on held-out documents, and the report."""

import argparse
from dataclasses import dataclass
from typing import TYPE_CHECKING

from maslin.flows.arguments import runs
from maslin.flows.job.arguments import JobOptions, add_job_arguments, add_tensorboard, check_tensorboard, recipe_with
from maslin.flows.shown.answers import Compared
from maslin.manifests.errors import RecipeError

if TYPE_CHECKING:
    from maslin.flows.job.work import Job
    from maslin.manifests.plan import Plan
    from maslin.manifests.workspace import Step


@dataclass(frozen=True)
class CompareOptions(JobOptions):
    """`final`: score on the closed test part of the held-out documents."""

    final: bool = False
    tensorboard: bool = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_job_arguments(parser)
    add_tensorboard(parser)
    parser.add_argument(
        "--final", action="store_true", help="score on the closed test part of the held-out documents: once")
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
        tensorboard=options.tensorboard, shown=shown)


def shown(plan: "Plan") -> "list[Step]":
    """What a verdict is read from: the report, and the evaluations that it is computed from."""
    assert plan.report is not None
    return [plan.report, *(step for step in plan.report.input_steps().values() if step.kind == "evaluation")]


def phases(plan: "Plan") -> "list[list[Step]]":
    """What a comparison builds: corpora, then tokens and mixtures, then all that the report is made from."""
    from maslin.flows.job.planning import corpora, tokens_and_mixtures

    assert plan.report is not None
    return [corpora(plan), tokens_and_mixtures(plan, plan.mixtures), [plan.report]]
