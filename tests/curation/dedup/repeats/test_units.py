"""Units by hash: the first occurrence of each, whatever their hashes, in the memory given."""

import tracemalloc
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maslin.curation.dedup.repeats.units import (
    UNIT_BYTES,
    UnitWriter,
    find_repeats,
    places,
    rows_of,
    units_of,
)
from maslin.manifests.workspace import serial_map

LARGEST = 2**64 - 1
HASHES = st.sampled_from([0, 1, 2, 1 << 40, (1 << 40) + 1, 1 << 63, LARGEST - 1, LARGEST])
UNITS = st.tuples(HASHES, st.sampled_from([0, 1, LARGEST]))
DOCUMENTS = st.tuples(st.sampled_from([0, 7, 1 << 63, LARGEST]), st.lists(UNITS, max_size=8))


def write(directory, shard, documents, memory_bytes):
    """Documents of (order, hashes), two at a time."""
    writer = UnitWriter(directory, "any", shard, memory_bytes)
    for begin in range(0, len(documents), 2):
        some = documents[begin:begin + 2]
        every = [(row, unit, *hash) for row, (_, hashes) in enumerate(some) for unit, hash in enumerate(hashes)]
        rows, units, high, low = np.array(every, np.uint64).reshape(-1, 4).T
        writer.add(high, low, places(rows, units), np.array([[order, 3] for order, _ in some], np.uint64))
    return writer.finish()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(DOCUMENTS, max_size=7), max_size=4), st.sampled_from([3 * UNIT_BYTES, 1 << 20]))
def test_every_repeated_unit_with_its_first(tmp_path_factory, shards, memory_bytes):
    directory = tmp_path_factory.mktemp("units")
    results = [write(directory, shard, documents, memory_bytes) for shard, documents in enumerate(shards)]
    repeats = find_repeats(directory, "any", results, memory_bytes, serial_map, "")
    every = defaultdict(list)
    for shard, documents in enumerate(shards):
        for row, (order, hashes) in enumerate(documents):
            for unit, hash in enumerate(hashes):
                every[hash].append((order, shard, row, unit))
    expected = [sorted((shard, row, unit, *min(same)[1:]) for same in every.values() if len(same) > 1
                       for _, shard, row, unit in same if shard == here) for here in range(len(shards))]
    found = [[
        (here, *place) for each in repeats.of_shard(here) for place in zip(
            rows_of(each.places).tolist(), units_of(each.places).tolist(), each.first_shards.tolist(),
            rows_of(each.first_places).tolist(), units_of(each.first_places).tolist(), strict=True)]
        for here in range(len(shards))]
    assert found == expected


@pytest.mark.parametrize("distinct", [1 << 62, 1000, 1])
def test_a_task_holds_what_it_may(tmp_path, distinct):
    """Of 400,000 units, 9.6 MB, whether each is another or all are one."""
    memory_bytes, rng = 4 << 20, np.random.default_rng(0)
    writer = UnitWriter(tmp_path, "any", 0, memory_bytes)
    tracemalloc.start()
    for _ in range(50):
        hashes = rng.integers(0, distinct, 8000).astype(np.uint64) * np.uint64(LARGEST // distinct)
        writer.add(hashes, hashes, places(np.arange(8000) // 80, np.arange(8000) % 80), np.zeros((100, 2), np.uint64))
    result = writer.finish()
    repeats = find_repeats(tmp_path, "any", [result], memory_bytes, serial_map, "")
    number = sum(len(each.places) for each in repeats.of_shard(0))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert number == (0 if distinct == 1 << 62 else 400_000)
    assert peak < 2 * memory_bytes
