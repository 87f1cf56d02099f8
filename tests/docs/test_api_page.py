"""The examples of docs/api.md run, one after another, on a small workspace."""

import re
from pathlib import Path

import pytest

from tests.flows.curated import curate, write_inputs

PAGE = Path(__file__).resolve().parents[2] / "docs/api.md"


@pytest.mark.slow
def test_the_examples_run(tmp_path, monkeypatch, capsys):
    write_inputs(tmp_path)
    curate(tmp_path)
    (tmp_path / "maslin-work").symlink_to("work")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for number, example in enumerate(re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)):
        exec(compile(example, f"example {number} of docs/api.md", "exec"), names)
    out = capsys.readouterr().out
    assert out.startswith("Corpus mine  kept ") and "left: {" in out
    assert "\n[]\n1 × corpus\n" in out  # nothing was missing
