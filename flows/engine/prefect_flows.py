"""The same work as a Prefect flow: one flow a command, one task a group of shards, tracked by an API in this process.

Nothing to start beforehand; with PREFECT_API_URL set, runs show on that server instead. Prefect's threads only wait:
the work is done by the engine, which knows nothing of Prefect and must take calls from many threads (`takes_threads`).
"""

import os
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from maslin.flows.engine.contract import Engine
from maslin.flows.engine.prefect_api import check_api, refused, why_no_loopback
from maslin.manifests.errors import MaslinError
from maslin.manifests.workspace import Mapper, ShardResult

_OF_PREFECT = ("prefect", "httpx", "httpcore", "anyio")  # whose errors are the API's, not the work's
MAX_TASKS = 200  # a mapper call: more shards than that share tasks, as Prefect keeps every task run in memory
_SERVER_PID = "server.pid"

# Set before Prefect is imported. A private home keeps its database and settings out of the user's own; the telemetry
# switches also avoid a harmless but long traceback on a new database.
_SETTINGS = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
    "PREFECT_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_SERVER_LEVEL": "CRITICAL",
    # A busy machine ends its database's connections with a traceback, from a logger whose level SQLAlchemy sets itself:
    # so the handler is what is told.
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
    "PREFECT_TELEMETRY_ENABLE_RESOURCE_METRICS": "false",
    "PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
}


class PrefectUnavailableError(Exception):
    """Prefect did not come up, and nobody asked for an API of theirs; nothing of the work was begun."""


def run_as_flow(command: str, recipe: str, engine: Engine, home: Path, work: Callable[[Mapper], None]) -> None:
    """Run `work(mapper)` inside a Prefect flow named after the command; the mapper tracks shard groups as tasks.

    Raises what the work raises; PrefectUnavailableError when an API of our own cannot be started; UsageError when the
    one that PREFECT_API_URL names cannot be used: never is the work done without it unsaid.
    """
    asked_for = os.environ.get("PREFECT_API_URL")
    if asked_for:
        check_api(asked_for, engine.board.say)
    elif why := why_no_loopback():
        raise PrefectUnavailableError(why)
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
    os.environ.setdefault("PREFECT_HOME", str(home.absolute()))
    _end_orphaned_server(home)

    try:
        from prefect import flow
        from prefect.settings import PREFECT_API_URL
        from prefect.task_runners import ThreadPoolTaskRunner

        asked_for = PREFECT_API_URL.value()  # by a profile, perhaps
    except Exception as error:
        raise _unavailable(asked_for, error) from error
    begun = False
    failure: list[BaseException] = []

    @flow(
        name=f"maslin-{command}", flow_run_name=f"{command} {recipe}", persist_result=False, validate_parameters=False,
        task_runner=ThreadPoolTaskRunner(max_workers=2 * engine.workers + 2),
    )
    def maslin(recipe: str) -> None:
        nonlocal begun
        begun = True
        _remember_server(home)
        try:
            work(_PrefectMapper(engine))
        except BaseException as error:
            failure.append(error)  # Prefect wraps some errors: the command wants its own back
            raise

    try:
        maslin(recipe)
    except BaseException as error:
        if not begun and isinstance(error, Exception):
            raise _unavailable(asked_for, error) from error
        raised = failure[0] if failure else error
        if type(raised).__module__.partition(".")[0] in _OF_PREFECT:
            raise MaslinError(
                f"Prefect's API failed in the middle ({_in_a_line(raised)}). Finished shards are kept: run the "
                "same command again, or with --prefect off.") from raised
        raise raised from None
    finally:
        (home / _SERVER_PID).unlink(missing_ok=True)


def _unavailable(asked_for: str | None, error: Exception) -> Exception:
    return refused(asked_for, _in_a_line(error)) if asked_for else PrefectUnavailableError(_in_a_line(error))


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


def _remember_server(home: Path) -> None:
    """Note the process of the API that Prefect started for this command, so that the next one can end it if we die."""
    from prefect.server.api.server import SubprocessASGIServer

    for server in SubprocessASGIServer._instances.values():
        process = getattr(server, "server_process", None)
        if process is not None:
            home.mkdir(parents=True, exist_ok=True)
            (home / _SERVER_PID).write_text(str(process.pid))


def _end_orphaned_server(home: Path) -> None:
    """End the API server of an earlier command that was killed and could not end it itself."""
    note = home / _SERVER_PID
    if not note.is_file():
        return
    pid = int(note.read_text() or 0)
    note.unlink()
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return  # gone, or no /proc here: leave strangers alone
    if b"prefect" in command and b"uvicorn" in command:
        os.kill(pid, signal.SIGTERM)
