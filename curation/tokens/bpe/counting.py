"""The words of a sample, each with how often it comes, for the learning of merges.

Learning goes over a whole word at each of its merges, so a word of a million letters (a genome, base64, a line of
dashes) would take the square of its length. One of more than `MAX_WORD_BYTES` is cut in parts of that length, which
loses only the pairs at the cuts. (The longest word of the texts, code and markup this was tried on has 499 bytes.)
"""

import numpy as np
from numba import uint64

from maslin.curation.tokens.bpe.word_keys import LONG, byte_at, place_in, same_bytes, word_key
from maslin.curation.tokens.bpe.words import SPACE, gpt_2_word_end, kind_at
from maslin.manifests.kernels.kernel import njit

MAX_WORD_BYTES = 1024  # without the space before it
_BEYOND = 16  # bytes looked at behind the longest word: any number of characters will do
_BLANK = 0x20
_FIRST_SLOTS, _FIRST_BYTES = 1 << 12, 1 << 16

WordCounts = tuple[np.ndarray, np.ndarray, np.ndarray]


def no_words() -> WordCounts:
    """What `count_words` goes on from: words by slot, uint64 (slots, 4), bytes of long ones, and the sizes of both.

    A slot has a key (word_keys), its count and where the bytes of a long word begin.
    """
    return np.zeros((_FIRST_SLOTS, 4), np.uint64), np.empty(_FIRST_BYTES, np.uint8), np.zeros(2, np.int64)


@njit(cache=True)
def count_words(data, offsets, known):
    """Add the words of texts, data[offsets[i]:offsets[i + 1]], to those known; returns all of them."""
    table, pool, sizes = known
    text = data.ctypes.data
    for row in range(len(offsets) - 1):
        position, end = offsets[row], offsets[row + 1]
        while position < end:
            start = position
            position = _part_end(text, start, end)
            low, high = word_key(text, start, position, len(data))
            mask, slot = len(table) - 1, place_in(low, high, len(table))
            while table[slot, 1] != 0:
                if table[slot, 0] == low and table[slot, 1] == high and (
                        high < LONG
                        or same_bytes(text, start, pool.ctypes.data, np.int64(table[slot, 3]), position - start)):
                    break
                slot = (slot + 1) & mask
            table[slot, 2] += uint64(1)
            if table[slot, 1] == 0:
                table[slot, 0], table[slot, 1], table[slot, 3] = low, high, uint64(sizes[1])
                sizes[0] += 1
                if high >= LONG:
                    pool = _with_bytes(pool, sizes, text, start, position)
                if 2*sizes[0] > len(table):
                    table = _twice(table)
    return table, pool, sizes


@njit(cache=True)
def _part_end(text, start, end):
    """The end of the word that begins at `start`, or where a longer one than may be is cut."""
    end = min(end, start + 1 + MAX_WORD_BYTES + _BEYOND)
    stop = gpt_2_word_end(text, start, end)
    if stop - start <= MAX_WORD_BYTES:
        return stop
    begin = start
    if byte_at(text, start) == _BLANK and kind_at(text, start + 1)[0] != SPACE:
        begin += 1
    if stop - begin <= MAX_WORD_BYTES:
        return stop
    stop = begin + MAX_WORD_BYTES
    while byte_at(text, stop) & 0xC0 == 0x80:
        stop -= 1
    return stop


@njit(cache=True)
def _with_bytes(pool, sizes, text, start, end):
    """The pool with the bytes of a word behind its others."""
    size = sizes[1] + end - start
    if size > len(pool):
        more = np.empty(2*size, np.uint8)
        more[:sizes[1]] = pool[:sizes[1]]
        pool = more
    for position in range(start, end):
        pool[sizes[1]] = byte_at(text, position)
        sizes[1] += 1
    return pool


@njit(cache=True)
def _twice(table):
    """The table with twice as many slots."""
    more = np.zeros((2*len(table), 4), np.uint64)
    mask = len(more) - 1
    for old in range(len(table)):
        if table[old, 1] == 0:
            continue
        slot = place_in(table[old, 0], table[old, 1], len(more))
        while more[slot, 1] != 0:
            slot = (slot + 1) & mask
        more[slot] = table[old]
    return more


@njit(cache=True)
def spelled(known, byte_tokens):
    """All words as tokens of their bytes: (tokens int32 one after another, offsets int64 (words + 1), counts int64)."""
    table, pool, sizes = known
    room = sizes[1] + 15*sizes[0]
    tokens, offsets, counts = np.empty(room, np.int32), np.zeros(sizes[0] + 1, np.int64), np.empty(sizes[0], np.int64)
    word = filled = 0
    for slot in range(len(table)):
        low, high = table[slot, 0], table[slot, 1]
        if high == 0:
            continue
        length = np.int64(high ^ LONG if high >= LONG else high >> uint64(56))
        for index in range(length):
            if high >= LONG:
                byte = np.int64(pool[np.int64(table[slot, 3]) + index])
            else:
                byte = np.int64((low if index < 8 else high) >> uint64(8*(index & 7))) & 0xFF
            tokens[filled] = byte_tokens[byte]
            filled += 1
        counts[word] = table[slot, 2]
        word += 1
        offsets[word] = filled
    return tokens[:filled], offsets, counts
