"""Repeated passages of a corpus: how many, what finding them takes, and, of a small corpus, whether they are all.

    nice python -m benchmarks.passages maslin-work/documents/web@*/documents/*.parquet
    nice python -m benchmarks.passages maslin-work/corpus/web@*/documents/*.parquet --turns 1 --every-window

CPU-seconds are those of this process, from documents in Parquet to the passages of every shard. `--every-window` puts
all windows of words into one dictionary, 300 bytes each, and compares what each document has to lose, word by word.
"""

import argparse
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow.compute as pc

from maslin.curation.dedup.repeats.passages import find
from maslin.curation.dedup.words import Words, split_words
from maslin.curation.stages import StageShard, iter_surviving
from maslin.manifests.steps.dedup import PassageDedup
from maslin.manifests.workspace import TASK_MEMORY_BYTES, serial_map


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("documents", nargs="+", type=Path)
    parser.add_argument("--min-words", type=int, default=PassageDedup().min_words)
    parser.add_argument("--memory", type=int, default=TASK_MEMORY_BYTES, metavar="BYTES")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--every-window", action="store_true")
    given = parser.parse_args()
    shards = [StageShard(path) for path in given.documents]
    for turn in range(given.turns):
        with tempfile.TemporaryDirectory() as work:
            begin = time.process_time()
            paths = find(Path(work), shards, PassageDedup(given.min_words), given.memory, serial_map, "")
            took = time.process_time() - begin
            found = [np.load(path) for path in paths]
            scratch = sum(path.stat().st_size for path in Path(work).rglob("*") if path.is_file())
        text, words, earlier, documents = _count(shards, found)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
        print(f"turn {turn}: {text / 1e6:.1f} MB, {words:,} words, {earlier:,} ({earlier / words:.1%}) stand earlier, "
              f"in {documents:,} documents; {took:.2f} CPU-s, {text / 1e6 / took:.1f} MB a CPU-second, peak of the "
              f"process {peak / 1e6:.0f} MB, working files {scratch / 1e6:.0f} MB")
    if given.every_window:
        print(f"{_differ(shards, found, given.min_words)} documents differ from what a dictionary of all windows says")


def _earlier(words: Words, row: int, passages: np.ndarray) -> np.ndarray:
    """bool (words of the document): which stand earlier."""
    here = np.zeros(words.documents[row + 1] - words.documents[row], bool)
    for passage in passages:
        here[passage["begin"]:passage["end"]] = True
    return here


def _documents(shards: list[StageShard], found: list[np.ndarray]) -> list[tuple[str, Words, int, np.ndarray, int]]:
    """(id, words of its table, row there, its passages that stand earlier, bytes of text) of every document."""
    every = []
    for shard, passages in zip(shards, found, strict=True):
        later, first = passages[passages["first_id"] != b""], 0
        for table in iter_surviving(shard, ["id", "text"]):
            words, sizes = split_words(table["text"]), pc.fill_null(pc.binary_length(table["text"]), 0).to_pylist()
            bounds = np.searchsorted(later["row"], np.arange(first, first + table.num_rows + 1))
            for row, id in enumerate(table["id"].to_pylist()):
                every.append((id, words, row, later[bounds[row]:bounds[row + 1]], sizes[row]))
            first += table.num_rows
    return every


def _count(shards: list[StageShard], found: list[np.ndarray]) -> tuple[int, int, int, int]:
    """Bytes of text, words, words that stand earlier, documents that have any."""
    total = np.zeros(4, np.int64)
    for _, words, row, passages, size in _documents(shards, found):
        earlier = _earlier(words, row, passages)
        total += size, len(earlier), earlier.sum(), len(passages) > 0
    return tuple(total.tolist())


def _differ(shards: list[StageShard], found: list[np.ndarray], size: int) -> int:
    """Documents of which other words stand earlier than a dictionary of all windows says."""
    first: dict[bytes, tuple[str, int]] = {}
    wrong = 0
    for id, words, row, passages, _ in sorted(_documents(shards, found), key=lambda each: each[0]):
        begin, end = words.documents[row:row + 2].tolist()
        expected = np.zeros(end - begin, bool)
        for at in range(end - begin - size + 1):
            window = words.data[words.starts[begin + at]:words.starts[begin + at + size]].tobytes()
            first_id, first_at = first.setdefault(window, (id, at))
            if (first_id, first_at) != (id, at):
                expected[max(at, first_at + size) if first_id == id else at:at + size] = True
        wrong += not np.array_equal(expected, _earlier(words, row, passages))
    return wrong


if __name__ == "__main__":
    main()
