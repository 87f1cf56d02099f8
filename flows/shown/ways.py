"""The way of one document through every corpus: raw record, values, edits, and why it left."""

from itertools import islice
from pathlib import Path

from maslin.curation.evidence.edits import unified_diff
from maslin.curation.evidence.found import places_of
from maslin.curation.evidence.way import DROPPED, Check, StepPassed, Way, follow
from maslin.flows.shown.document import decision, or_dash, print_origin
from maslin.flows.shown.text import number, say
from maslin.manifests.lookup import find, read_row
from maslin.manifests.steps.known import HELD_OUT
from maslin.manifests.visible import visible_line

MOST_DOCUMENTS = 10  # of those whose URL ends as asked
_DIFF_LINES = 60
_LINE_CHARACTERS = 160


def print_ways(query: str, workspace: Path, corpus: str | None, full: bool) -> None:
    """What happened to the document with this id or URL (or source path) in every corpus of the workspace.

    `full`: whole diffs, whatever their length.
    """
    found = places_of(query, workspace, corpus, say)
    sources = [each.source for each in found]
    for each in found:
        for place in each.documents[:MOST_DOCUMENTS]:
            document = read_row(place.path, place.row)
            print("\n" if place is not each.documents[0] else "", end="")
            print_origin(document)
            for directory in each.corpora:
                _print_way(follow(directory, place, document), full, sources)
        for place in each.removed[:MOST_DOCUMENTS]:
            row = read_row(place.path, place.row)
            print(f"{row['id']}  left at ingest of source {row['source']}: {decision(row)}")
        if more := sum(max(0, len(places) - MOST_DOCUMENTS) for places in (each.documents, each.removed)):
            print(f"\n… and {more:,} more of source {each.source.name.partition('@')[0]} that end so.")


def _print_way(way: Way, full: bool, sources: list[Path]) -> None:
    outcome = "kept" if way.left is None else decision(way.left)
    widths = [max(map(len, column)) for column in zip(*(
        _cells(check) for step in way.steps for check in step.checks), strict=True)]
    print(f"\ncorpus {way.corpus}: {outcome}\n  {way.directory}")
    if way.left is not None and way.left["survivor_id"]:
        _print_survivor(way.left["survivor_id"], sources)
    for step in way.steps:
        print(f"  {step.index} {step.step}   ({step.source})")
        for check in step.checks:
            cells = zip(_cells(check), widths, strict=True)
            print(f"      {'  '.join(cell.ljust(width) for cell, width in cells)}  {check.outcome}")
        if step.edits:
            print(f"      {_edits_in_words(step)}")
    if way.left is not None and way.left["step_index"] >= len(way.steps) and not _is_shown(way):
        print(f"  {way.left['step_index']} {way.left['step']}   {decision(way.left)}")
    if way.left is not None and way.left["rule"] == HELD_OUT:
        print("  (the text is held out to score runs on, and not shown)")
        return
    for step in way.steps:
        if step.edits:
            _print_diff(step, full)


def _print_survivor(document_id: str, sources: list[Path]) -> None:
    """Where the document lies that stays in another's place, in whichever source it is."""
    for source in sources:
        for place in find(source, "documents", document_id, say):
            url = read_row(place.path, place.row, ["url"])["url"]
            print(f"  stays: {document_id}  {or_dash(url)}")


def _cells(check: Check) -> tuple[str, str, str]:
    """Rule, value and threshold of a line."""
    rule = check.rule
    measured = rule.signal or rule.of or ""
    value = "–" if rule.signal is not None else ""
    if check.value is not None:
        least = "at least " if rule.at_least and check.outcome != DROPPED else ""
        value = f"{least}{number(check.value)}"
    if value and measured != rule.name:
        value = f"{measured} {value}"
    return rule.name, value, f"drops if {check.condition}"


def _is_shown(way: Way) -> bool:
    assert way.left is not None
    return any(step.index == way.left["step_index"] for step in way.steps)


def _edits_in_words(step: StepPassed) -> str:
    """`edits: no_endmark 10 lines removed, citation 2 changed`."""
    lines: dict[tuple[str, str], int] = {}
    for edit in step.edits:
        key = (edit["rule"], "removed" if edit["replacement"] is None else "changed")
        lines[key] = lines.get(key, 0) + edit["line_end"] - edit["line_start"]
    parts = [f"{rule} {count:,} {what}" for (rule, what), count in sorted(lines.items(), key=lambda item: -item[1])]
    return "lines " + ", ".join(parts)


def _print_diff(step: StepPassed, full: bool) -> None:
    print(f"\n  --- text before step {step.index}\n  +++ text after step {step.index} ({step.step})")
    diff = unified_diff(step.before, step.edits)
    for line in diff if full else islice(diff, _DIFF_LINES):
        print(f"  {visible_line(line, None if full else _LINE_CHARACTERS)}")
    if more := sum(1 for _ in diff):
        print(f"  … {more:,} more lines (--full)")
