"""Every parser on inputs near to real ones, a few hundred each time (long runs: `python -m tests.fuzz`)."""

import random

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.fuzz.mutation import mutated
from tests.fuzz.parsers import PARSERS, checked

INPUTS = 150
_LEFT_AS_THEY_ARE = 40


@pytest.mark.slow
@pytest.mark.parametrize("name", PARSERS)
def test_whatever_it_is_given_is_read_dropped_or_failed_by_name(name, tmp_path):
    """The seeds themselves; what is a few edits away from them; and bytes that have nothing to do with them."""
    parser = PARSERS[name]
    seeds = list(parser.seeds())
    for seed in seeds:
        checked(parser, seed, tmp_path)
    rng = random.Random(f"fuzz {name}")
    for _ in range(INPUTS):
        checked(parser, mutated(rng, seeds, parser.tokens), tmp_path)

    @settings(max_examples=_LEFT_AS_THEY_ARE, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(st.binary() | st.lists(st.sampled_from(parser.tokens)).map(b"".join) | st.text().map(
        lambda text: text.encode("utf-8", "surrogatepass")))
    @example(b"")
    def anything(data: bytes) -> None:
        checked(parser, data, tmp_path)

    anything()
