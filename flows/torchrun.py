"""`torchrun --standalone --nproc_per_node N -m maslin.flows.torchrun RECIPE`: train runs, each by all N processes
together.

What comes before the runs (`maslin mix RECIPE`) and after them (`maslin compare RECIPE`) is the command's own work.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from maslin.flows.arguments import add_workspace, run_parsed, runs, safe_path
from maslin.flows.commands.train import TrainOptions, checked_recipe
from maslin.flows.engine.build import missing_steps
from maslin.flows.engine.progress import ProgressBoard, Reporter
from maslin.flows.job.arguments import add_tensorboard
from maslin.flows.job.outcome import point_to_results
from maslin.flows.job.planning import asked_runs, make_plan, source_inputs
from maslin.flows.job.work import builder_arguments
from maslin.flows.shown.answers import Trained
from maslin.flows.shown.results import print_runs, trained
from maslin.flows.shown.text import print_json, say
from maslin.manifests.errors import MaslinError, UsageError
from maslin.manifests.workspace import Workspace
from maslin.trainer.runs.distributed import Together, process_group
from maslin.trainer.runs.train import train_one


@dataclass(frozen=True)
class Options:
    """As of `maslin train`. `shard`: FSDP2."""

    recipe: Path
    workspace: Path
    mixture: str | None = None
    seed: int | None = None
    limit: int | None = None
    tensorboard: bool = False
    shard: bool = False
    json: bool = False


def main(argv: Sequence[str] | None = None) -> int:
    """Train what is missing; returns the exit code, as `maslin train` does."""
    parser = argparse.ArgumentParser(prog="maslin.flows.torchrun", description=__doc__.splitlines()[0])
    parser.add_argument("recipe", type=safe_path, metavar="RECIPE")
    add_workspace(parser)
    parser.add_argument("--mixture", metavar="NAME", help="only this mixture (default: all)")
    parser.add_argument("--seed", type=int, metavar="N", help="only this seed (default: all of the recipe)")
    parser.add_argument("--limit", type=int, metavar="N", help="as in `maslin mix`")
    add_tensorboard(parser)
    parser.add_argument(
        "--shard", action="store_true", help="FSDP2: weights and moments in parts, for models too large for one device")
    runs(parser, run, Options, Trained)
    return run_parsed(parser.parse_args(argv))


def run(options: Options) -> int:
    """Join the processes that `torchrun` started, and train; the first of them tells of errors."""
    rank = 0
    try:
        with process_group(options.shard) as workers:
            rank = workers.rank
            _train(options, workers)
    except MaslinError as error:
        if rank == 0:
            say(str(error))
        return error.exit_code
    return 0


def _train(options: Options, workers: Together) -> None:
    recipe = checked_recipe(TrainOptions(
        options.recipe, options.workspace, mixture=options.mixture, seed=options.seed,
        tensorboard=options.tensorboard))
    if recipe.training.together > 1:
        raise UsageError(f"{recipe.place('training.together')}: seeds that train together do so on one device.")
    workspace = Workspace(options.workspace)
    inputs = source_inputs(recipe, workspace)
    plan = make_plan(recipe, inputs, workspace, options.limit)
    todo = missing_steps(asked_runs(plan, options.mixture, options.seed), workspace)
    if before := [step for step in todo if step.kind != "run"]:
        raise UsageError(f"{before[0].directory} is not built yet: `maslin mix {options.recipe}` does that.")
    workers.wait()  # until all have seen what is missing: the first one begins to build it
    extra = builder_arguments(plan, inputs, options.tensorboard)
    for step in todo:
        with _first_worker(workers, workspace, step.name, step.parameters["training"]["tokens"]):
            train_one(workspace, step, **extra(step), workers=workers)
        workers.wait()
    if workers.rank == 0:
        point_to_results(plan, workspace)
        answer = trained(plan, workspace)
        if options.json:
            print_json(answer)
        else:
            print_runs(answer)
        sys.stdout.flush()


@contextmanager
def _first_worker(workers: Together, workspace: Workspace, name: str, tokens: int) -> Iterator[None]:
    """The first worker holds the workspace and shows how far the run is."""
    if workers.rank > 0:
        yield
        return
    with workspace.writer("torchrun maslin.flows.torchrun"), ProgressBoard() as board:
        number = board.start(f"train {name} by {workers.size} workers", "tokens", tokens)
        with Reporter(board.pipe, number):
            yield
        board.finish(number)


if __name__ == "__main__":
    sys.exit(main())
