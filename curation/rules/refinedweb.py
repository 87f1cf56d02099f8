"""RefinedWeb's line rules, an edit, and its page rule, as DCLM reproduces them.

Lines are cut at newlines. One after the other, each over the whole page: a line goes when capitals are more than
`max_uppercase_ratio` of its characters (rule `uppercase`); when digits are more than `max_numeric_ratio` (`numeric`);
when it says no more than a number of likes, shares, views and so on (`counter`); when it has fewer than
`min_words_per_line` words between white space, empty lines aside (`too_short`). Then, in lines of at most
`substring_line_words` words, "items in cart" is cut out anywhere, "Read more" with three characters (in the source the
dots of "Read more..." match any) at the end, "Sign-in" at the front, in any case, with one white space before it (after
"Sign-in"); a line of which nothing is left goes (`substring`). Between these rules white space is taken off the ends of
the page (`blank`, `strip`), which the next rule no longer counts.

A page of which nothing is left, or that had no words, is dropped (`empty`); then one that lost more than
`max_removed_words_ratio` of its words (`removed_words_ratio`). Words are here what fastText splits at ASCII white space
and begins with a letter or digit. In texts with other line ends than newlines the edit is of the whole text (`lines`).

Signal: the share of words removed, null where there were none.
"""

import re
from collections.abc import Callable
from functools import cache

import numpy as np
import pyarrow as pa

from maslin.curation.rules import c4_lines
from maslin.curation.rules import refinedweb_lines as lines
from maslin.curation.rules.judgement import Judgement, ratio
from maslin.curation.text.batch import Batch, Edited, Spans
from maslin.curation.text.utf8 import character_set
from maslin.curation.text.word_splitters import count_words
from maslin.manifests.steps.refinedweb import REFINEDWEB, RefinedWeb

LINE_RULES = (
    "kept", "blank", "uppercase", "numeric", "counter", "too_short", "substring", "strip", "substring", "lines",
)
_WHOLE_TEXT = LINE_RULES.index("lines")
_COUNTER = re.compile(rf"^\W*\d[,.\d]*[KkMmBb]?\s+(?:{'|'.join(lines.COUNTED)})\W*$")
_SUBSTRINGS = (
    re.compile(r"\s?items in cart", re.I), re.compile(r"\s?read more...$", re.I), re.compile(r"^sign-in\s?", re.I),
)


def judge(batch: Batch, parameters: RefinedWeb) -> Edited:
    data, offsets = batch.data, batch.offsets
    arrays = lines.judge_lines(
        data, offsets, *_sets(), parameters.max_uppercase_ratio, parameters.max_numeric_ratio,
        parameters.min_words_per_line, parameters.substring_line_words,
    )
    line_offsets, status, starts, ends, trimmed, asks = arrays
    extra = _judge_asked(batch, np.flatnonzero(asks & lines.ASK), arrays, parameters)
    every = np.ones(len(batch), bool)
    text, text_offsets, begins = c4_lines.join_lines(data, extra, line_offsets, status, starts, ends, every)

    judgement = Judgement(REFINEDWEB, parameters, batch)
    before = count_words(data, offsets)
    removed = ratio(before - count_words(text, text_offsets), before)
    judgement.drop("empty", (np.diff(text_offsets) == 0) | (before == 0))
    judgement.test("removed_words_ratio", removed)

    by_line = judgement.open & (asks & lines.OTHER_LINE_ENDS == 0)
    spans = c4_lines.changed_spans(
        len(data), line_offsets, status, starts, trimmed, begins, text_offsets, by_line)
    whole = [_whole_text(batch, row, text_offsets) for row in np.flatnonzero(judgement.open & ~by_line)]
    spans = np.concatenate([spans, np.array(whole, np.int64).reshape(-1, 6)])
    spans = spans[np.argsort(spans[:, 0], kind="stable")]
    replacement = [
        text[begin:end].tobytes().decode() if begin >= 0 else None for begin, end in spans[:, 4:].tolist()
    ]
    return judgement.edited(
        signals={"removed_words_ratio": removed},
        text=pa.LargeStringArray.from_buffers(len(batch), pa.py_buffer(text_offsets), pa.py_buffer(text)),
        spans=Spans(
            LINE_RULES, *(spans[:, column].astype(np.int32) for column in range(4)), pa.array(replacement, pa.string())
        ),
    )


