"""What `--prefect` means: tracked where a server is configured, by one of our own, or not; and what is said of it."""

import os
import sqlite3
import subprocess
import sys

import pytest

from maslin.flows.tracking import api
from maslin.flows.tracking import modes as module
from maslin.flows.tracking.modes import configured_api, tracking
from maslin.manifests.errors import UsageError
from tests.flows.curated import RECIPE, write_inputs

_PROFILES = """active = "mine"
[profiles.mine]
PREFECT_API_URL = "http://mine/api"
[profiles.none]
"""


@pytest.mark.parametrize(("environment", "profiles", "api"), [
    ({}, "", None), ({}, _PROFILES, "http://mine/api"), ({"PREFECT_PROFILE": "none"}, _PROFILES, None),
    ({"PREFECT_API_URL": "http://asked/api"}, _PROFILES, "http://asked/api"), ({}, "[[", None),
    ({}, "profiles = 3", None)])
def test_which_api_is_configured(tmp_path, monkeypatch, environment, profiles, api):
    for name in ("PREFECT_API_URL", "PREFECT_PROFILE", "PREFECT_PROFILES_PATH"):
        monkeypatch.delenv(name, raising=False)
    for name, value in ({"PREFECT_HOME": str(tmp_path)} | environment).items():
        monkeypatch.setenv(name, value)
    (tmp_path / "profiles.toml").write_text(profiles)
    assert configured_api() == api


@pytest.fixture(autouse=True)
def nothing_configured(monkeypatch):
    monkeypatch.setattr(module, "configured_api", lambda: None)


def told(mode: str, takes_threads: bool = True):
    with tracking(mode, takes_threads, None) as tracked:
        return tracked.server, tracked.told


def test_off_is_silent():
    assert told("off") == (None, "")


def test_auto_without_a_server_says_how_to_start_one():
    server, line = told("auto")
    assert server is None and "`prefect server start`" in line and "PREFECT_API_URL=" in line and "\n" not in line


@pytest.mark.parametrize("mode", ["auto", "on"])
def test_a_server_that_is_configured_is_asked(mode, monkeypatch):
    monkeypatch.setattr(module, "configured_api", lambda: "http://there/api")
    assert told(mode) == ("http://there/api", "")
    assert told(mode, takes_threads=False)[0] is None


def test_on_is_refused_where_it_cannot_be(monkeypatch):
    monkeypatch.setattr(api, "why_no_loopback", lambda: "no loopback network here")
    with pytest.raises(UsageError, match=r"no loopback network here.*--prefect off"):
        told("on")
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match="`prefect` is not here"):
        told("on")
    assert told("auto") == (None, "")


@pytest.mark.slow
def test_on_tracks_by_a_server_of_its_own_and_says_what_it_waits_for(tmp_path):
    write_inputs(tmp_path)
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    done = subprocess.run(
        [sys.executable, "-m", "maslin.flows.cli", "curate", tmp_path / "recipe.yaml", "--workspace", tmp_path / "ws",
         "--prefect", "on"], capture_output=True, text=True,
        env={name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")})
    assert done.returncode == 0 and "waiting for Prefect's server" in done.stderr, done.stderr
    with sqlite3.connect(tmp_path / "ws/.prefect/prefect.db") as database:
        runs = dict(database.execute("select name, state_type from flow_run"))
    assert sum(name.startswith("curate ") for name in runs) == 1 and set(runs.values()) == {"COMPLETED"}
