"""Step directories: the commit point, resuming shard by shard, the lock, verifying."""

import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from maslin.manifests.errors import DamagedError, UsageError
from maslin.manifests.files import file_entry, write_text
from maslin.manifests.workspace import (
    Step,
    Workspace,
    commit,
    is_complete,
    read_manifest,
    run_shards,
    serial_map,
    verify,
    verify_sizes,
)

STEP = Step("corpus", "web", 1, {"steps": []}, {"documents": "abc"})


def write_shard(directory: Path, calls: list, task: int):
    calls.append(task)
    path = directory / f"part-{task}.txt"
    write_text(path, f"shard {task}")
    return {"files": [file_entry(directory, path)], "n": task}


def build(directory: Path, calls: list):
    results = run_shards(directory, partial(write_shard, directory, calls), [0, 1, 2], serial_map, "work")
    return commit(directory, STEP, [entry for result in results for entry in result["files"]])


def test_finished_shards_are_not_run_again(tmp_path):
    calls = []

    def fails_at_two(task):
        if task == 2:
            raise RuntimeError("killed here")
        return write_shard(tmp_path, calls, task)

    with pytest.raises(RuntimeError):
        run_shards(tmp_path, fails_at_two, [0, 1, 2], serial_map, "work")
    assert not is_complete(tmp_path)
    build(tmp_path, calls)
    assert calls == [0, 1, 2] and is_complete(tmp_path) and not (tmp_path / ".shards").exists()


def test_a_shard_whose_file_is_gone_is_run_again(tmp_path):
    calls = []
    run_shards(tmp_path, partial(write_shard, tmp_path, calls), [0, 1], serial_map, "work")
    (tmp_path / "part-1.txt").unlink()
    run_shards(tmp_path, partial(write_shard, tmp_path, calls), [0, 1], serial_map, "work")
    assert calls == [0, 1, 1]


@pytest.mark.parametrize("name", ["part-1.txt", ".shards/part-00001.json"])
def test_a_shard_that_is_not_as_it_was_written_is_run_again(tmp_path, name):
    calls = []
    run_shards(tmp_path, partial(write_shard, tmp_path, calls), [0, 1], serial_map, "work")
    content = bytearray((tmp_path / name).read_bytes())
    content[-5] ^= 1
    (tmp_path / name).write_bytes(content)
    results = run_shards(tmp_path, partial(write_shard, tmp_path, calls), [0, 1], serial_map, "work")
    assert calls == [0, 1, 1] and [result["n"] for result in results] == [0, 1]


def test_the_manifest_is_the_same_bytes_every_time(tmp_path):
    build(tmp_path / "a", [])
    build(tmp_path / "b", [])
    assert (tmp_path / "a/manifest.json").read_bytes() == (tmp_path / "b/manifest.json").read_bytes()


def test_verify_finds_missing_resized_and_changed_files(tmp_path):
    build(tmp_path, [])
    assert verify(tmp_path) == []
    (tmp_path / "part-0.txt").write_text("SHARD 0")
    assert "the manifest says" in verify(tmp_path)[0] and verify_sizes(tmp_path) == []
    (tmp_path / "part-1.txt").write_text("longer than before")
    (tmp_path / "part-2.txt").unlink()
    told = [problem.split(": ")[1] for problem in verify(tmp_path)]
    assert told[:2] == ["18 bytes, the manifest says 7", "missing"] and "xxh3-128" in told[2]


def test_reading_what_is_no_manifest_is_a_users_error(tmp_path):
    with pytest.raises(UsageError, match="not a finished step directory"):
        read_manifest(tmp_path)
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(DamagedError, match="not a readable manifest"):
        read_manifest(tmp_path)
    (tmp_path / "manifest.json").write_text('{"schema_version": 99}')
    with pytest.raises(UsageError, match=r"of another Maslin .manifest schema 99"):
        read_manifest(tmp_path)


def test_digest_depends_on_parameters_version_and_inputs_only():
    assert Step("corpus", "other-name", 1, {"steps": []}, {"documents": "abc"}).digest == STEP.digest
    for other in (Step("corpus", "web", 2, {"steps": []}, {"documents": "abc"}),
                  Step("corpus", "web", 1, {"steps": [1]}, {"documents": "abc"}),
                  Step("corpus", "web", 1, {"steps": []}, {"documents": "abd"}),
                  Step("segment", "web", 1, {"steps": []}, {"documents": "abc"})):
        assert other.digest != STEP.digest
    via = Step("corpus", "web", 1, {"steps": []}, {"documents": "abc"}, via={"last": STEP})
    assert via.digest == STEP.digest and via.input_steps() == {"last": STEP}


_HOLD = """
import sys, time
from pathlib import Path
from maslin.manifests.workspace import Workspace
with Workspace(Path(sys.argv[1])).writer("maslin curate r.yaml"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_one_writer_at_a_time_and_the_lock_names_its_holder(tmp_path):
    holder = subprocess.Popen([sys.executable, "-c", _HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(UsageError, match=rf"in use by `maslin curate r.yaml` \(process {holder.pid}"), \
                Workspace(tmp_path).writer("other"):
            pass
    finally:
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()
    with Workspace(tmp_path).writer("other"):  # a killed holder leaves no lock behind
        pass


def test_writers_of_different_workspaces_do_not_meet(tmp_path):
    with Workspace(tmp_path / "a").writer("one"), Workspace(tmp_path / "b").writer("two"):
        pass
