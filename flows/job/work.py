"""The work of a command on a recipe: plan by digests, build what is missing, say what came out."""

import contextlib
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from maslin.flows.engine.build import TRAINED, build_all, missing_steps, modules_of
from maslin.flows.engine.known import engine_class
from maslin.flows.forecast.amounts import Amounts
from maslin.flows.forecast.costs import Timeline
from maslin.flows.forecast.rates import Rates
from maslin.flows.job.arguments import JobOptions
from maslin.flows.job.dedup_guard import doubts
from maslin.flows.job.foresight import foreseen
from maslin.flows.job.outcome import (
    check_files,
    counts_of,
    describe_built,
    point_to_results,
    problems_of,
    refuse,
    tell_of_other_versions,
    to_ask_again,
    warn_of_failures,
)
from maslin.flows.job.planning import check_inputs, make_plan, source_inputs, tokenizer_path
from maslin.flows.job.rounds import Rounds
from maslin.flows.shown.facts import steps_of
from maslin.flows.shown.text import print_json, say
from maslin.flows.tracking.follower import Asked, Follower, Untracked
from maslin.flows.tracking.modes import HERE, Tracking, tracking
from maslin.manifests.errors import DamagedError, UsageError
from maslin.manifests.files import write_json
from maslin.manifests.locks import Begun, note_begun
from maslin.manifests.manifest import Manifest
from maslin.manifests.plan import Plan, in_order
from maslin.manifests.recipe.evaluation_sets import ROLE
from maslin.manifests.recipe.inputs import InputFile, unchanged
from maslin.manifests.recipe.recipe import Recipe
from maslin.manifests.steps.known import decode
from maslin.manifests.steps.spec import Need
from maslin.manifests.workspace import Step, Workspace

if TYPE_CHECKING:
    from maslin.flows.engine.progress import ProgressBoard

# Of one process before any work, in private memory: the command's own, what workers are forked from, each worker.
PROCESS_BYTES = 200 << 20
OTHER_PROCESSES = 2
LEAST_TASK_BYTES = 32 << 20

# Options that are no parameters of a flow.
NOT_SHOWN = ("engine", "prefect", "dry_run", "verbose", "log_format", "json")


@dataclass(frozen=True)
class Job:
    """What a command wants of a recipe.

    `phases`: of the plan, the steps it is for, in stages: data problems of one are told before the next begins.
    `answer` is the result, `show` prints it for people; `shown`: the steps whose files it speaks of, which are checked
    before. `final`: scored on the closed test part; `tensorboard`: runs write event files too. `rounds`: it is built
    and looked at round by round.
    """

    command: str
    recipe: Recipe
    options: JobOptions
    phases: Callable[[Plan], list[list[Step]]]
    answer: Callable[[Plan, Workspace], Any]
    show: Callable[[Any], None]
    final: bool = False
    tensorboard: bool = False
    shown: Callable[[Plan], list[Step]] = lambda plan: []
    rounds: Rounds | None = None

    def first(self, inputs: dict[str, list[InputFile]], workspace: Workspace) -> Plan:
        """What is to be built first: all of it, unless it goes by rounds."""
        if self.rounds is not None and self.options.dry_run:
            return self.rounds.whole(inputs, workspace)
        if self.rounds is not None:
            return self.rounds.first(inputs, workspace)
        return make_plan(self.recipe, inputs, workspace, self.options.limit, self.final)

    def after(self, plan: Plan, inputs: dict[str, list[InputFile]], workspace: Workspace) -> Plan | None:
        """What is to be built after a plan that is built."""
        return None if self.rounds is None else self.rounds.after(plan, inputs, workspace)

    def asked(self) -> Asked:
        """What Prefect shows of it."""
        return Asked(self.command, self.recipe.name, self.options.workspace, {
            name: str(value) if isinstance(value, Path) else value
            for name, value in vars(self.options).items() if name not in NOT_SHOWN})

    def targets(self, plan: Plan) -> list[Step]:
        return [step for phase in self.phases(plan) for step in phase]


