"""The dedup step on disk: its ledger, counts, and the same bytes however it ran."""

from types import MappingProxyType

import pyarrow as pa
import pytest

from maslin.curation.dedup.build import build_dedup
from maslin.curation.stages import surviving
from maslin.manifests.counts import Counts
from maslin.manifests.tables import LEDGER, part_name, read_table, write_table
from maslin.manifests.workspace import Step, Workspace, commit, serial_map
from tests.curation.stage_fixtures import documents_table, read_surviving, sentence
from tests.curation.steps import entry

TEXT = sentence(0, 200)
SHARDS = [{"b": TEXT, "c": TEXT + " and four more words"}, {"a": TEXT, "d": "ü" * 400, "e": "ü" * 400}]
EXACT = entry("exact_dedup")
NEAR = entry("near_dedup", threshold=0.85)


def documents_step(workspace, shards, name="web", urls=MappingProxyType({})):
    step = Step("documents", name, 1, {"parts": len(shards)})
    root = workspace.path(step)
    files = [
        write_table(root, f"documents/{part_name(k)}", documents_table(texts, name, urls))
        for k, texts in enumerate(shards)]
    rows = sum(map(len, shards))
    commit(root, step, files, counts=Counts("records", rows, rows))
    return step


def steps_after(documents):
    exact = Step("dedup", "web", 1, {"steps": [EXACT], "start": 0}, {"documents": documents})
    near = Step("dedup", "web", 1, {"steps": [EXACT, NEAR], "start": 1}, {"documents": documents}, {"previous": exact})
    return exact, near


@pytest.fixture
def built(tmp_path):
    workspace = Workspace(tmp_path)
    exact, near = steps_after(documents_step(workspace, SHARDS))
    return workspace, exact, near, build_dedup(exact, workspace, serial_map), build_dedup(near, workspace, serial_map)


def ledger(workspace, step, part):
    return read_table(workspace.path(step) / "ledger" / part_name(part))


def test_parts_of_the_ledger_speak_of_the_same_parts_of_the_input(built):
    workspace, exact, near, *_ = built
    assert [ledger(workspace, exact, part)["id"].to_pylist() for part in (0, 1)] == [["b"], ["e"]]
    assert [ledger(workspace, near, part)["id"].to_pylist() for part in (0, 1)] == [["c"], []]
    assert ledger(workspace, near, 0).schema == LEDGER


def test_a_row_says_why_with_value_threshold_and_survivor(built):
    workspace, exact, near, *_ = built
    row = ledger(workspace, near, 0).to_pylist()[0]
    assert row == {
        "id": "c", "source": "web", "step_index": 1, "step": "near_dedup", "rule": "near_dedup", "action": "drop",
        "value": 196 / 200, "threshold": 0.85, "op": ">=", "detail": None, "survivor_id": "a", "similarity": 196 / 200,
        "text_prefix": TEXT[:300]}
    copy = ledger(workspace, exact, 1).to_pylist()[0]
    assert (copy["value"], copy["threshold"], copy["survivor_id"], copy["detail"]) == (1.0, 1.0, "d", "equal text")
    assert copy["text_prefix"] == "ü" * 300


def test_counts_are_conserved_and_the_second_step_reads_what_the_first_left(built):
    _, _, _, exact, near = built
    assert exact.counts == Counts(read=5, kept=3, dropped={"exact_dedup": 2})
    assert (near.counted().read, near.counted().kept, near.counted().dropped) == (3, 2, {"near_dedup": 1})
    assert near.summary["largest_clusters"] == [{"survivor_id": "a", "documents": 1}]


def test_what_survives_is_what_no_ledger_names(built):
    workspace, _, near, *_ = built
    assert [read_surviving(shard)["id"].to_pylist() for shard in surviving(near, workspace)] == [[], ["a", "d"]]


def test_no_working_file_is_left(built):
    workspace, _, near, *_ = built
    assert sorted(path.name for path in workspace.path(near).iterdir()) == ["ledger", "manifest.json", "measured.json"]


def test_no_duplicates_give_empty_ledgers(tmp_path):
    workspace = Workspace(tmp_path)
    exact, near = steps_after(documents_step(workspace, [{"a": TEXT}, {}]))
    for step in (exact, near):
        assert build_dedup(step, workspace, serial_map).counted().dropped == {}
        assert pa.concat_tables([ledger(workspace, step, part) for part in (0, 1)]).num_rows == 0


class Killed(Exception):
    pass


@pytest.mark.parametrize("survive", range(8))
def test_killed_anywhere_it_goes_on_to_the_same_bytes(built, tmp_path_factory, survive):
    """A mapper that runs tasks in reverse and dies after `survive` of them."""
    expected_workspace, _, near, _, expected = built
    workspace = Workspace(tmp_path_factory.mktemp("killed"))
    exact, near = steps_after(documents_step(workspace, SHARDS))
    build_dedup(exact, workspace, serial_map)
    left = survive

    def dying(function, tasks, label, *, total=None, unit=""):
        nonlocal left
        results = []
        for task in reversed(tasks):
            if left == 0:
                raise Killed
            left -= 1
            results.append(function(task))
        return results[::-1]

    try:
        build_dedup(near, workspace, dying)
    except Killed:
        build_dedup(near, workspace, serial_map)
    assert workspace.manifest(near) == expected
    for part in (0, 1):
        path = f"{near.directory}/ledger/{part_name(part)}"
        assert (workspace.root / path).read_bytes() == (expected_workspace.root / path).read_bytes()
