"""Runs in rensa's environment: prints how many texts of a Parquet file stay, CPU-seconds before the work and of it.

    python rensa_dedup.py DOCUMENTS.parquet THRESHOLD PERMUTATIONS SHINGLE_WORDS

The fastest way through rensa to a keep list that was found: all signatures in one call, and one in which a document
leaves that an earlier one's signature is similar enough to. It asks for shingles as Python strings.
"""

import sys
import time

import pyarrow.parquet as pq
from rensa import RMinHash, RMinHashDeduplicator

BANDS = 16  # of 8 values each, for 128 permutations
SEED = 42  # the deduplicator's own


def shingles(text: str, size: int) -> list[str]:
    words = text.lower().split()
    return list(map(" ".join, zip(*(words[start:] for start in range(size)), strict=False)))


def main() -> None:
    path, threshold, permutations, size = sys.argv[1], *map(float, sys.argv[2:])
    ready = time.process_time()
    texts = pq.read_table(path, columns=["text"])["text"].to_pylist()
    sketches = RMinHash.from_token_sets([shingles(text, int(size)) for text in texts], int(permutations), SEED)
    kept = RMinHashDeduplicator(threshold, int(permutations), True, BANDS, SEED)
    kept.add_pairs([(str(number), sketch) for number, sketch in enumerate(sketches)])
    print(kept.len(), ready, time.process_time() - ready)


if __name__ == "__main__":
    main()
