"""Messages of any length, side by side in any number, have the digests of hashlib."""

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maslin.curation.dedup.near.sha1 import sha1_64

DATA = np.random.default_rng(0).integers(0, 256, 70_000).astype(np.uint8)


def assert_equal_to_hashlib(ranges):
    begins, ends = np.array(ranges, np.int64).reshape(-1, 2).T.copy()
    hashes = np.zeros(len(ranges), np.uint64)
    sha1_64(DATA, begins, ends, hashes)
    digests = [hashlib.sha1(DATA[begin:end].tobytes()).digest() for begin, end in ranges]
    assert hashes.tolist() == [int.from_bytes(digest[:8], "little") for digest in digests]


def test_every_padding():
    assert_equal_to_hashlib([(begin, begin + length) for length in range(260) for begin in (0, 1, 2, 3)])


@pytest.mark.parametrize("messages", [0, 1, 31, 32, 33, 100])
def test_any_number_of_messages(messages):
    assert_equal_to_hashlib([(at, at + 20) for at in range(messages)])


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 100), st.one_of(st.integers(0, 200), st.integers(0, 66_000))), max_size=80))
def test_long_ones_beside_short_ones(ranges):
    assert_equal_to_hashlib([(begin, begin + length) for begin, length in ranges])
