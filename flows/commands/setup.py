"""`maslin setup`: what runs need that is not in the package."""

import argparse
import sys
from dataclasses import dataclass
from importlib.util import find_spec

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
    """Fetch models, show their licences, make what work would wait for, prove that we read the models right."""
    from maslin.curation import resources
    from maslin.curation.text.language import self_check
    from maslin.flows.tracking.server import keep_database

    notices = resources.fetch()
    if not options.json:
        print("\n".join(notices))  # before the check, which may fail
        sys.stdout.flush()
    compiled = _compile()
    if find_spec("prefect") is not None:
        keep_database()
    checked = self_check.check_lid176()
    if options.json:
        print_json({"notices": notices, "checked": checked, "compiled": compiled})
    else:
        print(checked)
    return 0


def _compile() -> int:
    """Compile kernels on all cores, and Python that work imports; returns how many kernels were not there.

    What was compiled for code that is gone goes.
    """
    from maslin.flows.engine import bytecode, kernels
    from maslin.flows.engine.contract import stopped_by_signals
    from maslin.flows.engine.local import LocalEngine
    from maslin.flows.engine.progress import ProgressBoard
    from maslin.manifests.kernels import store

    store.remove_unused()
    missing = kernels.missing()
    engine = LocalEngine(None, board := ProgressBoard())
    engine.prepare([])  # kernels are imported here by now
    with board, stopped_by_signals(engine), engine:
        kernels.compile_all(missing, engine)
    bytecode.write()
    return len(missing)
