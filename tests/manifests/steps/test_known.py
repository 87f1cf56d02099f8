"""What the declarations say of every step is what its kernel does; manifests' entries are read strictly."""

import dataclasses
import importlib
import typing

import numpy as np
import pytest

from maslin.curation import rules as kernels
from maslin.curation.text.batch import Batch
from maslin.manifests.errors import UsageError
from maslin.manifests.steps.c4 import C4, C4_STEP
from maslin.manifests.steps.gopher import GOPHER_QUALITY, GopherQuality, GopherRepetition
from maslin.manifests.steps.known import STEPS, decode
from maslin.manifests.steps.language import LANGUAGE, Language
from maslin.manifests.steps.spec import Rule
from tests.curation.documents import documents
from tests.curation.steps import entry, step


def test_every_step_has_a_source_and_but_for_a_mere_edit_rules():
    assert all(spec.source for spec in STEPS.values())
    assert [name for name, spec in STEPS.items() if not spec.rules] == ["newline_removal"]


@pytest.mark.parametrize("name", STEPS)
def test_thresholds_are_parameters_signals_are_stored_and_the_kernel_is_there(name):
    spec = STEPS[name]
    fields = {field.name for field in dataclasses.fields(spec.parameters)}
    for rule in spec.rules:
        assert not isinstance(rule.threshold, str) or rule.threshold in fields
        assert rule.signal is None or (rule.signal in spec.signals and rule.op in ("<", ">"))
    assert len({rule.name for rule in spec.rules}) == len(spec.rules)
    module, function = spec.kernel.split(":")
    assert callable(getattr(importlib.import_module(module), function))


def test_a_barrier_is_no_function_of_a_batch():
    with pytest.raises(UsageError, match="near_dedup: not a per-document step"):
        kernels.bind(step("near_dedup"))


@pytest.mark.parametrize("parameters, condition", [
    (C4(), "< 3"), (C4(variant="datatrove"), "< 5"), (C4(min_sentences=1), "< 1")])
def test_a_threshold_left_to_the_variant_is_the_variants(parameters, condition):
    rule, parameters = C4_STEP.rules[-1], C4_STEP.resolved(parameters)
    assert rule.condition(parameters) == condition and rule.limit(parameters) == float(condition[2:])


def test_rules_that_a_variant_does_not_test():
    applied = {variant: {rule.name for rule in GOPHER_QUALITY.rules if rule.applies(GopherQuality(variant))}
               for variant in ("datatrove", "dolma")}
    assert applied["dolma"] ^ applied["datatrove"] == {
        "gopher_too_many_symbols", "gopher_too_many_hashes", "gopher_too_many_ellipsis"}
    assert not C4_STEP.rules[0].applies(C4(code="keep")) and C4_STEP.rules[0].applies(C4())


def test_conditions_in_words():
    assert LANGUAGE.rules[0].condition(Language(keep=("en", "de"))) == "language not in en, de"
    assert LANGUAGE.rules[0].limit(Language()) is None
    assert LANGUAGE.rules[1].formula == "score < min_score"
    assert Rule("r", ">=", 1.0).condition(None) == ">= 1"


@pytest.mark.parametrize("name", STEPS)
def test_an_entry_is_read_as_it_was_written(name):
    assert decode(entry(name)) == step(name) and decode(entry(name)).to_json() == entry(name)


def test_a_variants_number_may_lie_beyond_the_bounds():
    assert decode(entry("c4", variant="paper")).parameters.max_word_characters == 1 << 62
    assert decode(entry("c4", variant="paper")).released().parameters == C4(variant="paper")


@pytest.mark.parametrize(("changed", "said"), [
    ({"gone": 1}, "language: the parameter gone is not known here"),
    ({"keep": "en"}, "keep is 'en': not a list"),
    ({"keep": [1]}, "not of the type str"),
    ({"method": "guess"}, "'guess': not one of lid176, langdetect"),
    ({"min_score": "0.5"}, "min_score is '0.5': not of the type float"),
    ({"min_score": True}, "min_score is True: not of the type float"),
    ({"min_score": float("nan")}, "not between 0 and 1"),
    ({"min_score": 1.5}, "min_score is 1.5: not between 0 and 1"),
])
def test_an_entry_is_read_strictly(changed, said):
    made = entry("language")
    with pytest.raises(UsageError, match=said):
        decode({**made, "parameters": made["parameters"] | changed})


def test_an_entry_has_every_parameter_and_is_of_a_known_step():
    with pytest.raises(UsageError, match="language: the parameter keep is missing"):
        decode({"step": "language", "version": 1, "parameters": {}})
    with pytest.raises(UsageError, match="gone: no step of this version"):
        decode({"step": "gone", "version": 1, "parameters": {}})


@pytest.mark.parametrize(("name", "parameters", "source"), [
    ("c4", C4(), "TFDS 4.9.10 c4_utils.clean_page; Raffel et al., JMLR 21(140), 2020"),
    ("c4", C4(variant="paper"), "Raffel et al., JMLR 21(140), 2020"),
    ("gopher_repetition", GopherRepetition(variant="dolma"), "Dolma taggers/gopher.py; Rae et al. 2021, table A1"),
])
def test_the_source_is_the_variants(name, parameters, source):
    assert STEPS[name].source_of(parameters) == source
    assert all(part in STEPS[name].sources for part in source.split("; "))


@pytest.mark.parametrize("name", [name for name in STEPS if hasattr(STEPS[name].parameters(), "variant")])
def test_a_rule_applies_where_the_variant_measures_its_signal(name):
    """And every variant has a source."""
    choices = typing.get_args(typing.get_type_hints(STEPS[name].parameters)["variant"])
    assert set(STEPS[name].variants) == set(choices) - {"paper"}
    if name.startswith("gopher"):
        for variant in choices:
            text = "the a b c d e the a b c d e\n\nx\n\nx\n"
            made = step(name, variant=variant)
            signals = kernels.bind(made)(Batch(documents([text]))).signals
            assert tuple(signals) == made.spec.signals
            for rule in made.spec.rules:
                if rule.signal is not None:
                    applies = rule.applies(made.parameters)
                    assert applies == (not np.isnan(signals[rule.signal][0])), (variant, rule.name)
