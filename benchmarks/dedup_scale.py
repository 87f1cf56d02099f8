"""Near-deduplication of a planted corpus at growing sizes: time, memory, disk, and whether it is right.

    python -m benchmarks.dedup_scale --documents 50_000 500_000 5_000_000 --memory 2GB --workers 2 [--folder DIR]
    python -m benchmarks.dedup_scale --documents 50_000 --peers rensa datasketch datatrove dupekit

The corpus is `planted_corpus.py`'s. *Memory* is the greatest sum of the private memory of all processes, sampled five
times a second, each of which runs under `RLIMIT_DATA`; *scratch* is the greatest that working files took beside the
shingle sets of candidates. *Recall* is of copies with a similarity of at least .9, which is known;
*false* are documents that leave for one whose words they do not have. Peers read the same files, one process each, with
their own bands; only rensa and datasketch look at what they find, by their estimates of the similarity.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import numpy as np

from benchmarks.peers.environment import peer_python
from benchmarks.planted_corpus import CHAIN, COPY, LINKS, Planted, number_of
from maslin.curation.dedup.near.lsh import lsh_parameters
from maslin.flows.arguments import size_bytes
from maslin.flows.job.work import within
from maslin.manifests.steps.dedup import NearDedup

SHARD_DOCUMENTS = 250_000
DATA_LIMIT_SHARE = 1.5  # of a process's part of --memory: the limit counts what is asked for, touched or not
NEAR = 0.9
PEERS = ("rensa", "datasketch", "datatrove", "dupekit")
HERE = Path(__file__).resolve().parent


@dataclass
class Cost:
    """Of a process and its descendants: the greatest sum of private memory, and of working files; what it printed."""

    folder: Path
    memory_bytes: int = 0
    scratch_bytes: int = 0
    scratch_in_all_bytes: int = 0
    wall_seconds: float = 0.0
    cpu_seconds: float = 0.0
    said: str = ""

    def follow(self, process: subprocess.Popen) -> None:
        while process.poll() is None:
            self.memory_bytes = max(self.memory_bytes, sum(map(private_bytes, family(process.pid))))
            sizes = {path.name: path.stat().st_blocks * 512 for path in self.folder.rglob("*") if path.is_file()}
            beside = sum(size for name, size in sizes.items() if "-sets-" not in name and "-gathered-" not in name)
            self.scratch_bytes = max(self.scratch_bytes, beside)
            self.scratch_in_all_bytes = max(self.scratch_in_all_bytes, sum(sizes.values()))
            time.sleep(0.2)

    def in_words(self, documents: int) -> str:
        return (f"{self.wall_seconds:8.1f} {self.cpu_seconds:8.1f} {self.cpu_seconds / documents * 1e6:9.1f} "
                f"{self.memory_bytes / 1e6:9.0f}")


def run_watched(command: list[str], work: Path, progress: TextIO) -> Cost:
    cost = Cost(work)
    began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=progress, text=True)
    thread = threading.Thread(target=cost.follow, args=(process,))
    thread.start()
    cost.said, _ = process.communicate()
    thread.join()
    if process.returncode:
        sys.exit(f"it ended with {process.returncode}: {progress.name}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cost.wall_seconds = time.monotonic() - began
    cost.cpu_seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cost


def family(pid: int) -> list[int]:
    found = [pid]
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            found += [each for child in path.read_text().split() for each in family(int(child))]
    return found


def private_bytes(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) << 10 for line in lines if line.startswith("Anonymous:"))


def run_ours(folder: Path, work: Path, workers: int, memory_bytes: int) -> None:
    """What `near_dedup` does, on worker processes as a command has them; prints a line of JSON."""
    from maslin.flows.engine.startup import start_light

    start_light()
    from maslin.curation.dedup.near.search import Search, find_duplicates
    from maslin.curation.stages import StageShard
    from maslin.flows.engine.local import LocalEngine
    from maslin.flows.engine.progress import ProgressBoard
    from maslin.manifests.workspace import Workspace

    task_bytes = within(memory_bytes, workers, Workspace(work)).task_memory_bytes
    limit = int(DATA_LIMIT_SHARE * (memory_bytes / (workers + 2)))
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    shards = [StageShard(path) for path in sorted(folder.glob("documents/*.parquet"))]
    engine = LocalEngine(workers, board := ProgressBoard(sys.stderr))
    engine.prepare(["maslin.curation.dedup.near.search"])
    with board, engine:
        found = find_duplicates(
            Search(work, "near_dedup", engine.map, "near_dedup", memory_bytes=task_bytes), shards, NearDedup())
    print(json.dumps({"paths": list(map(str, found.paths)), "summary": found.summary}))


def judge(planted: Planted, paths: list[str]) -> tuple[int, float, int]:
    """(documents that leave, recall of copies that are near, how many leave for one that is unlike)."""
    from maslin.curation.dedup.near.search import read_found

    left = np.zeros(planted.documents, bool)
    false = 0
    for path in paths:
        rows = read_found(Path(path))
        numbers, survivors = (
            np.array(list(map(number_of, rows[name].to_pylist())), np.int64) for name in ("id", "survivor_id"))
        left[numbers] = True
        kinds = planted.kinds[numbers], planted.kinds[survivors]
        same = (planted.original[numbers] == planted.original[survivors])
        linked = (kinds[0] == CHAIN) & (kinds[1] == CHAIN) & (
            planted.link[numbers] // LINKS == planted.link[survivors] // LINKS)
        false += int(np.count_nonzero(~same & ~linked))
    copies = np.flatnonzero(planted.kinds == COPY)
    near = copies[planted.similarity(copies) >= NEAR]
    found = left[near] | left[planted.original[near]]  # whichever has the smaller id stays
    return int(left.sum()), float(found.mean()) if len(near) else 1.0, false


def measure(documents: int, folder: Path, workers: int, memory_bytes: int) -> None:
    planted = Planted.of(documents)
    root = folder / f"planted-{documents}"
    if not (root / "done").exists():
        planted.write(root, max(workers, -(-documents // SHARD_DOCUMENTS)))
        (root / "done").touch()
    with tempfile.TemporaryDirectory(dir=folder) as work, open(folder / "progress.txt", "w") as progress:
        cost = run_watched(
            [sys.executable, "-m", "benchmarks.dedup_scale", "--ours", str(root), "--work", work, "--workers",
             str(workers), "--memory", f"{memory_bytes / 1e9}GB"], Path(work), progress)
        left, recall, false = judge(planted, json.loads(cost.said.splitlines()[-1])["paths"])
    print(f"{documents:>10,} {cost.in_words(documents)} {cost.scratch_bytes / documents:9.0f} "
          f"{cost.scratch_in_all_bytes / documents:9.0f} {left:10,} {recall:7.4f} {false:6}", flush=True)


def peer_command(name: str, paths: list[str], work: Path) -> list[str]:
    near = NearDedup()
    script = str(HERE / "peers" / f"{name}_dedup.py")
    asked = [str(near.threshold), str(near.permutations), str(near.shingle_words)]
    match name:
        case "datasketch":
            return [sys.executable, script, *asked, *paths]
        case "rensa":
            return [str(peer_python(name)), script, *asked, *paths]
        case "datatrove":
            return [str(peer_python(name)), script, str(work), str(near.shingle_words), *paths]
        case _:
            lsh = lsh_parameters(near)
            return [str(peer_python(name)), script, str(lsh.bands * lsh.rows), str(lsh.bands), *paths]


def measure_peer(name: str, documents: int, folder: Path) -> None:
    paths = sorted(map(str, (folder / f"planted-{documents}" / "documents").glob("*.parquet")))
    with tempfile.TemporaryDirectory(dir=folder) as work, open(folder / "progress.txt", "w") as progress:
        cost = run_watched(peer_command(name, paths, Path(work)), Path(work), progress)
    kept = int(cost.said.split()[0])
    print(f"{name:>10} {cost.in_words(documents)} {'':9} {'':9} {documents - kept:10,}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", nargs="+", type=int, default=[50_000, 500_000])
    parser.add_argument("--memory", type=size_bytes, default=2_000_000_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--peers", nargs="*", choices=PEERS, default=[])
    parser.add_argument("--folder", type=Path, default=HERE.parent / "build" / "scale")
    parser.add_argument("--ours", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.ours:
        run_ours(arguments.ours, arguments.work, arguments.workers, arguments.memory)
        return
    arguments.folder.mkdir(parents=True, exist_ok=True)
    print(f"{'documents':>10} {'wall s':>8} {'CPU-s':>8} {'CPU-us/d':>9} {'memory MB':>9} {'scratch/d':>9} "
          f"{'in all/d':>9} {'left':>10} {'recall':>7} {'false':>6}")
    for documents in arguments.documents:
        measure(documents, arguments.folder, arguments.workers, arguments.memory)
        for name in arguments.peers:
            measure_peer(name, documents, arguments.folder)


if __name__ == "__main__":
    main()
