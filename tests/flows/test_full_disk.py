"""A disk that is full in the middle of the work: a clear message, nothing corrupt, and the same command goes on."""

import subprocess
import sys

import pytest

from tests.flows.small_inputs import write_all


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 400 kB, where the tests may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", folder], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("mounting a small file system needs more rights than these tests have here")
    yield folder
    subprocess.run(["umount", folder], check=True)


def curate(recipe, workspace):
    return subprocess.run(
        [sys.executable, "-m", "maslin.flows.cli", "curate", recipe, "--workspace", workspace, "--prefect", "off",
         "--workers", "2"], capture_output=True, text=True)


@pytest.mark.slow
def test_no_space_left(tmp_path, small_disk):
    (tmp_path / "inputs").mkdir()
    recipe = write_all(tmp_path / "inputs")
    workspace = small_disk / "ws"
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 330_000)
    failed = curate(recipe, workspace)
    assert failed.returncode == 1, failed.stderr
    assert "no space left on the disk" in failed.stderr and "run the same command again" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert not list(workspace.rglob(".*.partial"))
    subprocess.run(["mount", "-o", "remount,size=64m", small_disk], check=True)
    done = curate(recipe, workspace)
    assert done.returncode == 0, done.stderr
    verified = subprocess.run(
        [sys.executable, "-m", "maslin.flows.cli", "manifest", "verify", workspace], capture_output=True, text=True)
    assert "all sound" in verified.stdout, verified.stdout
