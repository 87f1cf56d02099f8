"""Dates of documents name a moment, or none."""

from datetime import UTC, datetime

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as hs

from maslin.curation.tokens.moments import MOMENT, moment, moments


@pytest.mark.parametrize("text, expected", [
    ("2026-01-02T03:04:05Z", (2026, 1, 2, 3, 4, 5)), ("2026-01-02T03:04:05+02:00", (2026, 1, 2, 1, 4, 5)),
    ("2026-01-02 03:04:05.250", (2026, 1, 2, 3, 4, 5, 250_000)), ("2026-01-02", (2026, 1, 2)),
    ("20260102", (2026, 1, 2)),
    ("20260102T030405Z", (2026, 1, 2, 3, 4, 5)), (" 2026-01-02 ", (2026, 1, 2)),
    ("Tue, 15 Nov 1994 12:45:26 GMT", (1994, 11, 15, 12, 45, 26)), ("1700000000", (2023, 11, 14, 22, 13, 20)),
    ("1700000000000", (2023, 11, 14, 22, 13, 20)),
])
def test_what_names_a_moment(text, expected):
    assert moment(text) == datetime(*expected, tzinfo=UTC)


@pytest.mark.parametrize("text", [
    "", " ", "2019", "2019-07", "2019-W07", "last week", "2026-13-02", "2026-02-30", "0000-00-00", "17", "=1+1",
    "1" * 500, "99999-01-01", "Tue, 99 Nov 1994 12:45:26 GMT",
])
def test_what_names_none(text):
    assert moment(text) is None


@given(hs.text(max_size=80))
def test_no_text_is_an_error(text):
    found = moment(text)
    assert found is None or found.tzinfo is not None


def test_a_column_counts_what_is_no_moment():
    column = pa.chunked_array([["2026-01-02", None, "soon"], ["2026-01-02"]])
    found, unread = moments(column)
    assert found.type == MOMENT and unread == 1
    assert found.to_pylist() == [datetime(2026, 1, 2, tzinfo=UTC), None, None, datetime(2026, 1, 2, tzinfo=UTC)]
    assert moments(pa.chunked_array([], pa.string()))[1] == 0
