"""CPU-seconds from texts to the list of those that stay, near-duplicates verified: ours beside rensa, same run.

    python -m benchmarks.dedup DOCUMENTS.parquet … [--pieces 50000] [--turns 3]

DOCUMENTS are Parquet files with a column `text`, taken as they are, or (`--pieces`) cut into so many pieces of 1,100
characters, a fifth of them copies with one word of a hundred edited. Both sides read the same file in a process of its
own and take turns; `benchmarks/README.md` says what is compared, and what is not.
"""

import argparse
import random
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow.parquet as pq

from benchmarks.near_duplicates import pieces_of
from benchmarks.peers.environment import peer_python
from maslin.curation.evidence.planting import documents_of, edited, search, search_file
from maslin.manifests.steps.dedup import NearDedup
from maslin.manifests.tables import write_table

HERE = Path(__file__).resolve().parent
PEER_SCRIPT = HERE / "peers" / "rensa_dedup.py"
PIECE_CHARACTERS = 1_100
EDITED_SHARE = 0.01  # of a copy's words


@dataclass
class Side:
    """One side: its command, CPU-seconds of each turn to be ready for work and of the work, and texts that stay."""

    name: str
    command: list[str]
    startups: list[float] = field(default_factory=list)
    works: list[float] = field(default_factory=list)
    kept: int = 0

    def take_turn(self) -> None:
        made = subprocess.run(self.command, stdout=subprocess.PIPE, text=True, check=True)
        kept, startup, work = made.stdout.split()
        self.kept = int(kept)
        self.startups.append(float(startup))
        self.works.append(float(work))


def print_keep_list(path: Path, near: NearDedup) -> None:
    """How many documents of a file stay by the act that `near_dedup` runs, and CPU-seconds before it and of it."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        text = "to be ready is to have loaded all kernels, some of which only a near-duplicate calls " * 3
        search(root / "first", {"1": text, "2": text + "once"}, near)
        ready = time.process_time()
        left, _ = search_file(root / "second", path, near)
        print(pq.read_metadata(path).num_rows - len(left), ready, time.process_time() - ready)


def in_pieces(texts: list[str], wanted: int) -> list[str]:
    draw = random.Random(0)
    pieces = [piece for text in texts for piece in pieces_of(text, PIECE_CHARACTERS)]
    chosen = draw.sample(pieces, min(len(pieces), wanted * 4 // 5))
    chosen += [edited(piece, EDITED_SHARE, "word", 0, str(number))
               for number, piece in enumerate(draw.sample(chosen, len(chosen) // 4))]
    draw.shuffle(chosen)
    return chosen


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("documents", nargs="+", type=Path)
    parser.add_argument("--pieces", type=int, help="cut texts into so many pieces, a fifth of them edited copies")
    parser.add_argument("--turns", type=int, default=3, help="runs of each side, of which the median (default 3)")
    parser.add_argument("--keep-list", action="store_true",
                        help="our side alone: prints how many texts stay, CPU-seconds before the work and of it")
    arguments = parser.parse_args()
    near = NearDedup()
    if arguments.keep_list:
        print_keep_list(arguments.documents[0], near)
        return

    texts = [text for path in arguments.documents for text in pq.read_table(path, columns=["text"])["text"].to_pylist()]
    if arguments.pieces:
        texts = in_pieces(texts, arguments.pieces)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_table(root, "texts.parquet", documents_of({f"{number:08d}": text for number, text in enumerate(texts)}))
        path = str(root / "texts.parquet")
        sides = [
            Side("maslin", [sys.executable, "-m", "benchmarks.dedup", "--keep-list", path]),
            Side("rensa", [str(peer_python("rensa")), str(PEER_SCRIPT), str(near.threshold),
                           str(near.permutations), str(near.shingle_words), path]),
        ]
        subprocess.run(sides[0].command, stdout=subprocess.DEVNULL, check=True)  # compiles what is not compiled yet
        for _ in range(arguments.turns):
            for side in sides:
                side.take_turn()

    size = sum(len(text.encode()) for text in texts) / 1e6
    print(f"{len(texts):,} texts, {size:.1f} MB, threshold {near.threshold}")
    print(f"{'':8}{'CPU-s':>8}{'from':>8}{'to':>8}{'ratio':>8}{'MB/CPU-s':>10}{'start-up':>10}{'kept':>9}")
    for side in sides:
        work = statistics.median(side.works)
        print(f"{side.name:8}{work:8.2f}{min(side.works):8.2f}{max(side.works):8.2f}"
              f"{work / statistics.median(sides[0].works):8.2f}{size / work:10.1f}"
              f"{statistics.median(side.startups):10.2f}{side.kept:9,}")


if __name__ == "__main__":
    main()