@dataclass(frozen=True)
class Done:
    """What a command asked for and has now. `problems`: what the data do not hold of it, a sentence each."""

    plan: Plan
    targets: list[Step]
    problems: list[str]


def carry_out(job: Job) -> int:
    """Do the job and print what came out. Returns the exit code (see `maslin --help`)."""
    workspace = Workspace(job.options.workspace)
    if job.options.dry_run:
        inputs = source_inputs(job.recipe, workspace, say)
        plan = job.first(inputs, workspace)
        targets = job.targets(plan)
        todo = missing_steps(targets, workspace)
        check_inputs(job.recipe, inputs, todo, say)
        _tell_what_it_takes(job, plan, todo, targets, workspace, inputs)
        return 0
    done = do(job)
    answer = job.answer(done.plan, workspace)
    if job.options.json:
        print_json(answer)
    else:
        job.show(answer)
    sys.stdout.flush()
    warn_of_failures(done.plan, workspace)
    refuse(done.problems)
    return 0


def _tell_what_it_takes(
    job: Job, plan: Plan, todo: Sequence[Step], targets: Sequence[Step], workspace: Workspace,
    inputs: dict[str, list[InputFile]],
) -> None:
    """The answer to `--dry-run`."""
    from maslin.curation.ingest.crawl.sizes import crawl_size
    from maslin.flows.forecast.forecast import forecast  # here, and below: work itself needs none of it
    from maslin.flows.shown.foreseen import foreseen, print_foreseen

    read = {step.name for step in todo if step.kind == "documents"}
    crawls = {name: crawl_size(inputs[name], source.crawl) for name, source in job.recipe.sources.items()
              if name in read and source.crawl is not None}
    sized = inputs | {name: [replace(inputs[name][0], bytes=size.bytes)] for name, size in crawls.items()}
    found = forecast(plan, todo, targets, workspace, sized, job.options)
    answer = foreseen(plan, targets, workspace, found, job.options.verbose, crawls)
    if job.options.json:
        print_json(answer)
    else:
        print_foreseen(answer)


def do(job: Job) -> Done:
    """Build whatever the job and its earlier steps lack; print no results, only how it goes."""
    workspace = Workspace(job.options.workspace)
    if job.rounds is not None and job.rounds.minutes is not None:  # what rounds take is reckoned from what there is
        do(replace(job, phases=lambda plan: job.phases(plan)[:-1], shown=lambda plan: [], rounds=None))
    takes_threads = engine_class(job.options.engine).takes_threads
    with tracking(job.options.prefect, takes_threads, workspace.root / ".prefect") as tracked:
        if tracked.server == HERE:
            from maslin.flows.tracking.fetching import fetch_here

            fetch_here(job.recipe, workspace.root)
        inputs = source_inputs(job.recipe, workspace, say)
        plan = job.first(inputs, workspace)
        while not (todo := _missing(job, plan, workspace)) and (further := job.after(plan, inputs, workspace)):
            plan = further
        if todo:
            _check_resources(todo, job.recipe)
            check_inputs(job.recipe, inputs, todo, say)
            for corpus in plan.recipe.earlier.values():
                corpus.check()
            tell_of_other_versions(job.recipe, workspace)
            with workspace.writer(f"maslin {job.command} {job.options.recipe}"):
                plan = _build(job, plan, workspace, inputs, tracked)
        elif tracked.server == HERE:
            from maslin.flows.tracking.flow import show_here

            show_here(job.asked(), in_order(job.targets(plan)), workspace)
    for step in job.shown(plan):
        check_files(step, workspace)
    problems = problems_of(plan, job.targets(plan), workspace)
    point_to_results(plan, workspace)
    return Done(plan, job.phases(plan)[-1], problems)


def _missing(job: Job, plan: Plan, workspace: Workspace) -> list[Step]:
    """The steps to build of a plan, the damaged ones among those that are shown included."""
    for step in job.shown(plan):
        with contextlib.suppress(DamagedError):  # it is marked now, so it is missing
            check_files(step, workspace)
    return missing_steps(job.targets(plan), workspace)


