"""Documents of a sample, to read."""

from collections.abc import Iterator
from itertools import islice

from maslin.curation.evidence.edits import unified_diff
from maslin.curation.evidence.sample import Sampled
from maslin.flows.shown.document import decision, print_origin
from maslin.manifests.visible import visible_line

_TEXT_LINES = 12
_LINE_CHARACTERS = 160


def print_sampled(sampled: Sampled, edited_by: str | None, full: bool) -> None:
    """A document, what became of it, and its text, or what a rule edited of it. `full`: to the last line."""
    print()
    print_origin(sampled.document)
    left = sampled.way.left
    print(f"  {'kept' if left is None else decision(left)}")
    if edited_by:
        _print_changes(sampled, edited_by, full)
    else:
        _print_lines((f"| {line}" for line in sampled.way.text.splitlines()), full)


def _print_changes(sampled: Sampled, edited_by: str, full: bool) -> None:
    for step in sampled.way.steps:
        rules = {edit["rule"] for edit in step.edits}
        name = edited_by.removeprefix(f"{step.step}.")
        if step.step == name or name in rules:
            _print_lines(unified_diff(step.before, step.edits, name if name in rules else None), full)


def _print_lines(lines: Iterator[str], full: bool) -> None:
    for line in lines if full else islice(lines, _TEXT_LINES):
        print(f"  {visible_line(line, None if full else _LINE_CHARACTERS)}")
    if more := sum(1 for _ in lines):
        print(f"  … {more:,} more lines (--full)")
