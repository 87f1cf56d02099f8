"""`maslin sample`: documents of a corpus to read: kept, or dropped or edited by a rule, with values and thresholds."""

import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from maslin.curation.evidence.corpora import corpora_of
from maslin.curation.evidence.edits import unified_diff
from maslin.curation.evidence.sample import Sampled, sample
from maslin.flows.commands.explain import HELD_OUT, decision, print_origin
from maslin.manifests.visible import visible_line

_TEXT_LINES = 12
_LINE_CHARACTERS = 160


def run(
    asked: str, workspace: Path, number: int, seed: int, dropped_by: str | None, edited_by: str | None, full: bool,
) -> int:
    """Print a sample of each corpus asked for. `full`: whole texts and diffs."""
    for directory in corpora_of(asked, workspace, _say):
        found, total = sample(directory, number, seed, dropped_by, edited_by, _say)
        what = f"dropped by {dropped_by}" if dropped_by else f"edited by {edited_by}" if edited_by else "kept"
        print(f"corpus {directory.name}: {len(found):,} of {total:,} documents {what}, drawn by seed {seed}")
        for each in found:
            print()
            print_origin(each.document)
            left = each.way.left
            print(f"  {'kept' if left is None else decision(left)}")
            if left is not None and left["rule"] == HELD_OUT:
                print("  (held-out text is not shown)")
            elif edited_by:
                _print_changes(each, edited_by, full)
            else:
                _print_lines((f"| {line}" for line in each.way.text.splitlines()), full)
    return 0


def _say(line: str) -> None:
    print(f"maslin: {line}", file=sys.stderr)


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
