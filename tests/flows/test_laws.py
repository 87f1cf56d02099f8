"""The laws, on the whole path of the main job with real readers, kernels, processes and models."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from maslin.curation.evidence.drawn import texts_met
from maslin.flows.cli import main
from maslin.manifests.counts import Counts
from maslin.manifests.files import read_json, write_json
from maslin.manifests.locks import read_lock
from maslin.manifests.tables import read_table
from maslin.manifests.workspace import Step, Workspace, commit, read_manifest
from tests.flows.small_inputs import write_all

pytestmark = pytest.mark.slow


def content(workspace: Path) -> dict[str, object]:
    """All that must be the same bytes: data files by checksum, and the identity of every manifest."""
    found: dict[str, object] = {}
    for path in sorted(workspace.glob("*/*@*/manifest.json")):
        manifest = read_json(path)
        found[path.parent.relative_to(workspace).as_posix()] = json.dumps(
            [manifest["identity"], manifest.get("counts"), manifest["sizes"], manifest["summary"]], sort_keys=True)
    return found


def maslin(*arguments: object) -> int:
    return main([str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def inputs(tmp_path_factory) -> Path:
    return write_all(tmp_path_factory.mktemp("inputs"))


@pytest.fixture(scope="module")
def compared(inputs, tmp_path_factory) -> Path:
    """A workspace with the whole comparison, built without Prefect by two workers."""
    workspace = tmp_path_factory.mktemp("compared")
    assert maslin("compare", inputs, "--workspace", workspace, "--prefect", "off", "--workers", 2) == 0
    return workspace


@pytest.mark.parametrize("how", [("--workers", 1), ("--workers", 3, "--memory", "1.2GB")])
def test_the_same_bytes_with_any_number_of_workers_and_any_memory(inputs, compared, tmp_path, how):
    assert maslin("compare", inputs, "--workspace", tmp_path, "--prefect", "off", *how) == 0
    assert content(tmp_path) == content(compared)


def test_the_same_bytes_as_a_prefect_flow(inputs, compared, tmp_path):
    command = [sys.executable, "-m", "maslin.flows.cli", "curate", inputs, "--workspace", tmp_path, "--workers", "2"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    expected = content(compared)
    built = content(tmp_path)
    assert built == {directory: expected[directory] for directory in built}
    assert any(directory.startswith("corpus/web-code@") for directory in built)
    assert "Traceback" not in done.stderr, done.stderr


def test_every_manifest_conserves_and_every_removed_document_is_in_the_ledger(compared):
    seen = set()
    for path in sorted(compared.glob("*/*@*/manifest.json")):
        manifest = read_manifest(path)
        if counts := manifest.counts:
            counts.check_conservation(str(path))
            seen.add(manifest.kind)
            if manifest.kind in ("corpus", "segment", "held_out"):
                rows = sum(read_table(part).num_rows for part in path.parent.glob("ledger/part-*.parquet"))
                assert rows == counts.read - counts.kept, path
                folder = "survivors" if manifest.kind == "segment" else "documents"
                kept = sum(read_table(part).num_rows for part in path.parent.glob(f"{folder}/part-*.parquet"))
                assert kept == counts.kept, path
    assert {"documents", "segment", "corpus", "held_out"} <= seen


def test_verify_finds_counts_that_do_not_add_up(tmp_path, capsys):
    counts = Counts()
    counts.read, counts.kept, counts.dropped = 5, 3, {"rule": 1}
    step = Step("corpus", "leaky", 1, {})
    Workspace(tmp_path).path(step).mkdir(parents=True)
    commit(Workspace(tmp_path).path(step), step, [], counts=counts)
    assert maslin("manifest", "verify", tmp_path) == 3
    assert "1 of 5 documents are not accounted for" in capsys.readouterr().out


def test_no_held_out_document_is_trained_on(compared):
    held_out = {row for part in compared.glob("held_out/*@*/documents/*.parquet")
                for row in read_table(part)["id"].to_pylist()}
    trained = {row for part in compared.glob("corpus/*@*/documents/*.parquet")
               for row in read_table(part)["id"].to_pylist()}
    assert held_out and trained and not held_out & trained


def test_no_sample_shows_a_held_out_document(compared, capsys):
    held_out = {row for part in compared.glob("split/*@*/split/*.parquet")
                for row in read_table(part)["id"].to_pylist()}
    ways = [[], ["--dropped-by", "held_out"], ["--dropped-by", "c4"], ["--dropped-by", "too_few_sentences"],
            ["--dropped-by", "exact_dedup"], ["--dropped-by", "near_dedup"], ["--edited-by", "c4"]]
    shown = set()
    for way in ways:
        for corpus in ("web-no-code", "web-code"):
            assert maslin("sample", corpus, *way, "-n", 10_000, "--workspace", compared) == 0
            shown |= set(re.findall(r"document ([0-9a-f]{32})", capsys.readouterr().out))
    assert held_out and shown and not held_out & shown


def test_no_copy_is_planted_and_no_cluster_shown_of_a_held_out_document(compared, capsys):
    held_out = {row for part in compared.glob("split/*@*/split/*.parquet")
                for row in read_table(part)["id"].to_pylist()}
    assert maslin("funnel", "web-code", "--json", "--workspace", compared) == 0
    (shown,) = json.loads(capsys.readouterr().out)["corpora"]
    manifest = read_manifest(Path(shown["directory"]))
    met = texts_met(manifest, len(manifest.parameters["steps"]) - 1, 10_000, 0)
    assert met and held_out and not met.keys() & held_out
    for cluster in (cluster for found in shown["deduplications"] for cluster in found["largest"]):
        ids = {cluster["survivor_id"], *(each["id"] for each in cluster["duplicates"])}
        assert cluster["closed"] == (cluster["text"] is None) and (cluster["closed"] or not ids & held_out)


def test_all_arms_are_scored_on_the_same_bytes(compared):
    scored = [
        sorted((row["domain"], row["id"], row["bytes"]) for row in read_table(part).to_pylist())
        for part in compared.glob("evaluation/*@*/items/*.parquet")
    ]
    assert len(scored) == 6 and all(rows == scored[0] for rows in scored) and scored[0]


def test_another_metric_scores_the_same_runs_again(inputs, compared, tmp_path, capsys):
    recipe, workspace = inputs.with_name("accuracy.yaml"), tmp_path / "work"
    recipe.write_text(inputs.read_text().replace(
        "comparison: {", "comparison: {metric: next_token_accuracy, "))
    shutil.copytree(compared, workspace)
    assert maslin("compare", recipe, "--workspace", workspace, "--prefect", "off", "--workers", 2) == 0
    assert "percent of tokens foretold (9" in capsys.readouterr().out
    kinds = {path.partition("/")[0] for path in content(workspace).keys() - content(compared).keys()}
    assert kinds == {"evaluation", "report"}
    (report,) = [found for path in workspace.glob("report/*@*/comparison.json")
                 if (found := read_json(path))["metric"] == "next_token_accuracy"]
    scores = [score["next_token_accuracy"] for run in report["runs"] for score in run["domains"].values()]
    assert len(scores) == 18 and all(0 <= score <= 100 for score in scores)


def test_corpora_open_in_datasets(compared):
    import datasets

    files = [str(path) for path in compared.glob("corpus/web-code@*/documents/*.parquet")]
    data = datasets.load_dataset("parquet", data_files=files, split="train", cache_dir=str(compared / "hf"))
    assert len(data) > 10 and {"id", "text", "url", "licence", "origin"} <= set(data.column_names)


def test_running_again_does_nothing_and_imports_nothing_heavy(inputs, compared):
    arguments = ["compare", str(inputs), "--workspace", str(compared)]
    code = (f"from maslin.flows.cli import main; assert main({arguments}) == 0\n"
            "import sys; assert not {'prefect', 'torch', 'numba'} & set(sys.modules)")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "report.html" in done.stdout


@pytest.mark.parametrize("command", ["curate", "train"])
def test_killed_anywhere_and_run_again_it_ends_in_the_same_bytes(inputs, compared, tmp_path, command):
    arguments = [sys.executable, "-m", "maslin.flows.cli", command, str(inputs), "--workspace", str(tmp_path),
                 "--workers", "2", "--prefect", "off"]
    seen = ("*/*@*/.shards/*.json", "corpus/*@*/manifest.json") if command == "curate" else (
        "run/*@*/checkpoints/*", "run/*@*/metrics.jsonl", "mixture/*@*/manifest.json")
    for pattern in seen:
        running = subprocess.Popen(
            arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        while running.poll() is None and not list(tmp_path.glob(pattern)):
            time.sleep(0.01)
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()
    assert subprocess.run(arguments, capture_output=True).returncode == 0
    expected, built = content(compared), content(tmp_path)
    assert built == {directory: expected[directory] for directory in built}
    assert any(directory.startswith("corpus/" if command == "curate" else "run/") for directory in built)


def test_two_commands_on_one_workspace_do_not_meet(inputs, tmp_path):
    arguments = [sys.executable, "-m", "maslin.flows.cli", "curate", str(inputs), "--workspace", str(tmp_path),
                 "--workers", "1", "--prefect", "off"]
    first = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not (tmp_path / ".lock").is_file() or not (tmp_path / ".lock").read_text():
        time.sleep(0.01)
    second = subprocess.run(arguments, capture_output=True, text=True)
    assert second.returncode == 2
    assert f"in use by `maslin curate {inputs}` (process {first.pid}" in second.stderr
    assert first.wait() == 0


def test_an_interrupt_ends_with_130_and_says_how_to_go_on(inputs, tmp_path):
    arguments = [sys.executable, "-m", "maslin.flows.cli", "curate", str(inputs), "--workspace", str(tmp_path),
                 "--workers", "2", "--prefect", "off"]
    running = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    while running.poll() is None and not list(tmp_path.glob("documents/*@*")):
        time.sleep(0.01)
    running.send_signal(signal.SIGINT)
    _, errors = running.communicate(timeout=60)
    assert running.returncode == 130 and "run the same command again" in errors and "Traceback" not in errors


def test_explain_show_verify_status(inputs, compared, capsys):
    ledger = read_table(next(compared.glob("corpus/web-no-code@*/ledger/part-00000.parquet"))).to_pylist()
    dropped = next(row for row in ledger if row["step"] == "c4")
    assert maslin("explain", dropped["id"], "--workspace", compared) == 0
    out = capsys.readouterr().out
    assert f"document {dropped['id']}" in out and f"dropped by c4.{dropped['rule']}" in out
    assert "one.warc.gz at byte" in out
    assert maslin("manifest", "verify", compared) == 0 and "all sound" in capsys.readouterr().out
    mixture = next(compared.glob("mixture/with-code@*"))
    assert maslin("manifest", "show", mixture) == 0 and "epochs" in capsys.readouterr().out
    assert maslin("manifest", "show", mixture, "--json") == 0
    assert json.loads(capsys.readouterr().out)["schema_version"] == 3
    other = next(compared.glob("mixture/text-only@*"))
    assert maslin("manifest", "diff", other, mixture) == 0
    assert "parameters.weights.web-code: (absent) → 0.5" in capsys.readouterr().out
    assert maslin("status", inputs, "--workspace", compared) == 0
    assert "missing" not in capsys.readouterr().out
    assert maslin("status", "--workspace", compared) == 0 and "kept" in capsys.readouterr().out


def test_what_an_earlier_version_left_is_told_and_never_mixed(inputs, tmp_path, capsys):
    arguments = ["curate", inputs, "--workspace", tmp_path, "--prefect", "off"]
    assert maslin(*arguments) == 0
    fresh = content(tmp_path)
    for path in list(tmp_path.glob("*/*@*/manifest.json")):
        manifest = read_json(path)
        del manifest["checksum"]  # which came with schema 3
        write_json(path, manifest | {"schema_version": 1})
        path.parent.rename(path.parent.with_name(path.parent.name.replace("@", "@0")[:-1]))
    (lock,) = tmp_path.glob("recipes/*.lock.json")
    named = re.sub("@([0-9a-f]{15})[0-9a-f]", r"@0\1", json.dumps(read_lock(tmp_path, "small").to_json()))
    lock.write_text(named)
    capsys.readouterr()
    assert maslin("explain", "anything", "--workspace", tmp_path) == 2
    assert "of an earlier Maslin" in capsys.readouterr().err
    assert maslin(*arguments) == 0
    assert "stale" in (told := capsys.readouterr().err) and f"maslin status {inputs}" in told
    assert fresh.items() <= content(tmp_path).items()
    assert maslin("status", inputs, "--workspace", tmp_path, "--verbose") == 0
    out = capsys.readouterr().out
    assert out.count("of an earlier Maslin (manifest schema 1, this one reads 3)") == len(fresh)
    assert maslin("manifest", "verify", tmp_path) == 0 and "of another Maslin" in capsys.readouterr().out
