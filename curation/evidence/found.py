"""Documents by id, URL or path, and their way through every corpus of a workspace, as objects."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from maslin.curation.evidence.corpora import finished_corpora
from maslin.curation.evidence.way import Way, follow
from maslin.manifests.errors import UsageError
from maslin.manifests.lookup import Place, find, is_id, read_row
from maslin.manifests.workspace import read_manifest


@dataclass(frozen=True)
class Found:
    """A document that was asked for. `document`: its row as extracted, None where it left at ingest.

    `ways`: through every corpus of its source, `left_at_ingest`: its row of the source's ledger.
    """

    id: str
    source: str
    document: Mapping[str, Any] | None
    ways: tuple[Way, ...]
    left_at_ingest: Mapping[str, Any] | None


@dataclass(frozen=True)
class Places:
    """Where a query is found in one source: among its documents, and among what left at ingest."""

    source: Path
    corpora: list[Path]
    documents: list[Place]
    removed: list[Place]


def places_of(
    query: str, workspace: Path, corpus: str | None, say: Callable[[str], None] = lambda line: None,
) -> list[Places]:
    """Where an id, a URL or path, or the end of one is found, source by source.

    `corpus`: only in the source of this one; `say` hears of indexes that have to be made first. Raises UsageError when
    it is found nowhere.
    """
    if not query.strip():
        raise UsageError("explain: give a document's id, its URL or path, or the end of one.")
    sources: dict[str, list[Path]] = {}
    for directory in finished_corpora(workspace, corpus):
        sources.setdefault(read_manifest(directory).inputs["documents"], []).append(directory)
    found = [
        Places(workspace / source, corpora, find(workspace / source, "documents", query, say),
               find(workspace / source, "ledger", query, say))
        for source, corpora in sources.items()]
    if not any(each.documents or each.removed for each in found):
        raise UsageError(
            f"{query}: no document with this id, or URL or path that ends so, among {', '.join(sorted(sources))}."
            + ("" if is_id(query) else " Give the full id (32 hex digits), the URL as the crawl has it, or its end."))
    return found


def explain(
    query: str, workspace: str | Path = "maslin-work", *, corpus: str | None = None, most: int = 10,
) -> list[Found]:
    """Every document with this id, or URL or path, or the end of one, and what happened to it in every corpus.

    `corpus`: only in this one. Raises UsageError when there is none, or when there are more than `most`.
    """
    places = places_of(query, Path(workspace), corpus)
    if (number := sum(len(each.documents) + len(each.removed) for each in places)) > most:
        raise UsageError(f"{query}: {number:,} documents have a URL or path that ends so: give more of it, or a larger "
                         f"`most` than {most}.")
    found: list[Found] = []
    for each in places:
        for place in each.documents:
            row = read_row(place.path, place.row)
            ways = tuple(follow(directory, place, row) for directory in each.corpora)
            found.append(Found(row["id"], row["source"], row, ways, None))
        for place in each.removed:
            row = read_row(place.path, place.row)
            found.append(Found(row["id"], row["source"], None, (), row))
    return found
