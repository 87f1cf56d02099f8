"""Checkpoints: weights, optimizer state and one integer, in safetensors (nothing is unpickled), written atomically.

Beside each lies a note, `step-00000100.json`: its checksum, and that of the metrics up to its step. A run goes on from
a checkpoint only while both are as they were written.
"""

import contextlib
import json
import math
import shutil
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import xxhash
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from maslin.manifests.errors import DamagedError, DataError, UsageError
from maslin.manifests.files import atomic_path, checksum, read_sealed, sealed, write_json
from maslin.manifests.soundness import checked
from maslin.trainer.models.model import LanguageModel
from maslin.trainer.runs.background import Background
from maslin.trainer.runs.metrics import METRICS_NAME, lines_until

KEPT = 2  # a checkpoint that the disk damaged leaves the one before


@dataclass(frozen=True)
class Checkpoint:
    """`step` optimizer steps are done; the sampler and the schedule need no more than that."""

    step: int
    weights: dict[str, torch.Tensor]
    moments: dict[str, torch.Tensor]


def checkpoint_path(root: Path, step: int) -> Path:
    return root / "checkpoints" / f"step-{step:08d}.safetensors"


def checkpoint_tensors(
    named_parameters: Iterable[tuple[str, torch.nn.Parameter]], optimizers: Sequence[torch.optim.Optimizer],
) -> dict[str, torch.Tensor]:
    """What a checkpoint holds, by name: weights, and the optimizers' moments of each."""
    parameters = dict(named_parameters)
    tensors = {f"model.{name}": parameter.detach() for name, parameter in parameters.items()}
    for name, parameter in parameters.items():
        for optimizer in optimizers:
            for key, value in optimizer.state.get(parameter, {}).items():
                if key != "step":
                    tensors[f"optimizer.{key}.{name}"] = value
    return tensors


def checkpoint_metadata(step: int, device: torch.device, mixture: str) -> dict[str, str]:
    """One key only: safetensors writes several in an order that changes from process to process."""
    return {"maslin": json.dumps({"step": step, "device": device.type, "mixture": mixture})}


def save_checkpoint(
    root: Path, step: int, model: LanguageModel, optimizers: Sequence[torch.optim.Optimizer], mixture: str,
    kept: int, branch_steps: Collection[int], background: Background,
) -> None:
    """Copy the state and go on; meanwhile a checkpoint is written and all but the newest `kept` and those at
    `branch_steps` are removed.

    `mixture` is the digest of what the run trains on.
    """
    tensors = copied(checkpoint_tensors(model.named_parameters(), optimizers))
    metadata = checkpoint_metadata(step, model.device, mixture)

    def write() -> None:
        write_checkpoint(checkpoint_path(root, step), tensors, metadata)
        remove_checkpoints(root, kept, branch_steps)

    background.run(write)


