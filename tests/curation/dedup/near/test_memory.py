"""What deduplication holds in memory does not grow with the corpus, and decides nothing."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.dedup_scale import judge
from benchmarks.planted_corpus import Planted

# What is freed is given back to the system at once.
GIVE_BACK = {"ARROW_DEFAULT_MEMORY_POOL": "system", "MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": "65536",
             "MALLOC_TRIM_THRESHOLD_": "65536"}

SEARCH = """
import json, resource, sys, threading, time
from pathlib import Path
from maslin.curation.dedup.near import families, outcome, sketches
from maslin.curation.dedup.near.search import Search, find_duplicates
from maslin.curation.stages import StageShard
from maslin.manifests.steps.dedup import NearDedup
from maslin.manifests.workspace import serial_map

# As many runs, batches and chunks as a large corpus has.
sketches.RUN_DOCUMENTS, families._BATCH_DOCUMENTS, outcome._CHUNK = 8_000, 4_000, 8_000

def held(what):
    (line,) = [line for line in open("/proc/self/status") if line.startswith(what)]
    return int(line.split()[1]) << 10

def search(folder, work):
    shards = [StageShard(path) for path in sorted(Path(folder).glob("documents/*.parquet"))]
    return find_duplicates(Search(Path(work), "t", serial_map, "t", memory_bytes=1 << 20), shards, NearDedup())

def watch():
    global peak
    while True:
        peak = max(peak, held("RssAnon"))
        time.sleep(0.002)

first, *folders = sys.argv[1:]
search(first, first + "-work")  # kernels and all that a first time loads
peak = held("RssAnon")
resource.setrlimit(resource.RLIMIT_DATA, (held("VmData") + (256 << 20),) * 2)  # it counts what is asked for, too
threading.Thread(target=watch, daemon=True).start()
answers = []
for folder in folders:
    found = search(folder, folder + "-work")
    answers.append([peak, list(map(str, found.paths))])
print(json.dumps(answers))
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="asks Linux what memory is private")
def test_memory_does_not_grow_with_the_documents(tmp_path):
    sizes = {"first": 4_000, "small": 30_000, "large": 120_000}
    planted = {name: Planted.of(documents) for name, documents in sizes.items()}
    for name, each in planted.items():
        each.write(tmp_path / name, 3)
    done = subprocess.run(
        [sys.executable, "-c", SEARCH, *(str(tmp_path / name) for name in sizes)], capture_output=True, text=True,
        env=os.environ | GIVE_BACK)
    assert done.returncode == 0, done.stderr
    (small, _), (large, paths) = json.loads(done.stdout)
    more = (large - small) / (sizes["large"] - sizes["small"])
    assert more < 40, f"{more:.0f} bytes of private memory a document"  # 187 when all keys were in memory
    left, recall, false = judge(planted["large"], paths)
    assert left > 10_000 and recall >= 0.999 and false == 0