def _build(
    job: Job, plan: Plan, workspace: Workspace, inputs: dict[str, list[InputFile]], tracked: Tracking,
) -> Plan:
    """Build what is missing of the phases, one after the other, on the engine asked for, as a Prefect flow or not.

    Then of the plans that follow it; returns the last.
    """
    from maslin.flows.engine import kernels
    from maslin.flows.engine.contract import stopped_by_signals
    from maslin.flows.engine.progress import ProgressBoard

    compiling = not kernels.are_compiled()
    timeline = Timeline(compiling)
    make_engine = engine_class(job.options.engine)
    todo = missing_steps(job.targets(plan), workspace)
    extra = builder_arguments(plan, inputs, job.tensorboard)
    engine = make_engine(job.options.workers, board := ProgressBoard())
    workspace = within(job.options.memory_bytes, engine.workers, workspace)
    engine.prepare(modules_of(todo, job.recipe.sources))  # before the board has its thread
    with board, stopped_by_signals(engine), engine:

        def work(follower: Follower) -> None:
            nonlocal plan
            board.say(f"{len(todo)} steps to build with {engine.described}{tracked.told}")
            if compiling:
                board.say(
                    "kernels compile as they are first called, a minute or two in all; `maslin setup` does it ahead")
            further: Plan | None = plan
            while further is not None:
                plan, phases = further, job.phases(further)
                _note(job.targets(plan), plan, workspace)
                for phase in phases:
                    _build_phase(phase, plan, workspace, follower, extra, board, engine.workers, timeline)
                    point_to_results(plan, workspace)  # names lead to what is done while the rest still runs
                    follower.show(in_order(phase), workspace)
                    if phase is not phases[-1]:
                        refuse(problems_of(plan, phase, workspace))
                further = job.after(plan, inputs, workspace)

        try:
            if tracked.server is None:
                work(Untracked(engine.map))
            else:
                from maslin.flows.tracking.flow import run_as_flow

                run_as_flow(job.asked(), engine, tracked.server, work)
        finally:
            _remember_rates(timeline, plan, workspace, inputs, job.options.limit, engine.workers)
    return plan


