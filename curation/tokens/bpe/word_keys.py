"""Words as keys of hash tables: two uint64 that say all of a short word, or are a hash and length of a long one.

A word of at most 15 bytes is its key: its bytes, and its length in the highest byte. A longer one has a hash of its
bytes in the first part and `LONG` with its length in the second, so that who finds the key compares the bytes.

A text is the address of its bytes: an array that is handed on is counted, which for every word takes longer than to
split it. Who has the array sees that it stays, and that nothing is read beyond it.
"""

import numpy as np
from llvmlite import ir
from numba import types, uint64
from numba.extending import intrinsic

from maslin.manifests.kernels.kernel import njit

SHORT_BYTES = 15
LONG = uint64(1 << 63)  # in the second part of a long word's key
_SPREAD_ONE, _SPREAD_TWO = uint64(0x9E3779B97F4A7C15), uint64(0xD6E8FEB86659FD93)


@intrinsic
def byte_at(context, address, position):
    """int64: the byte at a position behind an address."""
    return types.int64(types.int64, types.int64), _loader(8)


@intrinsic
def eight_bytes(context, address, position):
    """uint64: the eight bytes from a position behind an address."""
    return types.uint64(types.int64, types.int64), _loader(64)


def _loader(bits: int):
    """Code that loads a number from anywhere in memory."""

    def generate(context, builder, signature, arguments):
        pointer = builder.inttoptr(builder.add(*arguments), ir.IntType(bits).as_pointer())
        value = builder.load(pointer, align=1)
        return value if bits == 64 else builder.zext(value, ir.IntType(64))

    return generate


@njit(cache=True)
def lowest_byte(marks):
    """Which is the first byte whose high bit is set, of a uint64 that has no other bits than these, and has one."""
    return np.int64(((marks & -marks) >> uint64(7)) * uint64(0x0001020304050607) >> uint64(56))


@njit(cache=True)
def _bytes_before(text, start, end):
    """uint64: at most eight bytes, the first lowest."""
    value = uint64(0)
    for position in range(end - 1, start - 1, -1):
        value = value << uint64(8) | uint64(byte_at(text, position))
    return value


@njit(cache=True)
def word_key(text, start, end, limit):
    """The key of the bytes from `start` to `end`, which are some; at `limit` ends what may be read."""
    length = end - start
    if length > SHORT_BYTES:
        return _hash(text, start, end), LONG | uint64(length)
    if start + 16 > limit:
        low, high = _bytes_before(text, start, min(end, start + 8)), _bytes_before(text, start + 8, end)
    else:
        low, high = eight_bytes(text, start), eight_bytes(text, start + 8)
        if length < 8:
            low &= (uint64(1) << uint64(8*length)) - uint64(1)
            high = uint64(0)
        else:
            high &= (uint64(1) << uint64(8*(length - 8))) - uint64(1)
    return low, high | uint64(length) << uint64(56)


@njit(cache=True)
def _hash(text, start, end):
    """uint64: a hash of more than eight bytes."""
    total = uint64(end - start)
    for position in range(start, end - 8, 8):
        total = (total ^ eight_bytes(text, position)) * _SPREAD_ONE
        total ^= total >> uint64(29)
    total = (total ^ eight_bytes(text, end - 8)) * _SPREAD_TWO
    return total ^ total >> uint64(32)


@njit(cache=True)
def spread(low, high):
    """uint64: a hash of a key; its high bits choose a slot."""
    value = (low ^ high * _SPREAD_TWO) * _SPREAD_ONE
    return (value ^ value >> uint64(32)) * _SPREAD_ONE


@njit(cache=True)
def same_bytes(text, start, other, other_start, length):
    """Whether two stretches of at least eight bytes are the same."""
    for position in range(0, length - 8, 8):
        if eight_bytes(text, start + position) != eight_bytes(other, other_start + position):
            return False
    return eight_bytes(text, start + length - 8) == eight_bytes(other, other_start + length - 8)


@njit(cache=True)
def place_in(low, high, slots):
    """Where a key is looked for first in a table of a power of two of slots."""
    return np.int64(spread(low, high) >> uint64(20)) & (slots - 1)
