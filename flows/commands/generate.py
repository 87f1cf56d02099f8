"""`maslin generate`: text from a finished run."""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

from maslin.flows.arguments import add_workspace, not_negative, path_or_name, positive, runs
from maslin.flows.shown.answers import Generated
from maslin.flows.shown.text import print_json
from maslin.flows.step_directories import step_directory
from maslin.manifests.errors import UsageError
from maslin.manifests.workspace import is_complete, read_manifest


@dataclass(frozen=True)
class Options:
    """At most `tokens` tokens. `chat`: the prompt is a message, and an answer is written. `top_k`: None: of all."""

    asked: str
    workspace: Path
    prompt: str = ""
    chat: bool = False
    tokens: int = 100
    seed: int = 0
    temperature: float = 1.0
    top_k: int | None = None
    json: bool = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("asked", type=path_or_name, metavar="RUN", help="a finished run, by name or as a directory")
    parser.add_argument("--prompt", default="", metavar="TEXT", help="what to go on from (default: a new document)")
    parser.add_argument("--chat", action="store_true", help="the prompt is a message: write an answer to it")
    parser.add_argument("--tokens", type=positive, default=100, metavar="N", help="at most (default 100)")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="the same seed, the same text (default 0)")
    parser.add_argument(
        "--temperature", type=not_negative, default=1.0, metavar="T", help="0: always the likeliest (default 1)")
    parser.add_argument("--top-k", type=positive, metavar="K", help="only the K likeliest tokens (default: all)")
    add_workspace(parser)
    runs(parser, run, Options, Generated)


def run(options: Options) -> int:
    """Print the prompt and what the model goes on with, or its answer alone, as it comes."""
    directory = step_directory(options.asked, options.workspace)
    if not is_complete(directory):
        raise UsageError(f"{directory}: no finished run: give a directory below <workspace>/run/.")
    manifest = read_manifest(directory)
    if manifest.kind != "run":
        raise UsageError(f"{directory}: this is a step of kind {manifest.kind}: give one of kind run.")
    from maslin.trainer.comparison.generate import generate  # torch takes seconds to import

    before = "" if options.chat else options.prompt
    shown = before
    if not options.json:
        sys.stdout.write(shown)

    def show(text: str) -> None:
        nonlocal shown
        # A character may be spread over tokens: what is not whole yet waits.
        whole = before + text.rstrip("�")
        if whole.startswith(shown):
            sys.stdout.write(whole[len(shown):])
            sys.stdout.flush()
            shown = whole

    text = generate(
        directory, options.prompt, options.tokens, seed=options.seed, temperature=options.temperature,
        top_k=options.top_k, chat=options.chat, computing_threads=manifest.parameters["training"]["threads"],
        on_text=(lambda text: None) if options.json else show)
    if options.json:
        print_json({"run": str(directory), "prompt": options.prompt, "text": text})
    else:
        sys.stdout.write((before + text)[len(shown):] + "\n")
    return 0
