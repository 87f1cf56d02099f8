"""Work in the background: in order, one at a time, done when the block ends, and its errors are told."""

import threading

import pytest

from maslin.trainer.runs.background import Background


def test_the_caller_goes_on_and_the_end_waits():
    go_on, done = threading.Event(), []
    with Background() as background:
        background.run(lambda: (go_on.wait(), done.append(1)))
        assert not done
        go_on.set()
        background.run(lambda: done.append(2))
        assert done[:1] == [1]  # the second waits for the first
    assert done == [1, 2]


@pytest.mark.parametrize("times", [1, 2])
def test_what_it_raises_is_raised_where_it_is_seen(times):
    def fails():
        raise OSError("no space")

    with pytest.raises(OSError, match="no space"), Background() as background:
        for _ in range(times):
            background.run(fails)


def test_another_error_is_not_hidden_and_the_work_is_done_all_the_same():
    done = []
    with pytest.raises(KeyboardInterrupt), Background() as background:
        background.run(lambda: done.append(1))
        raise KeyboardInterrupt
    assert done == [1]
