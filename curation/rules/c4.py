"""C4's clean_page: an edit with page decisions, as TensorFlow Datasets, datatrove or the paper has it.

`variant: tfds` is exactly `text/c4_utils.py`. Of each line of `splitlines()`, in this order: strip; drop it with a word
of more than `max_word_characters` (rule `too_long_word`); delete citations; drop it without an end mark `. ? ! "` or
with `...` at its end (`no_endmark`); with fewer than `min_words_per_line` words (`too_short`); "lorem ipsum" drops the
page (`loremipsum`); drop it with "javascript" (`javascript`); `{` drops the page (`squigglybracket`); drop it with one
of six policy phrases (`policy`). Lines that are gone do not reach the later checks. A page with fewer than
`min_sentences` sentences, counted line by line by Punkt, is dropped (`too_few_sentences`).

`variant: datatrove` is exactly `C4QualityFilter` of datatrove 0.10.1: `'` is an end mark too, words are counted before
citations go, sentences are spaCy's (curation/text/spacy/sentencizer.py), other numbers. Its options are `citations`
(remove_citations), `end_marks` (filter_no_terminal_punct) and `split` (split_paragraph): sentences in the place of
lines, joined by blanks. Its reasons `lorem_ipsum` and `curly_bracket` bear the names above.

`variant: paper` is the JMLR text where the code differs: `”` is an end quotation mark too; words of any length and
lines with `...` stay; "lorem ipsum" and `{` drop the page wherever they stand. Repeated spans of three sentences are
`c4_line_dedup: {unit: span}`.

Empty lines, which the references count as `no_endmark` or too short, are told apart as `blank`. `code: keep` leaves out
`javascript` and `squigglybracket`, nothing else.

Signal `c4.sentences`: the sentences counted. Every kept line has at least one, so that counting stops as soon as
`min_sentences` is certain: below it the value is exact, from it on it says "at least". Null for pages dropped by a
line.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np
import pyarrow as pa

from maslin.curation.rules import c4_lines as lines
from maslin.curation.rules.judgement import Judgement
from maslin.curation.text import punkt
from maslin.curation.text.batch import Batch, Edited, Spans, excerpt
from maslin.curation.text.spacy import sentencizer
from maslin.manifests.steps.c4 import C4, C4_STEP

LINE_RULES = (
    "kept", "blank", "too_long_word", "no_endmark", "too_short", "javascript", "policy", "strip", "citation",
)
LOREM = "lorem ipsum"
_CITATION = re.compile(r"\[\d*\]|\[edit\]|\[citation needed\]")


@dataclass(frozen=True)
class Variant:
    """What the makers of C4's rules do differently; `mode`: bits of c4_lines."""

    end_marks: tuple[str, ...]
    mode: int
    words_before_citations: bool = False


VARIANTS = {
    "tfds": Variant((".", "?", "!", '"'), lines.NO_ELLIPSIS),
    "datatrove": Variant((".", "?", "!", '"', "'"), lines.NO_ELLIPSIS | lines.APOSTROPHE, True),
    "paper": Variant((".", "?", "!", '"', "”"), lines.CURLY_QUOTE | lines.PAGE_RULES_FIRST),
}


def judge(batch: Batch, parameters: C4) -> Edited:
    return _judge_sentences(batch, parameters) if parameters.split == "sentence" else _judge_lines(batch, parameters)


def _mode(parameters: C4) -> int:
    return (
        VARIANTS[parameters.variant].mode | lines.CODE_RULES * (parameters.code == "drop")
        | lines.CITATIONS * (parameters.citations == "remove") | lines.NEEDS_MARK * (parameters.end_marks == "required")
    )


