"""The corpus: the last stage less held-out documents and earlier corpora; its history hides where segments were cut."""

import pickle
from collections import Counter
from dataclasses import asdict

import pytest

from maslin.curation.corpora.corpus import build_corpus
from maslin.curation.corpora.held_out import build_held_out, build_split
from maslin.curation.corpora.segment import build_segment
from maslin.curation.dedup.build import build_dedup
from maslin.manifests.steps.dedup import HeldOutOverlap, NearDedup
from maslin.manifests.tables import COUNTED_DOCUMENTS, EDITS, LEDGER, part_name, read_table
from maslin.manifests.workspace import Step, Workspace, serial_map, verify
from tests.curation.corpora.test_held_out import cut, prose, split_step
from tests.curation.dedup.test_build import documents_step
from tests.curation.stage_fixtures import make_id, sentence
from tests.curation.steps import entry

NEAR = NearDedup().__dict__
C4 = entry("c4")
LOOSE_C4 = entry("c4", code="keep")
OFFENSIVE = entry("offensive")
EXACT = entry("exact_dedup")
NEAR_STEP = entry("near_dedup")
STEPS = [C4, OFFENSIVE, EXACT, LOOSE_C4, NEAR_STEP]
PARTS = 3


def texts(count=90):
    made = {}
    for k in range(count):
        made[make_id(f"{k}")] = prose(k) + "\nshort line"
        if k % 9 == 0:
            made[make_id(f"{k}-copy")] = prose(k) + "\nshort line"
        if k % 7 == 0:
            made[make_id(f"{k}-near")] = prose(k) + "\nBut this copy has a last line of its own."
        if k % 11 == 0:
            made[make_id(f"{k}-brace")] = prose(1000 + k) + "\nA line with { a brace in it."
    return made


def stages(documents, steps, cuts):
    """Segments and dedup steps ending at each index of `cuts`."""
    last, start, made = None, 0, []
    for end in cuts:
        kind = "dedup" if steps[end - 1]["step"].endswith("dedup") else "segment"
        last = Step(kind, "web", 1, {"steps": steps[:end], "start": start}, {"documents": documents},
                    {"previous": last} if last else {})
        made.append(last)
        start = end
    return made


def build_stages(workspace, made, mapper=serial_map):
    for stage in made:
        (build_dedup if stage.kind == "dedup" else build_segment)(stage, workspace, mapper)


def distant_map(function, tasks, label, *, total=None, unit=""):
    """As another process would: everything pickled, the last task first."""
    sent = [pickle.dumps((function, task)) for task in reversed(tasks)]
    return [run(task) for run, task in map(pickle.loads, sent)][::-1]


def corpus_step(name, documents, last, steps, **inputs):
    across = any(role.startswith("across:") for role in inputs)
    parameters = {"steps": steps, "overlap": asdict(HeldOutOverlap()), "across": NEAR if across else None}
    return Step(
        "corpus", name, 1, parameters, {"documents": documents, **inputs}, {"last": last} if last else {})


def table(workspace, step, folder, part):
    return read_table(workspace.path(step) / folder / part_name(part))


def column(workspace, step, folder, name="id"):
    return [value for part in range(PARTS) for value in table(workspace, step, folder, part)[name].to_pylist()]


def build_all(root, cuts, mapper=serial_map):
    workspace = Workspace(root)
    documents = documents_step(workspace, cut(texts(), PARTS))
    split = split_step(documents, fraction=0.2)
    domain = Step("held_out", "web", 1, {"steps": [C4, OFFENSIVE, LOOSE_C4]}, {"documents": documents, "split": split})
    made = stages(documents, STEPS, cuts)
    build_split(split, workspace, mapper)
    build_held_out(domain, workspace, mapper)
    build_stages(workspace, made, mapper)
    corpus = corpus_step("web", documents, made[-1], STEPS, split=split, **{"held_out:web": domain})
    return workspace, documents, split, corpus, build_corpus(corpus, workspace, mapper)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    return build_all(tmp_path_factory.mktemp("corpus"), [2, 3, 4, 5])


