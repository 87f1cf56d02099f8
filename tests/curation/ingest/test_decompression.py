"""Compressed data as chunks: any compression, any number of streams, whatever was cut; and how far they may expand."""

import bz2
import gzip
import io
import lzma

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from maslin.curation.ingest.decompression import (
    FREE_BYTES,
    SIGN_BYTES,
    Bomb,
    Bounded,
    CutShort,
    Unreadable,
    compression,
    expanded,
)

PACKERS = {"gzip": gzip.compress, "bzip2": bz2.compress, "xz": lzma.compress, "zstandard": zstandard.compress}


@given(st.sampled_from([*PACKERS]), st.lists(st.binary(max_size=300), min_size=1, max_size=4), st.integers(0, 10**6))
def test_streams_joined_are_one_and_a_cut_is_told(kind, parts, place):
    packed = b"".join(map(PACKERS[kind], parts))
    assert compression(packed[:SIGN_BYTES]) == kind
    assert b"".join(expanded(io.BytesIO(packed).read, kind)) == b"".join(parts)
    cut, read = packed[:place % len(packed)], []
    edges = [len(b"".join(map(PACKERS[kind], parts[:number]))) for number in range(len(parts) + 1)]
    if len(cut) not in edges:
        with pytest.raises(CutShort):
            read.extend(expanded(io.BytesIO(cut).read, kind))
    assert b"".join(parts).startswith(b"".join(read))


@pytest.mark.parametrize("kind", PACKERS)
def test_what_follows_the_last_stream_is_damage_and_zeros_are_not(kind):
    packed = PACKERS[kind](b"text")
    assert b"".join(expanded(io.BytesIO(packed + bytes(64)).read, kind)) == b"text"
    with pytest.raises(Unreadable, match=f"the {kind} data are damaged"):
        list(expanded(io.BytesIO(packed + b"rest" * 8).read, kind))


@pytest.mark.parametrize("head", [b"", b"{", b'{"text"', b"BZ", b"\x1f", b"\x28\xb5\x2f"])
def test_other_beginnings_are_no_compression(head):
    assert compression(head) is None


def test_chunks_are_bounded_and_a_bomb_is_told():
    bound = Bounded(1000)
    with pytest.raises(Bomb):
        for _ in range(1 + (FREE_BYTES >> 25)):
            bound.note(1 << 25)
    for kind, pack in PACKERS.items():
        assert max(map(len, expanded(io.BytesIO(pack(bytes(40 << 20))).read, kind))) <= 32 << 20
