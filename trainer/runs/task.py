"""What to train: runs of one shape on one mixture, a seed each. Light to import: no torch here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from maslin.manifests.identity import hash_int
from maslin.manifests.plan import VALIDATION
from maslin.manifests.workspace import Step, Workspace
from maslin.trainer.config.model import ModelConfig
from maslin.trainer.config.training import TrainingConfig
from maslin.trainer.data.objectives import OBJECTIVES


@dataclass(frozen=True)
class Task:
    """One run, written into `directory`, or a stack of them, each written below it into a folder of its seed's name.

    `mixture` is a mixture's directory, `tokenizer` a tokenizer.json; `trunk` a finished run to a longer horizon, of
    which this one is a branch: the same run until this one's rate decays; `initial` another run's weights to begin
    with, the optimizer and the schedule being new. `validation`: token shards of held-out documents by domain.
    `tensorboard`: write event files beside the metrics, too.
    """

    directory: Path
    seeds: tuple[int, ...]
    mixture: Path
    tokenizer: Path
    model: ModelConfig
    config: TrainingConfig
    stacked: bool = False
    trunk: Path | None = None
    initial: Path | None = None
    validation: Mapping[str, Path] = field(default_factory=dict)
    tensorboard: bool = False

    @property
    def roots(self) -> list[Path]:
        """Where each run is written."""
        return [self.directory / f"s{seed}" for seed in self.seeds] if self.stacked else [self.directory]

    @property
    def sequences(self) -> int:
        """Of a step of each run."""
        return self.config.batch_tokens // self.model.context_tokens

    def sampling(self, seed: int) -> dict[str, Any]:
        """How the run of a seed takes sequences from its mixture: arguments of a `Sampler`."""
        return {
            "seed": hash_int(seed, "order"), "context_tokens": self.model.context_tokens,
            "sequences_per_step": self.sequences, "steps": self.config.steps,
            "whole_documents": OBJECTIVES[self.config.objective].whole_documents}


def task_of(
    step: Step, workspace: Workspace, seeds: Sequence[int], *, initial: Path | None = None, tensorboard: bool = False,
) -> Task:
    """The task of a `run` step, or of a `stack` step."""
    mixture, tokenizer, trunk = (step.inputs.get(role) for role in ("mixture", "tokenizer", "trunk"))
    assert isinstance(mixture, Step) and isinstance(tokenizer, Step) and not isinstance(trunk, str)
    return Task(
        workspace.path(step), tuple(seeds), workspace.path(mixture), workspace.path(tokenizer) / "tokenizer.json",
        ModelConfig.from_json(step.parameters["model"]), TrainingConfig.from_json(step.parameters["training"]),
        stacked=step.kind == "stack", trunk=workspace.path(trunk) if trunk else None, initial=initial,
        validation={role.removeprefix(VALIDATION): workspace.path(value) for role, value in sorted(step.inputs.items())
                    if role.startswith(VALIDATION) and isinstance(value, Step)},
        tensorboard=tensorboard)
