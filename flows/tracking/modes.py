"""Whether a command's work is tracked by Prefect, and by which server. Imports nothing of Prefect."""

import os
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from maslin.flows.tracking.server import OwnServer

MODES = ("auto", "on", "off")
HERE = "here"
_NOT_CONFIGURED = ("; not tracked: no Prefect server is configured (`prefect server start`, then "
                   "PREFECT_API_URL=http://127.0.0.1:4200/api; or --prefect on)")


def configured_api() -> str | None:
    """The API that the user's PREFECT_API_URL or the active one of Prefect's profiles names; None: there is none."""
    if asked_for := os.environ.get("PREFECT_API_URL"):
        return asked_for
    home = Path(os.environ.get("PREFECT_HOME") or Path.home() / ".prefect").expanduser()
    try:
        profiles = tomllib.loads(
            Path(os.environ.get("PREFECT_PROFILES_PATH") or home / "profiles.toml").read_text(encoding="utf-8"))
        active = os.environ.get("PREFECT_PROFILE") or profiles.get("active")
        return profiles.get("profiles", {}).get(active, {}).get("PREFECT_API_URL") or None
    except (OSError, ValueError, AttributeError):  # none, or nothing that Prefect would read
        return None


def _in_a_flow_run() -> bool:
    if "prefect" not in sys.modules:
        return False
    from prefect.context import FlowRunContext

    return FlowRunContext.get() is not None


@dataclass(frozen=True)
class Tracking:
    """`server`: the address of one, or ours, which is starting; HERE: that of the flow run which calls.

    None: untracked. `told`: why, for the first line.
    """

    server: "OwnServer | str | None"
    told: str = ""


@contextmanager
def tracking(mode: str, takes_threads: bool, home: Path) -> Iterator[Tracking]:
    """What a mode means here and now: where a server of our own is wanted, it starts beside what the command does next.

    `auto`: tracked where a server is configured; `on`: tracked, by a server of our own where none is; `off`: not.
    Where a flow run calls, it is the one that is tracked.
    `takes_threads`: whether the engine does, as Prefect's tasks are threads. Raises UsageError for `on` where that
    cannot be.
    """
    has_prefect = find_spec("prefect") is not None
    if mode == "off" or (mode == "auto" and not has_prefect):
        yield Tracking(None)
        return
    from maslin.flows.tracking.api import unavailable, why_no_loopback  # here: the rest needs no network

    if not takes_threads:
        yield Tracking(None, "; without Prefect, whose tasks are threads")
    elif _in_a_flow_run():
        yield Tracking(HERE)
    elif not has_prefect:
        raise unavailable("the package `prefect` is not here")
    elif address := configured_api():
        yield Tracking(address)
    elif mode == "auto":
        yield Tracking(None, _NOT_CONFIGURED)
    elif why := why_no_loopback():
        raise unavailable(why)
    else:
        from maslin.flows.tracking.server import OwnServer  # here: other commands need none of it

        server = OwnServer(home)
        try:
            yield Tracking(server, "; tracked by a Prefect server of their own")
        finally:
            server.close()
