"""`torchrun --standalone --nproc_per_node N -m maslin.flows.torchrun RECIPE`: train runs, each by all N processes
together.

What comes before the runs (`maslin mix RECIPE`) and after them (`maslin compare RECIPE`) is the command's own work.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from maslin.flows.cli import DEFAULT_WORKSPACE
from maslin.flows.commands import job
from maslin.flows.engine.build import missing_steps
from maslin.flows.engine.progress import ProgressBoard, Reporter
from maslin.manifests.errors import MaslinError, UsageError
from maslin.manifests.recipe.reading import read_recipe
from maslin.manifests.workspace import Workspace
from maslin.trainer.runs.distributed import Together, process_group
from maslin.trainer.runs.train import train_one


def main(argv: Sequence[str] | None = None) -> int:
    """Train what is missing; returns the exit code, as `maslin train` does."""
    parser = argparse.ArgumentParser(prog="maslin.flows.torchrun", description=__doc__.splitlines()[0])
    parser.add_argument("recipe", type=Path, metavar="RECIPE")
    parser.add_argument("--workspace", type=Path, default=DEFAULT_WORKSPACE, metavar="DIR")
    parser.add_argument("--mixture", metavar="NAME", help="only this mixture (default: all)")
    parser.add_argument("--seed", type=int, metavar="N", help="only this seed (default: all of the recipe)")
    parser.add_argument("--limit", type=int, metavar="N", help="as in `maslin mix`")
    parser.add_argument("--tensorboard", action="store_true")
    parser.add_argument(
        "--shard", action="store_true", help="FSDP2: weights and moments in parts, for models too large for one device")
    arguments = parser.parse_args(argv)
    rank = 0
    try:
        with process_group(arguments.shard) as workers:
            rank = workers.rank
            _train(arguments, workers)
    except MaslinError as error:
        if rank == 0:
            print(f"maslin: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def _train(arguments: argparse.Namespace, workers: Together) -> None:
    recipe, workspace = read_recipe(arguments.recipe), Workspace(arguments.workspace)
    options = job.Options(
        "train", arguments.recipe, arguments.workspace, mixture=arguments.mixture, seed=arguments.seed,
        limit=arguments.limit, tensorboard=arguments.tensorboard)
    job.check_command(recipe, options)
    if recipe.training.together > 1:
        raise UsageError(f"{recipe.place('training')}.together: seeds that train together do so on one device.")
    plan = job.make_plan(recipe, job.source_inputs(recipe, workspace), options)
    todo = missing_steps(job.asked_runs(plan, options), workspace)
    if before := [step for step in todo if step.kind != "run"]:
        raise UsageError(f"{before[0].directory} is not built yet: `maslin mix {arguments.recipe}` does that.")
    workers.wait()  # until all have seen what is missing: the first one begins to build it
    for step in todo:
        with _first_worker(workers, workspace, step.name, step.parameters["training"]["tokens"]):
            train_one(workspace, step, **job.run_arguments(plan, options), workers=workers)
        workers.wait()
    if workers.rank == 0:
        job.write_lock_file(plan, workspace)
        job.print_result(plan, options, workspace)


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
