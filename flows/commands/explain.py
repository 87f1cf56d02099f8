"""`maslin explain`: what happened to a document."""

import argparse
from dataclasses import dataclass
from pathlib import Path

from maslin.flows.arguments import add_workspace, runs
from maslin.flows.shown.answers import Explained


@dataclass(frozen=True)
class Options:
    """`corpus`: only in this one. `full`: whole diffs."""

    document: str
    workspace: Path
    corpus: str | None = None
    full: bool = False
    json: bool = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("document", metavar="ADDRESS-OR-ID",
                        help="an id, or any part of an address, path or title")
    add_workspace(parser)
    parser.add_argument("--corpus", metavar="NAME", help="only in this corpus (default: all in the workspace)")
    parser.add_argument("--full", action="store_true", help="whole diffs (default: their first 60 lines)")
    runs(parser, run, Options, Explained)


def run(options: Options) -> int:
    """Tell the way of the documents through every corpus of the workspace."""
    from maslin.curation.evidence.found import places_of
    from maslin.flows.shown.text import print_json, say
    from maslin.flows.shown.ways import MOST_DOCUMENTS, explained, print_ways

    found = places_of(options.document, options.workspace, options.corpus, MOST_DOCUMENTS, say)
    if options.json:
        print_json(explained(options.document, found))
    else:
        print_ways(options.document, found, options.full)
    return 0
