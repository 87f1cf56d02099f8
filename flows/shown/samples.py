"""Documents of a sample, to read."""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from maslin.curation.evidence.edits import unified_diff
from maslin.curation.evidence.sample import Sampled
from maslin.curation.evidence.way import StepPassed
from maslin.flows.shown.answers import CorpusSampled
from maslin.flows.shown.document import decision, document_facts, left_facts, print_origin
from maslin.flows.shown.ways import edit_facts
from maslin.manifests.visible import visible_line
from maslin.manifests.workspace import read_manifest

_TEXT_LINES = 12
_LINE_CHARACTERS = 160


def sampled_facts(directory: Path, found: Sequence[Sampled], total: int, edited_by: str | None) -> CorpusSampled:
    """The documents drawn of a corpus; `edited_by`: with the edits that this step or rule made."""
    return {
        "corpus": read_manifest(directory).name, "directory": str(directory), "total": total,
        "documents": [
            {"document": document_facts(each.document), "left": left_facts(each.way.left) if each.way.left else None,
             "edits": [edit for step, name in _steps_by(each, edited_by) for edit in edit_facts(step)
                       if name in (step.step, edit["rule"])] if edited_by else [],
             "text": each.way.text} for each in found]}


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
    for step, name in _steps_by(sampled, edited_by):
        rules = {edit["rule"] for edit in step.edits}
        if step.step == name or name in rules:
            _print_lines(unified_diff(step.before, step.edits, name if name in rules else None), full)


def _steps_by(sampled: Sampled, edited_by: str) -> Iterator[tuple[StepPassed, str]]:
    """The steps that a document met, each with the name by which the step or one of its rules would be meant."""
    for step in sampled.way.steps:
        yield step, edited_by.removeprefix(f"{step.step}.")


def _print_lines(lines: Iterator[str], full: bool) -> None:
    for line in lines if full else islice(lines, _TEXT_LINES):
        print(f"  {visible_line(line, None if full else _LINE_CHARACTERS)}")
    if more := sum(1 for _ in lines):
        print(f"  … {more:,} more lines (--full)")
