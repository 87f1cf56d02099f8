"""Seconds of `maslin explain`, `sample`, `funnel` and `rules try` in cold processes, on a million documents.

    python -m benchmarks.explain maslin-work/corpus/web@0123456789abcdef --documents 1000000 --into /tmp/million

The corpus is a real one laid out again and again with other ids and URLs, in shards as large as curation makes them:
texts, signals, ledger rows and edits are those of real documents. It is written once; a second run only measures.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from maslin.manifests.counts import Counts, sum_counts
from maslin.manifests.identity import document_id
from maslin.manifests.locks import Lock, lock_file, write_lock
from maslin.manifests.lookup import index_tables
from maslin.manifests.tables import LEDGER, TableWriter, part_name, read_table
from maslin.manifests.workspace import Step, Workspace, commit, is_complete, read_manifest, serial_map

SHARD_DOCUMENTS = 50_000
RUNS = 7


def lay_out(corpus: Path, documents: int, workspace: Workspace) -> None:
    """Write a source and a corpus of that many documents, copies of those of `corpus`."""
    manifest = read_manifest(corpus)
    source = corpus.parent.parent / manifest.inputs["documents"]
    real = [(0, "documents"), (1, "documents"), (1, "ledger"), (1, "signals"), (1, "edits")]
    tables = {(0, "ledger"): LEDGER.empty_table()}
    for owner, name in real:
        parts = sorted(((source, corpus)[owner] / name).glob("part-*.parquet"))
        tables[owner, name] = pa.concat_tables(map(read_table, parts))
    first = Step("documents", "million", 0, {"documents": documents, "of": manifest.digest})
    second = Step("corpus", "million", 0, {"steps": manifest.parameters["steps"]}, {"documents": first})
    roots = [workspace.path(step) for step in (first, second)]
    files: list[list[dict[str, Any]]] = [[], []]
    copies = -(-SHARD_DOCUMENTS // tables[0, "documents"].num_rows)
    for part in range(max(1, documents // SHARD_DOCUMENTS)):
        for (owner, name), table in tables.items():
            with TableWriter(roots[owner], f"{name}/{part_name(part)}", table.schema) as writer:
                _write_copies(writer, table, part, copies)
            files[owner].append(writer.entry)
    index_tables(roots[0], ("documents", "ledger"), files[0], serial_map, "index")
    rows = sum(entry["rows"] for entry in files[0] if entry["path"].startswith("documents/"))
    shards = max(1, documents // SHARD_DOCUMENTS)
    before = read_manifest(corpus)
    counts = sum_counts([before.counted().to_json()] * (copies * shards))
    counts.read = rows
    commit(roots[0], first, files[0], counts=Counts(read=rows, kept=rows))
    commit(roots[1], second, files[1], counts=counts, sizes={"bytes": before.sizes["bytes"] * copies * shards})
    write_lock(workspace.root, Lock("million", {"corpora": {"million": second.directory}}))


def _write_copies(writer: TableWriter, table: pa.Table, part: int, copies: int) -> None:
    """The rows again and again, each copy with ids and URLs of its own; by step first, where rows have one."""
    ids = table["id"].to_pylist()
    own = {(copy, each): document_id("copy", str(part), str(copy), each) for each in set(ids) for copy in range(copies)}
    steps = sorted(set(table["step_index"].to_pylist())) if "step_index" in table.column_names else [None]
    for step in steps:
        mask = pa.array([True] * table.num_rows) if step is None else pc.equal(table["step_index"], step)
        here = table.filter(mask)
        for copy in range(copies):
            rows = here.set_column(
                here.schema.get_field_index("id"), "id",
                pa.array([own[copy, each] for each in here["id"].to_pylist()], pa.string()))
            if "url" in here.column_names:
                urls = [f"{url}?copy={part}-{copy}" for url in here["url"].to_pylist()]
                rows = rows.set_column(here.schema.get_field_index("url"), "url", pa.array(urls, pa.string()))
            writer.write(rows)


def measure(arguments: list[str]) -> dict[str, Any]:
    """Wall and CPU seconds of a command in a process of its own, interpreter start included: medians of RUNS."""
    walls, cpus = [], []
    for _ in range(RUNS):
        before, began = os.times(), time.monotonic()
        done = subprocess.run([sys.executable, "-m", "maslin.flows.cli", *arguments], capture_output=True, text=True)
        after = os.times()
        if done.returncode:
            sys.exit(f"{' '.join(arguments)}: {done.stderr}")
        walls.append(time.monotonic() - began)
        cpus.append(after.children_user + after.children_system - before.children_user - before.children_system)
    return {"command": " ".join(arguments), "wall_s": round(statistics.median(walls), 3),
            "cpu_s": round(statistics.median(cpus), 3), "slowest_wall_s": round(max(walls), 3)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path, help="a corpus directory with the steps `language` and `c4`")
    parser.add_argument("--documents", type=int, default=1_000_000)
    parser.add_argument("--into", type=Path, required=True)
    options = parser.parse_args()
    workspace = Workspace(options.into)
    if not lock_file(workspace.root, "million").is_file():
        lay_out(options.corpus, options.documents, workspace)
    (corpus,) = options.into.glob("corpus/million@*")
    assert is_complete(corpus)
    documents = options.into / read_manifest(corpus).inputs["documents"]
    part = sorted((documents / "documents").glob("part-*.parquet"))[len(list(documents.glob("documents/part-*"))) // 2]
    rows = read_table(part, ["id", "url"])
    one = rows.slice(rows.num_rows // 2, 1).to_pylist()[0]
    where = ["--workspace", str(options.into)]
    print(json.dumps({
        "documents": read_manifest(corpus).counted().read,
        "documents_bytes": sum(path.stat().st_size for path in (documents / "documents").iterdir()),
        "index_bytes": sum(path.stat().st_size for path in (documents / ".index").iterdir()),
        "measured": [
            *(measure(["explain", query, *where]) for query in (one["id"], one["url"], one["url"].partition("//")[2])),
            measure(["sample", "million", "--dropped-by", "c4", *where]),
            measure(["funnel", "million", *where]),
            measure(["rules", "try", "million", "--set", "language.min_score=0.8", *where]),
        ],
    }, indent=1))


if __name__ == "__main__":
    main()
