"""Law 4: memory depends on the size of a shard, not on the size of the data."""

import argparse
import json
import random
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from maslin.flows.arguments import size_bytes
from maslin.flows.job.work import PROCESS_BYTES, within
from maslin.manifests.errors import UsageError
from maslin.manifests.workspace import Workspace
from tests.flows.small_inputs import sentence

_CURATE = """
import resource, sys
from pathlib import Path
from maslin.flows.engine.build import build, missing_steps
from maslin.flows.job.planning import make_plan, source_inputs
from maslin.flows.job.work import builder_arguments
from maslin.manifests.recipe.reading import read_recipe
from maslin.manifests.workspace import Workspace, serial_map

recipe = read_recipe(Path(sys.argv[1]))
workspace = Workspace(Path(sys.argv[2]))
inputs = source_inputs(recipe, workspace)
plan = make_plan(recipe, inputs, workspace)
extra = builder_arguments(plan, inputs)
for step in missing_steps(list(plan.corpora.values()), workspace):
    manifest = build(step, workspace, serial_map, extra(step))
print(manifest.sizes["bytes"], resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""

RECIPE = """\
name: memory
sources: {mine: {kind: jsonl, paths: [mine.jsonl]}}
corpora: {kept: {from: mine, steps: [offensive, exact_dedup, near_dedup]}}
"""


def peak(folder: Path, documents: int) -> tuple[int, int]:
    """(bytes of text kept, peak memory in bytes) of curating so many documents of about 4 kB in one process."""
    folder.mkdir()
    rng = random.Random(1)
    with open(folder / "mine.jsonl", "w") as handle:
        for number in range(documents):
            text = "\n".join(sentence(rng) for _ in range(45))
            handle.write(json.dumps({"id": str(number), "text": text}) + "\n")
    (folder / "r.yaml").write_text(RECIPE)
    done = subprocess.run(
        [sys.executable, "-c", _CURATE, folder / "r.yaml", folder / "ws"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    kept, maximum = map(int, done.stdout.split())
    return kept, maximum * (1 if sys.platform == "darwin" else 1024)


@pytest.mark.parametrize(("text", "expected"), [
    ("2GB", 2_000_000_000), ("512 MB", 512_000_000), ("1.5GiB", 1_610_612_736), ("900kB", 900_000)])
def test_an_amount_of_memory_is_read(text, expected):
    assert size_bytes(text) == expected


@pytest.mark.parametrize("text", ["2", "GB", "-1GB", "2gb", "2GB more", "1e9GB"])
def test_what_is_no_amount_is_refused(text):
    with pytest.raises(argparse.ArgumentTypeError, match="2GB or 512MB"):
        size_bytes(text)


def test_all_processes_together_keep_within_what_is_asked():
    shared = within(2_000_000_000, 2, Workspace(Path("ws")))
    assert 2 * shared.task_memory_bytes + 4 * PROCESS_BYTES <= 2_000_000_000
    assert within(None, 2, shared) == shared
    with pytest.raises(UsageError, match="--memory 500 MB: 4 workers need 1,393 MB at least"):
        within(500_000_000, 4, Workspace(Path("ws")))


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(resource, "RUSAGE_SELF"), reason="needs peak memory of a process")
def test_memory_does_not_grow_with_the_data(tmp_path):
    small_bytes, small_peak = peak(tmp_path / "small", 2_000)
    large_bytes, large_peak = peak(tmp_path / "large", 30_000)
    more_data = large_bytes - small_bytes
    assert more_data > 45e6
    assert large_peak - small_peak < 0.35 * more_data, f"{small_peak:,} → {large_peak:,} bytes of memory"
