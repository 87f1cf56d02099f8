"""Held-out documents: chosen once, scored whole, the test part closed."""

import shutil
from dataclasses import replace
from functools import partial

import pytest

from maslin.manifests.errors import DataError, UsageError
from maslin.manifests.tables import EVALUATION_ITEMS, read_table
from maslin.manifests.workspace import Step, is_complete, serial_map
from maslin.trainer.comparison import scoring
from maslin.trainer.comparison.evaluate import build_evaluation, choose_documents, in_turn
from maslin.trainer.data.token_shards import TokenCorpus
from maslin.trainer.runs.train import build_run
from tests.trainer.mixture_workspace import run_step, tokenizer_step, tokens_step

PARAMETERS = {
    "metric": "bits_per_byte", "split": "validation", "context_tokens": 32, "stride_tokens": 16, "max_bytes": 10**6}


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory):
    workspace, run = run_step(tmp_path_factory.mktemp("evaluated"))
    build_run(run, workspace, serial_map)
    tokenizer = run.inputs["tokenizer"]
    domains = {f"domain:{name}": tokens_step(workspace, name, tokenizer, kind="held-out") for name in ("xy", "z")}
    step = Step("evaluation", run.name, 1, PARAMETERS, {"run": run, **domains})
    build_evaluation(step, workspace, serial_map)
    return workspace, step


def items(workspace, step):
    return read_table(workspace.path(step) / "items" / "part-00000.parquet")


def changed(step: Step, **parameters: object) -> Step:
    return replace(step, parameters={**step.parameters, **parameters})


def test_every_validation_document_is_scored_once_in_full(evaluated):
    workspace, step = evaluated
    table = items(workspace, step)
    assert table.schema.equals(EVALUATION_ITEMS)
    with TokenCorpus(workspace.path(step.inputs["domain:xy"])) as corpus:
        expected = [row for row in corpus.document_table().to_pylist() if row["split"] == "validation"]
    found = [row for row in table.to_pylist() if row["domain"] == "xy"]
    assert [row["id"] for row in found] == [row["id"] for row in expected]
    assert [row["bytes"] for row in found] == [row["bytes"] for row in expected]
    assert [row["tokens"] for row in found] == [row["end"] - row["start"] - 1 for row in expected]
    assert [row["cluster"] for row in found] == [row["site"] for row in expected]
    assert {(row["run"], row["arm"], row["seed"]) for row in found} == {("both-s0", "both", 0)}
    assert all(0 < row["nats"] < 6 * row["tokens"] for row in found)


def test_another_metric_scores_the_same_documents_into_its_own_column(evaluated):
    workspace, step = evaluated
    other = changed(step, metric="next_token_accuracy")
    build_evaluation(other, workspace, serial_map)
    nats, foretold = items(workspace, step), items(workspace, other)
    assert foretold.column_names == [{"nats": "foretold"}.get(name, name) for name in nats.column_names]
    assert foretold.drop_columns("foretold").equals(nats.drop_columns("nats"))
    counts = [(row["foretold"], row["tokens"]) for row in foretold.to_pylist()]
    assert all(0 <= right <= tokens and right == int(right) for right, tokens in counts)
    assert 0 < sum(right for right, _ in counts) < sum(tokens for _, tokens in counts)


def test_the_test_split_is_read_only_when_asked_for(evaluated):
    workspace, step = evaluated
    validation = set(items(workspace, step)["id"].to_pylist())
    final = changed(step, split="test")
    build_evaluation(final, workspace, serial_map)
    test = set(items(workspace, final)["id"].to_pylist())
    assert test and not validation & test and all(int(id[-3:]) % 5 == 4 for id in test)


def test_a_bound_on_bytes_takes_documents_by_hash_and_keeps_them(evaluated):
    workspace, step = evaluated
    some = choose_documents(changed(step, max_bytes=1500), workspace, "xy")
    more = choose_documents(changed(step, max_bytes=2500), workspace, "xy")
    assert 1000 < sum(some["bytes"].to_pylist()) <= 1500 < sum(more["bytes"].to_pylist()) <= 2500
    ids = some["id"].to_pylist()
    assert ids == sorted(ids) and ids != choose_documents(step, workspace, "xy")["id"].to_pylist()[: len(ids)]


def test_sites_take_turns_by_bytes_and_large_documents_come_last():
    sizes = [("a", 5), ("a", 5), ("b", 1), ("a", 1), ("b", 9), ("c", 80), ("b", 2), (None, 4), (None, 6)]
    rows = [{"id": str(place), "site": site, "bytes": size} for place, (site, size) in enumerate(sizes)]
    given = [row["id"] for row in in_turn(rows, most_bytes=10)]
    assert given == ["0", "2", "7", "8", "4", "1", "3", "6", "5"]  # b has 1, a 5; both 10; the large


def test_one_that_was_killed_goes_on_from_its_last_finished_part(evaluated, monkeypatch):
    workspace, evaluation = evaluated
    step = changed(evaluation, stride_tokens=8)
    monkeypatch.setattr(scoring, "PART_BATCHES", 2)
    monkeypatch.setattr(scoring, "BATCH_TOKENS", 256)
    build_evaluation(step, workspace, serial_map)
    in_one_go = items(workspace, step)
    shutil.rmtree(workspace.path(step))

    batches, batch_scores = [], scoring.batch_scores

    def scored(*arguments, most=10**6):
        if len(batches) == most:
            raise KeyboardInterrupt
        batches.append(arguments[-1])
        return batch_scores(*arguments)

    monkeypatch.setattr(scoring, "batch_scores", partial(scored, most=7))
    with pytest.raises(KeyboardInterrupt):
        build_evaluation(step, workspace, serial_map)
    assert len(batches) == 7 and not is_complete(workspace.path(step))
    del batches[6:]  # the part that was under way
    monkeypatch.setattr(scoring, "batch_scores", scored)
    manifest = build_evaluation(step, workspace, serial_map)
    windows = [window for batch in batches for window in batch]
    assert len(batches) > 8 and sum(window.end - window.scored for window in windows) == manifest.sizes["tokens"]
    assert items(workspace, step).equals(in_one_go)


def test_the_same_evaluation_gives_the_same_bytes(evaluated):
    workspace, step = evaluated
    path = workspace.path(step) / "items" / "part-00000.parquet"
    before = path.read_bytes()
    path.unlink()
    (workspace.path(step) / "manifest.json").unlink()
    build_evaluation(step, workspace, serial_map)
    assert path.read_bytes() == before


def test_a_domain_without_documents_gives_no_rows(evaluated):
    workspace, step = evaluated
    empty = changed(step, max_bytes=1)
    manifest = build_evaluation(empty, workspace, serial_map)
    assert items(workspace, empty).num_rows == 0
    assert manifest.summary["domains"]["xy"] == {"documents": 0, "bytes": 0}


def test_what_cannot_be_scored_is_refused(evaluated):
    workspace, step = evaluated
    with pytest.raises(UsageError, match="trained with a context of 32"):
        build_evaluation(changed(step, context_tokens=64), workspace, serial_map)
    other = tokens_step(workspace, "w", tokenizer_step(workspace, "other"), kind="held-out")
    with pytest.raises(DataError, match="one tokenizer"):
        build_evaluation(replace(step, inputs={**step.inputs, "domain:w": other}), workspace, serial_map)
