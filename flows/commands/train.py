"""`maslin train`: runs on the recipe's mixtures."""

import argparse
from dataclasses import dataclass
from typing import TYPE_CHECKING

from maslin.flows.arguments import runs
from maslin.flows.job.arguments import JobOptions, add_job_arguments, add_tensorboard, check_tensorboard, recipe_with
from maslin.flows.shown.answers import Trained
from maslin.manifests.errors import UsageError

if TYPE_CHECKING:
    from maslin.flows.job.work import Job
    from maslin.manifests.recipe.recipe import Recipe


@dataclass(frozen=True)
class TrainOptions(JobOptions):
    """`mixture`, `seed`: only the runs of this one; None: of all."""

    mixture: str | None = None
    seed: int | None = None
    tensorboard: bool = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_job_arguments(parser)
    add_tensorboard(parser)
    parser.add_argument("--mixture", metavar="NAME", help="only this mixture (default: all)")
    parser.add_argument("--seed", type=int, metavar="N", help="only this seed (default: all of the recipe)")
    runs(parser, run, TrainOptions, Trained)


def run(options: TrainOptions) -> int:
    """Train the runs asked for, and print them."""
    from maslin.flows.job.work import carry_out

    return carry_out(job(options))


def job(options: TrainOptions) -> "Job":
    """Raises UsageError as `checked_recipe`."""
    from maslin.flows.job.planning import asked_runs, corpora, tokens_and_mixtures
    from maslin.flows.job.work import Job
    from maslin.flows.shown.results import print_runs, trained
    from maslin.manifests.plan import Plan, in_order
    from maslin.manifests.workspace import Step

    recipe = checked_recipe(options)

    def phases(plan: Plan) -> list[list[Step]]:
        if options.mixture is None:
            first, mixtures = corpora(plan), list(plan.mixtures)
        else:  # of the corpora only those it is made of
            first = [step for step in in_order([plan.mixtures[options.mixture]]) if step.kind == "corpus"]
            mixtures = [options.mixture]
        return [first, tokens_and_mixtures(plan, mixtures), asked_runs(plan, options.mixture, options.seed)]

    return Job("train", recipe, options, phases, trained, print_runs, tensorboard=options.tensorboard)


def checked_recipe(options: TrainOptions) -> "Recipe":
    """The recipe. Raises UsageError when it has no such mixture or seed, or nothing to train on."""
    recipe = recipe_with("mixtures", "train", options)
    if options.mixture is not None and options.mixture not in recipe.mixtures:
        raise UsageError(
            f"{recipe.path}: no mixture is called `{options.mixture}`; there are {', '.join(recipe.mixtures)}.")
    check_tensorboard(options.tensorboard)
    if options.seed is not None and options.seed not in range(recipe.training.seeds):
        raise UsageError(f"{recipe.path}: seed {options.seed} is not among 0 to {recipe.training.seeds - 1}.")
    return recipe
