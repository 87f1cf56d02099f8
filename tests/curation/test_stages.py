"""What is left of a stage: the extracted documents, with what each stage on the way did to them applied."""

import pyarrow as pa
import pytest

from maslin.curation.stages import StageShard, chain, iter_surviving, surviving
from maslin.manifests.errors import UsageError
from maslin.manifests.tables import DOCUMENTS, LEDGER, ledger_row, part_name, write_table
from maslin.manifests.workspace import Step, Workspace, commit
from tests.curation.stage_fixtures import read_surviving


def documents_table(ids):
    return pa.Table.from_pylist([{"id": id, "text": f"text of {id}", "source": "web"} for id in ids], schema=DOCUMENTS)


def ledger_table(ids):
    return pa.Table.from_pylist([ledger_row(id, "web", 0, "exact_dedup", "exact_dedup") for id in ids], schema=LEDGER)


@pytest.fixture
def stages(tmp_path):
    workspace = Workspace(tmp_path)
    documents = Step("documents", "web", 1, {})
    first = Step("dedup", "web", 1, {"start": 0}, {"documents": documents})
    second = Step("dedup", "web", 1, {"start": 1}, {"documents": documents}, {"previous": first})
    for step, folder, parts in (
        (documents, "documents", [documents_table("abc"), documents_table("de")]),
        (first, "ledger", [ledger_table("b"), ledger_table("")]),
        (second, "ledger", [ledger_table("a"), ledger_table("de")]),
    ):
        root = workspace.path(step)
        commit(root, step, [write_table(root, f"{folder}/{part_name(k)}", part) for k, part in enumerate(parts)])
    return workspace, documents, first, second


def ids_of(step, workspace):
    return [read_surviving(shard)["id"].to_pylist() for shard in surviving(step, workspace)]


def test_a_step_with_documents_gives_all_of_them(stages):
    workspace, documents, _, _ = stages
    assert ids_of(documents, workspace) == [["a", "b", "c"], ["d", "e"]]


def test_ledgers_of_dedup_steps_take_their_ids_away(stages):
    workspace, _, first, second = stages
    assert ids_of(first, workspace) == [["a", "c"], ["d", "e"]]
    assert ids_of(second, workspace) == [["c"], []]


def test_the_chain_runs_from_the_documents(stages):
    _, documents, first, second = stages
    assert chain(second) == [documents, first, second]


def test_columns_come_in_the_order_asked_for_and_with_their_types(stages):
    workspace, _, _, second = stages
    table = read_surviving(surviving(second, workspace)[1], ["text", "id"])
    assert table.schema == pa.schema([DOCUMENTS.field("text"), DOCUMENTS.field("id")])


def test_an_empty_file_has_no_rows(tmp_path):
    write_table(tmp_path, "documents/part-00000.parquet", DOCUMENTS.empty_table())
    tables = list(iter_surviving(StageShard(tmp_path / "documents/part-00000.parquet")))
    assert sum(table.num_rows for table in tables) == 0


def test_a_step_that_is_not_finished_is_named(tmp_path):
    with pytest.raises(UsageError, match="not a finished step"):
        surviving(Step("documents", "web", 1, {}), Workspace(tmp_path))