def test_every_document_is_kept_or_in_the_ledger_once(built):
    workspace, _, _, corpus, manifest = built
    kept, removed = column(workspace, corpus, "documents"), column(workspace, corpus, "ledger")
    assert sorted(kept + removed) == sorted(texts())
    assert (manifest.counted().read, manifest.counted().kept) == (len(texts()), len(kept))
    assert manifest.counted().dropped == Counter(column(workspace, corpus, "ledger", "rule"))
    assert {"exact_dedup", "near_dedup", "held_out"} < set(manifest.counted().dropped)
    assert verify(workspace.path(corpus)) == []


def test_each_part_speaks_of_the_same_part_of_the_documents_in_their_order(built):
    workspace, documents, _, corpus, _ = built
    for part in range(PARTS):
        ids = table(workspace, documents, "documents", part)["id"].to_pylist()
        place = {id: row for row, id in enumerate(ids)}
        kept = [place[id] for id in table(workspace, corpus, "documents", part)["id"].to_pylist()]
        assert kept == sorted(kept)
        ledger = table(workspace, corpus, "ledger", part)
        rows = [(row["step_index"], place[row["id"]]) for row in ledger.to_pylist()]
        assert rows == sorted(rows)
        assert table(workspace, corpus, "signals", part)["id"].to_pylist() == ids
        assert (ledger.schema, table(workspace, corpus, "edits", part).schema) == (LEDGER, EDITS)
        assert table(workspace, corpus, "documents", part).schema == COUNTED_DOCUMENTS


def test_held_out_documents_are_nowhere_in_the_corpus(built):
    workspace, _, split, corpus, manifest = built
    rows = read_table(workspace.path(split) / "split/part-00000.parquet").to_pylist()
    assert not {row["id"] for row in rows} & set(column(workspace, corpus, "documents"))
    reasons = {row["id"]: row for part in range(PARTS) for row in table(workspace, corpus, "ledger", part).to_pylist()}
    named = [reasons[row["id"]] for row in rows if reasons[row["id"]]["rule"] == "held_out"]
    assert len(named) == manifest.counted().dropped["held_out"] > 5
    assert {row["step_index"] for row in named} == {len(STEPS)}
    assert {row["detail"] for row in named} == {"validation", "test"}


def test_edits_are_counted_over_kept_documents(built):
    workspace, _, _, corpus, manifest = built
    kept = set(column(workspace, corpus, "documents"))
    edits = [row for part in range(PARTS) for row in table(workspace, corpus, "edits", part).to_pylist()]
    assert {row["id"] for row in edits} - kept  # those of documents that left later are on record too
    lines = Counter()
    for row in edits:
        if row["id"] in kept and row["replacement"] is None:
            lines[row["rule"]] += row["line_end"] - row["line_start"]
    assert manifest.counted().lines_removed == lines and manifest.counted().edited["c4"] == len(
        {row["id"] for row in edits if row["id"] in kept})


@pytest.mark.parametrize(("cuts", "mapper"), [([1, 2, 3, 4, 5], serial_map), ([2, 3, 4, 5], distant_map)])
def test_bytes_do_not_depend_on_where_segments_were_cut_or_how_shards_ran(built, tmp_path, cuts, mapper):
    workspace, _, _, corpus, manifest = built
    other, _, _, again, other_manifest = build_all(tmp_path, cuts, mapper)
    assert other_manifest == manifest
    for file in manifest.files:
        path = file.path
        assert (other.path(again) / path).read_bytes() == (workspace.path(corpus) / path).read_bytes(), path


def test_a_corpus_without_steps_copies_the_documents(tmp_path):
    workspace = Workspace(tmp_path)
    documents = documents_step(workspace, cut(texts(), PARTS))
    corpus = corpus_step("web", documents, None, [])
    manifest = build_corpus(corpus, workspace, serial_map)
    assert manifest.counted().kept == len(texts()) and manifest.counted().dropped == {}
    assert [table(workspace, corpus, "documents", part) for part in range(PARTS)] == [
        table(workspace, documents, "documents", part) for part in range(PARTS)]
    assert manifest.sizes["bytes"] == sum(len(text.encode()) for text in texts().values())


