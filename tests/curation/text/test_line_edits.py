"""The kernel of edits does what plain Python does, whatever ends the lines."""

from itertools import pairwise

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as hs

from maslin.curation.evidence.edits import apply
from maslin.curation.text.line_edits import apply_edits

TEXTS = hs.lists(hs.sampled_from(["a", "bä", " ", "", "𝄞x"]), max_size=8).flatmap(
    lambda lines: hs.lists(hs.sampled_from(["\n", "\r\n", "\x0b", "\u2028", "\x85"]), min_size=len(lines),
                           max_size=len(lines)).map(
        lambda ends: "".join(map("".join, zip(lines, ends, strict=True)))))


@hs.composite
def edited(draw):
    """A text with or without a line end at its end, and edits of spans of its lines that do not overlap."""
    text = draw(TEXTS)
    if draw(hs.booleans()):
        text += "end"
    edits, position, number = [], 0, len(text.splitlines())
    while position <= number and draw(hs.booleans()):
        start = draw(hs.integers(position, number))
        end = draw(hs.integers(start, min(number, start + 3)))
        replacement = draw(hs.none() | hs.sampled_from(["x", "x\ny", "", "ü\n"]))
        if end > start or replacement is not None:
            edits.append({"line_start": start, "line_end": end, "replacement": replacement})
        position = end + 1
    return text, edits


@given(hs.lists(edited(), max_size=6))
def test_as_plain_python(cases):
    texts = pa.array([text for text, _ in cases], pa.large_string())
    edits = [edit for _, edits in cases for edit in edits]
    replacements = pa.array([edit["replacement"] or "" for edit in edits], pa.large_string())

    def flat(array):
        _, offsets, data = array.buffers()
        values = np.frombuffer(data, np.uint8) if data is not None else np.zeros(0, np.uint8)
        return values, np.frombuffer(offsets, np.int64)[:len(array) + 1] if len(array) else np.zeros(1, np.int64)

    data, offsets = apply_edits(
        *flat(texts), np.cumsum([0, *(len(edits) for _, edits in cases)]),
        np.array([edit["line_start"] for edit in edits], np.int32),
        np.array([edit["line_end"] for edit in edits], np.int32),
        np.array([edit["replacement"] is None for edit in edits], bool), *flat(replacements))
    made = [bytes(data[a:b]).decode() for a, b in pairwise(offsets)]
    assert made == [apply(text, edits) for text, edits in cases]
