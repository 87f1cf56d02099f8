"""The flows as functions: what `maslin curate|mix|train|compare` do, and objects instead of printed lines.

How it goes is told on standard error. Work is done by processes of its own, so no notebook or script is run again in
them; in a thread other than the main one, an interrupt ends it with the process. Killed, it goes on where it was.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from maslin.flows.commands.compare import CompareOptions
from maslin.flows.commands.compare import job as compare_job
from maslin.flows.commands.curate import job as curate_job
from maslin.flows.commands.mix import job as mix_job
from maslin.flows.commands.train import TrainOptions
from maslin.flows.commands.train import job as train_job
from maslin.flows.engine.build import missing_steps
from maslin.flows.engine.known import engine_class
from maslin.flows.job.arguments import JobOptions
from maslin.flows.job.outcome import refuse
from maslin.flows.job.planning import make_plan, read_checked, source_inputs
from maslin.flows.job.work import Done, Job, do
from maslin.manifests.manifest import Manifest
from maslin.manifests.plan import Plan
from maslin.manifests.workspace import Step, Workspace
from maslin.results import Corpus, Mixture, Named, Report, Result, Run

DEFAULT_WORKSPACE = "maslin-work"

R = TypeVar("R", bound=Result)


def plan(
    recipe: str | Path, workspace: str | Path = DEFAULT_WORKSPACE, *, limit: int | None = None, final: bool = False,
) -> Plan:
    """Every step that a recipe needs, by digests alone: nothing is built, no kernel or torch is imported.

    Reads raw inputs once for their checksums. `limit`: only so many records of each source; `final`: score on the
    closed test part of the held-out documents. Raises RecipeError, naming file, line and key.
    """
    read, where = read_checked(Path(recipe)), Workspace(Path(workspace))
    return make_plan(read, source_inputs(read, where), where, limit, final)


def missing(plan: Plan, workspace: str | Path = DEFAULT_WORKSPACE) -> list[Step]:
    """The steps of a plan that are still to be built, inputs first."""
    targets = [
        *plan.corpora.values(), *plan.held_out.values(), *plan.mixtures.values(), *plan.runs.values(),
        *([plan.report] if plan.report is not None else [])]
    return missing_steps(targets, Workspace(Path(workspace)))


def curate(
    recipe: str | Path, workspace: str | Path = DEFAULT_WORKSPACE, *, workers: int | None = None,
    limit: int | None = None, prefect: bool = False, engine: str = "local",
) -> Named[Corpus]:
    """Build the recipe's corpora, as far as they are missing; returns them by name.

    `workers`: processes (default: the cores); `prefect`: as a Prefect flow, which sets environment variables of this
    process; `engine`: "serial" works in this process, for debuggers. Raises RecipeError or UsageError before any work,
    DataError when a corpus came out empty or too much of a source failed (outputs are kept and marked).
    """
    done = _do(curate_job(JobOptions(**_how(recipe, workspace, workers, engine, prefect, limit))))
    return _named("corpus", Corpus, workspace, done.plan.corpora)


def mix(
    recipe: str | Path, workspace: str | Path = DEFAULT_WORKSPACE, *, workers: int | None = None,
    limit: int | None = None, prefect: bool = False, engine: str = "local",
) -> Named[Mixture]:
    """Build the recipe's tokenizer, token shards and mixtures, and what they lack; returns the mixtures by name."""
    done = _do(mix_job(JobOptions(**_how(recipe, workspace, workers, engine, prefect, limit))))
    return _named("mixture", Mixture, workspace, done.plan.mixtures)


def train(
    recipe: str | Path, workspace: str | Path = DEFAULT_WORKSPACE, *, mixture: str | None = None,
    seed: int | None = None, workers: int | None = None, limit: int | None = None, prefect: bool = False,
    tensorboard: bool = False, engine: str = "local",
) -> Named[Run]:
    """Train on the recipe's mixtures, or on one of them, with all seeds or one; returns the runs by name."""
    done = _do(train_job(TrainOptions(
        **_how(recipe, workspace, workers, engine, prefect, limit), mixture=mixture, seed=seed,
        tensorboard=tensorboard)))
    return _named("run", Run, workspace, {step.name: step for step in done.targets})


def compare(
    recipe: str | Path, workspace: str | Path = DEFAULT_WORKSPACE, *, final: bool = False, workers: int | None = None,
    limit: int | None = None, prefect: bool = False, tensorboard: bool = False, engine: str = "local",
    until_decided: bool = False, rounds: int | None = None, budget_minutes: float | None = None,
) -> Report:
    """Train all arms and seeds, score them on held-out documents; returns the report with its verdict.

    `final`: score on the closed test part of the held-out documents: once. `until_decided`: add seeds one round at a
    time and look after each, at most `rounds` or as many as fit into `budget_minutes` (default: the recipe's seeds).
    """
    done = _do(compare_job(CompareOptions(
        **_how(recipe, workspace, workers, engine, prefect, limit), final=final, tensorboard=tensorboard,
        until_decided=until_decided, rounds=rounds, budget_minutes=budget_minutes)))
    assert done.plan.report is not None
    return Report(Workspace(Path(workspace).absolute()).manifest(done.plan.report))


def _how(
    recipe: str | Path, workspace: str | Path, workers: int | None, engine: str, prefect: bool, limit: int | None,
) -> dict[str, Any]:
    """Fields of `JobOptions`, as the functions are told them. Raises UsageError for an unknown engine."""
    engine_class(engine)
    return {"recipe": Path(recipe), "workspace": Path(workspace), "workers": workers, "engine": engine,
            "prefect": "on" if prefect else "off", "limit": limit}


def _do(job: Job) -> Done:
    done = do(job)
    refuse(done.problems)
    return done


def _named(
    what: str, make: Callable[[Manifest], R], workspace: str | Path, steps: dict[str, Step],
) -> Named[R]:
    root = Path(workspace).absolute()
    return Named(what, make, {name: [root / step.directory] for name, step in steps.items()})
