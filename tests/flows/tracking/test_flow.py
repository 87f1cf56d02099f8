"""On a running `prefect server`: a command is a flow, stages are sub-flows, lines the log; it can be cancelled."""

import http.server
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.request

import pytest

from tests.flows.small_inputs import write_all

pytestmark = pytest.mark.slow

# A reader that waits, as long as there is no file `go` beside what it reads.
WAITING_READER = """\
import threading
import time

def lines(path):
    while not (path.parent / "go").exists():
        time.sleep(0.1)
    for number, line in enumerate(path.read_text().splitlines()):
        yield {"id": f"{path.stem}-{number}", "text": line}
"""
WAITING_RECIPE = """\
name: waiting
sources: {slow: {kind: {file: reader.py, name: lines}, paths: [slow.txt]}}
corpora: {slow: {from: slow, steps: []}}
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The API address of a real server on loopback, with a home of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    quiet = {"PREFECT_HOME": str(tmp_path_factory.mktemp("home")), "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
             "DO_NOT_TRACK": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)],
        env=os.environ | quiet, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}/api"
    try:
        deadline = time.monotonic() + 400  # on a busy machine it takes minutes
        while True:
            try:
                urllib.request.urlopen(f"{address}/health", timeout=5)
                break
            except OSError:
                assert time.monotonic() < deadline and process.poll() is None
                time.sleep(0.2)
        yield address
    finally:
        process.terminate()
        process.wait()


def asked(address: str, what: str, **body):
    request = urllib.request.Request(
        f"{address}/{what}", data=json.dumps(body).encode(), headers={"Content-Type": "application/json"},
        method="POST")
    return json.load(urllib.request.urlopen(request, timeout=30))


def runs_of(address: str, recipe: str) -> dict[str, list[dict]]:
    """The flow runs with the recipe's tag, the latest first, by name."""
    found: dict[str, list[dict]] = {}
    for run in asked(address, "flow_runs/filter", sort="EXPECTED_START_TIME_DESC",
                     flow_runs={"tags": {"all_": [f"recipe:{recipe}"]}}):
        found.setdefault(run["name"], []).append(run)
    return found


def command(recipe, workspace, server) -> list:
    prefect = ["--prefect", "off"] if server is None else []
    return [sys.executable, "-m", "maslin.flows.cli", "curate", recipe, "--workspace", workspace, "--workers", "2",
            *prefect]


def environment(server) -> dict[str, str]:
    return os.environ | ({} if server is None else {"PREFECT_API_URL": server})


def bytes_below(workspace) -> dict[str, bytes]:
    """What was built, but for what is measured."""
    return {str(path.relative_to(workspace)): path.read_bytes() for path in sorted(workspace.glob("*/*@*/**/*"))
            if path.is_file() and not path.is_relative_to(workspace / "latest") and path.name != "measured.json"}


@pytest.fixture(scope="module")
def built(tmp_path_factory, server):
    """A recipe that was curated on the server, and its workspace."""
    folder = tmp_path_factory.mktemp("built")
    (folder / "inputs").mkdir()
    recipe = write_all(folder / "inputs")
    done = subprocess.run(command(recipe, folder / "ws", server), env=environment(server), capture_output=True,
                          text=True)
    assert done.returncode == 0, done.stderr
    return recipe, folder / "ws"


def test_a_command_is_a_flow_and_its_stages_are_sub_flows(server, built):
    runs = runs_of(server, "small")
    (run,) = runs["curate small"]
    assert run["state_type"] == "COMPLETED" and "workspace:ws" in run["tags"] and run["parent_task_run_id"] is None
    assert run["parameters"] == {
        "recipe": str(built[0]), "workspace": str(built[1]), "workers": 2, "memory_bytes": None, "limit": None}
    stages = {name: each for name, (each,) in runs.items() if each["parent_task_run_id"]}
    assert {"ingest web", "ingest wiki", "ingest code", "corpus wiki", "corpus web-code"} <= stages.keys()
    assert {each["state_type"] for each in stages.values()} == {"COMPLETED"}


def test_tasks_say_source_and_part(server, built):
    tasks = asked(server, "task_runs/filter", limit=200)
    names = {task["name"] for task in tasks}
    assert {"read web", "read wiki"} <= names
    assert any(re.fullmatch(r"corpus \S+: dedup_across, candidates: part 2 of 2", name) for name in names), names
    stages = {run["id"]: name for name, (run, *_) in runs_of(server, "small").items()}
    assert {stages.get(task["flow_run_id"]) for task in tasks if task["name"].startswith("read web")} == {"ingest web"}


def test_the_lines_are_its_log(server, built):
    (run,) = runs_of(server, "small")["curate small"]
    lines = [log["message"] for log in asked(server, "logs/filter", logs={"flow_run_id": {"any_": [run["id"]]}})]
    steps = int(lines[0].partition(" ")[0])
    assert f"{steps} steps to build" in lines[0] and all("\n" not in line for line in lines)
    assert sum(line.startswith("[") for line in lines) == steps


