"""What was measured is remembered by kind of work and machine; a damaged file is as none."""

import platform

import pytest

from maslin.flows.forecast.rates import COMPILING, RATES_NAME, STEPS, Rates, Sample


def test_the_sample_of_the_most_similar_amount_is_taken_and_the_newest_of_equals(tmp_path):
    rates = Rates(tmp_path)
    for amount, seconds in ((10, 1.0), (1000, 20.0), (1000, 30.0)):
        rates.remember({"read warc": Sample(amount, seconds, 2)})
    again = Rates(tmp_path)
    assert again.nearest("read warc", 12).seconds == 1.0
    assert again.nearest("read warc", 50_000).seconds == 30.0
    assert again.nearest("read jsonl", 10) is None


def test_of_what_is_made_once_the_shortest_is_told(tmp_path):
    rates = Rates(tmp_path)
    assert rates.shortest("around") is None
    for seconds in (35.0, 3.0, 9.0):
        rates.remember({"around": Sample(1, seconds, 2)})
    assert Rates(tmp_path).shortest("around").seconds == 3.0


def test_what_was_built_is_believed_before_a_few_steps(tmp_path):
    rates = Rates(tmp_path)
    rates.remember({"train x": Sample(1e6, 9.0, 2, source=STEPS)})
    assert rates.nearest("train x", 1e6).source == STEPS
    rates.remember({"train x": Sample(10, 1.0, 2)})
    assert rates.nearest("train x", 1e6).seconds == 1.0


def test_no_file_grows_without_end_and_nothing_measured_is_nothing_remembered(tmp_path):
    rates = Rates(tmp_path)
    rates.remember({"curate": Sample(0, 1.0, 2), "report": Sample(1, 0.0, 2)})
    assert rates.nearest("curate", 1) is None and rates.nearest("report", 1) is None
    for seconds in range(1, 100):
        rates.remember({"report": Sample(1, float(seconds), 2)})
    assert rates.nearest("report", 1).seconds == 99 and (tmp_path / RATES_NAME).stat().st_size < 4000


def test_rates_of_another_machine_are_kept_and_not_used(tmp_path, monkeypatch):
    Rates(tmp_path).remember({"report": Sample(1, 3.0, 2)})
    monkeypatch.setattr(platform, "node", lambda: "another")
    assert Rates(tmp_path).nearest("report", 1) is None
    Rates(tmp_path).remember({"report": Sample(1, 5.0, 2)})
    monkeypatch.undo()
    assert Rates(tmp_path).nearest("report", 1).seconds == 3.0


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"a": 1}', b"\xff\x00"])
def test_a_damaged_file_is_as_none(tmp_path, content):
    (tmp_path / RATES_NAME).write_bytes(content)
    assert Rates(tmp_path).nearest("report", 1) is None
    Rates(tmp_path).remember({"report": Sample(1, 3.0, 2)})
    assert Rates(tmp_path).nearest("report", 1).seconds == 3.0


def test_a_workspace_that_is_not_there_keeps_none(tmp_path):
    (tmp_path / "file").write_text("")
    Rates(tmp_path / "file" / "w").remember({"report": Sample(1, 3.0, 2)})


def test_times_taken_as_kernels_compiled_are_not_believed(tmp_path):
    rates = Rates(tmp_path)
    rates.remember({"curate": Sample(100, 900.0, 2, came={"kept a": 0.25}, source=COMPILING)})
    assert rates.nearest("curate", 100).came == {"kept a": 0.25}
    rates.remember({"curate": Sample(1, 1.0, 2)})
    assert rates.nearest("curate", 100).seconds == 1.0
