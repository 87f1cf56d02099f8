"""Equal texts, normalised texts or URLs, by xxh3-128; the document with the smallest id stays, an earlier one before.

A null text is an empty one; where normalising leaves nothing of a text, the text itself is compared, so that one of
signs alone equals none of other signs.
"""

from collections.abc import Sequence
from functools import partial
from types import MappingProxyType

import pyarrow as pa
import pyarrow.compute as pc

from maslin.curation.dedup.equal.keys import Earlier, Keys, find_by_keys
from maslin.curation.dedup.near.search import Found, Search
from maslin.curation.stages import StageShard
from maslin.curation.text.c4_urls import normalised
from maslin.curation.text.normalised_text import normalised_text
from maslin.manifests.steps.dedup import ExactDedup


def find_equal(
    search: Search, shards: Sequence[StageShard], parameters: ExactDedup, earlier: Earlier = MappingProxyType({}),
    among: bool = True,
) -> Found:
    """Documents that leave because one that stays is equal: see keys.find_by_keys."""
    keys = KEYS["numbers_alike" if parameters.by == "normalised_text" and parameters.numbers == "alike" else
                parameters.by]
    found = find_by_keys(search, shards, keys, earlier, among)
    equal = found.summary.pop("equal")
    counted = {"equal_text": equal, "near": 0} if parameters.by == "text" else {f"equal_{parameters.by}": equal}
    return Found(found.paths, counted | found.summary)


def _texts(table: pa.Table) -> pa.ChunkedArray:
    return pc.fill_null(table["text"], "") if table["text"].null_count else table["text"]


def _normalised_texts(table: pa.Table, numbers_alike: bool = False) -> pa.ChunkedArray:
    texts = (text or "" for text in table["text"].to_pylist())
    keys = [normalised_text(text, numbers_alike) or text.encode() for text in texts]
    return pa.chunked_array([pa.array(keys, pa.binary())])


def _urls(table: pa.Table) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(
        [normalised(url) or None if url else None for url in table["url"].to_pylist()], pa.string())])


KEYS = {
    "text": Keys(("text",), _texts, "equal text"),
    "normalised_text": Keys(("text",), _normalised_texts, "equal normalised text"),
    "numbers_alike": Keys(("text",), partial(_normalised_texts, numbers_alike=True), "equal normalised text"),
    "url": Keys(("url",), _urls),
}
