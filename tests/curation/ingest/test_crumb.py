import os

from maslin.curation.ingest.crumb import Crumb


def die_at(path, record):
    """What a killed process leaves: a crumb that nobody closed."""
    crumb = Crumb(path).__enter__()
    assert crumb.enter(record)
    return crumb


def test_two_deaths_at_one_record_and_it_is_left_out(tmp_path):
    path = tmp_path / "shards" / "crumb-0"
    die_at(path, 7)
    die_at(path, 7)
    with Crumb(path) as crumb:
        assert [crumb.enter(record) for record in (6, 7, 8)] == [True, False, True]
    assert list(path.parent.iterdir()) == []


def test_one_death_may_be_a_neighbours(tmp_path):
    path = tmp_path / "crumb-0"
    die_at(path, 3)
    die_at(path, 4)
    with Crumb(path) as crumb:
        assert crumb.enter(3) and crumb.enter(4)


def test_several_records_may_kill(tmp_path):
    path = tmp_path / "crumb-0"
    for record in (1, 1, 5, 5):
        die_at(path, record)
    with Crumb(path) as crumb:
        assert crumb.skipped == {1, 5}


def test_deaths_under_another_command_prove_nothing(tmp_path, monkeypatch):
    path = tmp_path / "crumb-0"
    die_at(path, 7)
    die_at(path, 7)
    monkeypatch.setattr(os, "getppid", lambda: -5)
    with Crumb(path) as crumb:
        assert crumb.enter(7)


def test_an_error_keeps_the_deaths_known(tmp_path):
    path = tmp_path / "crumb-0"
    die_at(path, 7)
    try:
        with Crumb(path):
            raise OSError
    except OSError:
        pass
    die_at(path, 7)
    with Crumb(path) as crumb:
        assert not crumb.enter(7)


def test_a_torn_crumb_is_no_death(tmp_path):
    path = tmp_path / "crumb-0"
    path.write_bytes(b"\x01")
    with Crumb(path) as crumb:
        assert crumb.skipped == frozenset()
