"""`maslin mix`: corpora to token shards and mixture manifests."""

import argparse
from typing import TYPE_CHECKING

from maslin.flows.arguments import runs
from maslin.flows.job.arguments import JobOptions, add_job_arguments, recipe_with
from maslin.flows.shown.answers import Mixed

if TYPE_CHECKING:
    from maslin.flows.job.work import Job


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_job_arguments(parser)
    runs(parser, run, JobOptions, Mixed)


def run(options: JobOptions) -> int:
    """Build the token shards and the manifests of all mixtures of the recipe, and print them."""
    from maslin.flows.job.work import carry_out

    return carry_out(job(options))


def job(options: JobOptions) -> "Job":
    """Raises UsageError when the recipe has no mixtures."""
    from maslin.flows.job.planning import corpora, tokens_and_mixtures
    from maslin.flows.job.work import Job
    from maslin.flows.shown.results import mixed, print_mixtures

    recipe = recipe_with("mixtures", "mix", options)
    return Job(
        "mix", recipe, options, lambda plan: [corpora(plan), tokens_and_mixtures(plan, plan.mixtures)], mixed,
        print_mixtures)
