"""Prints how many texts of Parquet files stay by datasketch: in order of ids, who finds none like it in the index.

    python datasketch_dedup.py THRESHOLD PERMUTATIONS SHINGLE_WORDS DOCUMENTS.parquet …

What is found is not verified: MinHashLSH answers with candidates, of which datasketch's own estimate is asked.
"""

import sys

import pyarrow.parquet as pq
from datasketch import MinHash, MinHashLSH


def main() -> None:
    threshold, permutations, size = float(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    index, sketches, kept = MinHashLSH(threshold, permutations), {}, 0
    rows = [row for path in sys.argv[4:] for row in pq.read_table(path, columns=["id", "text"]).to_pylist()]
    for row in sorted(rows, key=lambda row: row["id"]):
        words = row["text"].lower().split()
        sketch = MinHash(permutations)
        sketch.update_batch([" ".join(words[at:at + size]).encode() for at in range(len(words) - size + 1)])
        if any(sketch.jaccard(sketches[other]) >= threshold for other in index.query(sketch)):
            continue
        index.insert(row["id"], sketch)
        sketches[row["id"]] = sketch
        kept += 1
    print(kept)


if __name__ == "__main__":
    main()
