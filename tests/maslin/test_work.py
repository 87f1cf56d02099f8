"""The flows as functions: objects back, typed errors, and no manners of a command: not in threads, not in scripts."""

import json
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import maslin
from tests.flows.small_inputs import write_all

RECIPE = """\
name: tiny
sources:
  mine: {kind: jsonl, paths: [mine.jsonl]}
corpora:
  mine: {from: mine, steps: [exact_dedup]}
"""


@pytest.fixture
def recipe(tmp_path) -> Path:
    rows = [{"id": f"d{n}", "text": f"Document {n % 9} speaks of rivers."} for n in range(12)]
    (tmp_path / "mine.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    return tmp_path / "recipe.yaml"


def test_a_plan_says_what_is_missing_until_it_is_built(recipe, tmp_path, capsys):
    work = tmp_path / "work"
    plan = maslin.plan(recipe, work)
    assert [step.kind for step in maslin.missing(plan, work)] == ["documents", "dedup", "corpus"]
    corpora = maslin.curate(recipe, work, workers=1)
    assert corpora["mine"].counts.kept == 9
    assert corpora["mine"].digest == plan.corpora["mine"].digest
    assert maslin.missing(plan, work) == []
    assert capsys.readouterr().out == ""  # results are returned, not printed


def test_another_thread_may_ask(recipe, tmp_path):
    """As in a notebook's widgets or a server: there are no signal handlers to be had there."""
    made = []
    thread = threading.Thread(target=lambda: made.append(maslin.curate(recipe, tmp_path / "work", workers=1)))
    thread.start()
    thread.join()
    assert made[0]["mine"].counts.kept == 9


def test_signal_handlers_are_given_back(recipe, tmp_path):
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    maslin.curate(recipe, tmp_path / "work", workers=1)
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_an_engine_there_is_none_of_is_refused_before_any_work(recipe, tmp_path):
    for built in range(2):
        with pytest.raises(maslin.UsageError, match="no engine is called `nonsense`; known here: local, serial"):
            maslin.curate(recipe, tmp_path / "work", engine="nonsense")
        if not built:
            assert not (tmp_path / "work").exists()
            maslin.curate(recipe, tmp_path / "work", workers=1)


def test_no_run_is_trained_when_another_cannot_be(recipe, tmp_path):
    rows = [{"id": f"r{n}", "text": f"Number {n} of many on mountains, {n * 7919}."} for n in range(99)]
    (tmp_path / "large.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    recipe.write_text("""\
name: tiny
sources: {large: {kind: jsonl, paths: [large.jsonl]}, mine: {kind: jsonl, paths: [mine.jsonl]}}
tokenizer: {vocab_size: 300}
mixtures: {first: {large: 1}, second: {large: 0.9, mine: 0.1}}
training: {tokens: 4000, seeds: 1, max_epochs: 1000}
""")
    with pytest.raises(maslin.DataError, match=r"mixture second: corpus mine has .* tokens, one sequence takes 257"):
        maslin.train(recipe, tmp_path / "work", engine="serial")
    assert [path.name for path in (tmp_path / "work").iterdir() if path.name in ("mixture", "run")] == ["mixture"]


@pytest.mark.slow
def test_a_script_needs_no_guard(recipe, tmp_path):
    """Workers do not run the script again, as multiprocessing would have them."""
    script = tmp_path / "script.py"
    work = str(tmp_path / "work")
    script.write_text(f"import maslin\nprint('begun')\nprint(maslin.curate('recipe.yaml', {work!r}))\n")
    done = subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("begun\n1 × corpus\n  Corpus mine  kept 9 of 12 documents (75.0%)")
    assert done.stdout.count("begun") == 1


def test_errors_are_typed(recipe, tmp_path):
    with pytest.raises(maslin.RecipeError, match="exact_dedupe"):
        recipe.write_text(RECIPE.replace("exact_dedup", "exact_dedupe"))
        maslin.plan(recipe, tmp_path / "work")
    with pytest.raises(maslin.UsageError, match="`mixtures` is missing"):
        recipe.write_text(RECIPE)
        maslin.mix(recipe, tmp_path / "work")
    with pytest.raises(maslin.DataError, match="corpus mine came out empty"):
        recipe.write_text(RECIPE.replace("exact_dedup", "language: {keep: [de], min_score: 1.0}"))
        maslin.curate(recipe, tmp_path / "work", workers=1)


@pytest.mark.slow
def test_from_raw_inputs_to_a_verdict(tmp_path):
    recipe, work = write_all(tmp_path), tmp_path / "work"
    mixtures = maslin.mix(recipe, work, workers=2)
    assert mixtures["text-only"].shares["wiki"].weight == pytest.approx(0.3)
    runs = maslin.train(recipe, work, mixture="text-only", seed=0)
    assert list(runs) == ["text-only-s0"]
    run = runs["text-only-s0"]
    assert run.seed == 0 and run.mixture.digest == mixtures["text-only"].digest and run.model.is_dir()
    assert run.metrics()["tokens"].to_pylist()[-1] == run.sizes["tokens"] == 4096
    report = maslin.compare(recipe, work)
    assert set(report.verdict.words["with-code"]) == {"web-no-code", "wiki", "code"}
    assert report.html.is_file() and report.comparison().baseline == "text-only"

    workspace = maslin.open(work)
    small = workspace.recipes["small"]
    assert small.report.digest == report.digest == workspace.reports["small"].digest
    assert small.tokenizer.load().get_vocab_size() == 400
    evaluation = workspace.evaluations["text-only-s0"]
    assert evaluation.run.digest == run.digest
    assert set(evaluation.items()["domain"].to_pylist()) == {"web-no-code", "wiki", "code"}
    tokens = small.tokens["wiki"]
    assert tokens.index()["end"].to_pylist()[-1] * 2 == sum(path.stat().st_size for path in tokens.shards)
    assert tokens.dtype == "uint16"
