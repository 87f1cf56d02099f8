"""The command line: light to start, exit codes, one clear message for a mistake and no traceback."""

import argparse
import dataclasses
import subprocess
import sys

import pytest

from maslin import __version__
from maslin.flows import cli
from maslin.flows.cli import main

HEAVY = {"numpy", "pyarrow", "numba", "torch", "prefect", "datasets", "datasketch", "rich", "scipy", "fasttext"}


def loaded(code: str) -> set[str]:
    """Heavy modules that a fresh interpreter has loaded after running the code."""
    code += "\nimport sys; print('LOADED', *[m for m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    return set(out.rsplit("LOADED", 1)[1].split()) & HEAVY


def test_help_imports_nothing_heavy():
    assert loaded("from maslin.flows.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass") == set()


def test_only_the_module_of_the_command_is_imported_and_no_help_needs_what_is_heavy():
    code = ("import sys; from maslin.flows.cli import main\ntry: main(['explain', '--help'])\nexcept SystemExit: pass\n"
            "assert {name for name in sys.modules if name.startswith('maslin.flows.commands.')} == "
            "{'maslin.flows.commands.explain'}\n"
            "main(['completion', 'bash'])  # reads the arguments of all commands\n"
            "assert 'yaml' not in sys.modules and 'maslin.flows.commands.generate' in sys.modules")
    assert loaded(code) == set()


def parsers(parser: argparse.ArgumentParser):
    """The parsers that end in a function to run."""
    below = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if parser.get_default("function"):
        yield parser
    for action in below:
        for sub in action.choices.values():
            yield from parsers(sub)


@pytest.mark.parametrize("parser", list(parsers(cli.parser(cli.COMMANDS))), ids=lambda parser: parser.prog)
def test_no_argument_is_parsed_and_then_forgotten(parser):
    arguments = {action.dest for action in parser._actions} - {"help", "action"}
    assert arguments == {field.name for field in dataclasses.fields(parser.get_default("options"))}


