"""A comparison in words says what was found, either way round, and never more than that."""

import pyarrow as pa
import pytest

from maslin.flows.shown.in_words import in_words
from maslin.trainer.comparison.compare import compare
from maslin.trainer.comparison.metrics import NEXT_TOKEN_ACCURACY
from tests.trainer.comparison.test_compare import LN2, design, several

BASE, NOISE, CONTROL = [2.0, 2.01, 2.02], [0.0, 0.002, -0.002], [2.0, 2.01, 2.03]


def words(arm, control=CONTROL, documents=12, baseline=BASE, **settings):
    items, groups = design(baseline, arm, control, documents)
    return in_words(compare(items, groups, "text", **settings), 56_000)


@pytest.mark.parametrize(("shift", "said"), [
    (-0.3, "On web it is better: 1.7100 bits per byte instead of 2.0117, 15.0 % fewer."),
    (0.3, "On web it is worse: 2.3100 bits per byte instead of 2.0117, 14.8 % more."),
])
def test_a_difference_is_told_with_its_figures(shift, said):
    asked, found, sure, _ = words([b + shift + n for b, n in zip(BASE, NOISE, strict=True)])
    assert found == f"Found. {said}"
    assert asked.startswith("Asked. Does training on code make a better model than training on text, with 56,000 ")
    assert "trained three times" in asked and asked.endswith("12 documents of web.")
    assert "less than 5 of 100 such comparisons:" in sure and sure.endswith("no difference, as it should be.")


def test_what_is_open_says_how_far_and_that_open_is_not_equal():
    _, found, _, unsaid = words([1.98, 2.06, 2.0])
    assert found.startswith("Found. On web it is open which is better: anything from ")
    assert "% better to" in found and found.endswith("% worse fits what was measured.")
    assert unsaid.endswith("Open does not mean equal: it means too few runs or documents to tell.")


def test_what_tells_nothing_says_so():
    assert "next to nothing" in words([1.0, 3.0, 2.0])[1]
    assert "one run each tells nothing of chance" in words([1.9], [], baseline=[2.0])[1]


def test_few_sites_bound_the_claim():
    few = design(BASE, [b - 0.5 for b in BASE], CONTROL, 8, clusters=[*"aaaabbbb"])
    assert in_words(compare(*few, "text"), 1)[1].endswith("fewer, on these sites or repositories.")


def test_what_makes_no_difference_that_matters():
    near = [2.0001, 2.0009, 2.0022, 1.9988, 2.0005]
    found = words(near, [2.0002, 2.0012, 2.0018, 1.9995, 2.0013], baseline=[2.0, 2.001, 2.002, 1.999, 2.0005])
    assert found[1] == "Found. On web it makes no difference that matters (less than 0.5 %)."
    assert "Open does not mean" not in found[3]


def test_a_control_that_differs_from_itself_is_told():
    noisy = words([1.7, 1.71, 1.72], [2.3, 2.301, 2.302], baseline=[2.0, 2.001, 2.002])
    assert noisy[2].endswith("But text differs from itself on web: there nothing is claimed.")


def test_where_more_is_better_better_is_more():
    items, groups = design([40.0, 40.1, 40.2], [43.0, 43.12, 43.18], [40.0, 40.1, 40.3], documents=12)
    share = pa.array(items["nats"].to_numpy() / items["bytes"].to_numpy() / LN2 * items["tokens"].to_numpy() / 100)
    items = items.set_column(items.schema.get_field_index("nats"), "foretold", share)
    assert in_words(compare(items, groups, "text", metric=NEXT_TOKEN_ACCURACY), 1)[1].endswith("% more.")


def test_several_arms_are_told_apart():
    found = in_words(several(), 1)
    assert found[0].startswith("Asked. Does training on code and more make") and "with more it is" in found[1]
    assert "all 4 questions together" in found[2]
