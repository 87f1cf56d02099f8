"""Planted duplicates: what is planted is what was asked for, and what is found of it is judged by sets of strings."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maslin.curation.evidence.planting import edited, share_for
from maslin.curation.evidence.recall import Planted, recall
from maslin.manifests.steps.dedup import NearDedup, candidate_probability, similarity_at

VOCABULARY = [f"word{number}" for number in range(3000)]
HAN = [chr(0x4E00 + number) for number in range(3000)]


def texts(number, units, between, seed=0, words=150):
    draw = random.Random(seed)
    return {f"{k:032x}": between.join(draw.choices(units, k=words)) for k in range(number)}


def shingles(text, words=5, between=None):
    units = text.lower().split() if between is None else list(text)
    return {tuple(units[k:k + words]) for k in range(len(units) - words + 1)}


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60), st.floats(0, 1), st.sampled_from(["word", "character"]), st.integers(0, 9))
def test_a_copy_is_a_hash_of_seed_and_identity_made_of_what_the_text_has(text, share, by, seed):
    copy = edited(text, share, by, seed, "id")
    assert copy == edited(text, share, by, seed, "id")
    assert set(copy) <= set(text) | {" "}
    units = text.split() if by == "word" else text
    assert set(copy.split() if by == "word" else copy) <= set(units)


@pytest.mark.parametrize("by", ["word", "character"])
def test_as_much_is_edited_as_is_asked_for(by):
    units, between = (VOCABULARY, " ") if by == "word" else (HAN, "")
    for similarity in (0.5, 0.7, 0.9):
        (text,) = texts(1, units, between, words=6000).values()
        a, b = (shingles(each, between=between or "") if by == "character" else shingles(each)
                for each in (text, edited(text, share_for(similarity, 5), by, 1, "id")))
        assert len(a & b) / len(a | b) == pytest.approx(similarity, abs=0.04)
    assert edited("a b c d", 0.0, "word", 0, "id") != "a b c d" != edited("a b c d", 1.0, "word", 0, "id")
    assert edited(" \n ", 0.5, by, 0) == " \n "


@pytest.mark.parametrize(("units", "between"), [(VOCABULARY, " "), (HAN, "")])
def test_similarities_are_those_of_sets_of_strings(units, between):
    drawn = texts(40, units, between)
    planted = Planted(drawn, NearDedup(), 3)
    for document, copy in planted.copies.items():
        a, b = (shingles(planted.texts[each], between=between or "" if units is HAN else None)
                for each in (document, copy))
        assert planted.shingles.similarity(document, copy) == len(a & b) / len(a | b)
    spread = np.array([planted.shingles.similarity(*each) for each in planted.copies.items()])
    assert (spread < 0.65).any() and (spread > 0.9).any() and spread.min() > 0.35


@pytest.mark.parametrize(("units", "between"), [(VOCABULARY, " "), (HAN, "")])
def test_as_many_are_found_as_the_bands_foretell(units, between):
    found = recall(texts(300, units, between), NearDedup(), 0)
    assert (found.drawn, found.short, found.alike, found.elsewhere, found.wrong) == (300, 0, 0, 0, ())
    assert sum(each.pairs for each in found.by_similarity) == found.whole.pairs == 300
    assert found.whole.foretold_least <= found.whole.found / found.whole.due <= found.whole.foretold_most
    for each in found.by_similarity:
        assert each.due == (each.pairs if each.least >= 0.8 else 0) and each.found <= each.due


def test_fewer_permutations_find_less_and_that_is_foretold():
    found = recall(texts(300, VOCABULARY, " "), NearDedup(permutations=16, false_negative_weight=0.3), 0)
    assert found.whole.found / found.whole.due < 0.9
    assert found.whole.foretold_least <= found.whole.found / found.whole.due <= found.whole.foretold_most


def test_pages_of_a_template_stay_by_containment():
    found = recall(texts(160, VOCABULARY, " ", words=450), NearDedup(
        verify="containment", threshold=0.5, template_documents=6), 0)
    assert (found.templates, found.pages, found.merged, found.wrong) == (2, 32, 0, ())
    assert found.drawn == 158 and found.whole.found >= 0.98 * found.whole.due > 0


def test_duplicates_among_the_drawn_and_short_texts_are_not_counted():
    drawn = texts(20, VOCABULARY, " ")
    ids = list(drawn)
    drawn[ids[7]] = drawn[ids[3]]
    drawn[ids[9]] = "two words"
    drawn[ids[11]] = "x " * 60_000
    found = recall(drawn, NearDedup(), 0)
    assert (found.drawn, found.short, found.alike, found.cut, found.whole.pairs) == (20, 1, 1, 1, 18)
    assert found.wrong == ()


def test_who_leaves_for_a_text_unlike_it_is_named():
    drawn = texts(3, VOCABULARY, " ")
    planted = Planted(drawn, NearDedup(), 0)
    found = planted.judge({"edited-0000001": "document-0000000"})
    (wrong,) = found.wrong
    ids = list(drawn)
    assert (wrong.document, wrong.survivor) == (f"edited copy of {ids[1]}", ids[0]) and wrong.value < 0.1
    assert found.whole.found == 0
    assert planted.judge({}).wrong == ()


@settings(deadline=None)
@given(st.floats(0.001, 0.999), st.integers(1, 64), st.integers(1, 32))
def test_the_curve_and_its_inverse_agree(probability, bands, rows):
    similarity = similarity_at(probability, bands, rows)
    assert 0 <= similarity <= 1
    assert candidate_probability(similarity, bands, rows) == pytest.approx(probability, abs=1e-9)
