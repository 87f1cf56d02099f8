"""`maslin explain`: what happened to a document."""

import argparse
from dataclasses import dataclass
from pathlib import Path

from maslin.flows.arguments import add_workspace, runs


@dataclass(frozen=True)
class Options:
    """`corpus`: only in this one. `full`: whole diffs."""

    document: str
    workspace: Path
    corpus: str | None = None
    full: bool = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("document", metavar="URL-OR-ID")
    add_workspace(parser)
    parser.add_argument("--corpus", metavar="NAME", help="only in this corpus (default: all in the workspace)")
    parser.add_argument("--full", action="store_true", help="whole diffs (default: their first 60 lines)")
    runs(parser, run, Options)


def run(options: Options) -> int:
    """Print the way of the document through every corpus of the workspace."""
    from maslin.flows.shown.ways import print_ways

    print_ways(options.document, options.workspace, options.corpus, options.full)
    return 0
