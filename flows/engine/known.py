"""The engines there are, each in a line. They are imported when asked for."""

import argparse
from typing import TYPE_CHECKING

from maslin.manifests.errors import UsageError
from maslin.manifests.named import named

if TYPE_CHECKING:
    from maslin.flows.engine.contract import Engine

# name → its class, a `maslin.flows.engine.contract.Engine`
ENGINES = {
    "local": "maslin.flows.engine.local:LocalEngine",  # worker processes on this machine
    "serial": "maslin.flows.engine.serial:SerialEngine",  # the command's own process: debuggers, notebooks
}
DEFAULT_ENGINE = "local"


def engine_class(name: str) -> "type[Engine]":
    """The class of an engine. Raises UsageError, with the nearest, for a name that is none's."""
    if name not in ENGINES:
        from maslin.manifests.recipe.typed_yaml import suggestion

        raise UsageError(f"no engine is called `{name}`{suggestion(name, ENGINES)}")
    return named(ENGINES[name])


def engine_name(text: str) -> str:
    """The type of `--engine`: a known name, or an error with the nearest."""
    if text not in ENGINES:
        try:
            engine_class(text)
        except UsageError as error:
            raise argparse.ArgumentTypeError(str(error)) from error
    return text
