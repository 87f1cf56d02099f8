"""Texts come to kernels as one kind of array, wherever Arrow has them from: numba compiles anew for another."""

import numpy as np
import pyarrow as pa
import pytest

from maslin.curation.text.buffers import bytes_and_offsets

TEXTS = ["one", "", "zwölf"]


@pytest.mark.parametrize("texts", [
    pa.array(TEXTS), pa.array(TEXTS, pa.large_string()), pa.chunked_array([TEXTS[:1], TEXTS[1:]]),
    pa.array(["before", *TEXTS, "after"]).slice(1, 3),
    pa.Array.from_buffers(pa.large_string(), 3, [None, pa.py_buffer(np.array([0, 3, 3, 9])),
                                                 pa.py_buffer("".join(TEXTS).encode())]),
])
def test_one_kind(texts):
    data, offsets = bytes_and_offsets(texts)
    assert not data.flags.writeable and not offsets.flags.writeable
    assert (data.dtype, offsets.dtype, data.flags.c_contiguous) == (np.uint8, np.int64, True)
    assert [bytes(data[offsets[row]:offsets[row + 1]]).decode() for row in range(3)] == TEXTS


@pytest.mark.parametrize("texts", [pa.array([], pa.string()), pa.array([""]), pa.chunked_array([], pa.string())])
def test_nothing_is_the_same_kind(texts):
    data, offsets = bytes_and_offsets(texts)
    assert not data.flags.writeable and not offsets.flags.writeable and len(data) == offsets[-1] == 0
    assert len(offsets) == len(texts) + 1
