"""What edits did to a text, from the rows of the table EDITS: the new text, and the change as a unified diff."""

from collections.abc import Iterator, Sequence
from typing import Any

CONTEXT_LINES = 3


def apply(text: str, edits: Sequence[dict[str, Any]]) -> str:
    """The text after the edits (rows of EDITS, in any order) of one step; as it was where there are none."""
    if not edits:
        return text
    lines, kept, position = text.splitlines(), [], 0
    for edit in _in_order(edits):
        kept += lines[position:edit["line_start"]]
        if edit["replacement"] is not None:
            kept.append(edit["replacement"])
        position = edit["line_end"]
    return "\n".join([*kept, *lines[position:]])


def unified_diff(text: str, edits: Sequence[dict[str, Any]], rule: str | None = None) -> Iterator[str]:
    """Lines of a unified diff of one step's edits; the rules behind a hunk stand in its `@@` line.

    It follows from the spans, so a line moved or repeated is never taken for another. `rule`: only its hunks.
    """
    lines = text.splitlines()
    old_line = new_line = 0
    for hunk in _hunks(_in_order(edits)):
        begin = max(0, hunk[0]["line_start"] - CONTEXT_LINES)
        end = min(len(lines), hunk[-1]["line_end"] + CONTEXT_LINES)
        new_line += begin - old_line
        body, position, added = [], begin, 0
        for edit in hunk:
            body += [f" {line}" for line in lines[position:edit["line_start"]]]
            body += [f"-{line}" for line in lines[edit["line_start"]:edit["line_end"]]]
            new = [] if edit["replacement"] is None else edit["replacement"].split("\n")
            body += [f"+{line}" for line in new]
            added += len(new) - (edit["line_end"] - edit["line_start"])
            position = edit["line_end"]
        body += [f" {line}" for line in lines[position:end]]
        rules = ", ".join(dict.fromkeys(edit["rule"] for edit in hunk))
        if rule is None or any(edit["rule"] == rule for edit in hunk):
            yield f"@@ -{_range(begin, end - begin)} +{_range(new_line, end - begin + added)} @@ {rules}"
            yield from body
        new_line += end - begin + added
        old_line = end


def _in_order(edits: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(edits, key=lambda edit: (edit["line_start"], edit["line_end"]))


def _hunks(edits: Sequence[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Edits whose contexts touch, together."""
    hunk: list[dict[str, Any]] = []
    for edit in edits:
        if hunk and edit["line_start"] - hunk[-1]["line_end"] > 2 * CONTEXT_LINES:
            yield hunk
            hunk = []
        hunk.append(edit)
    if hunk:
        yield hunk


def _range(start: int, length: int) -> str:
    """A hunk's place as unified diffs have it: from 1, or the line before where it is empty."""
    return f"{start + (length > 0)},{length}"
