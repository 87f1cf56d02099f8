"""The arguments that `curate`, `mix`, `train` and `compare` share."""

import argparse
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from maslin.flows.arguments import DEFAULT_WORKSPACE, add_workspace, positive, safe_path, size_bytes
from maslin.flows.engine.known import DEFAULT_ENGINE, ENGINES, engine_name
from maslin.flows.lines import FORMATS
from maslin.flows.tracking.modes import MODES
from maslin.manifests.errors import UsageError

if TYPE_CHECKING:
    from maslin.manifests.recipe.recipe import Recipe


@dataclass(frozen=True)
class JobOptions:
    """What the command line says of work on a recipe: where, by what, how much.

    `workers`: None: as many as the engine finds good. `memory_bytes`: of all processes together; None: as they need.
    `limit`: records read of each source; nothing else decides bytes.
    """

    recipe: Path
    workspace: Path = DEFAULT_WORKSPACE
    workers: int | None = None
    engine: str = DEFAULT_ENGINE
    prefect: str = "auto"
    limit: int | None = None
    memory_bytes: int | None = None
    dry_run: bool = False
    verbose: bool = False
    log_format: str = FORMATS[0]
    json: bool = False


def add_job_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("recipe", type=safe_path, metavar="RECIPE", help="the recipe (YAML)")
    add_workspace(parser)
    add_how(parser)
    parser.add_argument(
        "--memory", type=size_bytes, dest="memory_bytes", metavar="SIZE",
        help="what deduplication may hold in memory, all processes together, as 2GB: the rest lies in the workspace")
    parser.add_argument("--limit", type=positive, metavar="N", help="read only N records of each source")
    parser.add_argument(
        "--dry-run", action="store_true",
        help="print what would be built, what it takes and what could be found, and stop")
    parser.add_argument("--verbose", action="store_true", help="with --dry-run: every step with its digest")
    parser.add_argument(
        "--log-format", choices=FORMATS, default=FORMATS[0],
        help="the lines on standard error: text; json: one object a line (time, level, stage, message, counts)")


def add_how(parser: argparse.ArgumentParser) -> None:
    """The arguments that say by what means steps are built."""
    parser.add_argument("--workers", type=positive, metavar="N", help="worker processes (default: the cores)")
    parser.add_argument(
        "--engine", type=engine_name, choices=list(ENGINES), default=DEFAULT_ENGINE,
        help="where shards run: local: worker processes; serial: in the command's own process, for debuggers")
    parser.add_argument(
        "--prefect", choices=MODES, default="auto",
        help="auto: run as a Prefect flow where a server is configured; on: as one in any case; off: never. The bytes "
             "are the same")


def add_tensorboard(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--tensorboard", action="store_true", help="write event files for TensorBoard into each run")


def check_tensorboard(asked: bool) -> None:
    if asked and find_spec("tensorboard") is None:
        raise UsageError("--tensorboard needs a package more: pip install 'maslin[tensorboard]'.")


def recipe_with(section: str, command: str, options: JobOptions) -> "Recipe":
    """The recipe, read. Raises UsageError when it lacks the section without which the command has nothing to do."""
    from maslin.flows.job.planning import read_checked

    recipe = read_checked(options.recipe)
    if not getattr(recipe, section):
        raise UsageError(f"{recipe.path}: `{section}` is missing: `maslin {command}` needs it.")
    return recipe
