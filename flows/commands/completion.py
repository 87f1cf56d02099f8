"""`maslin completion`: a script by which a shell completes commands, options, their values, and files."""

import argparse
from dataclasses import dataclass
from importlib import import_module

from maslin.flows.arguments import runs

# shell → the module whose `script(places)` speaks its language
SHELLS = {
    "bash": "maslin.flows.completion.bash",
    "zsh": "maslin.flows.completion.zsh",
    "fish": "maslin.flows.completion.fish",
}


@dataclass(frozen=True)
class Options:
    shell: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "shell", choices=list(SHELLS),
        help='bash and zsh: eval "$(maslin completion bash)" in ~/.bashrc; fish: into ~/.config/fish/completions/')
    runs(parser, run, Options)


def run(options: Options) -> int:
    """Print the script, made from the parsers of all commands."""
    from maslin.flows import cli
    from maslin.flows.completion.taken import places

    print(import_module(SHELLS[options.shell]).script(places(cli.parser(cli.COMMANDS))), end="")
    return 0
