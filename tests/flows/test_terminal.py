"""Nothing that is printed steers a terminal, and every encoding can have it."""

import io
import json
import os
import re
import subprocess
import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from maslin.flows.cli import main
from maslin.flows.engine.progress import ProgressBoard
from maslin.flows.terminal import printable, printing_safely
from maslin.manifests.workspace import Step, commit

# ESC, CSI and OSC as bytes of C0 and C1, bidirectional controls, line and paragraph separators
STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029\ufeff]")
HOSTILE = "a\x1b]0;owned\x07\x1b[2J\x9b31m\r\u202eb"
ENCODINGS = ("utf-8", "ascii", "cp1252", "latin-1", "cp437", "koi8-r", "shift_jis", "iso2022_jp")


@given(st.text(), st.sampled_from(ENCODINGS))
@example("− → … ⟨ × ≤ │ 你好 \ud800", "cp1252")
@example(HOSTILE, "utf-8")
def test_every_text_can_be_printed_anywhere_and_steers_nothing(text, encoding):
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="")
    shown = printable(text, stream)
    stream.write(shown)
    stream.flush()
    assert not STEERING.search(shown)


def test_our_own_signs_stay_readable_where_they_do_not_exist():
    ascii_only = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    assert printable("−0.1 → … 你 ⟨U+001B⟩", ascii_only) == "-0.1 -> ... \\u4f60 <U+001B>"
    assert printable("−0.1 → … 你", io.StringIO()) == "−0.1 → … 你"


@pytest.mark.parametrize("arguments", [
    ["curate", HOSTILE], ["curate", "no\nfile.yaml"], ["curate", "r.yaml", "--workspace", HOSTILE], [HOSTILE],
    ["curate", "r.yaml", HOSTILE], ["curate", "r.yaml", "--engine", HOSTILE],
    ["curate", "r.yaml", "--workers", HOSTILE],
    ["explain", HOSTILE, "--workspace", "."], ["sample", HOSTILE], ["status", HOSTILE], ["manifest", "show", HOSTILE],
    ["export", "a", HOSTILE, "--to", "megatron"], ["generate", HOSTILE], ["rules", "try", "x", "--set", HOSTILE],
    ["rules", "try", HOSTILE, "--set", f"c4.{HOSTILE}=3"], ["plan", HOSTILE, "--flops", "1"], ["funnel", HOSTILE],
    ["init", HOSTILE], ["completion", HOSTILE], ["train", "r.yaml", "--mixture", HOSTILE], ["manifest", HOSTILE]])
def test_an_argument_is_never_echoed_as_it_is(arguments, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    try:
        code = main(arguments)
    except SystemExit as ended:
        code = ended.code
    told = "".join(capsys.readouterr())
    assert code and not STEERING.search(told), told
    assert all(line.startswith(("usage: ", "maslin", " ")) for line in told.splitlines()), told


_S = "name: n\nsources: {s: {kind: jsonl, paths: [r.yaml]}}\n"


@pytest.mark.parametrize("recipe", [
    'name: "@"' + _S[7:], 'name: n\n"@": 1\n', 'name: n\nsources: {"@": {kind: jsonl, paths: [r.yaml]}}\n',
    'name: n\nsources: {s: {kind: "@", paths: [a]}}\n', 'name: n\nsources: {s: {kind: jsonl, paths: ["@"]}}\n',
    _S + 'corpora: {c: {from: "@"}}\n', _S + 'corpora: {c: {from: s, steps: ["@"]}}\n',
    _S + 'tokenizer: {path: "@"}\nmixtures: {m: {s: 1}}\n',
    _S + 'mixtures: {m: {s: 1}}\ntraining: {init_from: "@"}\n', _S + 'mixtures: {m: {"@": 1}}\n',
    _S + 'corpora: {c: {from: s, steps: [{rule: {name: "@"}}]}}\n',
    _S + 'corpora: {c: {from: s, steps: [{rule: {file: "@", name: x}}]}}\n',
    "name: n\nsources: {s: !@ a}\n", "name: n\nsources: [@\n",
])
def test_nor_is_a_recipe(recipe, capsys, tmp_path):
    hostile = r"a\e]0;owned\a\e[2J\x9b31m\r\u202eb\nmaslin: all is well"
    path = tmp_path / "r.yaml"
    bare = HOSTILE.replace("\x1b", "\x85").replace("\x07", "")
    path.write_text(recipe.replace("@", hostile if '"@"' in recipe else bare), encoding="utf-8")
    assert main(["curate", str(path), "--workspace", str(tmp_path / "ws")]) == 2
    told = capsys.readouterr().err
    assert not STEERING.search(told), told
    assert told.count("\n") == 1 and told.startswith("maslin: "), told


def test_nor_what_the_board_says(capsys):
    with printing_safely(), ProgressBoard() as board:
        number = board.start(HOSTILE, "bytes", 10)
        board.say(HOSTILE)
        board.finish(number)
    told = capsys.readouterr().err
    assert "owned" in told and not STEERING.search(told)


@pytest.mark.parametrize("settings", [
    {"PYTHONUTF8": "0", "PYTHONIOENCODING": "cp1252"}, {"PYTHONUTF8": "0", "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"}])
@pytest.mark.parametrize("arguments", [
    ["rules"], ["--help"], ["completion", "zsh"], ["explain", "\x1b−→你", "--corpus", "→"]])
def test_a_terminal_that_is_not_utf8_can_have_it(arguments, settings, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "maslin.flows.cli", *arguments], env=os.environ | settings, capture_output=True,
        cwd=tmp_path)
    assert done.returncode == (2 if arguments[0] == "explain" else 0) and b"Traceback" not in done.stderr, done.stderr


def test_the_json_of_a_manifest_is_exact_whatever_stands_in_it(tmp_path, capsys):
    step = Step("corpus", "c", 1, {"note": HOSTILE})
    (tmp_path / step.directory).mkdir(parents=True)
    commit(tmp_path / step.directory, step, [])
    assert main(["manifest", "show", str(tmp_path / step.directory), "--json"]) == 0
    told = capsys.readouterr().out
    assert json.loads(told)["identity"]["parameters"]["note"] == HOSTILE and not STEERING.search(told)
    assert main(["manifest", "show", str(tmp_path / step.directory)]) == 0
    assert not STEERING.search(capsys.readouterr().out)
