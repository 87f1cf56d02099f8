"""Lines taken out of texts: what is left, and the edits that say so. Lines are cut at newlines."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from maslin.curation.text.batch import Spans


def without_lines(text: str, lines: np.ndarray) -> str:
    gone = set(lines.tolist())
    return "\n".join(line for index, line in enumerate(text.split("\n")) if index not in gone)


class SpanList:
    """Edits in the making: runs of removed lines, or one of the whole text where its lines cannot say what changed.

    `rules`: the names that lines go by, and last that of an edit of the whole text. `last_newline`: the number of the
    rule by which the last line that stays gets back the newline at the end of its text; None: the edit is of the whole.
    """

    def __init__(self, rules: Sequence[str], last_newline: int | None = None) -> None:
        self._rules, self._last_newline = tuple(rules), last_newline
        self._rows: list[tuple[int, int, int, int]] = []
        self._replacements: list[str | None] = []

    def add_whole(self, row: int, text: str, new: str) -> None:
        """The whole text is another."""
        self._rows.append((row, len(self._rules) - 1, 0, len(text.splitlines())))
        self._replacements.append(new)

    def add_lines(self, row: int, text: str, new: str, lines: Sequence[int], rules: Sequence[int]) -> None:
        """Lines (ascending) are gone, each by the rule of this number; not all are."""
        every = text.splitlines()
        joined, last, changes = "\n".join(every), -1, [*zip(lines, rules, strict=True)]
        if joined != text and (self._last_newline is None or f"{joined}\n" != text):  # other line ends
            self.add_whole(row, text, new)
            return
        if joined != text:
            last = max({*range(len(every))}.difference(lines))
            changes = sorted([*changes, (last, self._last_newline)])
        rule, begin, end = -1, -1, -1
        for line, by in changes:
            if by == rule and line == end:
                end += 1
                self._rows[-1] = (row, rule, begin, end)
            else:
                rule, begin, end = by, line, line + 1
                self._rows.append((row, rule, begin, end))
                self._replacements.append(f"{every[line]}\n" if line == last else None)

    def finish(self) -> Spans:
        columns = np.array(self._rows, np.int32).reshape(-1, 4)
        return Spans(self._rules, *(columns[:, index] for index in range(4)), pa.array(self._replacements, pa.string()))
