"""Words, numbers and JSON as commands print them."""

import json
import math
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from maslin.flows import lines
from maslin.flows.lines import Line
from maslin.manifests.visible import visible_line


def say(message: str, level: str = "info") -> None:
    """A line beside the results, on standard error: `maslin: …`."""
    lines.write(Line(message, level), sys.stderr, "maslin: ")


def print_json(answer: Mapping[str, Any]) -> None:
    """What a command answers with `--json` (see `answers.py`), and all it prints. ASCII: exact, and safe to look at.

    A number that is none, or has no end, is null: JSON has no sign for it.
    """
    print(json.dumps(_finite(answer), indent=1, allow_nan=False))


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def table(rows: Sequence[Sequence[Any]], header: Sequence[str]) -> str:
    """Columns of plain text; numbers right-aligned with thousands separators."""
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max(len(row[i]) for row in [list(header), *cells]) for i in range(len(header))]
    right = [all(isinstance(row[i], int | float) or row[i] is None for row in rows) for i in range(len(header))]

    def line(row: Sequence[str]) -> str:
        return "  ".join(
            text.rjust(width) if is_right else text.ljust(width)
            for text, width, is_right in zip(row, widths, right, strict=True)).rstrip()

    return "\n".join([line(header), line(["─" * width for width in widths]), *map(line, cells)])


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.3f}" if isinstance(value, float) else visible_line(str(value))


def megabytes(size_bytes: int) -> str:
    """`     1,234.56 MB`, aligned in a column."""
    return f"{size_bytes / 1e6:>9,.2f} MB"


def number(value: float) -> str:
    """`1,234`, or four digits of what is no whole number."""
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.4g}"
