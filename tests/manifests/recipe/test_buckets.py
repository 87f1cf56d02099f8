"""Parts of a corpus by how many duplicates its documents stand for, as recipes name them."""

import pytest

from maslin.manifests.errors import RecipeError
from maslin.manifests.recipe.recipe import Bucket
from tests.manifests.recipe.test_recipe import read

RECIPE = """\
name: n
sources: {{s: {{kind: jsonl, paths: [a.jsonl]}}}}
corpora:
  web: {{from: s, steps: [exact_dedup]}}
  raw: {{from: s}}
  other: {{from: s, steps: [near_dedup]}}
  once: {{from_corpus: web, duplicates: 0}}
  part: {part}
mixtures: {{one: {mixture}}}
"""


def recipe(tmp_path, part="{from_corpus: web, duplicates: [2, 5]}", mixture="{once: 1, part: 2}", more=""):
    return read(tmp_path, RECIPE.format(part=part, mixture=mixture) + more)


@pytest.mark.parametrize(("bounds", "least", "most"), [
    ("[2, 5]", 2, 5), ("[6, null]", 6, None), ("[6, ~]", 6, None), ("3", 3, 3), ("[3, 3]", 3, 3)])
def test_bounds_hold_both_numbers(tmp_path, bounds, least, most):
    found = recipe(tmp_path, f"{{from_corpus: web, duplicates: {bounds}}}")
    assert found.buckets["part"] == Bucket("web", least, most) and found.whole("part") == "web" == found.whole("web")
    assert found.to_json()["corpora"]["part"] == {"from_corpus": "web", "duplicates": [least, most]}
    assert "part" not in found.corpora


@pytest.mark.parametrize(("part", "said"), [
    ("{from_corpus: wbe, duplicates: 1}", "corpora.part.from_corpus: no corpus is called `wbe`; did you mean `web`?"),
    ("{from_corpus: raw, duplicates: 1}", "no step of `raw` deduplicates, so that nothing is counted"),
    ("{from_corpus: once, duplicates: 1}", "no corpus is called `once`"),
    ("{from_corpus: web}", "`duplicates` is missing"),
    ("{duplicates: 1}", "`from_corpus` is missing"),
    ("{from_corpus: web, duplicates: [5, 2]}", "from 5 to 2 is nothing"),
    ("{from_corpus: web, duplicates: [1]}", "give two numbers"),
    ("{from_corpus: web, duplicates: [-1, 2]}", "-1 is too small"),
    ("{from_corpus: web, duplicates: [null, 2]}", "expected a whole number"),
    ("{from_corpus: web, duplicates: [1.5, 2]}", "expected a whole number"),
    ("{from_corpus: web, duplicates: {min: 1}}", "expected a single value"),
    ("{from_corpus: web, duplicates: 1, steps: [c4]}", "unknown key `steps`"),
    ("{like: once}", "no corpus is called `once`"),
])
def test_what_is_wrong_is_said_with_its_place(tmp_path, part, said):
    with pytest.raises(RecipeError) as error:
        recipe(tmp_path, part)
    assert said in str(error.value) and "recipe.yaml:8:" in str(error.value)


@pytest.mark.parametrize(("mixture", "common"), [
    ("{once: 1, part: 2}", None), ("{once: 1, other: 1}", None), ("{part: 1, web: 1}", "`part` and `web`"),
    ("{web: 1, once: 1}", "`web` and `once`"), ("{stages: [{until: 0.5, weights: {web: 1}}, {weights: {once: 1}}]}",
                                                "`web` and `once`")])
def test_a_document_is_in_one_part_of_a_mixture(tmp_path, mixture, common):
    if common is None:
        recipe(tmp_path, mixture=mixture)
    else:
        with pytest.raises(RecipeError, match=f"{common} have documents in common"):
            recipe(tmp_path, mixture=mixture)


@pytest.mark.parametrize("more", [
    "dedup: {across: [web, part]}", "comparison: {baseline: one, domains: [part]}"])
def test_it_stands_in_mixtures_only(tmp_path, more):
    with pytest.raises(RecipeError, match="`part` is a part of a corpus, and stands in mixtures only"):
        recipe(tmp_path, more=more)


@pytest.mark.parametrize(("one", "other", "overlap"), [
    ((0, 0), (1, 1), False), ((0, 1), (1, 2), True), ((0, None), (5, 5), True), ((6, None), (1, 5), False),
    ((6, None), (7, None), True), ((2, 8), (3, 4), True)])
def test_parts_overlap(one, other, overlap):
    first, second = Bucket("web", *one), Bucket("web", *other)
    assert first.overlaps(second) == second.overlaps(first) == overlap
    assert not first.overlaps(Bucket("wiki", *other))
