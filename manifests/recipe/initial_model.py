"""The model that runs go on from: a finished run's, or one of its checkpoints, known by its content."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from maslin.manifests.errors import UsageError
from maslin.manifests.identity import digest
from maslin.manifests.workspace import Workspace, is_complete, is_current, read_manifest

CONFIG = "model/config.json"
WEIGHTS = "model/model.safetensors"


@dataclass(frozen=True)
class InitialModel:
    """`weights` is a file of the run `run`; `digest` covers its content and the model's configuration.

    `model` is the shape as the run's parameters state it, `tokenizer` the tokenizer.json of the run's tokens.
    """

    run: Path
    weights: Path
    digest: str
    model: dict[str, Any]
    tokenizer: Path


def find_initial_model(wanted: str, beside: Path, workspace: Workspace) -> InitialModel:
    """A run's directory, a file in its `checkpoints/`, or the name of a run in the workspace (`text-only-s0`).

    Paths are looked for beside the recipe, then in the workspace. Raises UsageError when there is no such run, several
    bear the name, or its files are not as its manifest says.
    """
    path = _find(wanted, beside, workspace)
    run = path.parent.parent if path.is_file() else path
    if not is_complete(run):
        raise UsageError(f"{run}: no finished run.")
    manifest = read_manifest(run)
    if manifest.kind != "run":
        raise UsageError(f"{run}: holds {manifest.kind}, not a run.")
    weights = path.relative_to(run).as_posix() if path.is_file() else WEIGHTS
    entries = {entry.path: entry for entry in manifest.files}
    for name in (weights, CONFIG):
        if name not in entries:
            raise UsageError(f"{run / name}: not among the files that the run's manifest names.")
        file = run / name
        if not file.is_file() or file.stat().st_size != entries[name].bytes:
            raise UsageError(f"{file}: missing or not {entries[name].bytes:,} bytes as the run's manifest says.")
    return InitialModel(
        run, run / weights, digest({name: entries[name].xxh3_128 for name in (weights, CONFIG)}),
        manifest.parameters["model"], run.resolve().parents[1] / manifest.inputs["tokenizer"] / "tokenizer.json")


def _find(wanted: str, beside: Path, workspace: Workspace) -> Path:
    for root in (beside, workspace.root):
        if (path := root / wanted).exists():
            return path
    named = [path for path in sorted((workspace.root / "run").glob(f"{wanted}@*")) if is_current(path)]
    if len(named) > 1:
        raise UsageError(
            f"{len(named)} finished runs are called `{wanted}`: give the directory of one, "
            f"{' or '.join(f'run/{path.name}' for path in named)}.")
    if not named:
        raise UsageError(f"`{wanted}` is neither a path nor the name of a finished run in {workspace.root}.")
    return named[0]
