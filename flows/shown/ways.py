"""The way of documents through every corpus: raw record, values, edits, and why they left; or a line a document."""

from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from maslin.curation.evidence.edits import unified_diff
from maslin.curation.evidence.found import Places
from maslin.curation.evidence.pairs import pair
from maslin.curation.evidence.way import DROPPED, Check, StepPassed, Way, follow
from maslin.flows.shown.answers import Checked, Edited, Explained, ItemHeld, Left, StepMet, WayThrough
from maslin.flows.shown.document import decision, document_facts, left_facts, or_dash, print_origin
from maslin.flows.shown.pairs import beside_facts, print_pair
from maslin.flows.shown.text import number
from maslin.manifests.lookup import find, read_row
from maslin.manifests.steps.known import HELD_OUT
from maslin.manifests.visible import visible_line

MOST_DOCUMENTS = 20  # of those that match
_MOST_WHOLE = 3  # more are shown in a line each
_DIFF_LINES = 60
_LINE_CHARACTERS = 160
_ITEM_LINES = 10


def explained(query: str, found: Sequence[Places]) -> Explained:
    """The first documents that were found, with their way through every corpus of their source."""
    sources = [each.source for each in found]
    documents, left = [], []
    for each in found:
        for place in each.documents.places[:MOST_DOCUMENTS - len(documents)]:
            row = read_row(place.path, place.row)
            ways = [_way_facts(follow(directory, place, row), sources) for directory in each.corpora]
            documents.append({"document": document_facts(row), "ways": ways})
        left += [left_facts(read_row(place.path, place.row))
                 for place in each.removed.places[:MOST_DOCUMENTS - len(left)]]
    return {"query": query, "matching": sum(each.documents.number for each in found),
            "matching_left": sum(each.removed.number for each in found), "documents": documents,
            "left_at_ingest": left}


def _way_facts(way: Way, sources: Sequence[Path]) -> WayThrough:
    left = None if way.left is None else left_facts(way.left)
    hidden = left is not None and left["rule"] == HELD_OUT
    compared = pair(way, sources)
    return {
        "corpus": way.corpus, "directory": str(way.directory), "left": left,
        "survivor_url": _survivor_url(left, way.stays_in(sources)),
        "beside": None if compared is None else beside_facts(compared),
        "items": [ItemHeld(**{name: row[name] for name in ItemHeld.__annotations__})
                  for row in way.items if not hidden],
        "steps": [_step_facts(step, hidden) for step in way.steps]}


def _survivor_url(left: Left | None, sources: Sequence[Path]) -> str | None:
    """Of the document that stays in another's place, in whichever source it is."""
    for source in sources if left and left["survivor_id"] else ():
        for place in find(source, "documents", left["survivor_id"]):
            return read_row(place.path, place.row, ["url"])["url"]
    return None


def _step_facts(step: StepPassed, hidden: bool) -> StepMet:
    checks: list[Checked] = [
        {"rule": check.rule.name, "signal": check.rule.signal, "value": check.value, "condition": check.condition,
         "outcome": check.outcome} for check in step.checks]
    return {"index": step.index, "step": step.step, "source": step.source, "checks": checks,
            "edits": [] if hidden else edit_facts(step)}


def edit_facts(step: StepPassed) -> list[Edited]:
    """The edits that a step made of a text."""
    return [{"rule": edit["rule"], "line_start": edit["line_start"], "line_end": edit["line_end"],
             "replacement": edit["replacement"]} for edit in step.edits]


def print_ways(query: str, found: Sequence[Places], full: bool) -> None:
    """What happened to the documents that were found in every corpus: of a few of them whole, of more a line each.

    `full`: whole diffs, whatever their length.
    """
    matching = sum(each.documents.number + each.removed.number for each in found)
    if matching > _MOST_WHOLE:
        _print_lines(query, found, matching)
        return
    sources, blank = [each.source for each in found], ""
    for each in found:
        for place in each.documents.places:
            document = read_row(place.path, place.row)
            print(blank, end="")
            blank = "\n"
            print_origin(document)
            for directory in each.corpora:
                _print_way(follow(directory, place, document), full, sources)
        for place in each.removed.places:
            row = read_row(place.path, place.row)
            print(f"{row['id']}  left at ingest of source {row['source']}: {decision(row)}")


def _print_lines(query: str, found: Sequence[Places], matching: int) -> None:
    """Id and address of each document, and what became of it: in one word where all corpora agree."""
    print(f"{matching:,} documents have {visible_line(query, 200)} in their address, path or title"
          + (f"; the first {MOST_DOCUMENTS}:" if matching > MOST_DOCUMENTS else ":"))
    left = MOST_DOCUMENTS
    for each in found:
        for place in each.documents.places[:left]:
            row = read_row(place.path, place.row)
            print(f"\n{row['id']}  {or_dash(row['url'])}")
            outcomes: dict[str, list[str]] = {}
            for directory in each.corpora:
                way = follow(directory, place, row)
                outcomes.setdefault(_outcome(way), []).append(way.corpus)
            for outcome, corpora in outcomes.items():
                print(f"    {', '.join(corpora)}: {outcome}")
            left -= 1
        for place in each.removed.places[:left]:
            row = read_row(place.path, place.row)
            print(f"\n{row['id']}  {or_dash(row['detail'])}\n    left at ingest of source {row['source']}: "
                  f"{decision({**row, 'detail': None})}")
            left -= 1
    print("\nThe way of one of them: maslin explain ID; of fewer: give more of the address.")


def _outcome(way: Way) -> str:
    return "kept" if way.left is None else decision(way.left)


def _print_way(way: Way, full: bool, sources: Sequence[Path]) -> None:
    widths = [max(map(len, column)) for column in zip(*(
        _cells(check) for step in way.steps for check in step.checks), strict=True)]
    print(f"\ncorpus {way.corpus}: {_outcome(way)}\n  {way.directory}")
    if way.left is not None and way.left["survivor_id"]:
        print(f"  stays: {way.left['survivor_id']}  "
              f"{or_dash(_survivor_url(left_facts(way.left), way.stays_in(sources)))}")
        if way.earlier is not None:
            gone = "a corpus of an earlier run, which is not there any more"
            print(f"  in {way.earlier[0] if way.earlier else gone}")
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
    _print_items(way, full)
    for step in way.steps:
        if step.edits:
            _print_diff(step, full)
    if (compared := pair(way, sources)) is not None:
        print_pair(compared, full)


def _print_items(way: Way, full: bool) -> None:
    """What a document holds of evaluation sets, a line a text."""
    for row in way.items if full else way.items[:_ITEM_LINES]:
        also = f" and {row['items'] - 1:,} more items" if row["items"] > 1 else ""
        print(f"      holds {row['set']} {visible_line(row['item'], 80)}{also}, {row['field']}: {row['share']:.0%}, "
              f"{row['run_words']:,} words in a row: "
              + visible_line(row["passage"], None if full else _LINE_CHARACTERS))
    if not full and len(way.items) > _ITEM_LINES:
        print(f"      … {len(way.items) - _ITEM_LINES:,} more (--full)")


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