def _judge_lines(batch: Batch, parameters: C4) -> Edited:
    data, offsets = batch.data, batch.offsets
    line_offsets, status, starts, ends, trimmed = lines.judge_lines(
        data, offsets, parameters.min_words_per_line, parameters.max_word_characters, _mode(parameters)
    )
    extra = _judge_asked(data, status, starts, ends, parameters)

    judgement = Judgement(C4_STEP, parameters, batch)
    for line in np.flatnonzero((status == lines.LOREM) | (status == lines.BRACE)):
        row = int(np.searchsorted(line_offsets, line, "right")) - 1
        if row not in judgement.detail:  # the first such line decides
            _drop_page(judgement, row, status[line], _line(data, extra, starts, ends, line))

    kept_before = np.concatenate([[0], np.cumsum(status == lines.KEPT)])
    sentences = np.diff(kept_before[line_offsets]).astype(np.float64)
    sentences[~judgement.open] = np.nan
    for row in np.flatnonzero(judgement.open & (sentences > 0) & (sentences < parameters.min_sentences)):
        kept = np.flatnonzero(status[line_offsets[row] : line_offsets[row + 1]] == lines.KEPT) + line_offsets[row]
        sentences[row] = count_sentences(
            map(partial(_line, data, extra, starts, ends), kept), len(kept), parameters.min_sentences,
            _splitter(parameters),
        )
    judgement.test("too_few_sentences", sentences)

    wanted = judgement.open
    _drop_outer_blanks(data, extra, line_offsets, status, starts, ends)
    text, text_offsets, begins = lines.join_lines(data, extra, line_offsets, status, starts, ends, wanted)
    spans = lines.changed_spans(
        len(data), line_offsets, status, starts, trimmed, begins, text_offsets, wanted
    )
    replacement: list[str | None] = [None] * len(spans)
    for span in np.flatnonzero(spans[:, 4] >= 0):
        replacement[span] = text[spans[span, 4] : spans[span, 5]].tobytes().decode()
    return judgement.edited(
        signals={"sentences": sentences},
        text=pa.LargeStringArray.from_buffers(len(batch), pa.py_buffer(text_offsets), pa.py_buffer(text)),
        spans=Spans(
            LINE_RULES, *(spans[:, column].astype(np.int32) for column in range(4)), pa.array(replacement, pa.string())
        ),
    )


def _judge_sentences(batch: Batch, parameters: C4) -> Edited:
    """As `_judge_lines`, of sentences. A changed text is one edit of all its lines."""
    judgement = Judgement(C4_STEP, parameters, batch)
    sentences = np.full(len(batch), np.nan)
    texts: list[str] = []
    changed, line_ends = [], []
    splitter = _splitter(parameters)
    for row, text in enumerate(batch.texts):
        kept = []
        for piece in splitter.sentences(text):
            status, line = judge_line(piece.strip(), parameters)
            if status in (lines.LOREM, lines.BRACE):
                _drop_page(judgement, row, status, line)
                break
            if status == lines.KEPT:
                kept.append(line)
        texts.append(" ".join(kept).strip())
        if row not in judgement.detail:
            sentences[row] = len(kept)
            if len(kept) >= parameters.min_sentences and texts[row] != text:
                changed.append(row)
                line_ends.append(len(text.splitlines()))
    judgement.test("too_few_sentences", sentences)
    ends = np.array(line_ends, np.int32)
    return judgement.edited(
        signals={"sentences": sentences},
        text=pa.array(texts, pa.large_string()),
        spans=Spans(
            ("sentences",), np.array(changed, np.int32), np.zeros_like(ends), np.zeros_like(ends), ends,
            pa.array([texts[row] for row in changed], pa.string()),
        ),
    )


def _drop_page(judgement: Judgement, row: int, status: int, line: str) -> None:
    """Drop a page by the line that does it, which the ledger quotes."""
    rule, place = (
        ("squigglybracket", line.find("{")) if status == lines.BRACE else ("loremipsum", line.lower().find(LOREM)))
    judgement.drop(rule, row, detail=excerpt(line, place))


class Splitter(Protocol):
    """What finds sentences; each text has one at least."""

    def sentences(self, text: str) -> list[str]:
        """The sentences of a text."""

    def count(self, text: str, enough: int | None = None) -> int:
        """How many there are; counting may stop at `enough`."""


