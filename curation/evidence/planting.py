"""Duplicates that are known, to see what a search finds: edited copies, and pages of templates that are none."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from maslin.curation.dedup.near.search import Found, Search, find_duplicates, read_found
from maslin.curation.stages import StageShard
from maslin.manifests.identity import document_id
from maslin.manifests.steps.dedup import NearDedup
from maslin.manifests.tables import DOCUMENTS, write_table
from maslin.manifests.workspace import serial_map

_WORDS = re.compile(r"\s+|\S+")
_PART = "planted.parquet"


def edited(text: str, share: float, by: str, seed: int, *identity: str) -> str:
    """A copy with this share of its words, or characters (`by`), edited, one at least: changed, left out, or another
    put in behind it.

    What comes in is of the same text. All is a hash of (seed, identity).
    """
    units = _WORDS.findall(text) if by == "word" else list(text)
    places = [place for place, unit in enumerate(units) if not unit.isspace()]
    if not places:
        return text
    order, kinds, others = hashes(3 * len(places), seed, *identity).reshape(3, -1)
    for each in np.argsort(order, kind="stable")[:max(1, round(share * len(places)))].tolist():
        place, kind = places[each], int(kinds[each] % np.uint64(3))
        other = units[places[int(others[each] % np.uint64(len(places)))]]
        units[place] = (other, "", units[place] + (" " if by == "word" else "") + other)[kind]
    return "".join(units)


def hashes(number: int, seed: int, *identity: str) -> np.ndarray:
    """So many uint64 that are a pure function of (seed, identity)."""
    state = hashlib.shake_128(document_id("planted", str(seed), *identity).encode())
    return np.frombuffer(state.digest(8 * number), "<u8").astype(np.uint64)


def share_for(similarity: float, shingle_words: int) -> float:
    """The share of words edited, scattered, that leaves about this Jaccard similarity of the shingles."""
    unchanged = 2 * similarity / (1 + similarity)
    return 1 - unchanged ** (1 / shingle_words)


def page(template: Sequence[str], payload: Sequence[str]) -> str:
    """A page of a template, in words: what its own stands in one piece in the middle."""
    middle = len(template) // 2
    return "\n".join(" ".join(words) for words in (template[:middle], payload, template[middle:]))


def documents_of(texts: Mapping[str, str]) -> pa.Table:
    """Documents of these ids."""
    return pa.Table.from_pylist(
        [{"id": id, "text": text, "source": "planted"} for id, text in texts.items()], schema=DOCUMENTS)


def search(root: Path, texts: Mapping[str, str], near: NearDedup) -> tuple[dict[str, str], Found]:
    """Who of these texts leaves for whom, by id, and all that was found; `root` is a working folder."""
    write_table(root, _PART, documents_of(texts))
    return search_file(root, root / _PART, near)


def search_file(root: Path, documents: Path, near: NearDedup) -> tuple[dict[str, str], Found]:
    """The same of a file of documents."""
    found = find_duplicates(Search(root, "planted", serial_map, "planted"), [StageShard(documents)], near)
    rows = pa.concat_tables([read_found(path) for path in found.paths])
    return dict(zip(rows["id"].to_pylist(), rows["survivor_id"].to_pylist(), strict=True)), found