def within(memory_bytes: int | None, workers: int, workspace: Workspace) -> Workspace:
    """The workspace, with so much memory for a task that all processes together keep within `memory_bytes`.

    Raises UsageError where they hold more before any work.
    """
    if memory_bytes is None:
        return workspace
    of_processes = PROCESS_BYTES * (workers + OTHER_PROCESSES)
    least = of_processes + LEAST_TASK_BYTES * workers
    if memory_bytes < least:
        raise UsageError(
            f"--memory {memory_bytes / 1e6:,.0f} MB: {workers} workers need {least / 1e6:,.0f} MB at least. Give "
            "more, or fewer --workers.")
    return replace(workspace, task_memory_bytes=(memory_bytes - of_processes) // workers)


def _note(targets: Sequence[Step], plan: Plan, workspace: Workspace) -> None:
    """Write down what is set out to be built."""
    write_json(workspace.root / "recipes" / f"{plan.recipe.name}.resolved.json", plan.recipe.to_json())
    note_begun(workspace.root, plan.recipe.name, (
        Begun(step.directory, step.kind, step.name, steps_of(step)) for step in missing_steps(targets, workspace)))


def _remember_rates(
    timeline: Timeline, plan: Plan, workspace: Workspace, inputs: dict[str, list[InputFile]], limit: int | None,
    workers: int,
) -> None:
    """Keep what the steps took that were built, for `--dry-run`; without `limit`, under which files are half read."""
    if timeline.built and limit is None:
        rates = Rates(workspace.root)
        with contextlib.suppress(DamagedError):  # what was built and damaged since is no measure
            rates.remember(timeline.samples(plan, workspace, Amounts(plan, workspace, inputs, rates), workers))


def _build_phase(
    phase: Sequence[Step], plan: Plan, workspace: Workspace, follower: Follower,
    extra: Callable[[Step], dict[str, Any]], board: "ProgressBoard", at_once: int, timeline: Timeline,
) -> None:
    """Build what is missing of a phase. What is found damaged as it is read is built anew, and the work goes on.

    Raises DamagedError for what cannot be built anew, or was found damaged again after it had been.
    """
    mine = {workspace.path(step) for step in in_order(phase)}
    rebuilt: set[Path] = set()
    while steps := missing_steps(phase, workspace):
        if any(step.kind == "run" for step in steps):  # what was found damaged of data is there again before
            steps = [step for step in steps if step.kind not in TRAINED] or steps
        try:
            if steps[0].kind in TRAINED and any(step.kind == "run" for step in steps):
                refuse(foreseen(plan, steps, workspace, follower.mapper, board.say))
            refuse(doubts(in_order(steps), plan, workspace))
            follower.begin(steps, plan)
            on_built = _count_built(board, len(steps), timeline, follower, plan, workspace)
            build_all(steps, workspace, follower.mapper_of, extra, on_built, at_once)
        except DamagedError as error:
            if error.directory is None or error.directory not in mine or error.directory in rebuilt:
                raise
            rebuilt.add(error.directory)
            board.say(f"{error.path}: damaged: {error.what}. Its step is built anew.")


def _count_built(
    board: "ProgressBoard", total: int, timeline: Timeline, follower: Follower, plan: Plan, workspace: Workspace,
) -> Callable[[Step, Manifest, float], None]:
    """Hears of finished steps and says of each `[3/12] corpus web …  (4.1 s)`: seconds since the first began.

    Raises DataError where what came out forbids going on.
    """
    started, count = time.monotonic(), 0

    def on_built(step: Step, manifest: Manifest, seconds: float) -> None:
        nonlocal count
        timeline.add(step, seconds)
        count += 1
        board.say(f"[{count}/{total}] {describe_built(step, manifest)}  ({time.monotonic() - started:.1f} s)",
                  f"{step.kind} {step.name}", counts_of(manifest))
        follower.built(step)
        refuse(doubts([step], plan, workspace) + to_ask_again([step], plan, workspace))

    return on_built


def builder_arguments(
    plan: Plan, inputs: dict[str, list[InputFile]], tensorboard: bool = False,
) -> Callable[[Step], dict[str, Any]]:
    """What builders are told beside their step: where files and code are, how much may fail, what to write more."""
    recipe = plan.recipe

    def arguments(step: Step) -> dict[str, Any]:
        if step.kind == "documents":
            return {"inputs": unchanged(inputs[step.name]), "source": recipe.sources[step.name]}
        if step.kind == "evaluation_set":
            return {"inputs": unchanged(inputs[f"{ROLE}{step.name}"]), "asked": recipe.evaluation_sets[step.name]}
        if step.kind == "tokens" and step.name in recipe.token_shards:
            return {"inputs": unchanged(inputs[step.name])}
        if step.kind == "tokenizer" and recipe.tokenizer.path is not None:
            return {"path": tokenizer_path(recipe)}
        if step.kind == "run":
            return {"tensorboard": tensorboard, "initial": plan.initial.weights.absolute() if plan.initial else None}
        if step.kind in ("segment", "held_out"):
            return {"origins": recipe.origins}
        if step.kind in ("dedup", "corpus"):
            return {"earlier": recipe.earlier}
        return {}

    return arguments


def _check_resources(todo: Sequence[Step], recipe: Recipe) -> None:
    """Models and packages that are missing or damaged are found before work starts."""
    steps = [decode(entry) for step in todo for entry in step.parameters.get("steps", ())]
    needs = {(step.name, need) for step in steps for need in step.needs}
    needs |= {(step.name, Need("package", extra)) for step in todo if step.kind == "documents"
              for extra in recipe.sources[step.name].extras}
    if needs:
        from maslin.curation.resources import check

        check(needs)
