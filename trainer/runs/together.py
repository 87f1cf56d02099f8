"""Several seeds of a mixture trained as one stack, and each taken out as a run of its own."""

import shutil

from maslin.manifests.files import atomic_path
from maslin.manifests.manifest import Manifest
from maslin.manifests.soundness import checked
from maslin.manifests.workspace import Mapper, ShardResult, Step, Workspace, commit, read_measured, run_shards
from maslin.trainer.runs.loop import train
from maslin.trainer.runs.task import task_of


def build_stack(step: Step, workspace: Workspace, mapper: Mapper) -> Manifest:
    """Train the runs of a `stack` step, each below `s<seed>/`; returns its manifest."""
    training = step.parameters["training"]
    total = len(step.parameters["seeds"]) * training["tokens"]
    (result,) = run_shards(
        workspace.path(step), train_stack, [(workspace, step)], mapper, f"train {step.name}", total=total,
        unit="tokens")
    return commit(
        workspace.path(step), step, result["files"], sizes={"tokens": total}, summary={"runs": result["runs"]},
        measured=result["measured"])


def train_stack(given: tuple[Workspace, Step]) -> ShardResult:
    """Train all runs of a stack, going on from the newest checkpoint that all have; runs in a worker process."""
    workspace, step = given
    task = task_of(step, workspace, step.parameters["seeds"])
    results = train(task)
    return {
        "files": [{**entry, "path": f"{root.name}/{entry['path']}"}
                  for root, result in zip(task.roots, results, strict=True) for entry in result.files],
        "runs": {
            str(seed): {"sizes": result.sizes, "summary": result.summary}
            for seed, result in zip(task.seeds, results, strict=True)},
        "measured": results[0].measured,
    }


def take_from_stack(step: Step, stack: Step, workspace: Workspace) -> Manifest:
    """Commit a run that a stack trained, with a copy of its files; returns its manifest."""
    source, root = workspace.path(stack) / f"s{step.parameters['seed']}", workspace.path(step)
    entries = []
    for entry in workspace.manifest(stack).files:
        folder, _, name = entry.path.partition("/")
        if folder == source.name:
            with atomic_path(root / name) as temporary:
                shutil.copyfile(checked(source / name), temporary)
            entries.append({**entry.to_json(), "path": name})
    run = workspace.manifest(stack).summary["runs"][str(step.parameters["seed"])]
    return commit(
        root, step, entries, sizes=run["sizes"], summary=run["summary"],
        measured=read_measured(workspace.path(stack)))
