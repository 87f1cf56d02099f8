"""An API of our own for a command: a process on loopback, begun before it is needed, ended with the command.

Its database lies in the workspace. Prefect makes one in twenty migrations, which takes longer than many a command: it
is made once, at set-up, and copied.
"""

import importlib.metadata
import os
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from maslin.manifests.files import atomic_path
from maslin.manifests.kernels import store

_PATIENCE_SECONDS = 180.0
_ASK_SECONDS, _END_SECONDS = 5.0, 10.0
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # the server is on this machine
_DATABASE, _LOG = "prefect.db", "server.log"

# Set before Prefect is imported, in the command and in the server. The telemetry switches also avoid a harmless but
# long traceback on a new database.
SETTINGS = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_SERVER_LEVEL": "CRITICAL",
    # A busy machine ends its database's connections with a traceback, from a logger whose level SQLAlchemy sets itself:
    # so the handler is what is told.
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
    "PREFECT_TELEMETRY_ENABLE_RESOURCE_METRICS": "false",
    "PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
}
# Of a server that lives for one command: nothing is scheduled or late, and nobody looks at it with a browser.
_SERVER_SETTINGS = {
    "PREFECT__SERVER_EPHEMERAL": "1",
    "PREFECT__SERVER_FINAL": "1",
    "PREFECT_UI_ENABLED": "0",
    "PREFECT_API_BLOCKS_REGISTER_ON_START": "false",
}

# Ends when the command does, however that ends, which closes its end of the pipe that is the standard input here.
_SERVE = """\
import os, socket, sys, threading
def end_with_the_command():
    sys.stdin.buffer.read()
    os._exit(0)
threading.Thread(target=end_with_the_command, daemon=True).start()
import uvicorn
listening = socket.socket(fileno=int(sys.argv[1]))
config = uvicorn.Config("prefect.server.api.server:create_app", factory=True, log_level="critical", lifespan="on")
uvicorn.Server(config).run(sockets=[listening])
"""
_MIGRATE = """\
import asyncio
from prefect.server.database import provide_database_interface
asyncio.run(provide_database_interface().create_db())
"""


class ServerEndedError(Exception):
    """The server ended, or never answered."""


class OwnServer:
    """A server that is being started: `wait` for it before it is asked. Raises OSError without a loopback network."""

    def __init__(self, home: Path) -> None:
        self.home = home
        home.mkdir(parents=True, exist_ok=True)
        database = home / _DATABASE
        if not database.exists() and (kept := store.read(_kept_name())) is not None:
            with atomic_path(database) as temporary:
                temporary.write_bytes(kept)
        with socket.create_server(("127.0.0.1", 0)) as listening:
            self.address = f"http://127.0.0.1:{listening.getsockname()[1]}/api"
            with open(home / _LOG, "wb") as log:
                self._process = subprocess.Popen(
                    [sys.executable, "-c", _SERVE, str(listening.fileno())], stdin=subprocess.PIPE, stdout=log,
                    stderr=log, pass_fds=[listening.fileno()], start_new_session=True,
                    env=_environment(home) | _SERVER_SETTINGS)

    def wait(self, say: Callable[[str], None]) -> None:
        """Until it answers, saying so. Raises ServerEndedError."""
        began = time.monotonic()
        said = False
        while time.monotonic() - began < _PATIENCE_SECONDS:
            if (code := self._process.poll()) is not None:
                last = (self.home / _LOG).read_text(errors="replace").strip().rpartition("\n")[2]
                raise ServerEndedError(f"its server ended with exit code {code}: {last}"[:300])
            try:
                _DIRECT.open(f"{self.address}/health", timeout=_ASK_SECONDS if said else 0.1).close()
                return
            except OSError:
                if not said:
                    say("waiting for Prefect's server, which starts beside the command (--prefect off: without it) …")
                said = True
                time.sleep(0.05)
        raise ServerEndedError(f"its server gives no answer in {_PATIENCE_SECONDS:.0f} s")

    def close(self) -> None:
        """End it, at once when it takes long to end in order."""
        self._process.terminate()
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdin is not None
        self._process.stdin.close()


def keep_database() -> None:
    """Make an empty database as this Prefect wants it, for all workspaces to come, unless there is one."""
    if store.has(_kept_name()):
        return
    with tempfile.TemporaryDirectory() as home:
        subprocess.run([sys.executable, "-c", _MIGRATE], env=_environment(Path(home)), check=True, capture_output=True)
        whole = Path(home) / "whole.db"  # what the write-ahead log has is in the file itself here
        with closing(sqlite3.connect(Path(home) / _DATABASE)) as connection:
            connection.execute("VACUUM INTO ?", (str(whole),))
        store.write(_kept_name(), whole.read_bytes())


def _kept_name() -> str:
    return f"prefect-{importlib.metadata.version('prefect')}.db"


def _environment(home: Path) -> dict[str, str]:
    others = {name: value for name, value in os.environ.items() if name not in ("PREFECT_API_URL", "PREFECT_PROFILE")}
    return SETTINGS | others | {"PREFECT_HOME": str(home.absolute())}
