"""`maslin generate`: text from a finished run."""

import argparse
import sys

from maslin.manifests.errors import UsageError
from maslin.manifests.workspace import is_complete, read_manifest


def run(arguments: argparse.Namespace) -> int:
    """Print the prompt and what the model goes on with, or its answer alone, as it comes."""
    directory = arguments.run
    if not is_complete(directory):
        raise UsageError(f"{directory}: no finished run: give a directory below <workspace>/run/.")
    manifest = read_manifest(directory)
    if manifest.kind != "run":
        raise UsageError(f"{directory}: this is a step of kind {manifest.kind}: give one of kind run.")
    from maslin.trainer.comparison.generate import generate  # torch takes seconds to import

    before = "" if arguments.chat else arguments.prompt
    shown = before
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
        directory, arguments.prompt, arguments.tokens, seed=arguments.seed, temperature=arguments.temperature,
        top_k=arguments.top_k, chat=arguments.chat,
        computing_threads=manifest.parameters["training"]["threads"], on_text=show)
    sys.stdout.write((before + text)[len(shown):] + "\n")
    return 0
