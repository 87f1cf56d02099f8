"""Equal text is text of the same xxh3-128; a null text is an empty one."""

from collections.abc import Sequence

from maslin.curation.dedup.near import Found, Search, find_matches
from maslin.curation.stages import StageShard
from maslin.manifests.steps.dedup import ExactDedup


def find_equal(search: Search, shards: Sequence[StageShard], _: ExactDedup) -> Found:
    """Documents that leave because one that stays has their text."""
    return find_matches(search, (), shards, None)
