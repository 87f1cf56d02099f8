"""Domains that have nothing to score are told before anything is trained."""

import pyarrow as pa
import pytest

from maslin.manifests.tables import write_table
from maslin.manifests.workspace import Step, Workspace, commit, serial_map
from maslin.trainer.comparison.foresight import unscored_domains


@pytest.mark.parametrize(("texts", "split", "max_bytes", "unscored"), [
    (["aaaa"], "validation", 4, {}), (["aaaa"], "validation", 3, {"web": 1}), (["aaaa"], "test", 9, {"web": 1}),
    ([], "validation", 9, {"web": 0}), ([""], "validation", 9, {"web": 1}), (["aaaa", "a"], "validation", 3, {}),
])
def test_domains_without_a_document_that_fits(tmp_path, texts, split, max_bytes, unscored):
    workspace, step = Workspace(tmp_path), Step("held_out", "web", 1, {}, {})
    rows = [{"text": text, "split": "validation"} for text in texts]
    table = pa.Table.from_pylist(rows, pa.schema([("text", pa.string()), ("split", pa.string())]))
    root = workspace.path(step)
    commit(root, step, [write_table(root, "documents/part-00000.parquet", table)])
    evaluation = {"split": split, "max_bytes": max_bytes}
    assert unscored_domains({"web": step}, evaluation, workspace, serial_map) == unscored
