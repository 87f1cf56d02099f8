"""Runs in datatrove's environment: prints how many texts stay by its four MinHash stages, one worker.

    python datatrove_dedup.py FOLDER SHINGLE_WORDS DOCUMENTS.parquet …

Its own 14 buckets of 8 hashes; pairs that share a bucket are not verified, and their connected parts keep one document.
"""

import sys
from pathlib import Path

import pyarrow.parquet as pq
from datatrove.executor.local import LocalPipelineExecutor
from datatrove.pipeline.dedup import MinhashDedupBuckets, MinhashDedupCluster, MinhashDedupFilter, MinhashDedupSignature
from datatrove.pipeline.dedup.minhash import MinhashConfig
from datatrove.pipeline.readers import ParquetReader
from datatrove.pipeline.writers import ParquetWriter


def main() -> None:
    work, paths = Path(sys.argv[1]), sys.argv[3:]
    config = MinhashConfig(n_grams=int(sys.argv[2]))

    def reader() -> ParquetReader:
        return ParquetReader(str(Path(paths[0]).parent), glob_pattern="*.parquet", text_key="text", id_key="id")

    def run(name: str, tasks: int, *steps: object) -> None:
        LocalPipelineExecutor(list(steps), tasks=tasks, workers=1, logging_dir=str(work / "logs" / name)).run()

    tasks = len(paths)
    run("signatures", tasks, reader(), MinhashDedupSignature(str(work / "signatures"), config))
    buckets = MinhashDedupBuckets(str(work / "signatures"), str(work / "buckets"), config=config)
    run("buckets", config.num_buckets, buckets)
    run("clusters", 1, MinhashDedupCluster(str(work / "buckets"), str(work / "removed"), config=config))
    run("filter", tasks, reader(), MinhashDedupFilter(str(work / "removed")), ParquetWriter(str(work / "kept")))
    print(sum(pq.read_metadata(path).num_rows for path in (work / "kept").rglob("*.parquet")))


if __name__ == "__main__":
    main()
