"""Held-out documents: drawn by duplicate group, one of each group after the corpus's steps, nothing lost on the way."""

import dataclasses

import pytest

from maslin.curation.corpora.held_out import HELD_OUT_DOCUMENTS, build_held_out, build_split
from maslin.manifests.identity import hash_unit
from maslin.manifests.steps.dedup import NearDedup
from maslin.manifests.tables import LEDGER, SPLIT, read_table
from maslin.manifests.workspace import Step, Workspace, serial_map
from tests.curation.dedup.test_build import documents_step
from tests.curation.stage_fixtures import make_id, sentence
from tests.curation.steps import entry

C4_MIN = entry("c4", min_sentences=1)


def prose(number):
    return f"This is sentence number {number} of a page, with some words to read.\n" + "\n".join(
        f"It goes on about {number * 100 + k} and then says a little more." for k in range(20))


def texts(count=120):
    """Documents of which every tenth has a near-duplicate of its own and every twelfth a copy."""
    made = {}
    for k in range(count):
        made[make_id(f"{k}")] = prose(k)
        if k % 10 == 0:
            made[make_id(f"{k}-near")] = prose(k) + "\nA few words more."
        if k % 12 == 0:
            made[make_id(f"{k}-copy")] = prose(k)
    return made


def cut(documents, parts):
    items = list(documents.items())
    return [dict(items[k::parts]) for k in range(parts)]


def split_step(documents, seed=1, fraction=0.3, test_share=0.25):
    parameters = {"seed": seed, "fraction": fraction, "test_share": test_share, "near_dedup": NearDedup().__dict__}
    return Step("split", documents.name, 1, parameters, {"documents": documents})


def rows_of(workspace, step, path):
    return read_table(workspace.path(step) / path)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    workspace = Workspace(tmp_path_factory.mktemp("held-out"))
    documents = documents_step(workspace, cut(texts(), 3))
    split = split_step(documents)
    domain = Step("held_out", "web", 1, {"steps": [C4_MIN]}, {"documents": documents, "split": split})
    build_split(split, workspace, serial_map)
    return workspace, split, domain, build_held_out(domain, workspace, serial_map)


def test_a_group_is_held_out_as_a_whole_and_named_by_its_smallest_id(built):
    workspace, split, *_ = built
    table = rows_of(workspace, split, "split/part-00000.parquet")
    assert table.schema == SPLIT
    rows = {row["id"]: row for row in table.to_pylist()}
    assert list(rows) == sorted(rows) and 20 < len(rows) < 80
    for k in range(120):
        family = [id for id in map(make_id, (f"{k}", f"{k}-near", f"{k}-copy")) if id in texts()]
        drawn = hash_unit(1, min(family)) < 0.3
        part = "test" if hash_unit(1, min(family), "test") < 0.25 else "validation"
        for id in family:
            assert rows.get(id) == ({"id": id, "group": min(family), "split": part} if drawn else None)


def test_the_split_does_not_depend_on_shards_or_their_order(built, tmp_path):
    workspace, split, *_ = built
    other = Workspace(tmp_path)
    documents = documents_step(other, cut(dict(reversed(texts().items())), 5))
    again = split_step(documents)
    build_split(again, other, serial_map)
    path = "split/part-00000.parquet"
    assert (other.path(again) / path).read_bytes() == (workspace.path(split) / path).read_bytes()


def test_the_domain_keeps_one_document_a_group_and_accounts_for_the_others(built):
    workspace, split, domain, manifest = built
    held_out = rows_of(workspace, split, "split/part-00000.parquet").to_pylist()
    documents = rows_of(workspace, domain, "documents/part-00000.parquet")
    assert documents.schema == HELD_OUT_DOCUMENTS
    kept = documents.to_pylist()
    groups = {row["group"] for row in held_out}
    assert {row["id"] for row in kept} == groups  # the smallest id of each: prose passes the steps
    assert manifest.counted().read == len(held_out) and manifest.counted().kept == len(groups)
    assert manifest.counted().dropped == {"duplicate_group": len(held_out) - len(groups)}
    ledger = rows_of(workspace, domain, "ledger/part-00000.parquet")
    assert ledger.schema == LEDGER
    assert {row["id"]: row["survivor_id"] for row in ledger.to_pylist()} == {
        row["id"]: row["group"] for row in held_out if row["id"] != row["group"]}
    of_split = {row["id"]: row["split"] for row in held_out}
    assert all(row["split"] == of_split[row["id"]] for row in kept)
    assert sum(manifest.summary["held_out"].values()) == len(kept)
    assert manifest.sizes == {"bytes": sum(len(row["text"].encode()) for row in kept), "documents": len(kept)}


