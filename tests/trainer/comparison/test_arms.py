"""How arms differ: found by what is planned, one thing a line."""

import pytest

from maslin.trainer.comparison.arms import SHARES, how_arms_differ
from tests.manifests.test_plan import RECIPE, make


def differ(tmp_path, mixtures: str, *more: str, recipe: str = RECIPE) -> list[str]:
    lines = [line for line in recipe.splitlines() if not line.startswith("mixtures")]
    plan = make(tmp_path, "\n".join([*lines, f"mixtures: {{{mixtures}}}", *more]))
    return [str(each) for each in how_arms_differ(plan.mixtures["one"], plan.mixtures["two"])]


@pytest.mark.parametrize(("mixtures", "found"), [
    ("one: {a: 1}, two: {a: 2}", []),
    ("one: {a: 1}, two: {b: 1}", ["a → b: c4.code: drop → keep"]),
    ("one: {a: 0.8, wiki: 0.2}, two: {b: 0.8, wiki: 0.2}", ["a → b: c4.code: drop → keep"]),
    ("one: {a: 0.8, wiki: 0.2}, two: {a: 0.5, wiki: 0.5}",
     [f"{SHARES}: a 80.0%, wiki 20.0% → a 50.0%, wiki 50.0%"]),
    ("one: {a: 1}, two: {b: 0.5, wiki: 0.5}",
     ["a → b: c4.code: drop → keep", f"{SHARES}: a 100.0% → b 50.0%, wiki 50.0%"]),
    ("one: {wiki: 1}, two: {a: 1}", [f"{SHARES}: wiki 100.0% → a 100.0%"]),
])
def test_each_thing_is_a_line(tmp_path, mixtures, found):
    assert differ(tmp_path, mixtures) == found


def test_a_step_that_only_one_arm_has_is_one_thing(tmp_path):
    recipe = RECIPE.replace("  b: {like: a, set: {c4.code: keep}}\n", "  b: {from: web, steps: [language, "
                            "{c4: {code: drop}}, offensive, exact_dedup]}\n")
    (line,) = differ(tmp_path, "one: {a: 1}, two: {b: 1}", recipe=recipe)
    assert line.startswith("a → b: near_dedup: threshold 0.8, ") and line.endswith(" → –")


def test_what_a_corpus_is_deduplicated_against_is_a_thing(tmp_path):
    assert differ(tmp_path, "one: {a: 1}, two: {b: 1}", "dedup: {across: [wiki, a]}") == [
        "a → b: c4.code: drop → keep", "a → b: deduplicated against: wiki → –"]
    assert differ(tmp_path, "one: {a: 1}, two: {b: 1}", "dedup: {across: [wiki, a, b]}") == [
        "a → b: c4.code: drop → keep"]


def test_a_part_of_a_corpus_in_its_place_is_a_thing(tmp_path):
    recipe = RECIPE.replace("mixtures", "  often: {from_corpus: a, duplicates: [1, null]}\n"
                            "  once: {from_corpus: a, duplicates: 0}\nmixtures", 1)
    assert differ(tmp_path, "one: {a: 1}, two: {often: 1}", recipe=recipe) == ["a → often: duplicates: – → [1, –]"]
    assert differ(tmp_path, "one: {once: 1}, two: {often: 1}", recipe=recipe) == [
        "once → often: duplicates: [0, 0] → [1, –]"]
    assert differ(tmp_path, "one: {once: 1}, two: {once: 1}", recipe=recipe) == []


def test_variants_are_paired_by_likeness(tmp_path):
    recipe = RECIPE.replace("mixtures", "  c: {like: a, set: {near_dedup.threshold: 0.9, c4.code: keep}}\n"
                            "  d: {like: a, set: {near_dedup.threshold: 0.9}}\nmixtures", 1)
    assert differ(tmp_path, "one: {a: 0.5, d: 0.5}, two: {b: 0.5, c: 0.5}", recipe=recipe) == [
        "a → b: c4.code: drop → keep", "d → c: c4.code: drop → keep"]


def test_shares_that_change_on_the_way_are_a_thing(tmp_path):
    stages = "{stages: [{until: 0.5, weights: {a: 1}}, {weights: {a: 0.5, wiki: 0.5}}]}"
    assert len(differ(tmp_path, f"one: {{a: 1}}, two: {stages}")) >= 1
