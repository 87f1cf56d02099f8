"""64-bit hashes of text for kernels: polynomials modulo 2**64 over random values of the bytes.

The hash of a part of a text follows from sums up to its ends, so that joined words are hashed once however they are
combined. Hashes stand for the texts themselves in the rules that look for repetition: two different texts agree by
chance in 2**-64 of cases.
"""

import numpy as np
from numba import uint64

from maslin.manifests.kernels.kernel import njit

BASE = uint64(0x9E3779B97F4A7C15 | 1)
INVERSE = uint64(pow(0x9E3779B97F4A7C15 | 1, -1, 1 << 64))


def _byte_values() -> np.ndarray:
    """uint64 (256): odd numbers by splitmix64."""
    values, state = np.empty(256, np.uint64), 0
    for byte in range(256):
        state = (state + 0x9E3779B97F4A7C15) & (1 << 64) - 1
        value = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 & (1 << 64) - 1
        value = (value ^ value >> 27) * 0x94D049BB133111EB & (1 << 64) - 1
        values[byte] = (value ^ value >> 31) | 1
    return values


BYTE_VALUES = _byte_values()


@njit(cache=True)
def hash_bytes(data, start, end):
    """uint64: the hash of data[start:end], never 0 but for nothing."""
    total, power = uint64(0), uint64(1)
    for position in range(start, end):
        total += BYTE_VALUES[data[position]] * power
        power *= BASE
    return total if total != 0 or start == end else uint64(1)


@njit(cache=True)
def mix(value):
    """uint64: bits spread, so that the low ones choose a slot of a table."""
    value ^= value >> uint64(32)
    value *= uint64(0xD6E8FEB86659FD93)
    return value ^ value >> uint64(32)


def hash_of(text: str) -> int:
    """`hash_bytes` of a text, for the making of tables."""
    total, power = 0, 1
    for byte in text.encode():
        total += int(BYTE_VALUES[byte]) * power
        power = power * int(BASE) % (1 << 64)
    return total % (1 << 64)


def mixed(value: int) -> int:
    """`mix` modulo 2**64, for the making of tables."""
    value %= 1 << 64
    value = (value ^ value >> 32) * 0xD6E8FEB86659FD93 % (1 << 64)
    return value ^ value >> 32
