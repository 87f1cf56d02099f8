"""The engine and the command of docs/extending.md, added as the page says."""

import io
import json
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from maslin.flows import cli
from maslin.flows.cli import main
from maslin.flows.engine.known import ENGINES, engine_class
from maslin.flows.engine.progress import ProgressBoard
from maslin.manifests.errors import DataError, MaslinError, UsageError
from tests.flows.engine.test_engines import fail_at_two, square

PAGE = Path(__file__).resolve().parents[2] / "docs/extending.md"


def section(title: str, name: str, monkeypatch) -> tuple[ModuleType, str, object]:
    """Of a section of the page: its code as the module `name`, and the key and value of the line that lists it."""
    text = PAGE.read_text(encoding="utf-8").partition(f"## {title}\n")[2].partition("\n## ")[0]
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    line = re.search(r'^    (".*)$', text.replace(code, ""), re.M)[1]
    ((key, value),) = eval(f"{{{line}\n}}").items()
    module = ModuleType(name)
    monkeypatch.setitem(sys.modules, name, module)
    exec(code, vars(module))
    return module, key, value


@pytest.fixture
def engine(monkeypatch) -> ModuleType:
    module, key, value = section("An engine", "maslin.flows.engine.started", monkeypatch)
    monkeypatch.setitem(ENGINES, key, value)
    return module


@pytest.mark.slow
def test_the_engine_keeps_to_the_contract(engine):
    with ProgressBoard(io.StringIO()) as board:
        with pytest.raises(UsageError, match="--workers N"):
            engine_class("started")(None, board)
        with engine_class("started")(2, board) as started:
            assert started.map(square, [1, 2, 3], "squares") == [{"square": 1}, {"square": 4}, {"square": 9}]
            with pytest.raises(DataError, match="the second shard is bad"):
                started.map(fail_at_two, [1, 2], "errors")
            engine.BEFORE = ("false",)
            with pytest.raises(MaslinError, match="died 3 times"):
                started.map(square, [1], "deaths")


@pytest.mark.slow
def test_a_corpus_built_by_the_engine_and_read_by_the_command(engine, tmp_path, monkeypatch, capsys):
    _, key, value = section("A command", "maslin.flows.commands.licences", monkeypatch)
    monkeypatch.setitem(cli.COMMANDS, key, value)
    rows = [{"text": f"The mill grinds {n}.", "licence": "MIT" if n else "CC0-1.0"} for n in range(3)]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "r.yaml").write_text(
        "name: n\nsources: {a: {kind: jsonl, paths: [a.jsonl]}}\ncorpora: {a: {from: a}}\n")
    workspace = ["--workspace", str(tmp_path / "work")]
    curate = ["curate", str(tmp_path / "r.yaml"), *workspace, "--prefect", "off", "--workers", "2"]
    assert main([*curate, "--engine", "started"]) == 0
    assert "with 2 processes at a time" in capsys.readouterr().err
    assert main([*curate, "--engine", "local", "--dry-run"]) == 0  # the same digests: nothing is left to build
    assert "0 of" in capsys.readouterr().out
    assert main(["licences", "a", *workspace, "--least", "2"]) == 0
    out = capsys.readouterr().out
    assert "documents" in out and "CC0" not in out
    assert main(["completion", "bash"]) == 0 and '"/licences"' in capsys.readouterr().out
