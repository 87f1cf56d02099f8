"""The same work as a Prefect flow: one flow a command, one task a group of shards, tracked by a server.

Which server: the one that is configured, else one of our own. Prefect's threads only wait: the work is done by the
engine, which knows nothing of Prefect and must take calls from many threads (`takes_threads`).
"""

import os
from collections.abc import Callable, Sequence
from typing import Any

from maslin.flows.engine.contract import Engine
from maslin.flows.engine.prefect_api import check_api, refused, unavailable
from maslin.flows.engine.prefect_server import SETTINGS, OwnServer, ServerEndedError
from maslin.manifests.errors import MaslinError
from maslin.manifests.workspace import Mapper, ShardResult

_OF_PREFECT = ("prefect", "httpx", "httpcore", "anyio")  # whose errors are the API's, not the work's
MAX_TASKS = 200  # a mapper call: more shards than that share tasks, as Prefect keeps every task run in memory


def run_as_flow(
    command: str, recipe: str, engine: Engine, server: OwnServer | str, work: Callable[[Mapper], None],
) -> None:
    """Run `work(mapper)` inside a Prefect flow named after the command; the mapper tracks shard groups as tasks.

    `server`: one of our own, or the address of the one that is configured. Raises what the work raises; UsageError when
    the server cannot be used: never is the work done untracked unsaid.
    """
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
        from prefect import flow
        from prefect.settings import PREFECT_API_URL, temporary_settings
        from prefect.task_runners import ThreadPoolTaskRunner
    except ServerEndedError as error:
        raise unavailable(str(error)) from error
    except ImportError as error:
        raise unavailable(_in_a_line(error)) from error
    begun = False
    failure: list[BaseException] = []

    @flow(
        name=f"maslin-{command}", flow_run_name=f"{command} {recipe}", persist_result=False, validate_parameters=False,
        task_runner=ThreadPoolTaskRunner(max_workers=2 * engine.workers + 2),
    )
    def maslin(recipe: str) -> None:
        nonlocal begun
        begun = True
        try:
            work(_PrefectMapper(engine))
        except BaseException as error:
            failure.append(error)  # Prefect wraps some errors: the command wants its own back
            raise

    try:
        with temporary_settings({PREFECT_API_URL: address}):
            maslin(recipe)
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


class _PrefectMapper:
    """`maslin.manifests.workspace.Mapper`: each group of shards is a Prefect task whose thread waits for the engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def __call__(
        self, function: Callable[[Any], ShardResult], tasks: Sequence[Any], label: str, *, total: int | None = None,
        unit: str = "",
    ) -> list[ShardResult]:
        from prefect import task
        from prefect.cache_policies import NO_CACHE

        number = self._engine.board.start(label, unit, total)
        size = max(1, -(-len(tasks) // MAX_TASKS))
        groups = [tasks[start:start + size] for start in range(0, len(tasks), size)]

        def run_group(index: int) -> list[ShardResult]:
            return [self._engine.run(function, shard, number) for shard in groups[index]]

        tracked = task(
            run_group, name=label, cache_policy=NO_CACHE, persist_result=False, task_run_name=label + " {index}")
        results: list[ShardResult] = []
        window = 2 * self._engine.workers  # bounded submission: no more in flight than can soon run
        futures = []
        try:
            for index in range(len(groups)):
                if len(futures) >= window:
                    results.extend(futures.pop(0).result())
                futures.append(tracked.submit(index))
            for future in futures:
                results.extend(future.result())
        finally:
            self._engine.board.finish(number)
        return results
