"""How evenly keys of real documents fall into partitions: the greatest and the mean, and the greatest key's own.

    python -m benchmarks.partition_sizes DOCUMENTS.parquet … [--partitions 16 256 4096]

DOCUMENTS have a column `text`. A partition is a range of band keys (`curation/dedup/near/partitions.py`); one key
cannot be cut. *In buckets* is the share of all keys that are shared, *candidates* the share of documents with one.
"""

import argparse
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from maslin.curation.dedup.near import minhash
from maslin.curation.dedup.near.lsh import lsh_parameters
from maslin.curation.dedup.words import split_words
from maslin.manifests.steps.dedup import NearDedup


def band_keys(paths: list[Path], near: NearDedup) -> np.ndarray:
    """Keys uint64 [documents with a shingle and a text of their own, bands]."""
    lsh, found, seen = lsh_parameters(near), [], set()
    for path in paths:
        for batch in pq.ParquetFile(path).iter_batches(1000, columns=["text"]):
            texts = [text for text in batch["text"].to_pylist() if text not in seen and not seen.add(text)]
            hashes, offsets = minhash.shingle_hashes(
                split_words(pa.array(texts, pa.string()), near.words), near.shingle_words)
            signatures = minhash.signatures(hashes, offsets, lsh.multipliers, lsh.addends)
            found.append(minhash.band_keys(signatures, lsh.bands, lsh.rows)[np.diff(offsets) > 0])
    return np.concatenate(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("documents", nargs="+", type=Path)
    parser.add_argument("--partitions", nargs="+", type=int, default=[16, 256, 4096])
    arguments = parser.parse_args()
    keys = band_keys(arguments.documents, NearDedup())
    counts = [np.unique(column, return_counts=True) for column in keys.T]
    greatest = max(int(count.max()) for _, count in counts)
    shared = sum(int(count[count > 1].sum()) for _, count in counts)
    candidates = np.zeros(len(keys), bool)
    for column, (value, count) in zip(keys.T, counts, strict=True):
        candidates |= np.isin(column, value[count > 1])
    print(f"{len(keys):,} documents, {keys.shape[1]} bands: {shared / keys.size:.1%} of the keys in buckets, "
          f"{candidates.mean():.1%} of the documents candidates; the greatest bucket {greatest:,} documents, "
          f"{greatest / len(keys):.2%} of them")
    print(f"{'partitions':>10} {'mean keys':>12} {'greatest':>10} {'ratio':>7} {'chance alone':>13}")
    for partitions in arguments.partitions:
        sizes = np.bincount((keys.ravel() >> np.uint64(32)).astype(np.int64) * partitions >> 32, minlength=partitions)
        mean = keys.size / partitions
        by_chance = 1 + np.sqrt(2 * np.log(partitions) / mean)
        print(f"{partitions:>10,} {mean:>12,.0f} {sizes.max():>10,} {sizes.max() / mean:>7.3f} {by_chance:>13.3f}")


if __name__ == "__main__":
    main()
