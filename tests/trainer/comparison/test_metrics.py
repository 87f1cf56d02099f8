"""Metrics: declared once, named in recipes, their scorers where they are said to be."""

import math
import sys

import pytest

from maslin.trainer.comparison.metrics import METRICS
from maslin.trainer.comparison.scoring import scorer_of


def test_the_registry_names_metrics_as_they_name_themselves():
    assert {name: metric.name for name, metric in METRICS.items()} == {name: name for name in METRICS}
    assert all(name.isidentifier() for name in METRICS)


@pytest.mark.parametrize("name", METRICS)
def test_every_scorer_is_where_it_is_said_to_be(name):
    scorer = scorer_of(METRICS[name])
    assert f"{scorer.__module__}:{scorer.__name__}" == METRICS[name].scorer and scorer.__module__ in sys.modules


@pytest.mark.parametrize("name, score, size, figure, shown, gain", [
    ("bits_per_byte", 8 * math.log(2), 4, 2.0, "−0.5000", True),
    ("bits_per_token", math.log(2), 4, 0.25, "−0.5000", True),
    ("next_token_accuracy", 3, 4, 75.0, "−0.500", False),
])
def test_how_figures_are_made_and_shown(name, score, size, figure, shown, gain):
    metric = METRICS[name]
    assert metric.figure(score, size) == pytest.approx(figure)
    assert metric.difference(-0.5) == shown and metric.is_gain(-0.5) is gain and metric.is_gain(0.5) is not gain
