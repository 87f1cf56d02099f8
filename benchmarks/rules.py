"""MB of ready text per CPU-second through the published rules, one process, after compiling.

    python -m benchmarks.rules maslin-work/documents/web@*/documents/*.parquet

`in sequence`: each step sees what the one before left, as in a corpus. `all measured`: every step sees every document.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from maslin.curation import rules
from maslin.curation.text.batch import Batch, Edited
from maslin.manifests.steps.known import STEPS
from maslin.manifests.steps.spec import CurationStep

NAMES = ("c4", "gopher_quality", "gopher_repetition", "fineweb")
ROWS = 1024
RUNS = 3


def seconds(tables: list[pa.Table], everything: bool) -> dict[str, float]:
    """CPU-seconds of each step over the tables."""
    spent = dict.fromkeys(NAMES, 0.0)
    for table in tables:
        batch = Batch(table)
        for step in (CurationStep(STEPS[name], STEPS[name].parameters()) for name in NAMES):
            begin = time.process_time()
            decision = rules.bind(step)(batch)
            if not everything:
                if isinstance(decision, Edited):
                    batch = batch.with_columns({"text": decision.text})
                batch = batch.take(np.flatnonzero(decision.kept))
            spent[step.name] += time.process_time() - begin
    return spent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("documents", type=Path, nargs="+", help="Parquet files with a column `text`")
    whole = pa.concat_tables([pq.read_table(path) for path in parser.parse_args().documents])
    tables = [whole.slice(start, ROWS).combine_chunks() for start in range(0, whole.num_rows, ROWS)]
    megabytes = sum(Batch(table).offsets[-1] - Batch(table).offsets[0] for table in tables) / 1e6
    seconds([whole.slice(0, 16).combine_chunks()], True)
    print(f"{whole.num_rows} documents, {megabytes:.1f} MB of text; medians of {RUNS} runs, MB per CPU-second")
    for name, everything in (("in sequence", False), ("all measured", True)):
        runs = sorted((seconds(tables, everything) for _ in range(RUNS)), key=lambda spent: sum(spent.values()))
        spent = runs[RUNS // 2]
        steps = ", ".join(f"{step} {megabytes / spent[step]:.0f}" for step in NAMES)
        print(f"{name}: {megabytes / sum(spent.values()):.1f} ({steps})")


if __name__ == "__main__":
    main()
