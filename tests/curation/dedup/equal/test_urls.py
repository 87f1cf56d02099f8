"""URL deduplication: the newest of the documents with one URL stays."""

import pytest

from maslin.curation.dedup.build import build_dedup
from maslin.curation.stages import surviving
from maslin.manifests.counts import Counts
from maslin.manifests.tables import DOCUMENTS, part_name, read_table, write_table
from maslin.manifests.workspace import Step, Workspace, commit, serial_map
from tests.curation.stage_fixtures import read_surviving
from tests.curation.steps import entry

STEP = entry("c4_url_dedup")


def build(root, shards, mapper=serial_map):
    """Shards of (id, url, date)."""
    workspace, documents = Workspace(root), Step("documents", "web", 1, {"parts": len(shards)})
    files = []
    for index, shard in enumerate(shards):
        table = DOCUMENTS.empty_table().from_pylist(
            [{"id": id, "url": url, "date": date, "text": f"text of {id}", "source": "web"} for id, url, date in shard],
            schema=DOCUMENTS)
        files.append(write_table(workspace.path(documents), f"documents/{part_name(index)}", table))
    rows = sum(map(len, shards))
    commit(workspace.path(documents), documents, files, counts=Counts("records", rows, rows))
    step = Step("dedup", "web", 1, {"steps": [STEP], "start": 0}, {"documents": documents})
    manifest = build_dedup(step, workspace, mapper)
    kept = [id for shard in surviving(step, workspace) for id in read_surviving(shard, ["id"])["id"].to_pylist()]
    return workspace, step, manifest, kept


@pytest.mark.parametrize(("shards", "kept"), [
    ([[("a", "x.org", "2019-04-01"), ("b", "x.org", "2019-04-02")]], ["b"]),
    ([[("a", "x.org", "2019-04-02"), ("b", "x.org", "2019-04-01")]], ["a"]),
    ([[("b", "x.org", "2019")], [("a", "x.org", "2019")]], ["b"]),  # a tie: the first
    ([[("a", "http://www.x.org/", "1"), ("b", "https://x.org?utm_a=1", "2")]], ["b"]),
    ([[("a", "x.org", None)], [("b", "x.org", "1")], [("c", "x.org", None)]], ["b"]),
    ([[("a", None, "1"), ("b", None, "1"), ("c", "", "1")]], ["a", "b", "c"]),
    ([[("a", "x.org", "1"), ("b", "y.org", "1")], []], ["a", "b"]),
    ([[]], []),
])
def test_the_newest_stays(tmp_path, shards, kept):
    assert build(tmp_path, shards)[3] == kept


def test_the_ledger_names_the_survivor_and_the_url(tmp_path):
    workspace, step, manifest, _ = build(
        tmp_path, [[("a", "https://www.x.org/p/", "1")], [("b", "x.org/p", "2"), ("c", "x.org/q", "2")]])
    assert (manifest.counted().read, manifest.counted().kept) == (3, 2)
    assert manifest.counted().dropped == {"c4_url_dedup": 1}
    (row,) = read_table(workspace.path(step) / "ledger" / part_name(0)).to_pylist()
    assert (row["id"], row["rule"], row["survivor_id"], row["detail"]) == ("a", "c4_url_dedup", "b", "x.org/p")
    assert (row["value"], row["threshold"], row["text_prefix"]) == (None, None, "text of a")
