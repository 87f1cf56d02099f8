"""Sketches of a finished corpus are made once; what is kept is as good as what is made, or not taken."""

import pytest

from maslin.curation.dedup.near import search as near_module
from maslin.curation.dedup.near.search import Search, find_overlaps
from maslin.curation.stages import surviving
from maslin.manifests.steps.dedup import NearDedup
from maslin.manifests.workspace import INDEX_FOLDER, Workspace, serial_map
from tests.curation.dedup.near.test_search import rows
from tests.curation.stage_fixtures import sentence, write_shards
from tests.token_steps import corpus_step

NEAR = NearDedup()


@pytest.fixture
def corpus(tmp_path):
    workspace = Workspace(tmp_path / "old")
    step = corpus_step(workspace, "web", [[sentence(0, 200), "short"], [sentence(500, 90)]])
    return workspace.path(step), surviving(step, workspace)


def overlaps(root, references, near=NEAR):
    queries = write_shards(root / "q", [{"a": sentence(0, 205), "b": sentence(900, 90), "c": "short"}])
    return rows(find_overlaps(Search(root / "w", "t", serial_map, "t"), queries, references, near))


@pytest.fixture
def sketched(monkeypatch):
    """The stages in which shards were sketched."""
    stages, sketch = [], near_module.sketch_shards
    monkeypatch.setattr(
        near_module, "sketch_shards", lambda *those: stages.append(those[1]) or sketch(*those))
    return stages


def test_a_later_search_takes_what_is_kept(corpus, tmp_path, sketched):
    directory, references = corpus
    first = overlaps(tmp_path / "1", references)
    assert sorted(first) == ["a", "c"] and sketched[0] == "t-references"
    kept = sorted((directory / INDEX_FOLDER).iterdir())
    assert [path.suffix for path in kept] == [".arrow", ".json"] * 2
    assert overlaps(tmp_path / "2", references) == first
    assert sketched[2:] == [stage for stage in sketched[:2] if stage != "t-references"]
    assert overlaps(tmp_path / "3", references, NearDedup(threshold=0.9)) == first  # other keys: made anew
    assert len(list((directory / INDEX_FOLDER).iterdir())) == 8


@pytest.mark.parametrize("harm", [
    lambda kept: kept[0].write_bytes(kept[0].read_bytes()[:-9] + b"different"), lambda kept: kept[0].unlink(),
    lambda kept: kept[1].write_text("{}"), lambda kept: kept[1].write_text(kept[3].read_text())])
def test_what_is_damaged_or_of_another_part_is_made_anew(corpus, tmp_path, sketched, harm):
    directory, references = corpus
    first = overlaps(tmp_path / "1", references)
    harm(sorted((directory / INDEX_FOLDER).iterdir()))
    sketched.clear()
    assert overlaps(tmp_path / "2", references) == first
    assert "t-references" in sketched


def test_where_nothing_can_be_written_nothing_is_kept(corpus, tmp_path):
    directory, references = corpus
    (directory / INDEX_FOLDER).write_text("in the way")
    assert sorted(overlaps(tmp_path / "1", references)) == ["a", "c"]


def test_what_is_no_finished_corpus_keeps_nothing(tmp_path):
    references = write_shards(tmp_path / "r", [{"z": sentence(0, 200)}])
    assert set(overlaps(tmp_path / "1", references)) == {"a"}
    assert not list(tmp_path.rglob(INDEX_FOLDER))
