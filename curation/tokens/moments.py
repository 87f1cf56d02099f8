"""Dates of documents, as crawls, dumps and people write them, as moments in UTC."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import pyarrow as pa
import pyarrow.compute as pc

MOMENT = pa.timestamp("us", "UTC")
_EPOCH = re.compile(r"(\d{9,10})(\.\d+)?|(\d{12,13})")  # seconds since 1970, or milliseconds
_DAY = re.compile(r"\d{4}-?\d{2}-?\d{2}")
_MOST_CHARACTERS = 64


def moment(text: str) -> datetime | None:
    """The moment that a date names; None where it names none, as `2019` or `last week`.

    ISO 8601, the dates of HTTP and mail (RFC 5322), and seconds or milliseconds since 1970 of 9 to 13 digits. A date
    without a time is its first moment; one without an offset is in UTC.
    """
    text = text.strip()
    if not text or len(text) > _MOST_CHARACTERS:
        return None
    try:
        if epoch := _EPOCH.fullmatch(text):
            return datetime.fromtimestamp(float(text) / (1000 if epoch[3] else 1), UTC)
        if text[0].isdigit():
            if len(text) <= 10 and not _DAY.fullmatch(text):  # `2019`, `2019-W07`: no day is named
                return None
            found = datetime.fromisoformat(text)
        else:
            found = parsedate_to_datetime(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError, OSError, TypeError, IndexError):
        return None


def moments(dates: pa.ChunkedArray) -> tuple[pa.ChunkedArray, int]:
    """The dates of a column as timestamps, null where they name no moment, and how many these are."""
    encoded = dates.combine_chunks().dictionary_encode()  # the pages of a crawl share few
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    named = pa.array([moment(text) for text in encoded.dictionary.to_pylist()], MOMENT)
    found = named.take(encoded.indices)
    return pa.chunked_array([found], MOMENT), found.null_count - pc.sum(dates.is_null()).as_py() if len(dates) else 0
