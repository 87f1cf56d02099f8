"""Clusters of duplicates in a page: sizes and curve of the manifest, samples of the ledger, nothing held out."""

import re
from collections import Counter

import pyarrow as pa
import pytest

from maslin.manifests.counts import Counts
from maslin.manifests.tables import DOCUMENTS, LEDGER, SPLIT, SPLIT_PATH, ledger_row, part_name, write_table
from maslin.manifests.workspace import Step, Workspace, commit
from maslin.trainer.report.clusters import Banding, deduplications
from maslin.trainer.report.sections_clusters import clusters
from tests.curation.steps import entry

HOSTILE = "<script>alert('x')</script> & \u202eevil"
SIZES = [{"least": 2, "most": 2, "clusters": 3, "documents": 6}, {"least": 3, "most": 4, "clusters": 1, "documents": 4}]


def id_of(name):
    return f"{name:>032}"


def left(name, survivor, step="near_dedup", index=0, text=None):
    return ledger_row(id_of(name), "web", index, step, step, survivor_id=survivor and id_of(survivor),
                      similarity=0.875 if survivor else None, text=text or f"The text of {name}.")


STEPS = [entry("near_dedup", threshold=0.8), entry("near_dedup", verify="containment")]


@pytest.fixture
def corpus(tmp_path):
    """From rows of the ledger, names kept, and names held out to the directory of a corpus."""
    workspace = Workspace(tmp_path)

    def write(made, files, **more):
        root = workspace.path(made)
        commit(root, made, [write_table(root, path, pa.Table.from_pylist(rows, schema=schema))
                            for path, rows, schema in files], **more)
        return root

    def make(ledger, kept=("s",), held_out=(), summary=None):
        split = Step("split", "web", 1, {})
        write(split, [(SPLIT_PATH, [{"id": id_of(name), "group": id_of(name), "split": "test"} for name in held_out],
                       SPLIT)])
        documents = [{"id": id_of(name), "text": f"The text of {name}. {HOSTILE}", "source": "web"} for name in kept]
        sizes = Counter(row["survivor_id"] for row in ledger if row["survivor_id"])
        near = {"bands": 14, "rows": 9, "cluster_sizes": SIZES, "largest_clusters": [
            {"survivor_id": id, "documents": number} for id, number in sizes.most_common()]}
        return write(
            Step("corpus", "web", 1, {"steps": STEPS}, {"split": split}),
            [(f"documents/{part_name(0)}", documents, DOCUMENTS), (f"ledger/{part_name(0)}", ledger, LEDGER)],
            counts=Counts(), sizes={"bytes": 0}, summary=summary or {"dedup": {"0:near_dedup": near}})
    return make


def test_sizes_samples_and_bands(corpus):
    (found,) = deduplications(corpus([left("c", "s"), left("a", "s"), left("b", "s", text=HOSTILE)]))
    assert (found.step_index, found.step, found.clusters, found.left) == (0, "near_dedup", 4, 6)
    assert found.banding == Banding(14, 9, 0.8, "similarity", 0.8)
    (cluster,) = found.largest
    assert (cluster.survivor_id, cluster.documents, cluster.closed) == (id_of("s"), 4, False)
    assert cluster.text == f"The text of s. {HOSTILE}"
    assert [each.id for each in cluster.duplicates] == [id_of("a"), id_of("b")]
    assert {each.similarity for each in cluster.duplicates} == {0.875}


def test_a_survivor_that_left_later_is_shown_as_it_left(corpus):
    (found,) = deduplications(corpus([left("a", "s"), left("s", None, "gopher_quality", 1)], kept=()))
    assert found.largest[0].text == "The text of s."


def test_a_survivor_of_an_earlier_run_is_not_taken_for_the_one_of_its_id_here(corpus):
    row = left("a", "s") | {"detail": "equal text, in corpus @0123456789abcdef"}
    (found,) = deduplications(corpus([row]))
    assert found.largest[0].text is None and "Its text is not at hand." in "".join(clusters("web", [found]))


@pytest.mark.parametrize("case", ["survivor held out", "duplicate held out", "third duplicate held out",
                                  "survivor holds what is held out"])
def test_nothing_is_shown_of_clusters_with_held_out_text(corpus, case):
    rows = [left(name, "s") for name in "abc"] + [left("x", "t")]
    held_out = {"survivor held out": "s", "duplicate held out": "a", "third duplicate held out": "c"}.get(case, ())
    if case == "survivor holds what is held out":
        rows.append(left("s", None, "held_out", 2))
    (found,) = deduplications(corpus(rows, kept=("s", "t"), held_out=held_out))
    closed, shown = found.largest
    assert closed.closed and closed.text is None and closed.duplicates == ()
    assert shown.text and len(shown.duplicates) == 1
    page = "".join(clusters("web", [found]))
    assert "The text of x." in page and not re.search(r"The text of [sabc]\.", page)
    assert "Not shown" in page or "not shown" in page


def test_containment_says_what_it_asks_for(corpus):
    summary = {"dedup": {"1:near_dedup": {"bands": 32, "rows": 4, "cluster_sizes": SIZES, "largest_clusters": []}}}
    (found,) = deduplications(corpus([], summary=summary))
    assert found.banding == Banding(32, 4, 0.8, "containment", 0.9)
    assert "leaves from containment 0.9 on" in "".join(clusters("web", [found]))


def test_a_search_that_took_nothing_and_one_without_sizes_have_no_part(corpus):
    summary = {"dedup": {"0:c4_url_dedup": {}, "1:near_dedup": {
        "bands": 14, "rows": 9, "cluster_sizes": [], "largest_clusters": []}}}
    assert deduplications(corpus([], summary=summary)) == []


def test_the_part_of_a_page_escapes_texts_and_draws_the_threshold(corpus):
    (found,) = deduplications(corpus([left("a", "s"), left("b", "s", text=HOSTILE)]))
    page = "".join(clusters("web", [found]))
    assert "<script" not in page and "\u202e" not in page and "⟨U+202E⟩evil" in page
    assert page.count("<svg") == 2
    assert "14 bands of 9 rows; at the threshold 0.800 86.7\u202f%; 50\u202f% at 0.714" in page
    assert "2 documents: 3 clusters, of which 3 documents left; 3 to 4 documents: 1 cluster," in page
