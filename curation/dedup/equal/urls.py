"""Documents of the same URL: all but the newest leave, as in C4's URL deduplication.

Dates compare as strings, none is the oldest; of several that are equally new the first in the order of the shards
stays. Documents without a URL all stay.
"""

from collections.abc import Sequence

import pyarrow as pa

from maslin.curation.dedup.equal.keys import Keys, find_by_keys
from maslin.curation.dedup.near.search import Found, Search
from maslin.curation.stages import StageShard
from maslin.curation.text.c4_urls import normalised
from maslin.manifests.steps.c4 import C4UrlDedup


def find_older(search: Search, shards: Sequence[StageShard], _: C4UrlDedup) -> Found:
    """Documents to drop, with their normalised URL."""
    return Found(find_by_keys(search, shards, Keys(("url",), _urls, newest=True), {}).paths, {})


def _urls(table: pa.Table) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(
        [None if url is None else normalised(url) for url in table["url"].to_pylist()], pa.string())])
