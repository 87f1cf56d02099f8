"""The table of rules says of every step what its module does."""

import dataclasses

import pytest

from curation import rules as modules
from manifests.rules import RULES, Rule, parameters_of
from manifests.steps import C4, STEPS, GopherQuality, Language


def test_every_step_has_its_rules_and_source():
    assert RULES.keys() == STEPS.keys()
    assert all(published.source for published in RULES.values())
    assert [step for step, published in RULES.items() if not published.rules] == ["newline_removal"]  # edits alone


@pytest.mark.parametrize("step", STEPS)
def test_thresholds_are_parameters_and_signals_are_stored(step):
    fields = {field.name for field in dataclasses.fields(STEPS[step].parameters)}
    stored = modules.signals(step) if STEPS[step].role != "barrier" else ()
    for rule in RULES[step].rules:
        assert not isinstance(rule.threshold, str) or rule.threshold in fields
        assert rule.signal is None or (rule.signal in stored and rule.op in ("<", ">"))


@pytest.mark.parametrize("parameters, condition", [
    (C4(), "< 3"), (C4(variant="datatrove"), "< 5"), (C4(min_sentences=1), "< 1")])
def test_a_threshold_left_to_the_variant_is_the_variants(parameters, condition):
    rule = RULES["c4"].rules[-1]
    assert rule.condition(parameters) == condition and rule.limit(parameters) == float(condition[2:])


def test_rules_that_a_variant_does_not_test():
    applied = {variant: {rule.name for rule in RULES["gopher_quality"].rules if rule.applies(GopherQuality(variant))}
               for variant in ("datatrove", "dolma")}
    assert applied["dolma"] ^ applied["datatrove"] == {
        "gopher_too_many_symbols", "gopher_too_many_hashes", "gopher_too_many_ellipsis"}
    assert not RULES["c4"].rules[0].applies(C4(code="keep")) and RULES["c4"].rules[0].applies(C4())


def test_conditions_in_words():
    assert RULES["language"].rules[0].condition(Language(keep=("en", "de"))) == "language not in en, de"
    assert RULES["language"].rules[0].limit(Language()) is None
    assert RULES["language"].rules[1].formula == "score < min_score"
    assert Rule("r", ">=", 1.0).condition(None) == ">= 1"


def test_parameters_of_an_older_manifest_take_todays_defaults():
    entry = {"step": "language", "version": 1, "parameters": {"keep": ["de"], "gone": 1}}
    assert parameters_of(entry) == Language(keep=("de",))
