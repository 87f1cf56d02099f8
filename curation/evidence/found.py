"""Documents by id, or any part of their address, path or title, and their way through every corpus, as objects."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from maslin.curation.evidence.corpora import finished_corpora
from maslin.curation.evidence.search import Matches, find_part, nearest
from maslin.curation.evidence.way import Way, follow
from maslin.manifests.errors import UsageError
from maslin.manifests.lookup import find, is_id, read_row
from maslin.manifests.visible import visible_line
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
    documents: Matches
    removed: Matches


def places_of(
    query: str, workspace: Path, corpus: str | None, most: int, say: Callable[[str], None] = lambda line: None,
) -> list[Places]:
    """Where an id, a URL or path, the end of one, or else any part of one or of a title is found, source by source.

    `corpus`: only in the source of this one; at most `most` places of each table; `say` hears of indexes that have to
    be made first. Raises UsageError, with what is nearest, when it is found nowhere.
    """
    if not query.strip():
        raise UsageError("explain: give a document's id, or any part of its address, path or title.")
    sources: dict[str, list[Path]] = {}
    for directory in finished_corpora(workspace, corpus):
        sources.setdefault(read_manifest(directory).inputs["documents"], []).append(directory)

    def whole_or_end(directory: Path, table: str) -> Matches:
        places = find(directory, table, query, say)
        return Matches(len(places), places[:most])

    def part(directory: Path, table: str) -> Matches:
        return find_part(directory, table, query, most, say)

    for look in (whole_or_end,) if is_id(query) else (whole_or_end, part):
        found = [Places(workspace / source, corpora, *(look(workspace / source, table)
                                                       for table in ("documents", "ledger")))
                 for source, corpora in sources.items()]
        if any(each.documents.number or each.removed.number for each in found):
            return found
    names = sorted(Path(source).name.rpartition("@")[0] for source in sources)
    among = f"in {'the source' if len(names) == 1 else 'the sources'} {', '.join(names)}"
    if is_id(query):
        raise UsageError(f"{query}: no document has this id {among}.")
    near = nearest([workspace / source for source in sources], query, say=say)
    told = f" Did you mean {' or '.join(visible_line(each, 200) for each in near)}?" if near else ""
    raise UsageError(f"{query}: no document with this id, or with this in its address, path or title, {among}.{told}")


def explain(
    query: str, workspace: str | Path = "maslin-work", *, corpus: str | None = None, most: int = 10,
) -> list[Found]:
    """Every document with this id, URL or path, or the end of one, or else any part of it or of its title, and what
    happened to it in every corpus.

    `corpus`: only in this one. Raises UsageError when there is none, or when there are more than `most`.
    """
    places = places_of(query, Path(workspace), corpus, most)
    if (number := sum(each.documents.number + each.removed.number for each in places)) > most:
        raise UsageError(f"{query}: {number:,} documents have this in their address, path or title: give more of it, "
                         f"or a larger `most` than {most}.")
    found: list[Found] = []
    for each in places:
        for place in each.documents.places:
            row = read_row(place.path, place.row)
            ways = tuple(follow(directory, place, row) for directory in each.corpora)
            found.append(Found(row["id"], row["source"], row, ways, None))
        for place in each.removed.places:
            row = read_row(place.path, place.row)
            found.append(Found(row["id"], row["source"], None, (), row))
    return found
