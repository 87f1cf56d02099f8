"""An API that is asked for is waited for or refused; where there is no loopback, that is said."""

import http.server
import socket
import subprocess
import sys
import threading
import time

import pytest

from maslin.flows.tracking.api import check_api, why_no_loopback
from maslin.manifests.errors import UsageError
from tests.flows.curated import RECIPE, write_inputs


@pytest.fixture
def serve():
    """Gives the address of a server that answers each request with a status, after so many seconds."""
    servers = []

    def start(status: int, after_s: float = 0) -> str:
        class Answer(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                time.sleep(after_s)
                self.send_response(status)
                self.end_headers()

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/api"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("status", [200, 401, 404])
def test_whoever_answers_is_there(serve, status):
    check_api(serve(status), pytest.fail)


def test_a_server_that_fails_is_refused(serve):
    with pytest.raises(UsageError, match="it answers 503 Service Unavailable"):
        check_api(serve(503), pytest.fail)


def test_one_that_is_slow_is_waited_for_and_said(serve, monkeypatch):
    monkeypatch.setattr("maslin.flows.tracking.api._SAY_SECONDS", 0.1)
    told = []
    check_api(serve(200, after_s=0.5), told.append, patience_s=20)
    assert len(told) == 1 and "waiting for" in told[0]


def test_one_that_never_answers_is_refused_without_its_password():
    with (socket.create_server(("127.0.0.1", 0)) as silent,
          pytest.raises(UsageError, match="no answer in 0 s") as caught):
        check_api(f"http://user:secret@127.0.0.1:{silent.getsockname()[1]}/api", pytest.fail, patience_s=0.3)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("address", [
    "http://127.0.0.1:1/api", "nonsense", "http://[/", "ftp:/x", "http://127.0.0.1:99999"])
def test_one_that_is_nowhere_is_refused_by_the_command_before_any_work(address, tmp_path, capsys, monkeypatch):
    from maslin.flows.cli import main

    monkeypatch.setenv("PREFECT_API_URL", address)
    write_inputs(tmp_path)
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    assert main(["curate", str(tmp_path / "recipe.yaml"), "--workspace", str(tmp_path / "ws")]) == 2
    told = capsys.readouterr().err
    assert "which PREFECT_API_URL asks for, cannot be used" in told and "going on without it" not in told
    assert not list(tmp_path.glob("ws/documents/*"))


def test_here_is_a_loopback():
    assert why_no_loopback() is None


def test_without_a_loopback_it_is_said_at_once():
    code = "from maslin.flows.tracking.api import why_no_loopback; print(why_no_loopback())"
    done = subprocess.run(["unshare", "-n", sys.executable, "-c", code], capture_output=True, text=True)
    if "unshare" in done.stderr:
        pytest.skip("a network of one's own needs more rights than these tests have here")
    assert done.stdout.startswith("no loopback network here")