def test_another_member_stands_in_when_the_steps_drop_the_first(tmp_path):
    workspace = Workspace(tmp_path)
    text = sentence(0, 300)
    bad = "{ " + text  # c4 drops pages with a brace
    documents = documents_step(workspace, [{"a": bad + ".", "b": text + ".", "c": text + " end."}])
    split = split_step(documents, fraction=1.0)
    domain = Step(
        "held_out", "web", 1, {"steps": [entry("c4", min_sentences=0)]},
        {"documents": documents, "split": split})
    build_split(split, workspace, serial_map)
    manifest = build_held_out(domain, workspace, serial_map)
    assert rows_of(workspace, domain, "documents/part-00000.parquet")["id"].to_pylist() == ["b"]
    ledger = rows_of(workspace, domain, "ledger/part-00000.parquet").to_pylist()
    assert [(row["id"], row["rule"]) for row in ledger][1:] == [("c", "duplicate_group")]
    assert ledger[0]["id"] == "a" and manifest.counted().kept == 1


def test_nothing_held_out_is_an_empty_domain_with_counts(tmp_path):
    workspace = Workspace(tmp_path)
    documents = documents_step(workspace, [{"a": prose(1)}, {}])
    split = split_step(documents, fraction=0.0)
    domain = Step("held_out", "web", 1, {"steps": []}, {"documents": documents, "split": split})
    build_split(split, workspace, serial_map)
    manifest = build_held_out(domain, workspace, serial_map)
    assert rows_of(workspace, domain, "documents/part-00000.parquet").num_rows == 0
    assert (manifest.counted().read, manifest.counted().kept) == (0, 0)


def site_step(workspace, sites, **parameters):
    """A split by site, of documents by site, and its domain."""
    documents = documents_step(workspace, cut(
        {id: text for texts in sites.values() for id, text in texts.items()}, 3), urls={
        id: f"http://{site}/{id}" for site, texts in sites.items() for id in texts if site})
    split = split_step(documents)
    split = dataclasses.replace(split, parameters=split.parameters | {"by": "site", "least_units": 3} | parameters)
    return split, Step("held_out", "web", 1, {"steps": []}, {"documents": documents, "split": split})


def some_sites(count):
    return {f"s{site}.org": {make_id(f"{site}-{page}"): prose(1_000 * site + page) for page in range(4)}
            for site in range(count)}


def test_whole_sites_are_held_out_with_their_mirrors_and_others_by_document(tmp_path):
    workspace = Workspace(tmp_path)
    sites = some_sites(20)
    first = hash_order("site", sites)[0]
    sites["www.mirror.org"] = {make_id(f"m{id}"): text for id, text in list(sites[first].items())[:3]}
    sites[None] = {make_id(f"n{page}"): prose(90_000 + page) for page in range(60)}
    split, domain = site_step(workspace, sites)
    manifest = build_split(split, workspace, serial_map)
    held = rows_of(workspace, split, "split/part-00000.parquet")
    units = {row["unit"]: row for row in rows_of(workspace, split, "units/part-00000.parquet").to_pylist()}
    expected = {id for site, texts in sites.items() if site and units[site.removeprefix("www.")]["held_out"]
                for id in texts} | {id for id in sites[None] if hash_unit(1, id) < 0.3}
    assert set(held["id"].to_pylist()) == expected
    assert units[first]["held_out"] and units["mirror.org"]["held_out"] and units["mirror.org"]["goes_with"] == first
    told = manifest.summary["held_out_by"]
    assert (told["by"], told["of"], told["mirrors"], told["without"]) == ("site", 20, 1, 60)
    assert 0.25 < told["bytes_share"] < 0.35 and {"validation", "test"} == set(held["split"].to_pylist())
    made = build_held_out(domain, workspace, serial_map)
    assert made.summary["held_out_by"] == told
    documents = rows_of(workspace, domain, "documents/part-00000.parquet").to_pylist()
    assert {row["site"] for row in documents} == {None} | {
        row["unit"] for row in units.values() if row["held_out"] and row["unit"] == row["goes_with"]}


def test_too_few_sites_are_told_and_documents_held_out_as_ever(tmp_path):
    workspace = Workspace(tmp_path)
    split, domain = site_step(workspace, some_sites(3) | {None: {make_id(f"n{k}"): prose(k) for k in range(40)}})
    manifest = build_split(split, workspace, serial_map)
    assert manifest.summary["held_out_by"]["why"].startswith("there are 3 sites")
    held = rows_of(workspace, split, "split/part-00000.parquet")
    assert held.num_rows and all(hash_unit(1, group) < 0.3 for group in held["group"].to_pylist())
    assert build_held_out(domain, workspace, serial_map).summary["held_out_by"]["by"] == "document"


def hash_order(by, sites, seed=1):
    return sorted(sites, key=lambda site: hash_unit(seed, by, site))
