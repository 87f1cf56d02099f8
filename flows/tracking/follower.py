"""Who hears how the steps of a command go, and has the shards of each run. Imports nothing of Prefect."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from maslin.manifests.plan import Plan
from maslin.manifests.workspace import Mapper, Step, Workspace


@dataclass(frozen=True)
class Asked:
    """What a flow run shows of what was asked for: its name, its tags, its parameters."""

    command: str
    recipe: str
    workspace: Path
    parameters: Mapping[str, Any]

    @property
    def run_name(self) -> str:
        return f"{self.command} {self.recipe}"

    @property
    def tags(self) -> list[str]:
        return [f"recipe:{self.recipe}", f"workspace:{self.workspace.absolute().name}"]


class Follower(Protocol):
    mapper: Mapper  # of work that is of no step

    def begin(self, steps: Sequence[Step], plan: Plan) -> None:
        """These are to be built now."""

    def mapper_of(self, step: Step) -> Mapper: ...

    def built(self, step: Step) -> None: ...

    def show(self, steps: Sequence[Step], workspace: Workspace) -> None:
        """Those of the steps that are there are results to look at."""


class Untracked:
    """Nobody hears: every step's shards run by the one mapper."""

    def __init__(self, mapper: Mapper) -> None:
        self.mapper = mapper

    def begin(self, steps: Sequence[Step], plan: Plan) -> None:
        pass

    def mapper_of(self, step: Step) -> Mapper:
        return self.mapper

    def built(self, step: Step) -> None:
        pass

    def show(self, steps: Sequence[Step], workspace: Workspace) -> None:
        pass
