"""Of the texts of one page by several extractors the first that is still there stays."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maslin.curation.corpora.held_out import build_split
from maslin.curation.dedup.build import build_dedup
from maslin.curation.stages import surviving
from maslin.manifests.counts import Counts
from maslin.manifests.identity import record_of, variant_id
from maslin.manifests.steps.dedup import NearDedup
from maslin.manifests.tables import DOCUMENTS, SPLIT_PATH, part_name, read_table, write_table
from maslin.manifests.workspace import Step, Workspace, commit, serial_map
from tests.curation.stage_fixtures import make_id, read_surviving, sentence
from tests.curation.steps import entry

NAMES = ("maslin", "resiliparse", "trafilatura")


def documents(root, pages):
    """A shard of each list of pages: (name, extractors whose text is there)."""
    workspace, step = Workspace(root), Step("documents", "web", 1, {"parts": len(pages)})
    files = [write_table(workspace.path(step), f"documents/{part_name(index)}", DOCUMENTS.empty_table().from_pylist([
        {"id": variant_id(make_id(name), place), "extractor": NAMES[place], "source": "web",
         "text": sentence(int(name) * 1000 + 200 * place, 150)}
        for name, places in shard for place in places], schema=DOCUMENTS)) for index, shard in enumerate(pages)]
    rows = sum(len(places) for shard in pages for _, places in shard)
    commit(workspace.path(step), step, files, counts=Counts("records", rows, rows))
    return workspace, step


@settings(max_examples=20, deadline=None)
@given(st.lists(st.lists(st.sets(st.integers(0, 2))), max_size=3))
def test_the_first_that_is_there_stays(tmp_path_factory, shards):
    pages = [[(f"{10 * shard + page}", sorted(places)) for page, places in enumerate(found)]
             for shard, found in enumerate(shards)]
    workspace, step = documents(tmp_path_factory.mktemp("w"), pages)
    dedup = Step("dedup", "web", 1, {"steps": [entry("one_extractor")], "start": 0}, {"documents": step})
    counts = build_dedup(dedup, workspace, serial_map).counted()
    kept = [id for shard in surviving(dedup, workspace) for id in read_surviving(shard, ["id"])["id"].to_pylist()]
    assert kept == [variant_id(make_id(name), places[0]) for shard in pages for name, places in shard if places]
    assert counts.read == counts.kept + counts.dropped_in_all
    for part, shard in enumerate(pages):
        rows = read_table(workspace.path(dedup) / "ledger" / part_name(part)).to_pylist()
        assert [(row["id"], row["survivor_id"], row["detail"], row["rule"]) for row in rows] == [
            (variant_id(make_id(name), place), variant_id(make_id(name), places[0]), NAMES[places[0]],
             "other_extractor")
            for name, places in shard for place in places[1:]]


@pytest.mark.parametrize("variants", [True, False])
def test_a_page_is_held_out_with_all_its_texts(tmp_path, variants):
    workspace, step = documents(tmp_path, [[(f"{page}", [0, 1, 2]) for page in range(60)]])
    split = Step("split", "web", 1, {"seed": 1, "fraction": 0.4, "test_share": 0.5, "near_dedup": NearDedup().__dict__,
                                     **({"variants": True} if variants else {})}, {"documents": step})
    build_split(split, workspace, serial_map)
    rows = read_table(workspace.path(split) / SPLIT_PATH).to_pylist()
    held_out = {row["id"] for row in rows}
    pages = {record_of(id) for id in held_out}
    whole = {variant_id(page, place) for page in pages for place in range(3)}
    assert (held_out == whole) is variants and 5 < len(pages) <= 60
    if variants:
        assert {row["group"] for row in rows} == {variant_id(page, 0) for page in pages}
