"""`maslin setup`: what runs need that is not in the package."""

import argparse
from dataclasses import dataclass

from maslin.flows.arguments import runs
from maslin.flows.shown.answers import SetUp
from maslin.flows.shown.text import print_json


@dataclass(frozen=True)
class Options:
    """Set-up has nothing to choose."""

    json: bool = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    runs(parser, run, Options, SetUp)


def run(options: Options) -> int:
    """Fetch models by package name, checksummed, show their licences, and prove that we read them right."""
    from maslin.curation import resources
    from maslin.curation.text.language import self_check

    notices = resources.fetch()
    if not options.json:
        print("\n".join(notices))  # before the check, which may fail
    checked = self_check.check_lid176()
    if options.json:
        print_json({"notices": notices, "checked": checked})
    else:
        print(checked)
    return 0
