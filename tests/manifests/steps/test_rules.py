"""The table of rules says of every step what its module does."""

import dataclasses
import typing

import numpy as np
import pytest

from maslin.curation import rules as modules
from maslin.curation.text.batch import Batch
from maslin.manifests.steps.rules import RULES, Rule, parameters_of
from maslin.manifests.steps.steps import C4, STEPS, GopherQuality, GopherRepetition, Language
from tests.curation.documents import documents


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


@pytest.mark.parametrize(("step", "parameters", "source"), [
    ("c4", C4(), "TFDS 4.9.10 c4_utils.clean_page; Raffel et al., JMLR 21(140), 2020"),
    ("c4", C4(variant="paper"), "Raffel et al., JMLR 21(140), 2020"),
    ("gopher_repetition", GopherRepetition(variant="dolma"), "Dolma taggers/gopher.py; Rae et al. 2021, table A1"),
])
def test_the_source_is_the_variants(step, parameters, source):
    assert RULES[step].source_of(parameters) == source
    assert all(part in RULES[step].sources for part in source.split("; "))


@pytest.mark.parametrize("step", [step for step in STEPS if hasattr(STEPS[step].parameters(), "variant")])
def test_a_rule_applies_where_the_variant_measures_its_signal(step):
    """And every variant has a source."""
    choices = typing.get_args(typing.get_type_hints(STEPS[step].parameters)["variant"])
    assert set(RULES[step].variants) == set(choices) - {"paper"}
    if step.startswith("gopher"):
        for variant in choices:
            text = "the a b c d e the a b c d e\n\nx\n\nx\n"
            signals = modules.bind(step, {"variant": variant})(Batch(documents([text]))).signals
            for rule in RULES[step].rules:
                if rule.signal is not None:
                    applies = rule.applies(STEPS[step].parameters(variant=variant))
                    assert applies == (not np.isnan(signals[rule.signal][0])), (variant, rule.name)
