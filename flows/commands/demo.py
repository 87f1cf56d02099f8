"""`maslin demo`: the whole main job on real input."""

import argparse
from dataclasses import dataclass
from pathlib import Path

from maslin.flows.arguments import add_workspace, runs
from maslin.flows.engine.known import DEFAULT_ENGINE
from maslin.flows.job.arguments import add_how
from maslin.flows.shown.answers import Demonstrated


@dataclass(frozen=True)
class Options:
    """`scale`: share of the full demo's size."""

    workspace: Path
    scale: float = 1.0
    workers: int | None = None
    engine: str = DEFAULT_ENGINE
    prefect: str = "on"
    json: bool = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_workspace(parser, Path("maslin-demo"))
    parser.add_argument(
        "--scale", type=float, default=1.0, metavar="X", help="share of the full demo's size (default 1)")
    add_how(parser)
    parser.set_defaults(prefect="on")
    runs(parser, run, Options, Demonstrated)


def run(options: Options) -> int:
    """From fetching the inputs to the verdict; a second time it only verifies."""
    from maslin.flows.demo import demo

    return demo.run(
        options.workspace, options.scale, options.workers, options.engine, options.prefect, options.json)
