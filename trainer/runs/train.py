"""Build runs: one mixture, one seed each; several at a time, each in a process of its own."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from maslin.manifests.manifest import Manifest
from maslin.manifests.workspace import Mapper, ShardResult, Step, Workspace, commit
from maslin.trainer.runs.task import task_of

if TYPE_CHECKING:
    from maslin.trainer.runs.workers import Alone


def build_run(
    step: Step, workspace: Workspace, mapper: Mapper, tensorboard: bool = False, initial: Path | None = None,
) -> Manifest:
    """Train one run; returns its manifest. Interrupted, it goes on from its newest checkpoint."""
    stack = step.inputs.get("stack")
    if isinstance(stack, Step):
        from maslin.trainer.runs.together import take_from_stack  # torch takes seconds to import

        return take_from_stack(step, stack, workspace)
    return train_runs([step], workspace, mapper, tensorboard, initial)[0]


def train_runs(
    steps: Sequence[Step], workspace: Workspace, mapper: Mapper, tensorboard: bool = False,
    initial: Path | None = None,
) -> list[Manifest]:
    """Train runs, one task each for `mapper`; returns their manifests. Finished ones are not run again.

    `tensorboard`: write event files beside the metrics, too. `initial`: weights to begin with, those that the steps'
    input `initial_model` stands for.
    """
    todo = [step for step in steps if not workspace.is_complete(step)]
    total = sum(step.parameters["training"]["tokens"] for step in todo)
    label = f"train {todo[0].name}" if len(todo) == 1 else f"train {len(todo)} runs"
    if todo:
        train = partial(train_one, workspace, tensorboard=tensorboard, initial=initial)
        mapper(train, todo, label, total=total, unit="tokens")
    return [workspace.manifest(step) for step in steps]


def train_one(
    workspace: Workspace, step: Step, tensorboard: bool = False, initial: Path | None = None,
    workers: "Alone | None" = None,
) -> ShardResult:
    """Train and commit one run: runs in a worker process, or in each of several `workers` that share it."""
    from maslin.trainer.runs.loop import train  # torch takes seconds to import: the command itself never needs it
    from maslin.trainer.runs.workers import ALONE

    task = task_of(step, workspace, [step.parameters["seed"]], initial=initial, tensorboard=tensorboard)
    for result in train(task, workers or ALONE):
        commit(
            task.directory, step, result.files, sizes=result.sizes, summary=result.summary, measured=result.measured)
    return {}
