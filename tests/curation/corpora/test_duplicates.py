"""How many left for each that stays: as following every document to the end of its chain says, however it is cut."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maslin.curation.corpora.corpus import build_corpus
from maslin.curation.corpora.duplicates import note_in
from maslin.curation.dedup.equal import batches
from maslin.manifests.tables import COUNTED_DOCUMENTS, DOCUMENTS
from maslin.manifests.workspace import Workspace
from tests.curation.corpora.test_corpus import build_stages, column, corpus_step, distant_map, stages, table
from tests.curation.dedup.test_build import documents_step
from tests.curation.stage_fixtures import make_id, sentence
from tests.curation.steps import entry

STEPS = [entry("c4_url_dedup"), entry("exact_dedup", by="normalised_text"), entry("exact_dedup"), entry("near_dedup")]
PARTS = 3


def variant(number):
    """Families of texts: equal ones, equal ones but for case, near ones and others."""
    family, kind = divmod(number, 4)
    text = sentence(100 * family, 60)
    return (text, text.upper(), f"{text} and more", f"{text}.")[kind]


def build(root, variants, steps=STEPS, mapper=None):
    """The corpus of documents of such numbers; every fifth is at one of two addresses."""
    workspace, ids = Workspace(root), [make_id(str(place)) for place in range(len(variants))]
    texts = {id: variant(number) for id, number in zip(ids, variants, strict=True)}
    urls = {id: f"http://a.test/{place % 2}" for place, id in enumerate(ids) if place % 5 == 0}
    documents = documents_step(
        workspace, [dict(list(texts.items())[part::PARTS]) for part in range(PARTS)], urls=urls)
    made = stages(documents, steps, range(1, len(steps) + 1))
    mapper = [mapper] if mapper else []
    build_stages(workspace, made, *mapper)
    step = corpus_step("web", documents, made[-1] if made else None, steps)
    return workspace, step, build_corpus(step, workspace, *(mapper or [distant_map]))


def rows(workspace, step, folder):
    return [row for part in range(PARTS) for row in table(workspace, step, folder, part).to_pylist()]


@settings(max_examples=12, deadline=None)
@given(st.lists(st.integers(0, 9), min_size=1, max_size=30), st.integers(1, 5))
def test_every_document_counts_for_the_one_at_the_end_of_its_chain(tmp_path_factory, variants, size):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batches, "PARTITION_ROWS", size)
        workspace, step, manifest = build(tmp_path_factory.mktemp("counted"), variants)
    left = {row["id"]: row for row in rows(workspace, step, "ledger")}
    duplicates, others = Counter(), Counter()
    for id, row in left.items():
        end = id
        while end in left:
            end = left[end]["survivor_id"]
        duplicates[end] += 1
        others[end] += row["step"] == "near_dedup" and row["detail"] != "equal text"
    kept = rows(workspace, step, "documents")
    assert {row["id"]: row["duplicates"] for row in kept} == {row["id"]: duplicates[row["id"]] for row in kept}
    assert {row["id"]: row["cluster_size"] for row in kept} == {row["id"]: 1 + others[row["id"]] for row in kept}
    assert sum(1 + row["duplicates"] for row in kept) == len(variants)  # nobody is lost
    assert sum(manifest.summary["duplicates"].values()) == len(kept)
    assert table(workspace, step, "documents", 0).schema == COUNTED_DOCUMENTS


def test_the_same_bytes_whatever_the_partitions(tmp_path, monkeypatch):
    made = []
    for size in (1, 4, 1000):
        monkeypatch.setattr(batches, "PARTITION_ROWS", size)
        made.append(build(tmp_path / str(size), [number % 10 for number in range(40)])[2].to_json())
    assert made[0] == made[1] == made[2]


def test_a_corpus_that_nobody_deduplicated_counts_nothing(tmp_path):
    workspace, step, manifest = build(tmp_path, [0, 0, 1], [])
    assert table(workspace, step, "documents", 0).schema == DOCUMENTS and "duplicates" not in manifest.summary
    assert len(column(workspace, step, "documents")) == 3


def test_counts_by_powers_of_two():
    found = {}
    note_in(found, np.array([0, 0, 1, 2, 3, 4, 7, 8, 1023, 1024]))
    assert found == {"0": 2, "1": 1, "2-3": 2, "4-7": 2, "8-15": 1, "512-1023": 1, "1024-2047": 1}
