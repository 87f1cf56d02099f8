"""The console script. Imports nothing before it can be interrupted in peace."""

from maslin.flows import interrupts


def begin() -> int:
    """Run the command; returns its exit code."""
    interrupts.take()
    from maslin.flows.cli import command

    return command()