def copied(tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """In main memory, as they are now."""
    return {name: tensor.detach().to("cpu", copy=True) for name, tensor in tensors.items()}


def write_checkpoint(path: Path, tensors: dict[str, torch.Tensor], metadata: dict[str, str]) -> None:
    """Write a checkpoint and its note; the metrics of its steps are on the disk."""
    with atomic_path(path) as temporary:
        save_file({name: tensor.cpu().contiguous() for name, tensor in tensors.items()}, temporary, metadata)
    write_json(note_path(path), sealed(_note(path)))


def note_path(checkpoint: Path) -> Path:
    """The note beside a checkpoint."""
    return checkpoint.with_suffix(".json")


def _note(path: Path) -> dict[str, Any]:
    """What a checkpoint's note says, as its files are now."""
    metrics, state = path.parent.parent / METRICS_NAME, xxhash.xxh3_128()
    for line in lines_until(metrics, _step_of(path)) if metrics.is_file() else ():
        state.update(line)
    return {"xxh3_128": checksum(path), "metrics_xxh3_128": state.hexdigest()}


def _is_as_written(path: Path) -> bool:
    """Whether a checkpoint and the metrics up to it are as its note says."""
    if not note_path(path).is_file():
        return False
    with contextlib.suppress(DamagedError):
        return read_sealed(note_path(path), "The checkpoint before it is taken.") == _note(path)
    return False


def _step_of(path: Path) -> int:
    return int(path.stem.removeprefix("step-"))


def remove_checkpoints(root: Path, kept: int, branch_steps: Collection[int]) -> list[Path]:
    """Remove all checkpoints but the newest `kept` and those at `branch_steps`; returns the files of these."""
    paths = sorted((root / "checkpoints").glob("step-*.safetensors"))
    staying = {*paths[-kept:], *(checkpoint_path(root, step) for step in branch_steps)}
    for path in paths:
        if path not in staying:
            path.unlink()
            note_path(path).unlink(missing_ok=True)
    return [file for path in paths if path in staying for file in (path, note_path(path))]


def branch_off(trunk: Path, root: Path, step: int) -> None:
    """Let a run that has not begun in `root` go on from the checkpoint of `trunk` at `step`, with its metrics."""
    checkpoint = checkpoint_path(trunk, step)
    if checkpoint.is_file() and not any((root / "checkpoints").glob("step-*.safetensors")):
        names = (METRICS_NAME, note_path(checkpoint).relative_to(trunk), checkpoint.relative_to(trunk))
        for name in names:  # the checkpoint last: on it the run stands
            with atomic_path(root / name) as temporary:
                shutil.copyfile(checked(trunk / name), temporary)


def load_checkpoint(
    root: Path, device: torch.device, mixture: str, until: float = math.inf,
) -> Checkpoint | None:
    """The newest undamaged checkpoint of at most `until` steps, its tensors on `device`; None when there is none.

    Raises UsageError when it was written on another kind of device, or by a run on another mixture (`mixture` is the
    digest of this one's): later losses would differ.
    """
    for path in sorted((root / "checkpoints").glob("step-*.safetensors"), reverse=True):
        if _step_of(path) > until or not _is_as_written(path):
            continue  # cut or damaged on the disk: the one before it is as good, only older
        try:
            with safe_open(path, framework="pt", device=str(device)) as file:
                state = json.loads(file.metadata()["maslin"])
                tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118 - not a mapping
        except SafetensorError:
            continue
        if state["device"] != device.type:
            raise UsageError(
                f"{path}: written on {state['device']}, but this run is on {device.type}: its losses would differ from "
                f"there on. Go on where it began, or delete {root} to train anew."
            )
        if state["mixture"] != mixture:
            raise UsageError(
                f"{path}: of a run on the mixture {state['mixture']}, but this run is on {mixture}: a run goes on with "
                f"the data it began with. Delete {root} to train anew.")
        return Checkpoint(state["step"], _with_prefix(tensors, "model."), _with_prefix(tensors, "optimizer."))
    return None


def common_checkpoints(roots: Sequence[Path], device: torch.device, mixture: str) -> list[Checkpoint]:
    """The newest checkpoint that all runs have, one of each; none when one of them has none. Raises as above.

    Killed while it writes them, a stack has runs that are one behind.
    """
    until = math.inf
    while True:
        found = [load_checkpoint(root, device, mixture, until) for root in roots]
        checkpoints = [checkpoint for checkpoint in found if checkpoint is not None]
        if len(checkpoints) < len(roots):
            return []
        until = min(checkpoint.step for checkpoint in checkpoints)
        if all(checkpoint.step == until for checkpoint in checkpoints):
            return checkpoints


def restore_weights(checkpoint: Checkpoint, model: LanguageModel) -> None:
    """Put the weights back, bit for bit."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(checkpoint.weights[name])


def restore_moments(
    checkpoint: Checkpoint, named_parameters: Iterable[tuple[str, torch.nn.Parameter]],
    optimizers: Sequence[torch.optim.Optimizer], place: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
) -> None:
    """Put the optimizers' state back, bit for bit; `place` lays a moment out as its parameter is."""
    names = {parameter: name for name, parameter in named_parameters}
    moments: dict[str, dict[str, torch.Tensor]] = {name: {} for name in names.values()}
    for key, value in checkpoint.moments.items():
        moment, name = key.split(".", 1)
        moments[name][moment] = value
    for optimizer in optimizers:
        for parameter in (parameter for group in optimizer.param_groups for parameter in group["params"]):
            optimizer.state[parameter] = {
                "step": torch.tensor(float(checkpoint.step), device=parameter.device),
                **{key: place(parameter, value) for key, value in moments[names[parameter]].items()}}


def average_weights(root: Path, number: int) -> dict[str, torch.Tensor]:
    """The mean of the weights of the last `number` checkpoints, or of all when there are fewer, summed in float64.

    Raises DataError when one of them is damaged.
    """
    sums: dict[str, torch.Tensor] = {}
    paths = sorted((root / "checkpoints").glob("step-*.safetensors"))[-number:]
    for path in paths:
        if not _is_as_written(path):
            raise DataError(f"{path}: damaged: it differs from its note. Delete {root} to train anew.")
        with safe_open(path, framework="pt") as file:
            for name in file.keys():  # noqa: SIM118 - not a mapping
                if name.startswith("model."):
                    value = file.get_tensor(name).double()
                    name = name.removeprefix("model.")
                    sums[name] = sums[name] + value if name in sums else value
    return {name: (total / len(paths)).float() for name, total in sums.items()}


def _with_prefix(tensors: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