def count_sentences(texts: Iterable[str], number: int, enough: int, splitter: Splitter) -> int:
    """Sentences of `number` texts, each counted alone and at least 1; stops where the rest must reach `enough`."""
    total = number  # one each
    for text in texts:
        if total >= enough:
            break
        total += splitter.count(text, enough - total + 1) - 1
    return total


def _splitter(parameters: C4) -> Splitter:
    return sentencizer if parameters.variant == "datatrove" else punkt.english()


def judge_line(line: str, parameters: C4) -> tuple[int, str]:
    """A stripped line's status and the line without its citations: the definition that the kernels follow.

    `parameters` are resolved.
    """
    variant, marked = VARIANTS[parameters.variant], parameters.end_marks == "required"
    if not line and (marked or parameters.min_words_per_line > 0):
        return lines.BLANK, line
    if variant.mode & lines.PAGE_RULES_FIRST:
        if LOREM in line.lower():
            return lines.LOREM, line
        if parameters.code == "drop" and "{" in line:
            return lines.BRACE, line
    words = line.split()
    if any(len(word) > parameters.max_word_characters for word in words):
        return lines.TOO_LONG_WORD, line
    if parameters.citations == "remove":
        line = _CITATION.sub("", line)
    if marked and (
        not line.endswith(variant.end_marks) or (variant.mode & lines.NO_ELLIPSIS and line.endswith("..."))
    ):
        return lines.NO_ENDMARK, line
    if len(words if variant.words_before_citations else line.split()) < parameters.min_words_per_line:
        return lines.TOO_SHORT, line
    lower = line.lower()
    if LOREM in lower:
        return lines.LOREM, line
    if parameters.code == "drop":
        if "javascript" in lower:
            return lines.JAVASCRIPT, line
        if "{" in line:
            return lines.BRACE, line
    if any(phrase in lower for phrase in lines.POLICY_PHRASES):
        return lines.POLICY, line
    return lines.KEPT, line


def _judge_asked(
    data: np.ndarray, status: np.ndarray, starts: np.ndarray, ends: np.ndarray, parameters: C4
) -> np.ndarray:
    """Judge in Python the lines the kernel left open; returns the bytes of those that a citation was taken from.

    These lines get positions beyond len(data).
    """
    pieces, size = [], len(data)
    for line in np.flatnonzero(status == lines.ASK):
        original = data[starts[line] : ends[line]].tobytes()
        status[line], changed = judge_line(original.decode(), parameters)
        piece = changed.encode()
        if piece != original:
            starts[line], ends[line] = size, size + len(piece)
            size += len(piece)
            pieces.append(piece)
    return np.frombuffer(b"".join(pieces), np.uint8)


def _drop_outer_blanks(
    data: np.ndarray, extra: np.ndarray, line_offsets: np.ndarray, status: np.ndarray, starts: np.ndarray,
    ends: np.ndarray,
) -> None:
    """Take away kept lines of white space at a page's front and end, as stripping the page does.

    Only lines of citations alone are such, and empty ones where no words are asked for.
    """
    kept = status == lines.KEPT
    blank = np.zeros(len(status), bool)
    for line in np.flatnonzero(kept & ((starts >= len(data)) | (starts == ends))):
        blank[line] = not _line(data, extra, starts, ends, line).strip()
    for row in np.unique(np.searchsorted(line_offsets, np.flatnonzero(blank), "right") - 1):
        page = np.flatnonzero(kept[line_offsets[row] : line_offsets[row + 1]]) + line_offsets[row]
        full = np.flatnonzero(~blank[page])
        outer = np.ones(len(page), bool)
        if len(full):
            outer[full[0] : full[-1] + 1] = False
        status[page[outer]] = lines.BLANK


def _line(data: np.ndarray, extra: np.ndarray, starts: np.ndarray, ends: np.ndarray, line: int) -> str:
    start, end = starts[line], ends[line]
    if start < len(data):
        return data[start:end].tobytes().decode()
    return extra[start - len(data) : end - len(data)].tobytes().decode()
