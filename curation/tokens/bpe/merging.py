"""The merges of one word: of its neighbouring tokens that with the lowest rank, the leftmost first, until none is left.

Merges are a hash table of pairs of tokens; beside a pair stands its rank, in the high half, and the token it becomes,
in the low one. A word of up to `SHORT_TOKENS` bytes is searched again after each
merge; a longer one has a heap of its pairs, which costs n log n whatever the word.
"""

import numpy as np
from numba import uint64

from maslin.curation.text.hash_table import constant_table
from maslin.curation.text.text_hash import mix
from maslin.curation.tokens.bpe.word_keys import byte_at, eight_bytes
from maslin.manifests.kernels.kernel import njit

SHORT_TOKENS = 64
NONE = uint64(0xFFFFFFFFFFFFFFFF)  # no merge: behind every rank
FILTER_BYTES = 1 << 16
_FILTER = np.uint64(64 - 19)  # what is left of a hash is a bit of the filter
_LOW = uint64(0xFFFFFFFF)


def merge_table(merges: dict[tuple[int, int], tuple[int, int]]) -> np.ndarray:
    """uint64 of (left, right) → (rank, token), as `merge_of` reads it."""
    keys, values = constant_table(
        {left << 32 | right + 1: rank << 32 | token for (left, right), (rank, token) in merges.items()})
    slots = np.stack([keys, values.astype(np.uint64)], axis=1).reshape(-1)
    marks = np.zeros(FILTER_BYTES, np.uint8)
    hashes = mix.py_func(keys[keys != 0]) >> _FILTER
    np.bitwise_or.at(marks, hashes >> np.uint64(3), np.uint8(1) << (hashes & np.uint64(7)).astype(np.uint8))
    return np.concatenate([[np.uint64(len(keys) - 1)], marks.view(np.uint64), slots])


@njit(cache=True)
def merge_of(merges, left, right):
    """Rank and token of a pair, or NONE; `merges` is the address of a table by `merge_table`.

    Most pairs have no merge, which a bit by their hash says mostly.
    """
    key = uint64(left) << uint64(32) | uint64(right) + uint64(1)
    hashed = mix(key)
    bit = np.int64(hashed >> _FILTER)
    if byte_at(merges, 8 + (bit >> 3)) >> (bit & 7) & 1 == 0:
        return NONE
    mask, slots = eight_bytes(merges, 0), 8 + FILTER_BYTES
    slot = np.int64(hashed & mask)
    while True:
        found = eight_bytes(merges, slots + 16*slot)
        if found == key:
            return eight_bytes(merges, slots + 16*slot + 8)
        if found == 0:
            return NONE
        slot = (slot + 1) & np.int64(mask)


@njit(cache=True, forceinline=True)
def merge_short(tokens, pairs, number, merges):
    """Merge the first `number` of `tokens` in place; returns how many are left.

    `pairs` (uint64) holds what becomes of each token but the last with the next one.
    """
    while number > 1:
        best = 0
        for index in range(1, number - 1):
            if pairs[index] < pairs[best]:
                best = index
        if pairs[best] == NONE:
            break
        tokens[best] = pairs[best] & _LOW
        number -= 1
        for index in range(best + 1, number):
            tokens[index] = tokens[index + 1]
            pairs[index - 1] = pairs[index]
        if best > 0:
            pairs[best - 1] = merge_of(merges, tokens[best - 1], tokens[best])
        if best < number - 1:
            pairs[best] = merge_of(merges, tokens[best], tokens[best + 1])
    return number


@njit(cache=True)
def merge_long(tokens, number, merges):
    """The same for any number of tokens."""
    before, after = np.arange(-1, number - 1), np.arange(1, number + 1)
    ranks, places = np.empty(number, np.uint64), np.empty(number, np.int64)  # a heap: the lowest rank, then leftmost
    size = 0
    for index in range(number - 1):
        pair = merge_of(merges, tokens[index], tokens[index + 1])
        if pair != NONE:
            ranks, places = _room(ranks, places, size)
            _push(ranks, places, size, pair, index)
            size += 1
    while size > 0:
        pair, index = ranks[0], places[0]
        size -= 1
        _pop(ranks, places, size)
        following = after[index]
        if tokens[index] < 0 or following == number or merge_of(merges, tokens[index], tokens[following]) != pair:
            continue  # one of the two is merged with another
        tokens[index], tokens[following] = np.int64(pair & _LOW), -1
        after[index] = after[following]
        if after[index] < number:
            before[after[index]] = index
        for left, right in ((before[index], index), (index, after[index])):
            if left < 0 or right == number:
                continue
            pair = merge_of(merges, tokens[left], tokens[right])
            if pair != NONE:
                ranks, places = _room(ranks, places, size)
                _push(ranks, places, size, pair, left)
                size += 1
    left = 0
    for index in range(number):
        if tokens[index] >= 0:
            tokens[left] = tokens[index]
            left += 1
    return left


@njit(cache=True)
def _room(ranks, places, size):
    """The heap with room for one more."""
    if size < len(ranks):
        return ranks, places
    more_ranks, more_places = np.empty(2*size, np.uint64), np.empty(2*size, np.int64)
    more_ranks[:size], more_places[:size] = ranks, places
    return more_ranks, more_places


@njit(cache=True)
def _push(ranks, places, size, rank, place):
    """Put an entry into a heap of `size` entries."""
    slot = size
    while slot > 0:
        parent = (slot - 1) >> 1
        if ranks[parent] < rank or (ranks[parent] == rank and places[parent] < place):
            break
        ranks[slot], places[slot] = ranks[parent], places[parent]
        slot = parent
    ranks[slot], places[slot] = rank, place


@njit(cache=True)
def _pop(ranks, places, size):
    """Take the first entry out, so that `size` are left."""
    rank, place, slot = ranks[size], places[size], 0
    while 2*slot + 1 < size:
        child = 2*slot + 1
        if child + 1 < size and (
                ranks[child + 1] < ranks[child]
                or (ranks[child + 1] == ranks[child] and places[child + 1] < places[child])):
            child += 1
        if rank < ranks[child] or (rank == ranks[child] and place < places[child]):
            break
        ranks[slot], places[slot] = ranks[child], places[child]
        slot = child
    ranks[slot], places[slot] = rank, place
