"""The serial engine: tasks in the command's own process and thread, interrupts in them, the same bytes."""

import io
import os
import signal
import threading

import pytest

from maslin.flows.cli import main
from maslin.flows.engine import serial
from maslin.flows.engine.contract import stopped_by_signals
from maslin.flows.engine.progress import ProgressBoard
from maslin.flows.engine.serial import SerialEngine
from maslin.manifests.errors import UsageError
from maslin.manifests.files import read_json
from tests.flows.curated import RECIPE, write_inputs


def where(task):
    return {"process": os.getpid(), "thread": threading.get_ident()}


def interrupted(task):
    os.kill(os.getpid(), signal.SIGINT)
    return {}


@pytest.fixture
def engine():
    with ProgressBoard(io.StringIO()) as board, SerialEngine(None, board) as engine:
        yield engine


def test_tasks_are_plain_calls(engine):
    assert engine.map(where, [1, 2], "here") == [where(1)] * 2


def test_an_interrupt_ends_the_task_itself_and_handlers_are_as_before(engine):
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), stopped_by_signals(engine):
        engine.map(interrupted, [1], "interrupted")
    assert signal.getsignal(signal.SIGINT) is before and not engine.board._works


def test_more_workers_than_one_are_refused():
    with ProgressBoard(io.StringIO()) as board, pytest.raises(UsageError, match="--workers 4 is for --engine local"):
        SerialEngine(4, board)


@pytest.mark.slow
def test_the_command_gives_the_same_bytes_by_it(tmp_path, capsys, monkeypatch):
    """With Prefect asked for, which it says it goes without; and it is indeed this engine that works."""
    asked = []
    run = SerialEngine.run
    monkeypatch.setattr(serial.SerialEngine, "run", lambda *each: (asked.append(each[2]), run(*each))[1])
    write_inputs(tmp_path)
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    found = []
    for arguments in (["--engine", "serial"], ["--engine", "local", "--prefect", "off", "--workers", "2"]):
        workspace = tmp_path / arguments[1]
        assert main(["curate", str(tmp_path / "recipe.yaml"), "--workspace", str(workspace), *arguments]) == 0
        found.append({
            path.parent.relative_to(workspace): (read_json(path)["identity"], read_json(path)["counts"])
            for path in workspace.glob("*/*@*/manifest.json")})
        if arguments[1] == "serial":
            assert asked and "without Prefect, whose tasks are threads" in capsys.readouterr().err
            asked.clear()
    assert found[0] and found[0] == found[1] and not asked
