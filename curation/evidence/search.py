"""Documents by a part of their address, path or title, and the nearest ones to a query that nothing has.

The indexes of a source are read slice by slice, so memory does not grow with them; time does, by about a quarter of a
second for a million documents and spelling.
"""

import difflib
import heapq
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from maslin.manifests.lookup import Entries, Place, entries

_SLICE = 1 << 16  # entries
_QUERY_CHARACTERS = 500  # of what is asked; no address that a crawl has is nearer by more
_TRIGRAMS = 24  # of a query, at most, by which the nearest are drawn
_CANDIDATES = 40
_LEAST_RATIO = 0.6  # of difflib, 1 for what is equal: below, nothing is near
_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*://", re.IGNORECASE)

Say = Callable[[str], None]


@dataclass(frozen=True)
class Matches:
    """`number` rows match, of which `places` are the first ones, in the order of rows."""

    number: int
    places: list[Place]


def spellings(query: str) -> list[str]:
    """How a crawl or an archive may spell what a person asks for: without scheme and end, escaped or not."""
    bare = _SCHEME.sub("", query.strip()[:_QUERY_CHARACTERS]).partition("#")[0].strip("/") or query.strip()
    return list(dict.fromkeys([bare, bare.replace(" ", "_"), quote(bare, safe="/:?&=%~+,;@!$'()*"), unquote(bare)]))


def find_part(
    directory: Path, table: str, query: str, most: int, say: Say = lambda line: None,
) -> Matches:
    """Rows with the query in their name or title, the case of letters aside; at most `most` places of them."""
    asked = [each for each in spellings(query) if each]
    number, places = 0, []
    for here in entries(directory, table, say) if asked else ():
        rows = np.unique(np.concatenate([
            here.name_rows[_matching(here.names, [each.encode()[::-1] for each in asked])],
            _matching(here.titles, [each.encode() for each in asked])]))
        number += len(rows)
        places += [Place(here.part, here.path, row) for row in rows[:max(0, most - len(places))].tolist()]
    return Matches(number, places)


def nearest(directories: Sequence[Path], query: str, most: int = 3, say: Say = lambda line: None) -> list[str]:
    """Hosts, addresses or titles that are most like the query, the likest first; none when none is near."""
    asked = spellings(query)[0].lower()
    trigrams = sorted({asked[at:at + 3] for at in range(len(asked) - 2)})
    trigrams = trigrams[::-(-len(trigrams) // _TRIGRAMS)] if trigrams else []
    drawn: list[tuple[int, str]] = []
    for directory in directories if trigrams else ():
        for here in entries(directory, "documents", say):
            drawn = heapq.nlargest(_CANDIDATES, [*drawn, *_by_trigrams(here, trigrams)])
    names = {form for _, name in drawn for form in _forms(name)}
    rated = [(difflib.SequenceMatcher(None, asked, name.lower()).ratio(), name) for name in names]
    found: list[str] = []
    for ratio, name in sorted(rated, key=lambda each: (-each[0], each[1])):
        if ratio < _LEAST_RATIO or len(found) == most:
            break
        if not any(each in name or name in each for each in found):  # the same once more, shorter or longer
            found.append(name)
    return found


def _matching(values: pa.Array, patterns: Sequence[bytes]) -> np.ndarray:
    """int64: the indexes of values that hold one of the patterns. ASCII ones match in either case."""
    found = [np.zeros(0, np.int64)]
    for begin in range(0, len(values), _SLICE):
        part = values.slice(begin, _SLICE)
        hit = np.zeros(len(part), bool)
        for pattern in patterns:
            # Bytes that are no UTF-8, as reversed ones are not, can only be compared as they stand.
            either_case = pattern.isascii() or pa.types.is_large_string(part.type)
            hits = pc.match_substring(part, pattern, ignore_case=either_case)
            hit |= hits.to_numpy(zero_copy_only=False)
        found.append(begin + np.flatnonzero(hit))
    return np.concatenate(found)


def _by_trigrams(here: Entries, trigrams: Sequence[str]) -> Iterator[tuple[int, str]]:
    """The names and titles of a part that share the most trigrams with the query, with how many."""
    for values, backwards in ((here.names, True), (here.titles, False)):
        for begin in range(0, len(values), _SLICE):
            part = values.slice(begin, _SLICE)
            counts = np.zeros(len(part), np.int64)
            for each in trigrams:
                pattern = each.encode()[::-1] if backwards else each.encode()
                counts += pc.match_substring(part, pattern, ignore_case=each.isascii()).to_numpy(zero_copy_only=False)
            for row in np.argsort(-counts, kind="stable")[:_CANDIDATES].tolist():
                if counts[row] * 3 >= len(trigrams):
                    value = part[row].as_py()
                    yield int(counts[row]), value[::-1].decode() if backwards else value


def _forms(name: str) -> list[str]:
    """A name whole, and what a person may mean of it: its host, its path, its last part."""
    split = urlsplit(name) if _SCHEME.match(name) else None
    path = (split.path if split else name).rstrip("/")
    forms = [name, split.netloc if split else "", (split.netloc + split.path) if split else "", path,
             path.rpartition("/")[2]]
    return [form for form in dict.fromkeys(forms) if len(form) > 2]