def test_funnels_are_tables(server, built):
    found = asked(server, "artifacts/filter", artifacts={"key": {"any_": ["small-funnel-wiki"]}})
    rows = json.loads(found[0]["data"])
    assert rows[0]["rule"] == "read" and rows[-1]["rule"] == "kept" and rows[-1]["documents"] <= rows[0]["documents"]


def test_untracked_the_bytes_are_the_same(tmp_path, built):
    done = subprocess.run(command(built[0], tmp_path, None), env=environment(None), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert bytes_below(tmp_path) == bytes_below(built[1])


def test_an_importable_flow_gives_what_the_function_of_its_name_does(server, built):
    program = (
        "import sys; from maslin.prefect import curate\n"
        "found = curate(sys.argv[1], workspace=sys.argv[2], workers=2)\n"
        "print(found['wiki'].directory)\n")
    done = subprocess.run([sys.executable, "-c", program, *built], env=environment(server), capture_output=True,
                          text=True)
    assert done.returncode == 0 and "corpus/wiki@" in done.stdout, done.stderr
    runs = runs_of(server, "small")["curate small"]
    assert len(runs) == 2 and {run["state_type"] for run in runs} == {"COMPLETED"}
    assert len({run["flow_id"] for run in runs}) == 1  # the command's flow, too


def test_a_run_that_is_cancelled_there_stops_as_by_an_interrupt(tmp_path, server):
    (tmp_path / "reader.py").write_text(WAITING_READER)
    (tmp_path / "slow.txt").write_text("one\ntwo\n")
    (tmp_path / "r.yaml").write_text(WAITING_RECIPE)
    work = subprocess.Popen(
        command(tmp_path / "r.yaml", tmp_path / "ws", server), env=environment(server), stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True)
    for _ in range(600):
        if "ingest slow" in (runs := runs_of(server, "waiting")):
            break
        time.sleep(0.2)
    asked(server, f"flow_runs/{runs['curate waiting'][0]['id']}/set_state", state={"type": "CANCELLING"}, force=True)
    _, told = work.communicate(timeout=120)
    assert work.returncode == 130 and "cancelled by way of Prefect" in told and "Traceback" not in told, told
    runs = runs_of(server, "waiting")
    assert [runs[name][0]["state_type"] for name in ("curate waiting", "ingest slow")] == ["CANCELLED", "CANCELLED"]
    (tmp_path / "go").touch()
    again = subprocess.run(command(tmp_path / "r.yaml", tmp_path / "ws", server), env=environment(server),
                           capture_output=True, text=True)
    assert again.returncode == 0, again.stderr
    assert [run["state_type"] for run in runs_of(server, "waiting")["curate waiting"]] == ["COMPLETED", "CANCELLED"]


def test_a_stage_that_fails_says_why(tmp_path, server):
    (tmp_path / "r.yaml").write_text(
        "name: broken\nsources: {mine: {kind: jsonl, paths: [a.jsonl]}}\n"
        "corpora: {mine: {from: mine, steps: []}}\ntokenizer: {kind: bpe}\nmixtures: {all: {mine: 1}}\n")
    (tmp_path / "a.jsonl").write_text('{"id": "1", "text": ""}\n')
    program = "import sys; from maslin.prefect import curate; curate(sys.argv[1], workspace=sys.argv[2])"
    done = subprocess.run([sys.executable, "-c", program, tmp_path / "r.yaml", tmp_path / "ws"],
                          env=environment(server), capture_output=True, text=True)
    assert done.returncode != 0
    (run,) = runs_of(server, "broken")["curate broken"]
    assert run["state_type"] == "FAILED" and "corpus mine came out empty" in run["state"]["message"]


def test_what_comes_over_a_network_is_tried_again_and_nothing_else(tmp_path, server):
    asked_for = []

    class Failing(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked_for.append(self.path)
            gone = self.path == "/gone.jsonl"
            self.send_response(404 if gone else 503 if asked_for.count(self.path) < 2 else 200)
            self.end_headers()
            self.wfile.write(b'{"id": "1", "text": "A line of some words."}\n')

        def log_message(self, *_):
            pass

    files = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Failing)
    threading.Thread(target=files.serve_forever, daemon=True).start()
    program = ("import sys; from maslin.flows.tracking import fetching; fetching.DELAYS_SECONDS = [1.0]\n"
               "from maslin.prefect import curate; curate(sys.argv[1], workspace=sys.argv[2], workers=1)")
    for name, code in (("there", 0), ("gone", 1)):
        (tmp_path / f"{name}.yaml").write_text(
            f"name: {name}\nsources: {{mine: {{kind: jsonl, paths: ['http://127.0.0.1:{files.server_port}/{name}.jsonl']"
            "}}\ncorpora: {mine: {from: mine, steps: []}}\n")
        done = subprocess.run([sys.executable, "-c", program, tmp_path / f"{name}.yaml", tmp_path / "ws"],
                              env=environment(server), capture_output=True, text=True)
        assert done.returncode == code, done.stderr
    files.shutdown()
    files.server_close()
    assert asked_for == ["/there.jsonl", "/there.jsonl", "/gone.jsonl"]
