"""Worker processes: a worker that dies, an error in words, and no workers left behind."""

import io
import os
import signal
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path

import pytest

from maslin.flows.engine import local, template
from maslin.flows.engine.local import LocalEngine
from maslin.flows.engine.progress import ProgressBoard, Work
from maslin.manifests.errors import MaslinError
from maslin.manifests.progress import advance, note, resume


def die_twice_at_three(folder: Path, task: int):
    mark = folder / f"died-{task}"
    if task == 3 and len(list(folder.glob(f"{mark.name}-*"))) < 2:
        (folder / f"{mark.name}-{os.getpid()}").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return {"task": task}


@pytest.fixture
def board():
    with ProgressBoard(io.StringIO()) as board:
        yield board


def test_a_task_whose_worker_dies_is_run_again_and_the_others_are_not_lost(board, tmp_path):
    with LocalEngine(2, board) as engine:
        results = engine.map(partial(die_twice_at_three, tmp_path), list(range(6)), "deaths")
    assert results == [{"task": n} for n in range(6)]
    assert len(list(tmp_path.iterdir())) == 2


def kill_the_template_at_two(folder: Path, task: int):
    """The process that this one was forked from, then this one."""
    mark = folder / "killed"
    if task == 2 and not mark.exists():
        mark.touch()
        os.kill(os.getppid(), signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)
    return {"task": task}


def test_where_the_process_dies_that_workers_are_forked_from_there_is_another(board, tmp_path):
    with LocalEngine(2, board) as engine:
        assert engine.map(partial(kill_the_template_at_two, tmp_path), [1, 2, 3], "deaths") == [
            {"task": 1}, {"task": 2}, {"task": 3}]


def not_at_all(task):
    os.abort()


def test_a_task_that_always_kills_its_worker_ends_with_a_sentence(board, monkeypatch):
    monkeypatch.setattr(local, "MAX_DEATHS", 2)
    with LocalEngine(2, board) as engine, pytest.raises(MaslinError, match=r"died 2 times at the same work \(SIGABRT"):
        engine.map(not_at_all, [1], "deaths")


@pytest.mark.parametrize(("begin", "how"), [
    ("raise SystemExit(3)", "exit code 3"), ("import os; os.kill(os.getpid(), 9)", "SIGKILL"),
    (template._BEGIN.replace("import begin", "import beg"), "ImportError")])
def test_workers_that_end_before_they_begin_are_told(board, monkeypatch, begin, how):
    monkeypatch.setattr(template, "_BEGIN", begin)
    with LocalEngine(2, board) as engine, pytest.raises(MaslinError, match=rf"end before they begin \(.*{how}"):
        engine.map(die_twice_at_three, list(range(3)), "never")


def test_a_worker_that_cannot_be_started_is_told(board, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with LocalEngine(2, board) as engine, pytest.raises(MaslinError, match=r"could not be started \(No such file"):
        engine.map(die_twice_at_three, [1], "never")


def test_where_no_thread_can_be_started_the_work_is_done_all_the_same(board, tmp_path, monkeypatch):
    def refuse(thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with LocalEngine(2, board) as engine:
        assert engine.map(partial(die_twice_at_three, tmp_path), [1, 2], "work") == [{"task": 1}, {"task": 2}]


class TravelsNot(Exception):
    def __init__(self, one, two):
        super().__init__(one)


def fail(task):
    raise TravelsNot("what it was", lambda: 0) if task == "travels not" else ValueError(task)


def test_errors_come_back_as_they_are_with_where_they_were(board):
    with LocalEngine(1, board) as engine:
        with pytest.raises(ValueError, match="plain") as caught:
            engine.map(fail, ["plain"], "errors")
        assert "in fail" in caught.value.__notes__[0]
        with pytest.raises(RuntimeError, match="TravelsNot: what it was"):
            engine.map(fail, ["travels not"], "errors")


def test_a_line_of_progress_has_rate_counts_and_time_left():
    work = Work("corpus web", "bytes", 40_000_000, started=time.monotonic() - 10, done=10_000_000, kept=7, dropped=3)
    assert work.describe() == "corpus web  25% · 0:30 left · 10.0 of 40.0 MB · 1.0 MB/s · kept 7 dropped 3"


@pytest.mark.parametrize(("seconds", "done", "line"), [
    (0, 0, "read web  0.0 of 40.0 MB"),
    (99, 0, "read web  0.0 of 40.0 MB"),
    (1, 10_000_000, "read web  25% · 10.0 of 40.0 MB · 10.0 MB/s"),
])
def test_no_time_left_and_no_rate_before_they_are_known(seconds, done, line):
    work = Work("read web", "bytes", 40_000_000, started=time.monotonic() - seconds, done=done)
    assert work.describe() == line


_TASK = r"""
import os, time

def sleep(task):
    os.write(1, b"%d %d\n" % (os.getpid(), os.getppid()))
    time.sleep(300)
"""

_SLEEPERS = """
from maslin.flows.engine.local import LocalEngine
from maslin.flows.engine.progress import ProgressBoard
from maslin.flows.engine.startup import is_alone, start_light
from sleeping import sleep

{begin}
engine = LocalEngine(2, board := ProgressBoard())
engine.prepare(["maslin.curation.dedup.build"])
with board, engine:
    engine.map(sleep, [1, 2], "sleep")
"""


@pytest.mark.slow
@pytest.mark.parametrize("begin", ["start_light(); assert is_alone()", "assert not is_alone()"])
def test_killing_the_command_leaves_no_workers(tmp_path, begin):
    """Whether it is forked itself or starts the process that workers are forked from."""
    script = tmp_path / "sleepers.py"
    script.write_text(_SLEEPERS.format(begin=begin))
    (tmp_path / "sleeping.py").write_text(_TASK)  # tasks hold nothing of the main module: workers do not have it
    command = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True)
    workers = {int(pid) for _ in range(2) for pid in command.stdout.readline().split()}
    assert len(workers) == 3 and command.pid not in workers  # two, and what they are forked from
    command.kill()
    command.wait()
    deadline = time.monotonic() + 30
    while any(alive(worker) for worker in workers) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(alive(worker) for worker in workers)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


def resumed(task):
    resume(90)
    note("MFU unknown")
    time.sleep(0.3)
    advance(task)
    return {}


def test_what_an_earlier_process_did_is_done_but_says_nothing_of_the_rate(board):
    """Of 100 tokens 95 are done, 5 of them by us: the time left is that of five more."""
    shown = []
    finish = board.finish
    board.finish = lambda number: (time.sleep(1.5), shown.append(board._works[number]), finish(number))
    with LocalEngine(1, board) as engine:
        engine.map(resumed, [5], "run", total=100, unit="tokens")
    (work,) = shown
    work.started = time.monotonic() - 10
    assert work.describe() == "run  95% · 0:10 left · 95 of 100 tokens · 0 tokens/s · MFU unknown"
