"""What surrounds a Prefect flow: a server of our own that ends with the command; its libraries' logs."""

import os
import subprocess
import sys
import time

import pytest

from maslin.flows.tracking.server import SETTINGS, OwnServer, ServerEndedError
from tests.flows.engine.test_local import alive

_COMMAND = """
import sys, time
from pathlib import Path
from maslin.flows.tracking.server import OwnServer
server = OwnServer(Path(sys.argv[1]))
print(server._process.pid, flush=True)
time.sleep(300)
"""


def test_the_server_of_a_killed_command_ends(tmp_path):
    command = subprocess.Popen([sys.executable, "-c", _COMMAND, tmp_path], stdout=subprocess.PIPE, text=True)
    server = int(command.stdout.readline())
    command.kill()
    command.wait()
    deadline = time.monotonic() + 30
    while alive(server) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive(server)


def test_a_server_that_ends_before_it_answers_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr("maslin.flows.tracking.server._SERVE", "raise SystemExit('no such thing')")
    server = OwnServer(tmp_path)
    with pytest.raises(ServerEndedError, match="exit code 1: no such thing"):
        server.wait(lambda line: None)
    server.close()


def test_what_libraries_of_prefect_log_as_they_end_is_no_traceback_of_ours():
    program = (
        "import logging, prefect, sqlalchemy.pool\n"
        "from prefect.logging.configuration import setup_logging\n"
        "setup_logging()\n"
        "logging.getLogger('sqlalchemy.pool.impl.AsyncAdaptedQueuePool').error('Traceback of a connection')\n"
        "logging.getLogger('prefect').critical('said')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=os.environ | SETTINGS)
    assert "said" in done.stderr and "Traceback" not in done.stderr, done.stderr
