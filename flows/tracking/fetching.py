"""What a recipe reads over a network, fetched in tasks of the flow run that calls: the one thing that is tried again.

Everything else is deterministic: an error of a shard would only come again.
"""

from pathlib import Path

from maslin.manifests.recipe.inputs import fetch_input, is_remote
from maslin.manifests.recipe.recipe import Recipe
from maslin.manifests.remote.client import Again
from maslin.manifests.visible import visible_line

DELAYS_SECONDS = [10.0, 40.0, 160.0]
_JITTER = 0.3  # of a delay: many that failed together do not ask again together
_NAME_CHARACTERS = 200


def fetch_here(recipe: Recipe, workspace: Path) -> None:
    """Fetch the remote files of the sources that corpora are made of, a task each. Raises UsageError."""
    used = {corpus.source for corpus in recipe.corpora.values()}
    addresses = [path for name, source in recipe.sources.items() if name in used for path in source.paths
                 if is_remote(path)]
    if not addresses:
        return
    from prefect import task
    from prefect.cache_policies import NO_CACHE
    from prefect.runtime import task_run

    def fetch_one(address: str) -> str:
        return str(fetch_input(address, workspace))

    tracked = task(
        fetch_one, name="fetch", cache_policy=NO_CACHE, persist_result=False,
        task_run_name=lambda: "fetch " + visible_line(task_run.parameters["address"], _NAME_CHARACTERS),
        retries=len(DELAYS_SECONDS), retry_delay_seconds=DELAYS_SECONDS, retry_jitter_factor=_JITTER,
        retry_condition_fn=lambda _, __, state: may_pass(state.result(raise_on_failure=False)))
    for future in [tracked.submit(address) for address in addresses]:
        future.result()


def may_pass(error: object) -> bool:
    """Whether what hindered a fetch may be gone later: a network, a server with too much to do. Not a wrong name."""
    cause = getattr(error, "__cause__", None)
    return isinstance(cause, OSError) or isinstance(getattr(cause, "__cause__", None), Again)
