"""Keyed permutations of any length, each place found by itself: no table, no shuffling, nothing to store."""

import numpy as np

from maslin.manifests.kernels.kernel import njit

_ROUNDS = 6


def permute(places: np.ndarray, size: int, key: int) -> np.ndarray:
    """What stands at `places` (int64, below `size`) of the permutation of range(size) that `key` names: int64.

    Rounds of multiply, add and xor-shift are bijections of the next power of two; what falls outside `size` walks on
    along its cycle, fewer than two times on average.
    """
    return _permute(places.astype(np.uint64), np.uint64(size), np.uint64(key))


@njit(cache=True)
def _permute(places: np.ndarray, size: np.uint64, key: np.uint64) -> np.ndarray:
    bits = 1
    while bits < 63 and np.uint64(1) << np.uint64(bits) < size:
        bits += 1
    mask = (np.uint64(1) << np.uint64(bits)) - np.uint64(1)
    shift = np.uint64((bits + 1) // 2)
    multipliers, addends = np.empty(_ROUNDS, np.uint64), np.empty(_ROUNDS, np.uint64)
    for number in range(_ROUNDS):  # splitmix64 (Steele, Lea and Flood 2014)
        for constants in (multipliers, addends):
            key += np.uint64(0x9E3779B97F4A7C15)
            mixed = (key ^ (key >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            constants[number] = mixed ^ (mixed >> np.uint64(31))
        multipliers[number] |= np.uint64(1)
    found = np.empty(len(places), np.int64)
    for place in range(len(places)):
        value = places[place]
        while True:
            for number in range(_ROUNDS):
                value = (value * multipliers[number] + addends[number]) & mask
                value ^= value >> shift
            if value < size:
                break
        found[place] = value
    return found
