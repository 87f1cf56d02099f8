"""With a running `prefect server`, the runs of a command show there: a flow by its name, a task a group of shards."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

from tests.flows.small_inputs import write_all

pytestmark = pytest.mark.slow


@pytest.fixture
def server(tmp_path):
    """The API address of a real server on loopback, with a home of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    quiet = {"PREFECT_HOME": str(tmp_path / "home"), "PREFECT_SERVER_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)],
        env=os.environ | quiet, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}/api"
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{address}/health", timeout=5)
                break
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.2)
        yield address
    finally:
        process.terminate()
        process.wait()


def asked(address: str, what: str):
    request = urllib.request.Request(
        f"{address}/{what}", data=b"{}", headers={"Content-Type": "application/json"}, method="POST")
    return json.load(urllib.request.urlopen(request, timeout=30))


def test_runs_show_on_a_running_server(tmp_path, server):
    (tmp_path / "inputs").mkdir()
    recipe = write_all(tmp_path / "inputs")
    done = subprocess.run(
        [sys.executable, "-m", "maslin.flows.cli", "curate", recipe, "--workspace", tmp_path / "ws", "--workers", "2"],
        env=os.environ | {"PREFECT_API_URL": server}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (run,) = asked(server, "flow_runs/filter")
    assert (run["name"], run["state_type"]) == ("curate small", "COMPLETED")
    names = {task["name"].rpartition(" ")[0] for task in asked(server, "task_runs/filter")}
    assert {"read web", "read wiki", "read code"} <= names
