"""Lines on standard error: for people, or one JSON object each, errors and Python's warnings too."""

import json
import subprocess
import sys
import warnings

import pytest

from maslin.flows import lines
from maslin.flows.cli import main
from maslin.flows.lines import Line
from tests.flows.curated import RECIPE, write_inputs


@pytest.fixture(autouse=True)
def text_again():
    shown = warnings.showwarning
    yield
    lines.use("text")
    warnings.showwarning = shown


def told(capsys) -> list[dict]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_work_is_told_in_objects_with_counts(tmp_path, capsys):
    write_inputs(tmp_path)
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    assert main(["curate", str(tmp_path / "recipe.yaml"), "--workspace", str(tmp_path / "ws"), "--workers", "1",
                 "--prefect", "off", "--log-format", "json"]) == 0
    found = told(capsys)
    assert all(line.keys() == {"time", "level", "stage", "message", "counts"} for line in found)
    (documents,) = (line for line in found if line["stage"] == "documents mine")
    assert documents["counts"]["read_records"] == 161 and documents["time"].endswith("Z")


@pytest.mark.parametrize("arguments", [["nowhere.yaml"], ["nowhere.yaml", "--workers", "none"], []])
def test_what_is_wrong_before_any_work_is_one_object(arguments, capsys):
    try:
        code = main(["curate", "--log-format", "json", *arguments])
    except SystemExit as error:
        code = error.code
    (line,) = told(capsys)
    assert code == 2 and line["level"] == "error" and line["message"]


def test_after_it_lines_are_for_people_again(capsys):
    main(["curate", "nowhere.yaml", "--log-format=json"])
    told(capsys)
    main(["curate", "nowhere.yaml"])
    assert capsys.readouterr().err.startswith("maslin: nowhere.yaml")


def test_pythons_warnings_and_hostile_text_are_lines(capsys):
    lines.use("json")
    warnings.showwarning("it\nis\x1b[31m late", UserWarning, "x.py", 1)
    lines.write(Line("\u2028\ud83d", "warning", "a", {"documents": 3}), sys.stderr)
    err = capsys.readouterr().err
    assert err.isascii() and "\x1b" not in err
    first, second = map(json.loads, err.splitlines())
    assert (first["level"], first["message"]) == ("warning", "UserWarning: it\nis\x1b[31m late")
    assert second["counts"] == {"documents": 3}


def test_an_interrupt_is_one_too():
    code = ("from maslin.flows import interrupts, lines\nlines.use('json')\ninterrupts.take()\n"
            "interrupts.interrupted()")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 130 and json.loads(done.stderr)["level"] == "error"


def test_whoever_listens_hears_a_line_once_and_no_longer_than_asked(capsys):
    heard = []
    with lines.heard_by(heard.append):
        lines.write(Line("one", "warning"), sys.stderr, "maslin: ")
    lines.write(Line("two"), sys.stderr)
    assert heard == [Line("one", "warning")] and capsys.readouterr().err == "maslin: warning: one\ntwo\n"
