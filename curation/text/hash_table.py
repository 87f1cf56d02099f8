"""The hash table of all kernels: open addressing over uint64 keys that are hashes, walked slot by slot.

A table is an array of a power of two of slots, at most half of them taken; 0 is a free slot, and so no key. What keys
stand for lies by slot in arrays beside it.
"""

import numpy as np
from numba import uint64

from maslin.curation.text.text_hash import mix
from maslin.manifests.kernels.kernel import njit


@njit(cache=True)
def slot_of(keys, mask, key):
    """The slot of a key in the first mask + 1 slots (a power of two); the free one it would take if it is not there."""
    slot = mix(key) & mask
    while keys[slot] != 0 and keys[slot] != key:
        slot = (slot + uint64(1)) & mask
    return slot


@njit(cache=True)
def look_up(keys, values, key):
    """What a key stands for in a table by `constant_table`, or the table's `absent`."""
    return values[slot_of(keys, uint64(len(keys) - 1), key)]


@njit(cache=True)
def add_key(keys, mask, key):
    """Put a hash into the first mask + 1 slots, 0 as 1; returns whether it was there."""
    if key == 0:
        key = uint64(1)
    slot = slot_of(keys, mask, key)
    known = keys[slot] != 0
    keys[slot] = key
    return known


@njit(cache=True)
def table_size(entries):
    """Slots that a table for so many entries needs."""
    size = 4
    while size < 2 * entries:
        size *= 2
    return size


@njit(cache=True)
def clear_table(keys, entries):
    """Free as many of the slots as a table for so many entries needs; returns their mask."""
    size = table_size(entries)
    keys[:size] = 0
    return uint64(size - 1)


def constant_table(entries: dict[int, int], absent: int = -1, fullness: float = 0.5) -> tuple[np.ndarray, np.ndarray]:
    """(keys uint64, values int64 by slot) of a table for `look_up`; no key is 0, free slots have the value `absent`.

    `fullness`: the share of slots that are taken, at most. Where few of the keys asked for are there, less is faster.
    """
    keys = np.fromiter(entries.keys(), np.uint64, len(entries))
    values = np.fromiter(entries.values(), np.int64, len(entries))
    size = 4
    while size * fullness < len(keys):
        size *= 2
    mask = np.uint64(size - 1)
    key_of, value_of = np.zeros(size, np.uint64), np.full(size, absent, np.int64)
    waiting, slots = np.arange(len(keys)), mix.py_func(keys.copy()) & mask
    while len(waiting):  # all at once: of keys that want one free slot the last has it, the others go on to the next
        free = key_of[slots] == 0
        key_of[slots[free]] = keys[waiting[free]]
        placed = key_of[slots] == keys[waiting]
        value_of[slots[placed]] = values[waiting[placed]]
        waiting, slots = waiting[~placed], (slots[~placed] + np.uint64(1)) & mask
    return key_of, value_of
