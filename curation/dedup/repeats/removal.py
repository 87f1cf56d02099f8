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

    `rules`: the names that lines go by, and last that of an edit of the whole text.
    """

    def __init__(self, rules: Sequence[str]) -> None:
        self._rules = tuple(rules)
        self._rows: list[tuple[int, int, int, int]] = []
        self._replacements: list[str | None] = []

    def add_whole(self, row: int, text: str, new: str) -> None:
        """The whole text is another."""
        self._rows.append((row, len(self._rules) - 1, 0, len(text.splitlines())))
        self._replacements.append(new)

    def add_lines(self, row: int, text: str, new: str, lines: Sequence[int], rules: Sequence[int]) -> None:
        """Lines (ascending) are gone, each by the rule of this number."""
        if "\n".join(text.splitlines()) != text:  # other line ends, or a newline at the end
            self.add_whole(row, text, new)
            return
        rule, begin, end = -1, -1, -1
        for line, by in zip(lines, rules, strict=True):
            if by == rule and line == end:
                end += 1
                self._rows[-1] = (row, rule, begin, end)
            else:
                rule, begin, end = by, line, line + 1
                self._rows.append((row, rule, begin, end))
                self._replacements.append(None)

    def finish(self) -> Spans:
        columns = np.array(self._rows, np.int32).reshape(-1, 4)
        return Spans(self._rules, *(columns[:, index] for index in range(4)), pa.array(self._replacements, pa.string()))
