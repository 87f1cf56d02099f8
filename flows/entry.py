"""The console script: a process that is the command's alone. Imports nothing before it can be interrupted in peace."""

import sys

from maslin.flows import interrupts


def command() -> int:
    """Run `maslin.flows.cli.main`; returns the exit code."""
    interrupts.take()
    from maslin.flows.cli import main
    from maslin.flows.engine.startup import start_light
    from maslin.manifests.errors import UsageError

    if sys.platform == "win32":
        print("maslin: Windows is not supported (locks, pipes and worker processes are those of Linux and macOS): "
              "install it in WSL, which is a Linux.", file=sys.stderr)
        return UsageError.exit_code
    start_light()
    return main()
