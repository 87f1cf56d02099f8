"""What surrounds a Prefect flow: servers of killed commands are ended, strangers are not; its libraries' logs."""

import os
import subprocess
import sys

from maslin.flows.engine.prefect_flows import _SETTINGS, _end_orphaned_server

_SLEEP = "import time; print('up', flush=True); time.sleep(60)"


def started(*arguments: str) -> subprocess.Popen:
    """A process that is up, so that the system knows it by its own command line."""
    process = subprocess.Popen([sys.executable, "-c", _SLEEP, *arguments], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "up\n"
    return process


def test_the_server_of_a_killed_command_is_ended(tmp_path):
    server = started("uvicorn", "prefect.server.api")
    (tmp_path / "server.pid").write_text(str(server.pid))
    _end_orphaned_server(tmp_path)
    assert server.wait(timeout=20) != 0 and not (tmp_path / "server.pid").exists()


def test_another_process_with_that_number_is_left_alone(tmp_path):
    stranger = started()
    try:
        (tmp_path / "server.pid").write_text(str(stranger.pid))
        _end_orphaned_server(tmp_path)
        assert stranger.poll() is None and not (tmp_path / "server.pid").exists()
    finally:
        stranger.kill()
        stranger.wait()


def test_nothing_to_end(tmp_path):
    _end_orphaned_server(tmp_path)
    (tmp_path / "server.pid").write_text("999999999")
    _end_orphaned_server(tmp_path)


def test_what_libraries_of_prefect_log_as_they_end_is_no_traceback_of_ours():
    program = (
        "import logging, prefect, sqlalchemy.pool\n"
        "from prefect.logging.configuration import setup_logging\n"
        "setup_logging()\n"
        "logging.getLogger('sqlalchemy.pool.impl.AsyncAdaptedQueuePool').error('Traceback of a connection')\n"
        "logging.getLogger('prefect').critical('said')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=os.environ | _SETTINGS)
    assert "said" in done.stderr and "Traceback" not in done.stderr, done.stderr
