"""What `maslin curate|mix|train|compare` do, as flows for Prefect: to call, to serve, to deploy (docs/operate.md).

    from maslin.prefect import curate

    curate.serve("nightly", cron="0 3 * * *", parameters={"recipe": "web.yaml", "workspace": "/srv/maslin"})

Called, each returns what the function of its name in `maslin` does. Nothing else of Maslin imports this module.
"""

from pathlib import Path
from typing import Annotated, Any, get_type_hints

from prefect import flow
from prefect.runtime import flow_run
from pydantic import Field

from maslin import work
from maslin.results import Corpus, Mixture, Named, Report, Run

_Recipe = Annotated[Path, Field(description="The recipe (YAML); a relative path is one of the process that works.")]
_Workspace = Annotated[Path, Field(description="Where results lie.")]
_Workers = Annotated[int | None, Field(ge=1, description="Worker processes; empty: the cores.")]
_Limit = Annotated[int | None, Field(ge=1, description="Read only so many records of each source; empty: all.")]
_TensorBoard = Annotated[bool, Field(description="Write event files for TensorBoard into each run.")]
_WORKSPACE = Path(work.DEFAULT_WORKSPACE)


def _run_name() -> str:
    """`curate web`, by the file name of the recipe, until that is read: then by its own."""
    return f"{flow_run.get_flow_name().removeprefix('maslin-')} {Path(flow_run.get_parameters()['recipe']).stem}"


def _as_flow(function: Any) -> Any:
    """Results are on disk and named by their content: Prefect keeps none, and what is deterministic is not retried.

    What a form asks for is described there by a docstring's `Args`.
    """
    described = get_type_hints(function, include_extras=True).items()
    lines = (f"    {name}: {hint.__metadata__[0].description}" for name, hint in described if name != "return")
    function.__doc__ = "\n".join([function.__doc__, "", "Args:", *lines])
    return flow(name=f"maslin-{function.__name__}", flow_run_name=_run_name, persist_result=False)(function)


@_as_flow
def curate(
    recipe: _Recipe, workspace: _Workspace = _WORKSPACE, workers: _Workers = None, limit: _Limit = None,
) -> Named[Corpus]:
    """Build the recipe's corpora, as far as they are missing."""
    return work.curate(recipe, workspace, workers=workers, limit=limit, prefect=True)


@_as_flow
def mix(
    recipe: _Recipe, workspace: _Workspace = _WORKSPACE, workers: _Workers = None, limit: _Limit = None,
) -> Named[Mixture]:
    """Build the recipe's tokenizer, token shards and mixtures, and what they lack."""
    return work.mix(recipe, workspace, workers=workers, limit=limit, prefect=True)


@_as_flow
def train(
    recipe: _Recipe, workspace: _Workspace = _WORKSPACE,
    mixture: Annotated[str | None, Field(description="Only the runs on this mixture; empty: on all.")] = None,
    seed: Annotated[int | None, Field(ge=0, description="Only the runs of this seed; empty: of all.")] = None,
    workers: _Workers = None, limit: _Limit = None, tensorboard: _TensorBoard = False,
) -> Named[Run]:
    """Train on the recipe's mixtures."""
    return work.train(
        recipe, workspace, mixture=mixture, seed=seed, workers=workers, limit=limit, tensorboard=tensorboard,
        prefect=True)


@_as_flow
def compare(
    recipe: _Recipe, workspace: _Workspace = _WORKSPACE,
    final: Annotated[bool, Field(description="Score on the closed test part of the held-out documents: once.")] = False,
    until_decided: Annotated[bool, Field(description="Add seeds round by round until every claim is settled.")] = False,
    rounds: Annotated[int | None, Field(ge=1, description="With until_decided: at most so many rounds.")] = None,
    budget_minutes: Annotated[
        float | None, Field(gt=0, description="With until_decided: as many rounds as fit into these minutes.")] = None,
    workers: _Workers = None, limit: _Limit = None, tensorboard: _TensorBoard = False,
) -> Report:
    """Train all arms and seeds, score them on held-out documents, and write the report with its verdict."""
    return work.compare(
        recipe, workspace, final=final, until_decided=until_decided, rounds=rounds, budget_minutes=budget_minutes,
        workers=workers, limit=limit, tensorboard=tensorboard, prefect=True)