def clean_page(text: str, parameters: RefinedWeb) -> list[tuple[int, str, bool]]:
    """Of each line: its status, what is left of it, and whether a substring was cut out. The kernel follows this."""
    page = _Page(text)
    page.drop(lines.UPPERCASE, lambda line: _share(str.isupper, line) > parameters.max_uppercase_ratio)
    page.strip()
    page.drop(lines.NUMERIC, lambda line: _share(str.isdigit, line) > parameters.max_numeric_ratio)
    page.strip()
    page.drop(lines.COUNTER, lambda line: _COUNTER.search(line.lower()) is not None)
    page.strip()
    page.drop(lines.TOO_SHORT, lambda line: line != "" and len(line.split()) < parameters.min_words_per_line)
    for pattern in _SUBSTRINGS:
        page.cut(pattern, parameters.substring_line_words)
        page.strip()
    return page.lines


class _Page:
    """Lines on their way through the rules."""

    def __init__(self, text: str) -> None:
        self.lines = [(lines.KEPT, line, False) for line in text.split("\n")]

    def drop(self, rule: int, goes: Callable[[str], bool]) -> None:
        for index, (status, line, cut) in enumerate(self.lines):
            if status == lines.KEPT and goes(line):
                self.lines[index] = rule, line, cut

    def cut(self, pattern: re.Pattern[str], most_words: int) -> None:
        for index, (status, line, cut) in enumerate(self.lines):
            if status == lines.KEPT and len(line.split()) <= most_words:
                new = pattern.sub("", line)
                gone = line != "" and not new.strip()
                self.lines[index] = lines.SUBSTRING if gone else lines.KEPT, new, cut or new != line

    def strip(self) -> None:
        for order, strip in ((range(len(self.lines)), str.lstrip), (range(len(self.lines) - 1, -1, -1), str.rstrip)):
            for index in order:
                status, line, cut = self.lines[index]
                if status == lines.KEPT:
                    self.lines[index] = lines.KEPT if strip(line) else lines.BLANK, strip(line), cut
                    if strip(line):
                        break


def _share(test: Callable[[str], bool], line: str) -> float:
    return sum(map(test, line)) / len(line) if line else 0.0


@cache
def _sets() -> tuple[np.ndarray, np.ndarray]:
    return character_set(str.isupper), character_set(str.isdigit)


def _judge_asked(batch: Batch, rows: np.ndarray, arrays: tuple[np.ndarray, ...], parameters: RefinedWeb) -> np.ndarray:
    """Judge in Python the pages the kernel left open; returns the bytes of changed lines, see c4_lines.join_lines."""
    line_offsets, status, starts, ends, trimmed, _ = arrays
    pieces, size = [], len(batch.data)
    for row in rows:
        judged = clean_page(batch.text(row), parameters)  # of which a newline at the end makes one more, blank
        for line, (found, left, cut) in zip(range(*line_offsets[row : row + 2]), judged, strict=False):
            status[line] = found
            piece = left.encode()
            if found == lines.KEPT and cut:
                starts[line], ends[line] = size, size + len(piece)
                size += len(piece)
                pieces.append(piece)
            elif found == lines.KEPT and len(piece) < ends[line] - starts[line]:
                raw = batch.data[starts[line] : ends[line]].tobytes()
                starts[line] += raw.find(piece)
                ends[line], trimmed[line] = starts[line] + len(piece), 1
    return np.frombuffer(b"".join(pieces), np.uint8)


def _whole_text(batch: Batch, row: int, offsets: np.ndarray) -> tuple[int, ...]:
    """One edit of all lines."""
    return row, _WHOLE_TEXT, 0, len(batch.text(row).splitlines()), offsets[row], offsets[row + 1]
