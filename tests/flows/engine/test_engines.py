"""What every engine keeps to: results in the order of the tasks, errors as they are, progress on the board."""

import io
import time

import pytest

from maslin.flows.cli import main
from maslin.flows.engine.known import ENGINES, engine_class
from maslin.flows.engine.progress import ProgressBoard
from maslin.manifests.errors import DataError, UsageError
from maslin.manifests.progress import advance


def square(task):
    advance(task, kept=1)
    return {"square": task * task}


def fail_at_two(task):
    if task == 2:
        raise DataError("the second shard is bad")
    return {}


@pytest.fixture(params=ENGINES)
def engine(request):
    with ProgressBoard(io.StringIO()) as board, engine_class(request.param)(None, board) as engine:
        yield engine


def test_results_come_in_the_order_of_the_tasks(engine):
    assert engine.map(square, list(range(20)), "squares") == [{"square": n * n} for n in range(20)]
    assert engine.map(square, [], "none") == []


def test_an_error_reaches_the_command_as_it_is(engine):
    with pytest.raises(DataError, match="the second shard is bad"):
        engine.map(fail_at_two, [1, 2, 3], "errors")


def test_progress_is_summed_over_tasks(engine):
    number = engine.board.start("work", "records", 10)
    for task in (1, 2, 3, 4):
        engine.run(square, task, number)
    deadline, work = time.monotonic() + 20, engine.board._works[number]
    while work.done < 10 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert (work.done, work.kept) == (10, 4)


def test_each_says_what_works_and_how_many_at_a_time(engine):
    assert engine.workers >= 1 and engine.described


def test_an_unknown_engine_is_told_with_the_nearest():
    with pytest.raises(UsageError, match="no engine is called `seriel`; did you mean `serial`"):
        engine_class("seriel")


def test_an_unknown_engine_is_a_usage_error(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["curate", "recipe.yaml", "--engine", "lokal"])
    assert caught.value.code == 2 and "did you mean `local`?" in capsys.readouterr().err
