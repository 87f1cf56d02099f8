"""One module for each command: its arguments and its run. `maslin.flows.cli` lists them.

They import what is heavy when they run: `maslin COMMAND --help` must not wait for it.
"""
