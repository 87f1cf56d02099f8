"""`maslin curate`: raw inputs to corpora."""

import argparse
from typing import TYPE_CHECKING

from maslin.flows.arguments import runs
from maslin.flows.job.arguments import JobOptions, add_job_arguments
from maslin.flows.shown.answers import Curated

if TYPE_CHECKING:
    from maslin.flows.job.work import Job


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_job_arguments(parser)
    runs(parser, run, JobOptions, Curated)


def run(options: JobOptions) -> int:
    """Build the recipe's corpora; print what each rule removed."""
    from maslin.flows.job.work import carry_out

    return carry_out(job(options))


def job(options: JobOptions) -> "Job":
    """What the command wants of the recipe."""
    from maslin.flows.job.planning import corpora, read_checked
    from maslin.flows.job.work import Job
    from maslin.flows.shown.results import curated, print_corpora

    return Job(
        "curate", read_checked(options.recipe), options, lambda plan: [corpora(plan)], curated, print_corpora)
