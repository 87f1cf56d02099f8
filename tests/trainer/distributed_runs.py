"""Worker of tests/trainer/runs/test_distributed.py, under torchrun: runs by several workers, whole and in parts."""

import pickle
import sys
from pathlib import Path

from maslin.trainer.runs.distributed import Together, process_group
from maslin.trainer.runs.train import train_one

with process_group(sharded=False) as whole:
    in_parts = Together(whole.rank, whole.size, True, whole.device)
    for sharded, runs in pickle.loads(Path(sys.argv[1]).read_bytes()).items():
        for workspace, step in runs:
            train_one(workspace, step, workers=in_parts if sharded else whole)
            whole.wait()
