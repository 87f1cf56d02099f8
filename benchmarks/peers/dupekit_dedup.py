"""Runs in marin-dupekit's environment: prints how many texts stay when of those connected by a bucket one stays.

    python dupekit_dedup.py PERMUTATIONS BANDS DOCUMENTS.parquet …

Signatures and buckets are dupekit's (shingles of 5 characters, it has no others); Marin connects documents elsewhere,
here a table does. Nothing is verified.
"""

import sys

import dupekit
import pyarrow.parquet as pq

CHARACTERS, SEED = 5, 42


def main() -> None:
    permutations, bands = int(sys.argv[1]), int(sys.argv[2])
    steps = [
        dupekit.Transformation.CleanText("text", "clean"),
        dupekit.Transformation.MinHash("clean", "signature", permutations, CHARACTERS, SEED),
        dupekit.Transformation.MinHashLSH("signature", "buckets", bands),
        dupekit.Transformation.SelectColumns(["id", "buckets"]),
    ]
    parent: list[int] = []

    def root(number: int) -> int:
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    first: dict[int, int] = {}
    for path in sys.argv[3:]:
        for batch in pq.ParquetFile(path).iter_batches(columns=["id", "text"]):
            for buckets in dupekit.transform(batch, steps)["buckets"].to_pylist():
                number = len(parent)
                parent.append(number)
                for bucket in buckets:
                    a, b = sorted((root(number), root(first.setdefault(bucket, number))))
                    parent[b] = a
    print(sum(parent[number] == number for number in range(len(parent))))


if __name__ == "__main__":
    main()
