"""Runs in rensa's environment: prints how many texts of Parquet files stay, CPU-seconds before the work and of it.

    python rensa_dedup.py THRESHOLD PERMUTATIONS SHINGLE_WORDS DOCUMENTS.parquet …

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
    threshold, permutations, size = map(float, sys.argv[1:4])
    ready = time.process_time()
    texts = [text for path in sys.argv[4:] for text in pq.read_table(path, columns=["text"])["text"].to_pylist()]
    sketches = RMinHash.from_token_sets([shingles(text, int(size)) for text in texts], int(permutations), SEED)
    kept = RMinHashDeduplicator(threshold, int(permutations), True, BANDS, SEED)
    kept.add_pairs([(str(number), sketch) for number, sketch in enumerate(sketches)])
    print(kept.len(), ready, time.process_time() - ready)


if __name__ == "__main__":
    main()
