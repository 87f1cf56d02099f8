"""Lines (or spans of three sentences) that stand on several pages, or twice on one: where each of them goes.

Every line of a corpus has one page that keeps it: the one whose URL has the smallest MD5, of equal ones the first in
the order of the shards; there its first occurrence stays. Source: TFDS 4.9.10 `remove_duplicate_text`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xxhash

from maslin.curation.dedup.near.sketches import work_path
from maslin.curation.dedup.repeats.units import (
    Repeats,
    UnitWriter,
    find_repeats,
    places,
    rows_of,
    save_array,
    units_of,
)
from maslin.curation.stages import StageShard, iter_surviving
from maslin.curation.text import punkt
from maslin.curation.text.c4_urls import page_digests
from maslin.manifests.files import file_entry
from maslin.manifests.progress import advance
from maslin.manifests.steps.c4 import C4LineDedup
from maslin.manifests.workspace import Mapper, ShardResult, run_shards

SPAN_SENTENCES = 3
# A line (or span) that goes: row of its document among the shard's survivors, which of the document's it is; `local`:
# its page keeps an earlier occurrence.
REPEAT = np.dtype([("row", "<u4"), ("unit", "<u4"), ("local", "u1")])


@dataclass(frozen=True)
class HashTask:
    directory: Path
    index: int
    shard: StageShard
    parameters: C4LineDedup
    memory_bytes: int


@dataclass(frozen=True)
class TakeTask:
    output: Path
    index: int
    repeats: Repeats


def find(
    directory: Path, shards: Sequence[StageShard], parameters: C4LineDedup, memory_bytes: int, mapper: Mapper,
    label: str, total: int | None = None,
) -> list[Path]:
    """A file a shard (npy of REPEAT, by row and unit): the lines that go."""
    hashing = [HashTask(directory, index, shard, parameters, memory_bytes) for index, shard in enumerate(shards)]
    results = run_shards(
        directory, hash_units, hashing, mapper, f"{label}, hashes", stage="lines", total=total, unit="documents")
    repeats = find_repeats(directory, "lines", results, memory_bytes, mapper, f"{label}, repeats")
    tasks = [TakeTask(work_path(directory, "lines", "removed", index, "npy"), index, repeats)
             for index in range(len(shards))]
    run_shards(directory, take_repeats, tasks, mapper, f"{label}, places", stage="lines-removed")
    return [task.output for task in tasks]


def hash_units(task: HashTask) -> ShardResult:
    """Write the shard's units, by the digests of its pages' URLs."""
    split = UNITS[task.parameters.unit]
    writer = UnitWriter(task.directory, "lines", task.index, task.memory_bytes)
    for table in iter_surviving(task.shard, ["id", "url", "text"]):
        units = [split(text or "") for text in table["text"].to_pylist()]
        numbers = np.array([len(lines) for lines in units], np.int64)
        digests = b"".join(xxhash.xxh3_128_digest(line.encode()) for lines in units for line in lines)
        halves = np.frombuffer(digests, ">u8").reshape(-1, 2).astype(np.uint64)
        number = np.arange(len(halves)) - np.repeat(np.cumsum(numbers) - numbers, numbers)
        writer.add(*halves.T, places(np.repeat(np.arange(len(units)), numbers), number),
                   page_digests(table, task.parameters.url == "normalised"))
        advance(len(units))
    return writer.finish()


def take_repeats(task: TakeTask) -> ShardResult:
    """Write every occurrence of a shard but the one that stays."""
    parts = [np.zeros(0, REPEAT)]
    for found in task.repeats.of_shard(task.index):
        row, here = rows_of(found.places), found.first_shards == task.index
        goes = ~here | (found.first_places != found.places)
        part = np.zeros(goes.sum(), REPEAT)
        part["row"], part["unit"] = row[goes], units_of(found.places)[goes]
        part["local"] = (here & (rows_of(found.first_places) == row))[goes]
        parts.append(part)
    save_array(task.output, np.concatenate(parts))
    return {"files": [file_entry(task.repeats.directory, task.output)]}


def _lines(text: str) -> list[str]:
    """The lines as they compare: stripped, in lower case."""
    return [line.strip().lower() for line in text.split("\n")]


def _spans(text: str) -> list[str]:
    """Every three consecutive sentences as they compare: in lower case, with single blanks."""
    sentences = [" ".join(sentence.lower().split()) for sentence in punkt.english().sentences(text)]
    return [" ".join(sentences[i : i + SPAN_SENTENCES]) for i in range(len(sentences) - SPAN_SENTENCES + 1)]


UNITS: dict[str, Callable[[str], list[str]]] = {"line": _lines, "span": _spans}