def test_overlap_with_a_domain_of_another_source_and_duplicates_of_an_earlier_corpus(tmp_path):
    workspace = Workspace(tmp_path)
    wiki = documents_step(workspace, [{"w1": prose(1), "w2": prose(2)}, {"w3": prose(3)}], "wiki")
    split = split_step(wiki, fraction=1.0)
    domain = Step("held_out", "wiki", 1, {"steps": []}, {"documents": wiki, "split": split})
    build_split(split, workspace, serial_map)
    build_held_out(domain, workspace, serial_map)
    books = documents_step(workspace, [{"b4": prose(4), "b5": prose(5)}], "books")
    earlier = corpus_step("books", books, None, [])
    build_corpus(earlier, workspace, serial_map)

    web = documents_step(workspace, [
        {"a": prose(2) + "\nAnd one more line.", "b": prose(4), "c": prose(6)}, {"d": prose(1), "e": prose(7)},
        {"f": prose(5) + "\nThis line is new here.", "g": prose(6)},
    ])
    inputs = {"held_out:wiki": domain, "across:books": earlier}
    corpus = corpus_step("web", web, None, [], **inputs)
    manifest = build_corpus(corpus, workspace, serial_map)
    rows = [row for part in range(PARTS) for row in table(workspace, corpus, "ledger", part).to_pylist()]
    assert [(row["id"], row["step_index"], row["step"], row["rule"], row["survivor_id"]) for row in rows] == [
        ("a", 0, "held_out", "held_out_overlap", "w2"), ("b", 1, "dedup_across", "dedup_across", "b4"),
        ("d", 0, "held_out", "held_out_overlap", "w1"), ("f", 1, "dedup_across", "dedup_across", "b5")]
    assert all(row["value"] == row["similarity"] >= row["threshold"] for row in rows)
    assert [row["threshold"] for row in rows] == [0.2, 0.8, 0.2, 0.8]
    assert column(workspace, corpus, "documents") == ["c", "e", "g"]
    overlap = manifest.summary["held_out_overlap"]
    assert (overlap["equal_text"], overlap["by_share"], overlap["by_run"], overlap["references"]) == (1, 1, 0, 3)
    assert overlap["remaining"]["wiki"]["ngrams"] > 50 and overlap["remaining"]["wiki"]["in_training"] == 0
    assert manifest.summary["dedup_across"]["largest_clusters"][0] == {"survivor_id": "b4", "documents": 1}


def test_small_parts_that_add_up_leave_by_a_rule_of_their_own(tmp_path):
    """Four documents hold thirty words each: a thirtieth of what is held out, and no run of fifty."""
    workspace = Workspace(tmp_path)
    wiki = documents_step(workspace, [{"w1": sentence(0, 600)}], "wiki")
    split = split_step(wiki, fraction=1.0)
    domain = Step("held_out", "wiki", 1, {"steps": []}, {"documents": wiki, "split": split})
    build_split(split, workspace, serial_map)
    build_held_out(domain, workspace, serial_map)
    held = sentence(0, 600).split()
    web = documents_step(workspace, [{
        f"d{k}": " ".join(held[100 * k:100 * k + 30]) + " " + sentence(1_000 * (k + 1), 200) for k in range(4)}, {
        "e": sentence(70_000, 5_000)}, {}])
    corpus = corpus_step("web", web, None, [], **{"held_out:wiki": domain})
    corpus.parameters["overlap"]["most_removed"] = 1.0
    manifest = build_corpus(corpus, workspace, serial_map)
    rows = table(workspace, corpus, "ledger", 0).to_pylist()
    columns = ("id", "step_index", "step", "rule", "survivor_id", "op")
    assert {tuple(row[name] for name in columns) for row in rows} <= {
        (f"d{k}", 0, "held_out", "held_out_parts", "w1", ">=") for k in range(4)}
    assert rows and all(row["value"] >= row["threshold"] > 0 and row["detail"] in " ".join(held) for row in rows)
    overlap = manifest.summary["held_out_overlap"]
    assert overlap["by_parts"] == len(rows) == manifest.counted().dropped["held_out_parts"]
    assert overlap["remaining"]["wiki"]["in_training"] <= 0.008 * overlap["remaining"]["wiki"]["ngrams"]


def test_a_corpus_that_comes_out_empty_has_its_counts(tmp_path):
    workspace = Workspace(tmp_path)
    documents = documents_step(workspace, [{"a": "{"}, {}, {}])
    made = stages(documents, [C4], [1])
    build_stages(workspace, made)
    manifest = build_corpus(corpus_step("web", documents, made[-1], [C4]), workspace, serial_map)
    assert (manifest.counted().read, manifest.counted().kept) == (1, 0)
