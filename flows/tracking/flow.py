"""The same work as a Prefect flow: one flow a command, a sub-flow a stage, one task a group of shards.

Which server: the one that is configured, else one of our own; or that of the flow run which calls. Prefect's threads
only wait: the work is done by the engine, which knows nothing of Prefect and must take calls from many threads
(`takes_threads`).
"""

import inspect
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import Context, copy_context
from typing import Any

from maslin.flows import lines
from maslin.flows.engine.contract import Engine
from maslin.flows.tracking.api import check_api, refused, unavailable
from maslin.flows.tracking.follower import Asked, Follower
from maslin.flows.tracking.modes import HERE
from maslin.flows.tracking.server import SETTINGS, OwnServer, ServerEndedError
from maslin.flows.tracking.stages import Stage, StageName, stages_of
from maslin.manifests.errors import MaslinError
from maslin.manifests.plan import Plan
from maslin.manifests.workspace import Mapper, ShardResult, Step, Workspace

_OF_PREFECT = ("prefect", "httpx", "httpcore", "anyio")  # whose errors are the API's, not the work's
_CANCELLED = "Workers were stopped, finished shards are kept."
MAX_TASKS = 200  # a mapper call: more shards than that share tasks, as Prefect keeps every task run in memory


def run_as_flow(asked: Asked, engine: Engine, server: OwnServer | str, work: Callable[[Follower], None]) -> None:
    """Run `work(follower)` inside a Prefect flow named after the command; the follower tracks stages and shard groups.

    `server`: one of our own, the address of the one that is configured, or HERE. Raises what the work raises;
    UsageError when the server cannot be used: never is the work done untracked unsaid. KeyboardInterrupt when Prefect
    was asked to cancel the run.
    """
    if server == HERE:
        _run_here(asked, engine, work)
        return
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    try:
        if isinstance(server, str):
            check_api(server, engine.board.say)
            address = server
        else:
            os.environ.setdefault("PREFECT_HOME", str(server.home.absolute()))  # out of the user's own
            server.wait(engine.board.say)
            address = server.address
        from prefect import flow, tags
        from prefect.settings import PREFECT_API_URL, temporary_settings
        from prefect.states import Cancelled
    except ServerEndedError as error:
        raise unavailable(str(error)) from error
    except ImportError as error:
        raise unavailable(_in_a_line(error)) from error
    begun = False
    failure: list[BaseException] = []

    def maslin(**parameters: Any) -> object:
        nonlocal begun
        begun = True
        try:
            with _followed(asked, engine) as (follower, is_cancelled):
                work(follower)
        except BaseException as error:
            failure.append(error)  # Prefect wraps some errors: the command wants its own back
            if isinstance(error, KeyboardInterrupt) and is_cancelled():
                return Cancelled(message=_CANCELLED)
            raise
        return None

    maslin.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in asked.parameters])
    tracked = flow(
        name=f"maslin-{asked.command}", flow_run_name=lambda: asked.run_name, persist_result=False,
        validate_parameters=False, task_runner=_threads(engine))(maslin)
    try:
        with temporary_settings({PREFECT_API_URL: address}), tags(*asked.tags):
            tracked(**asked.parameters)
    except BaseException as error:
        if not begun and isinstance(error, Exception):
            why = _in_a_line(error)
            raise (refused(address, why) if server == address else unavailable(why)) from error
        raised = failure[0] if failure else error
        if type(raised).__module__.partition(".")[0] in _OF_PREFECT:
            raise MaslinError(
                f"Prefect's API failed in the middle ({_in_a_line(raised)}). Finished shards are kept: run the "
                "same command again, or with --prefect off.") from raised
        raise raised from None


def _in_a_line(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:300]


def _threads(engine: Engine) -> Any:
    from prefect.task_runners import ThreadPoolTaskRunner

    return ThreadPoolTaskRunner(max_workers=2 * engine.workers + 2)


def _run_here(asked: Asked, engine: Engine, work: Callable[[Follower], None]) -> None:
    """Run the work in the flow run that calls."""
    from prefect import tags

    _name(asked)
    with tags(*asked.tags), _followed(asked, engine) as (follower, is_cancelled):
        try:
            work(follower)
        except KeyboardInterrupt:
            _end_as_cancelled(is_cancelled)
            raise


def show_here(asked: Asked, steps: Sequence[Step], workspace: Workspace) -> None:
    """Show results in the flow run that calls, for which nothing was to be built."""
    from maslin.flows.tracking.artifacts import show

    _name(asked)
    show(asked.recipe, steps, workspace)


def _end_as_cancelled(is_cancelled: Callable[[], bool]) -> None:
    """End the flow run that calls as cancelled, if it is: its engine, seeing that it has ended, calls it no crash.

    In a thread, which no further signal interrupts: what cancels it may end the process, too.
    """
    thread = threading.Thread(target=copy_context().run, args=(lambda: is_cancelled() and _cancel(),))
    thread.start()
    while thread.is_alive():
        with suppress(KeyboardInterrupt):
            thread.join()


def _cancel() -> None:
    from prefect.client.orchestration import get_client
    from prefect.context import FlowRunContext
    from prefect.states import Cancelled

    context, state = FlowRunContext.get(), Cancelled(message=_CANCELLED)
    assert context is not None and context.flow_run is not None
    with get_client(sync_client=True) as client:
        client.set_flow_run_state(context.flow_run.id, state, force=True)
    context.flow_run.state = state