def test_the_version_is_the_package_s(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0 and capsys.readouterr().out == f"maslin {__version__}\n"


def test_planning_imports_nothing_heavy(tmp_path):
    (tmp_path / "a.jsonl").write_text("{}\n")
    recipe = tmp_path / "r.yaml"
    recipe.write_text("name: n\nsources: {s: {kind: jsonl, paths: [a.jsonl]}}\nmixtures: {m: {s: 1}}\n"
                      "comparison: {baseline: m, domains: [s]}\n")
    arguments = ["compare", str(recipe), "--dry-run", "--workspace", str(tmp_path)]
    assert loaded(f"from maslin.flows.cli import main; main({arguments})") == set()


@pytest.mark.parametrize(("recipe", "message"), [
    ("name: n\nsource: {}\n", "r.yaml:2:1: source: unknown key `source`; did you mean `sources`?"),
    ("name: n\nsources: {s: {kind: jsonl, paths: [none/*]}}\n", "r.yaml:2:36: sources.s.paths[0]: `none/*` matches"),
    ("name: n\nsources: {s: {kind: jsonl, paths: [r.yaml]}}\nmixtures: {m: {s: 1}}\ntraining: {model: tny}\n",
     "r.yaml:4:19: training.model: `tny` is not one of tiny, mini, small, medium, base, large, xl; did you mean `ti"),
    ("name: n\nsources: {s: {kind: jsonl, paths: [r.yaml]}}\nmixtures: {m: {s: 1}}\n"
     "training: {architecture: bert, objective: causal}\n",
     "r.yaml:4:43: training.objective: is causal, but bert is trained for masked"),
    ("name: n\nsources: {s: {kind: jsonl, paths: [r.yaml]}}\ntraining:\n  architecture: gpt3\n",
     "r.yaml:4:17: training.architecture: `gpt3` is not one of llama, gpt2, bert, t5; did you mean `gpt2`?"),
    ("name: n\nsources: {s: {kind: jsonl, paths: [r.yaml]}}\ntraining: {objective: maked}\n",
     "r.yaml:3:23: training.objective: `maked` is not one of causal, masked, span_corruption, sft; did you mean `mas"),
    ("name: n\nsources: {s: {kind: jsonl, paths: [r.yaml]}}\nmixtures: {m: {s: 1}}\ntraining: {init_from: m-s0}\n",
     "r.yaml:4:23: training.init_from: `m-s0` is neither a path nor the name of a finished run"),
    ("name: n\nsources: {s: {kind: jsonl, paths: [r.yaml]}}\nmixtures: {m: {s: 1}}\n"
     "training: {architecture: gpt2, kv_heads: 1}\n",
     "r.yaml:4:42: training.kv_heads: is 1, but gpt2 has as many as heads: 2"),
    ("name: n\nsources: {s: {kind: jsonl, paths: [r.yaml]}}\nmixtures: {m: {s: 1}}\ntokenizer: {path: t.json}\n",
     "r.yaml:4:19: tokenizer.path: "),
    ("name: n\nsources: {s: {kind: jsonl, paths: [r.yaml]}}\ncorpora: {c: {from: x}}\n", "no source is called `x`"),
    ("name: n\nsources: {s: {kind: jsonl, paths: [r.yaml]}}\nmixtures: {m: {s: 0}}\n", "the weights are all 0"),
])
def test_a_wrong_recipe_is_one_message_and_exit_2_before_any_work(tmp_path, capsys, recipe, message):
    path = tmp_path / "r.yaml"
    path.write_text(recipe)
    assert main(["curate", str(path), "--workspace", str(tmp_path / "ws")]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("maslin: ") and message in captured.err and "Traceback" not in captured.err
    assert not list(tmp_path.glob("ws/documents"))


@pytest.mark.parametrize(("step", "package"), [
    ("language: {method: langdetect}", "langdetect"), ("gopher_repetition: {words: spacy}", "spacy"),
    ("fineweb: {words: spacy}", "spacy"),
])
def test_a_missing_package_is_named_before_any_work(tmp_path, capsys, monkeypatch, step, package):
    monkeypatch.setattr("maslin.curation.resources.find_spec", lambda name: None)
    (tmp_path / "a.jsonl").write_text('{"text": "a"}\n')
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(f"name: n\nsources: {{s: {{kind: jsonl, paths: [a.jsonl]}}}}\n"
                      f"corpora: {{s: {{from: s, steps: [{{{step}}}]}}}}\n")
    assert main(["curate", str(recipe), "--workspace", str(tmp_path / "work"), "--prefect", "off"]) == 2
    assert f"pip install 'maslin[{package}]'" in capsys.readouterr().err
    assert not list((tmp_path / "work").glob("documents/*"))


def test_an_extractor_that_is_not_installed_is_named_before_any_work(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("maslin.curation.resources.find_spec", lambda name: None)
    (tmp_path / "a.warc").write_bytes(b"WARC/1.0\r\nContent-Length: 0\r\n\r\n\r\n\r\n")
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("name: n\nsources: {s: {kind: warc, paths: [a.warc], extractors: [maslin, trafilatura]}}\n"
                      "corpora: {s: {from: s}}\n")
    assert main(["curate", str(recipe), "--workspace", str(tmp_path / "work"), "--prefect", "off"]) == 2
    assert "s: the package `trafilatura`" in (said := capsys.readouterr().err)
    assert "pip install 'maslin[trafilatura]'" in said and not list((tmp_path / "work").glob("documents/*"))


def test_a_command_says_which_section_it_lacks(tmp_path, capsys):
    path = tmp_path / "r.yaml"
    path.write_text("name: n\nsources: {s: {kind: jsonl, paths: [r.yaml]}}\n")
    assert main(["compare", str(path)]) == 2
    assert "`comparison` is missing" in capsys.readouterr().err


def test_what_has_no_bits_per_byte_is_trained_but_not_compared(tmp_path, capsys):
    path = tmp_path / "r.yaml"
    path.write_text("name: n\nsources: {s: {kind: jsonl, paths: [r.yaml]}}\nmixtures: {m: {s: 1}}\n"
                    "training: {architecture: t5}\ncomparison: {baseline: m, domains: [s]}\n")
    assert main(["compare", str(path), "--dry-run", "--workspace", str(tmp_path)]) == 2
    assert "r.yaml:4:26: training.architecture: t5 gives a document no probability" in capsys.readouterr().err
    assert main(["train", str(path), "--dry-run", "--workspace", str(tmp_path)]) == 0


def test_a_metric_that_does_not_exist_is_told_by_its_line_with_the_nearest_name(tmp_path, capsys):
    path = tmp_path / "r.yaml"
    path.write_text("name: n\nsources: {s: {kind: jsonl, paths: [r.yaml]}}\nmixtures: {m: {s: 1}}\n"
                    "comparison:\n  baseline: m\n  domains: [s]\n  metric: bits_per_tokens\n")
    assert main(["compare", str(path), "--dry-run", "--workspace", str(tmp_path)]) == 2
    assert ("r.yaml:7:11: comparison.metric: `bits_per_tokens` is not one of bits_per_byte, bits_per_token, "
            "next_token_accuracy; did you mean `bits_per_token`?" in capsys.readouterr().err)


def test_usage_errors_exit_2(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["curate"])
    assert caught.value.code == 2


def test_init_writes_a_recipe_and_never_over_one(tmp_path, capsys):
    path = tmp_path / "mine.yaml"
    assert main(["init", str(path)]) == 0 and path.is_file()
    assert main(["init", str(path)]) == 2 and "exists already" in capsys.readouterr().err


def test_an_empty_workspace_is_said(tmp_path, capsys):
    assert main(["status", "--workspace", str(tmp_path)]) == 2
    assert main(["explain", "http://x/", "--workspace", str(tmp_path)]) == 2
    assert main(["manifest", "show", str(tmp_path)]) == 2
    assert main(["manifest", "verify", str(tmp_path)]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_what_a_recipe_says_of_training_is_in_the_run(tmp_path):
    from maslin.flows.job.planning import make_plan, source_inputs
    from maslin.manifests.recipe.reading import read_recipe
    from maslin.manifests.workspace import Workspace

    path = tmp_path / "r.yaml"
    said = {"schedule": "wsd", "decay_share": 0.3, "optimizer": "muon", "z_loss": 1e-4, "average_checkpoints": 3}
    path.write_text(
        "name: n\nsources: {s: {kind: jsonl, paths: [r.yaml]}}\nmixtures: {m: {s: 1}}\n"
        f"training: {{architecture: gpt2, {', '.join(f'{key}: {value}' for key, value in said.items())}}}\n")
    recipe = read_recipe(path)
    plan = make_plan(recipe, source_inputs(recipe, Workspace(tmp_path)), Workspace(tmp_path))
    parameters = plan.runs["m-s0"].parameters
    assert parameters["model"]["architecture"] == "gpt2" and parameters["model"]["hidden"] == 512
    assert {key: parameters["training"][key] for key in said} == said


@pytest.mark.parametrize(("said", "optimizer", "learning_rate"), [
    ({}, "muon", 0.012), ({"optimizer": "adamw"}, "adamw", 0.0081), ({"init_from": "m-s0"}, "adamw", 0.0081),
])
def test_what_a_recipe_leaves_out_is_a_number_in_the_run(said, optimizer, learning_rate):
    from maslin.flows.job.planning import resolve
    from maslin.manifests.recipe.recipe import Training

    _, training = resolve(Training(**said), compared=False)
    assert (training.optimizer, round(training.learning_rate, 4)) == (optimizer, learning_rate)


def test_the_command_imports_no_kernels():
    code = ("import maslin.curation.ingest.build, maslin.curation.ingest.web.warc, maslin.curation.corpora.segment, "
            "maslin.curation.corpora.corpus\n"
            "import sys; assert 'numba' not in sys.modules")
    subprocess.run([sys.executable, "-c", code], check=True)


def test_kernels_do_without_what_numba_looks_for():
    code = ("from maslin.flows.engine.startup import start_light; start_light()\n"
            "from maslin.curation.ingest.html.page import main_text; assert main_text('<p>a') == 'a'\n"
            "import sys; assert not {'scipy.linalg', 'cffi'} & sys.modules.keys()\n"
            "import scipy.linalg, cffi  # there for whoever needs them")
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_commands_own_process_does_without_pandas():
    code = ("from maslin.flows.engine.startup import start_light; start_light()\n"
            "import pyarrow as pa; assert pa.array([1, 2]).to_numpy().sum() == 3\n"
            "import torch; torch.nn.Embedding(3, 2, device='meta')\n"
            "import torch._dynamo  # looks for pandas: it must hear that there is none\n"
            "import sys; assert 'pandas' not in sys.modules")
    subprocess.run([sys.executable, "-c", code], check=True)


def test_all_that_is_wrong_with_a_recipe_is_told_in_one_run(tmp_path, capsys):
    path = tmp_path / "r.yaml"
    path.write_text(
        "name: n\nsources:\n  web: {kind: jsonl, paths: [r.yaml, none.jsonl, ~/x], max_fail: 1}\n"
        "corpora:\n  a: {from: wb, steps: [c4x]}\nmixtures:\n  m: {a: 1, b: 2}\n"
        "training: {batch_tokens: 300, horizons: [0.5], tokens: 1e30}\n"
        "comparison: {baseline: x, domains: [a], metrc: 1}\n")
    assert main(["compare", str(path), "--workspace", str(tmp_path / "ws")]) == 2
    lines = capsys.readouterr().err.replace(str(path), "r.yaml").splitlines()
    assert lines[0].startswith("maslin: r.yaml:3:38: sources.web.paths[1]: `none.jsonl` matches nothing")
    assert [line.split(": ")[0].removeprefix("  r.yaml:") for line in lines[1:]] == [
        "3:50", "3:56", "5:13", "5:25", "7:13", "8:56", "9:24", "9:41"]
    path.write_text(path.read_text().replace("1e30", "99999"))
    assert main(["train", str(path), "--workspace", str(tmp_path / "ws")]) == 2
    told = capsys.readouterr().err
    assert "8:26: training.batch_tokens: 300 is not a multiple" in told
    assert "8:41: training.horizons: need the schedule wsd" in told
