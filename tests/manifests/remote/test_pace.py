"""The rate of requests over all who share a file."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from maslin.manifests.remote.pace import Pace, one_of


@pytest.mark.parametrize("shared", [True, False])
def test_no_more_requests_than_stated(tmp_path, shared):
    paces = [Pace(100, tmp_path / "pace") for _ in range(4)] if shared else [Pace(100)]
    began = time.monotonic()
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda number: paces[number % len(paces)].wait(), range(20 if shared else 1)))
        if not shared:
            [paces[0].wait() for _ in range(19)]
    assert time.monotonic() - began >= 0.18


def test_a_pause_is_everybodys(tmp_path):
    Pace(1000, tmp_path / "pace").pause(0.2)
    began = time.monotonic()
    Pace(1000, tmp_path / "pace").wait()
    assert time.monotonic() - began >= 0.15


@pytest.mark.parametrize("held", [b"", b"\xff" * 8, b"\x7f", b"\x00" * 7 + b"\x7f"], ids=len)
def test_a_file_that_holds_nonsense_stops_nobody(tmp_path, held):
    (tmp_path / "pace").write_bytes(held)
    began = time.monotonic()
    Pace(1000, tmp_path / "pace").wait()
    assert time.monotonic() - began < 1


def test_places_are_held_by_so_many(tmp_path):
    def third():
        with one_of(2, tmp_path):
            return True

    with ThreadPoolExecutor(1) as threads:
        with one_of(2, tmp_path), one_of(2, tmp_path):
            waiting = threads.submit(third)
            time.sleep(0.25)
            assert not waiting.done()
        assert waiting.result(5)
