"""A document that left for one that stays, word by word: what only one of the two has, and where."""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from maslin.curation.evidence.way import Way, follow
from maslin.manifests.lookup import find, read_row
from maslin.manifests.steps.known import HELD_OUT

CONTEXT_WORDS = 6  # shown of equal words, on each side of a difference
MOST_WORDS = 20_000  # of each text that are compared
# A sign of a script without spaces is a word by itself: Thai and Lao, Burmese, Khmer, kana and Han.
_SIGNS = r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_WORD = re.compile(rf"[{_SIGNS}]|[^\s{_SIGNS}]+")


@dataclass(frozen=True)
class Difference:
    """Words of the document that `left` alone, and of the one that `stays` in their place, with equal ones around."""

    before: str
    left: str
    stays: str
    after: str


@dataclass(frozen=True)
class Pair:
    """Both documents, and all their differences in order. `words` are counted of what was compared."""

    survivor_id: str
    url: str | None
    left_words: int
    stays_words: int
    shared_words: int
    differences: tuple[Difference, ...]


def pair(way: Way, sources: Sequence[Path]) -> Pair | None:
    """The document of `way` beside the one that stays in its place; None where there is none, or none to show.

    `sources`: directories of documents. The one that stays is as this corpus has it, or as it was extracted where it
    is of another source or corpus. What is held out is not for reading, so it stands beside nothing.
    """
    left = way.left
    if left is None or left["survivor_id"] is None or left["step"] == HELD_OUT:
        return None
    for source in way.stays_in(sources):
        for place in find(source, "documents", left["survivor_id"]):
            row = read_row(place.path, place.row)
            text = row["text"]
            if way.earlier is None and row["source"] == left["source"]:
                other = follow(way.directory, place, row)
                if other.left is not None and other.left["rule"] == HELD_OUT:
                    return None
                text = other.text
            return compare(way.text, text, left["survivor_id"], row["url"])
    return None


def compare(left: str, stays: str, survivor_id: str = "", url: str | None = None) -> Pair:
    """Two texts word by word; of very long ones their first MOST_WORDS."""
    ours, theirs = _WORD.findall(left)[:MOST_WORDS], _WORD.findall(stays)[:MOST_WORDS]
    found, shared = [], 0
    for what, start, end, their_start, their_end in _opcodes(ours, theirs):
        if what == "equal":
            shared += end - start
        else:
            found.append(Difference(
                " ".join(ours[max(0, start - CONTEXT_WORDS):start]), " ".join(ours[start:end]),
                " ".join(theirs[their_start:their_end]), " ".join(ours[end:end + CONTEXT_WORDS])))
    return Pair(survivor_id, url, len(ours), len(theirs), shared, tuple(found))


def _opcodes(ours: list[str], theirs: list[str]) -> list[tuple[str, int, int, int, int]]:
    """difflib's, of what lies between a common beginning and end; in long texts frequent words bind nothing."""
    first = 0
    while first < min(len(ours), len(theirs)) and ours[first] == theirs[first]:
        first += 1
    last = 0
    while last < min(len(ours), len(theirs)) - first and ours[-1 - last] == theirs[-1 - last]:
        last += 1
    between = difflib.SequenceMatcher(
        None, ours[first:len(ours) - last], theirs[first:len(theirs) - last],
        autojunk=len(ours) + len(theirs) > 2000)
    ends = ("equal", len(ours) - last, len(ours), len(theirs) - last, len(theirs))
    return [("equal", 0, first, 0, first), *(
        (what, a + first, b + first, c + first, d + first) for what, a, b, c, d in between.get_opcodes()), ends]
