"""The `maslin` command. Light: it lists the commands, and imports the module of the one that is asked for."""

import argparse
import os
import sys
from collections.abc import Collection, Sequence
from importlib import import_module
from itertools import pairwise
from typing import NoReturn

from maslin import __version__
from maslin.flows import interrupts, lines
from maslin.flows.engine.startup import start_light
from maslin.flows.terminal import printing_safely
from maslin.manifests.errors import UsageError
from maslin.manifests.visible import visible_line

# name → the module that owns its arguments and its run, and its line of help
COMMANDS = {
    "curate": ("maslin.flows.commands.curate",
               "raw inputs to corpora: filter, deduplicate; prints what each rule removed"),
    "mix": ("maslin.flows.commands.mix", "corpora to token shards and mixture manifests"),
    "train": ("maslin.flows.commands.train", "train on the recipe's mixtures"),
    "compare": ("maslin.flows.commands.compare",
                "train all arms and seeds, score them on held-out documents, write the report"),
    "init": ("maslin.flows.commands.init", "write a commented recipe to start from"),
    "status": ("maslin.flows.commands.status", "what is built, stale or missing, and how much disk it takes"),
    "manifest": ("maslin.flows.commands.manifest", "show, verify or compare manifests"),
    "export": ("maslin.flows.commands.export", "a corpus or token shards for Megatron or Hugging Face datasets"),
    "explain": ("maslin.flows.commands.explain", "what happened to a document: rules, values, thresholds, edits"),
    "funnel": ("maslin.flows.commands.funnel", "what each rule removes, in sequence and alone: printed and drawn"),
    "sample": ("maslin.flows.commands.sample", "documents to read: kept ones, or those a rule dropped or edited"),
    "rules": ("maslin.flows.commands.rules", "every rule and its source; or what other parameters would change"),
    "plan": ("maslin.flows.commands.plan", "the best model size and tokens for a budget, and what the corpora lack"),
    "generate": ("maslin.flows.commands.generate", "text from a finished run"),
    "clean": ("maslin.flows.commands.clean", "remove what no recipe of the workspace needs; shows it and asks"),
    "setup": ("maslin.flows.commands.setup", "fetch the language model and the sentence parameters, checksummed"),
    "demo": ("maslin.flows.commands.demo", "the whole main job on real input that is fetched by package name"),
    "completion": ("maslin.flows.commands.completion", "a script by which your shell completes commands and options"),
}

_EPILOG = """exit codes: 0 everything asked for is complete; 1 crash or full disk; 2 recipe or usage, before any work;
3 data: a corpus came out empty, or too many records failed (outputs are kept and marked); 130 interrupted.
Interrupted or killed work goes on where it was: run the same command again."""


class _Parser(argparse.ArgumentParser):
    """Its errors quote arguments, on one line whatever these hold."""

    def error(self, message: str) -> NoReturn:
        if not lines.is_json():
            super().error(visible_line(message))
        lines.write(lines.Line(visible_line(message), "error"), sys.stderr)
        self.exit(UsageError.exit_code)


def parser(asked: Collection[str]) -> argparse.ArgumentParser:
    """The parser with every command's name and line, and with the arguments of those asked for."""
    whole = _Parser(
        prog="maslin", epilog=_EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Mill raw crawls, code and encyclopaedia dumps into corpora, blend them, train on the blends, "
                    "and say with error bars which recipe is better.")
    whole.add_argument("--version", action="version", version=f"maslin {__version__}")
    commands = whole.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, (module, text) in COMMANDS.items():
        command = commands.add_parser(name, help=text, description=text)
        if name in asked:
            import_module(module).add_arguments(command)
    return whole


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code; errors for people come without a traceback."""
    argv = sys.argv[1:] if argv is None else argv
    # What stands before the command are options without a value, so it is the first word that is none.
    asked = next((word for word in argv if not word.startswith("-")), "")
    with printing_safely():
        try:
            # Before they are parsed: what is wrong with them is a line, too.
            as_json = "--log-format=json" in argv or ("--log-format", "json") in pairwise(argv)
            lines.use("json" if as_json else "text")
            parsed = parser([asked]).parse_args(argv)
            from maslin.flows.arguments import run_parsed  # here: `maslin --help` has ended

            interrupts.in_order()
            code = run_parsed(parsed)
            sys.stdout.flush()  # here: what cannot be written is told, and the exit code says it
            return code
        except BrokenPipeError:  # the reader of our output (`| head`) has gone
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what is still to be flushed at the end has nowhere to go
            return 0
        except (Exception, KeyboardInterrupt) as error:
            from maslin.flows.endings import end_with

            return end_with(error)


def command() -> int:
    """`main` in a process of its own."""
    interrupts.take()
    if sys.platform == "win32":
        print("maslin: Windows is not supported (locks, pipes and worker processes are those of Linux and macOS): "
              "install it in WSL, which is a Linux.", file=sys.stderr)
        return UsageError.exit_code
    start_light()
    return main()


if __name__ == "__main__":
    sys.exit(command())
