"""What is built, by name, as objects and Arrow tables."""

import json

import pytest

import maslin
from maslin.manifests.files import sealed
from maslin.manifests.locks import read_lock
from tests.flows.curated import curate, write_inputs


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    write_inputs(folder)
    curate(folder)
    return folder / "work"


@pytest.fixture(scope="module")
def corpus(root):
    return maslin.open(root).corpora["mine"]


def test_tables_have_the_rows_that_the_counts_say(corpus):
    counts = corpus.counts
    assert corpus.documents().num_rows == counts.kept > 0
    assert corpus.ledger().num_rows == counts.dropped_in_all > 0
    assert corpus.signals().num_rows == counts.read == corpus.source.documents().num_rows
    assert set(corpus.edits()["id"].to_pylist()) <= set(corpus.signals(["id"])["id"].to_pylist())


def test_batches_are_the_table_in_pieces(corpus):
    batches = list(corpus.batches("documents", ["id"]))
    assert [id for batch in batches for id in batch["id"].to_pylist()] == corpus.documents(["id"])["id"].to_pylist()


def test_a_table_without_rows_has_its_columns(corpus):
    assert corpus.source.ledger().num_rows == 0
    assert "rule" in corpus.source.ledger().schema.names


def test_a_name_that_is_not_there_is_told_with_the_nearest(root):
    corpora = maslin.open(root).corpora
    with pytest.raises(maslin.NotThereError, match=r"no corpus is called mime; did you mean `mine`\?"):
        corpora["mime"]
    assert corpora.get("mime") is None and list(corpora) == ["mine"]  # a mapping like any other
    with pytest.raises(maslin.NotThereError, match="no report is called small"):
        _ = maslin.open(root).recipes["small"].report


def test_a_table_that_is_not_there_is_told(corpus):
    with pytest.raises(maslin.NotThereError, match="no table items here; there are documents, edits, ledger, signals"):
        corpus.table("items")


def test_no_workspace_is_told(tmp_path):
    with pytest.raises(maslin.UsageError, match="nothing is built here"):
        maslin.open(tmp_path)


def test_one_name_of_two_recipes(root, tmp_path):
    """A corpus of both is there by its name; two that differ are to be had recipe by recipe."""
    lock = read_lock(root, "small").to_json()
    (tmp_path / "recipes").mkdir()
    (tmp_path / "corpus").symlink_to(root / "corpus")
    for name, directory in (("a", lock["corpora"]["mine"]), ("b", lock["corpora"]["mine"]), ("c", "corpus/mine@0")):
        (tmp_path / f"recipes/{name}.lock.json").write_text(json.dumps(
            sealed(lock | {"corpora": {"mine": directory}})))
        workspace = maslin.open(tmp_path)
        if name != "c":
            assert workspace.corpora["mine"].counts.kept > 0
    with pytest.raises(maslin.NotThereError, match=r"2 different corpus results called mine.*workspace\.recipes"):
        workspace.corpora["mine"]
    assert workspace.recipes["b"].corpora["mine"].counts.kept > 0
    with pytest.raises(maslin.UsageError, match="not a finished step directory"):
        workspace.recipes["c"].corpora["mine"]
    assert "mine@0" in repr(workspace.corpora)  # what cannot be read is shown as well


def test_they_read_well(root, corpus):
    workspace = maslin.open(root)
    assert repr(workspace) == f"Workspace {root}: 1 corpus; recipes small"
    assert repr(workspace.recipes["small"]) == "Recipe small: 1 corpus"
    kept, read = corpus.counts.kept, corpus.counts.read
    assert repr(corpus).startswith(f"Corpus mine  kept {kept} of {read} documents ({kept / read:.1%}), ")
    assert repr(workspace.corpora) == f"1 × corpus\n  {corpus!r}"


def test_they_are_checked_against_their_checksums(corpus):
    assert corpus.verify() == []
    assert "finished" in corpus.measured


def test_a_document_that_left_is_explained(root, corpus):
    row = corpus.ledger().slice(0, 1).to_pylist()[0]
    (found,) = maslin.explain(row["id"], root)
    assert found.document["id"] == found.id == row["id"] and found.left_at_ingest is None
    assert [way.left["rule"] for way in found.ways] == [row["rule"]]
    with pytest.raises(maslin.UsageError, match="no document has this id in the source mine"):
        maslin.explain("0" * 32, root)
    with pytest.raises(maslin.UsageError, match=r"160 documents have this in their address.*`most` than 3"):
        maslin.explain("page.html", root, most=3)
