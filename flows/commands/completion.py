"""`maslin completion`: a script by which a shell completes commands, options, their values, and files."""

import argparse
from dataclasses import dataclass
from importlib import import_module

from maslin.flows.arguments import runs
from maslin.flows.shown.answers import Completion
from maslin.flows.shown.text import print_json

# shell → the module whose `script(places)` speaks its language
SHELLS = {
    "bash": "maslin.flows.completion.bash",
    "zsh": "maslin.flows.completion.zsh",
    "fish": "maslin.flows.completion.fish",
}


@dataclass(frozen=True)
class Options:
    shell: str
    json: bool = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "shell", choices=list(SHELLS),
        help='bash and zsh: eval "$(maslin completion bash)" in ~/.bashrc; fish: into ~/.config/fish/completions/')
    runs(parser, run, Options, Completion)


def run(options: Options) -> int:
    """Print the script, made from the parsers of all commands."""
    from maslin.flows import cli
    from maslin.flows.completion.taken import places

    script = import_module(SHELLS[options.shell]).script(places(cli.parser(cli.COMMANDS)))
    if options.json:
        print_json({"shell": options.shell, "script": script})
    else:
        print(script, end="")
    return 0
