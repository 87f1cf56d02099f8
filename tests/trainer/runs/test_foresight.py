"""Runs that cannot be trained, or that would be one and the same, are told before any is."""

from dataclasses import replace

import pytest

from maslin.manifests.workspace import Step, commit, serial_map
from maslin.trainer.runs.foresight import problems_of_runs
from tests.trainer.mixture_workspace import MODEL, run_step, tokens_step


def arms(tmp_path, weights, model=MODEL, small=0, **training):
    """Problems of a baseline and one arm more; `small`: which has a third corpus, of so many documents."""
    workspace, run = run_step(tmp_path, model=model, **training)
    base = run.inputs["mixture"]
    inputs = dict(base.inputs)
    if small:
        inputs["tokens:tiny"] = tokens_step(workspace, "tiny", run.inputs["tokenizer"], documents=small)
    mixture = Step("mixture", "arm", 1, {**base.parameters, "weights": weights}, inputs)
    commit(workspace.path(mixture), mixture, [])
    runs = {"both-s0": run, "arm-s0": replace(run, name="arm-s0", inputs={**run.inputs, "mixture": mixture})}
    return problems_of_runs(runs, {"both": "both-s0", "arm": "arm-s0"}, "both", workspace, serial_map)


def test_what_can_be_trained_and_compared_has_no_problem(tmp_path):
    assert arms(tmp_path, {"ab": 0.5, "abc": 0.5}) == []


@pytest.mark.parametrize(("weights", "settings", "words"), [
    ({"ab": 0.5, "abc": 0.4, "tiny": 0.1}, {"small": 1, "model": replace(MODEL, context_tokens=64)},
     "mixture arm: corpus tiny has"),
    ({"ab": 0.5, "abc": 0.499, "tiny": 0.001}, {"small": 9},
     "corpus tiny has no sequence of the run: of 48 sequences of 32 tokens its share of 0.1 % is less than one"),
    ({"ab": 0.75, "abc": 0.25}, {}, "mixture arm: its runs would train on the very sequences of both"),
    ({"ab": 0.7500001, "abc": 0.2499999}, {}, "very sequences"),
    ({"ab": 0.01, "abc": 0.99}, {"max_epochs": 0.01}, "more than max_epochs 0.01"),
])
def test_problems(tmp_path, weights, settings, words):
    problems = arms(tmp_path, weights, **settings)
    assert len(problems) >= 1 and any(words in problem for problem in problems)


def test_one_mixture_of_many_seeds_is_opened_once(tmp_path):
    workspace, run = run_step(tmp_path)
    runs = {f"both-s{seed}": replace(run, parameters={**run.parameters, "seed": seed}) for seed in range(3)}
    seen = []

    def counted(function, tasks, label="", *, total=None, unit=""):
        seen.append(len(tasks))
        return serial_map(function, tasks)

    assert problems_of_runs(runs, {}, None, workspace, counted) == [] and seen == [1]
