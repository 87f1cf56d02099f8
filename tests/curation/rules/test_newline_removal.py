import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maslin.curation.corpora.segment import curate_table
from maslin.curation.rules import newline_removal
from maslin.curation.text.batch import Batch
from maslin.manifests.steps.refinedweb import NewlineRemoval
from tests.curation.documents import documents
from tests.curation.steps import entry


def judge(*texts: str, **parameters):
    return newline_removal.judge(Batch(documents(list(texts))), NewlineRemoval(**parameters))


@pytest.mark.parametrize(("text", "expected"), [
    ("", ""), ("a\n\nb", "a\n\nb"), ("a\n\n\nb", "a\n\nb"), ("\n\n\n\na\n\n\n", "\n\na\n\n"),
    ("a\n \n\nb", "a\n \n\nb"), ("a\r\n\r\n\r\nb", "a\r\n\r\n\r\nb"), ("\n" * 10**6, "\n\n"),
])
def test_rows_of_newlines_are_shortened(text, expected):
    assert judge(text).text[0].as_py() == expected


def test_no_document_leaves_and_the_edits_say_which_lines_went():
    steps = [entry("newline_removal")]
    output = curate_table(documents(["a\n\n\n\nb\nc\n\n\nd", "a", "x\x0c\n\n\ny"]), steps, 0, "web")
    assert output.documents["text"].to_pylist() == ["a\n\nb\nc\n\nd", "a", "x\x0c\n\ny"]
    edits = [tuple(e[key] for key in ("id", "rule", "line_start", "line_end")) for e in output.edits.to_pylist()]
    assert edits == [
        ("d0", "newlines", 2, 4), ("d0", "newlines", 7, 8), ("d2", "newlines", 0, 5)]
    assert output.counts.edited == {"newline_removal": 2} and output.counts.lines_removed == {"newlines": 3}


@given(st.lists(st.lists(st.sampled_from(["a", "\n", "\n\n", "\n\n\n", " ", "\u2028"])).map("".join), max_size=3),
       st.integers(1, 3))
def test_spans_rebuild_the_text(texts, most):
    decision = judge(*texts, max_consecutive=most)
    for row, text in enumerate(texts):
        new = re.sub(f"\n{{{most + 1},}}", "\n" * most, text)
        assert decision.text[row].as_py() == new
        lines, spans = text.splitlines(), decision.spans
        for span in reversed(np.flatnonzero(spans.row == row)):
            put = spans.replacement[span].as_py()
            lines[spans.line_start[span] : spans.line_end[span]] = [] if put is None else [put]
        assert new == text or "\n".join(lines) == new
