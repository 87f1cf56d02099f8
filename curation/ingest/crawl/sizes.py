"""How much a crawl's part is, before any of it is read: by the lengths of a few of its paths."""

from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from maslin.curation.ingest.crawl.lists import TYPICAL_BYTES, listed_paths, taken_paths
from maslin.manifests.identity import hash_int
from maslin.manifests.recipe.crawls import Crawl
from maslin.manifests.recipe.inputs import TRIES, InputFile
from maslin.manifests.remote.client import Client, NotHad
from maslin.manifests.remote.pace import Pace

MOST_ASKED = 16


@dataclass(frozen=True)
class CrawlSize:
    """`paths` are taken of `all_paths`; `bytes` of all that are taken, by the lengths of `asked` of them.

    With none asked it is what paths of the kind typically have. Of a selection the bytes are those of whole paths.
    """

    paths: int
    all_paths: int
    bytes: int
    asked: int


def crawl_size(inputs: Sequence[InputFile], crawl: Crawl) -> CrawlSize:
    """Asks for the lengths of a few paths, drawn by hash. Raises UsageError for a list that is none."""
    taken = taken_paths(inputs, crawl)
    lengths: list[int] = []
    with closing(Client(Pace(crawl.requests_per_second), crawl.contact, TRIES)) as client:
        for path in sorted(taken, key=lambda path: (hash_int(crawl.seed, "length", path), path))[:MOST_ASKED]:
            place = crawl.at(path)
            with suppress(NotHad, FileNotFoundError):
                length = place.stat().st_size if isinstance(place, Path) else client.length(place)
                if length is not None:
                    lengths.append(length)
    each = sum(lengths) / len(lengths) if lengths else TYPICAL_BYTES[crawl.part]
    return CrawlSize(len(taken), len(listed_paths(inputs[0].path)), round(each * len(taken)), len(lengths))