def _name(asked: Asked) -> None:
    """Name and tag the flow run that calls, now that the recipe is read."""
    from prefect.client.orchestration import get_client
    from prefect.context import FlowRunContext

    context = FlowRunContext.get()
    assert context is not None and context.flow_run is not None
    with get_client(sync_client=True) as client:
        client.update_flow_run(
            context.flow_run.id, name=asked.run_name, tags=sorted({*context.flow_run.tags, *asked.tags}))


@contextmanager
def _followed(asked: Asked, engine: Engine) -> "Iterator[tuple[Follower, Callable[[], bool]]]":
    """A follower of the flow run that calls, and whether that is to be cancelled; stages end when this does."""
    from maslin.flows.tracking.watching import Watch, log_handler

    with log_handler() as hear, lines.heard_by(hear), Watch(asked.recipe, engine) as watch:
        follower = _FlowFollower(asked, engine)
        try:
            yield follower, watch.is_cancelled
        except BaseException as error:
            follower.end(error)
            raise
        follower.end(None)


class _FlowFollower:
    """`maslin.flows.tracking.follower.Follower` of the flow run in whose context it is made."""

    def __init__(self, asked: Asked, engine: Engine) -> None:
        self._asked, self._engine = asked, engine
        self._root = copy_context()
        self._names: dict[str, StageName] = {}  # of steps, by directory
        self._left: dict[StageName, int] = {}  # steps to build
        self._stages: dict[StageName, Stage] = {}
        self._shown: set[str] = set()
        self._lock = threading.Lock()
        self.mapper: Mapper = _TaskMapper(engine, self._root.copy, lambda error: None)

    def begin(self, steps: Sequence[Step], plan: Plan) -> None:
        names = stages_of(steps, plan)
        with self._lock:
            self._names |= names
            for name in names.values():
                self._left[name] = self._left.get(name, 0) + 1

    def mapper_of(self, step: Step) -> Mapper:
        name = self._names[step.directory]

        def failed(error: BaseException) -> None:
            self._stage(name).error = error

        return _TaskMapper(self._engine, lambda: self._stage(name).context(), failed)

    def _stage(self, name: StageName) -> Stage:
        """Open from the first task of one of its steps on."""
        with self._lock:
            if name not in self._stages:
                self._stages[name] = Stage(name, self._root)
            return self._stages[name]

    def built(self, step: Step) -> None:
        with self._lock:
            name = self._names[step.directory]
            self._left[name] -= 1
            stage = None if self._left[name] else self._stages.pop(name, None)
        if stage is not None:
            stage.end()

    def show(self, steps: Sequence[Step], workspace: Workspace) -> None:
        from maslin.flows.tracking.artifacts import show

        new = [step for step in steps if step.directory not in self._shown and workspace.is_complete(step)]
        self._shown.update(step.directory for step in new)
        self._root.copy().run(show, self._asked.recipe, new, workspace)

    def end(self, error: BaseException | None) -> None:
        """End the stages that are open, by the error for which the work ends."""
        for stage in self._stages.values():
            with suppress(Exception):  # that error is the one to tell
                stage.end(error)


class _TaskMapper:
    """`maslin.manifests.workspace.Mapper`: each group of shards is a Prefect task whose thread waits for the engine.

    `context` gives one of the flow run that the tasks are of; `failed` hears of the error that ends them.
    """

    def __init__(
        self, engine: Engine, context: Callable[[], Context], failed: Callable[[BaseException], None],
    ) -> None:
        self._engine, self._context, self._failed = engine, context, failed

    def __call__(
        self, function: Callable[[Any], ShardResult], tasks: Sequence[Any], label: str, *, total: int | None = None,
        unit: str = "",
    ) -> list[ShardResult]:
        try:
            return self._context().run(self._map, function, tasks, label, total, unit)
        except BaseException as error:
            self._failed(error)
            raise

    def _map(
        self, function: Callable[[Any], ShardResult], tasks: Sequence[Any], label: str, total: int | None, unit: str,
    ) -> list[ShardResult]:
        from prefect import task
        from prefect.cache_policies import NO_CACHE
        from prefect.runtime import task_run

        number = self._engine.board.start(label, unit, total)
        size = max(1, -(-len(tasks) // MAX_TASKS))
        groups = [tasks[start:start + size] for start in range(0, len(tasks), size)]

        def run_group(first: int) -> list[ShardResult]:
            return [self._engine.run(function, shard, number) for shard in groups[first // size]]

        tracked = task(
            run_group, name=label, cache_policy=NO_CACHE, persist_result=False,
            task_run_name=lambda: f"{label}{_part(task_run.parameters['first'], size, len(tasks))}")
        results: list[ShardResult] = []
        window = 2 * self._engine.workers  # bounded submission: no more in flight than can soon run
        futures = []
        try:
            for first in range(0, len(tasks), size):
                if len(futures) >= window:
                    results.extend(futures.pop(0).result())
                futures.append(tracked.submit(first))
            for future in futures:
                results.extend(future.result())
        finally:
            self._engine.board.finish(number)
        return results


def _part(first: int, size: int, tasks: int) -> str:
    """`: part 3 of 12`; nothing where there is one."""
    last = min(first + size, tasks)
    which = f"part {last}" if last == first + 1 else f"parts {first + 1} to {last}"
    return "" if tasks == 1 else f": {which} of {tasks}"
