"""Texts to ids: words looked up among those met before, new ones merged and remembered.

The memory is a table (SLOTS, 4) of uint64 in sets of WAYS slots, with two pools beside it. A slot has the key of a
word (word_keys) and its tokens: up to three of them in the slot itself, else where they lie in the pool of tokens;
their number is in the high half of the last part, and the bytes of a long word begin in their pool where its low half
says. Where a set is full, a word takes the place of another; when a pool is full, all is forgotten. So memory is
bounded, and so is the work that a text can make.
"""

import numpy as np
from numba import uint64

from maslin.curation.tokens.bpe.merging import SHORT_TOKENS, merge_long, merge_short
from maslin.curation.tokens.bpe.word_keys import LONG, byte_at, place_in, same_bytes, spread, word_key
from maslin.curation.tokens.bpe.words import word_end
from maslin.manifests.kernels.kernel import njit

SET_BITS, WAYS = 16, 4
SLOTS = WAYS << SET_BITS
TOKEN_POOL, BYTE_POOL = 1 << 20, 1 << 22  # tokens of words that have no room in their slot; bytes of long words
MAX_WORD_BYTES = 128  # longer words are not remembered
INLINE_TOKENS = 3
BLOCK = 128  # words split before they are looked up
_HALF, _LOW, _SET = uint64(32), uint64(0xFFFFFFFF), uint64(64 - SET_BITS)


def new_memory() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The memory of no words: the table, the pools of tokens and bytes, and what of these is taken."""
    return (
        np.zeros((SLOTS, 4), np.uint64), np.empty(TOKEN_POOL, np.uint32), np.empty(BYTE_POOL, np.uint8),
        np.zeros(3, np.int64))


@njit(cache=True)
def whole_words(data, offsets, tokens):
    """uint64 (slots, 4) by hash: key, token and place of words, data[offsets[i]:offsets[i + 1]], for `_merge`."""
    size = 1
    while size < 2*len(tokens):
        size *= 2
    table = np.zeros((size, 4), np.uint64)
    for word in range(len(tokens)):
        low, high = word_key(data.ctypes.data, offsets[word], offsets[word + 1], len(data))
        slot = place_in(low, high, size)
        while table[slot, 1] != 0:
            slot = (slot + 1) & (size - 1)
        table[slot, 0], table[slot, 1], table[slot, 2], table[slot, 3] = low, high, tokens[word], offsets[word]
    return table


@njit(cache=True)
def encode_pieces(data, starts, ends, closing, pattern, model, memory, ids, counts):
    """Write the ids (uint32) of pieces of text, data[starts[i]:ends[i]], each closed by a token; returns how many.

    `closing` int64: the token behind each piece, -1 for none. `counts` int64: of each piece the ids. There must be room
    for an id a byte and piece, and INLINE_TOKENS more.
    """
    text = data.ctypes.data
    scratch = np.empty(SHORT_TOKENS, np.int64), np.empty(SHORT_TOKENS, np.uint64)
    edges, slots = np.empty(BLOCK + 1, np.int64), np.empty(BLOCK, np.int64)
    lows, highs = np.empty(BLOCK, np.uint64), np.empty(BLOCK, np.uint64)
    filled = 0
    for piece in range(len(starts)):
        begun, position = filled, starts[piece]
        while position < ends[piece]:
            words = _split(text, position, ends[piece], len(data), pattern, edges, lows, highs)
            _look_up(memory[0], words, lows, highs, slots)
            filled = _write(text, words, edges, lows, highs, slots, model, memory, scratch, ids, filled)
            position = edges[words]
        if closing[piece] >= 0:
            ids[filled] = closing[piece]
            filled += 1
        counts[piece] = filled - begun
    return filled


@njit(cache=True)
def _split(text, position, end, limit, pattern, edges, lows, highs):
    """The next words of a text: their edges and keys; returns how many, at most BLOCK."""
    words = 0
    while words < BLOCK and position < end:
        edges[words] = position
        position = word_end(text, position, end, pattern)
        lows[words], highs[words] = word_key(text, edges[words], position, limit)
        words += 1
    edges[words] = position
    return words


@njit(cache=True)
def _look_up(table, words, lows, highs, slots):
    """The slot of each word if it is known, as far as the first part of its key tells; else any of its set.

    Nothing is decided here, so that the processor waits for many places of the table at once.
    """
    for word in range(words):
        low = lows[word]
        first = np.int64(spread(low, highs[word]) >> _SET)*WAYS
        slot = first
        for other in range(first + 1, first + WAYS):
            slot = other if table[other, 0] == low else slot
        slots[word] = slot


@njit(cache=True)
def _write(text, words, edges, lows, highs, slots, model, memory, scratch, ids, filled):
    """Write the tokens of looked-up words from `filled` on; returns where they end."""
    table, token_pool, _, _ = memory
    for word in range(words):
        low, high, slot = lows[word], highs[word], slots[word]
        if high < LONG and table[slot, 0] == low and table[slot, 1] == high:
            packed, more = table[slot, 2], table[slot, 3]
            number = np.int64(more >> _HALF)
            if number <= INLINE_TOKENS:
                ids[filled], ids[filled + 1], ids[filled + 2] = packed & _LOW, packed >> _HALF, more & _LOW
            else:
                for index in range(number):
                    ids[filled + index] = token_pool[np.int64(packed) + index]
            filled += number
        else:
            filled = _write_rare(text, edges[word], edges[word + 1], low, high, model, memory, scratch, ids, filled)
    return filled


@njit(cache=True)
def _write_rare(text, start, end, low, high, model, memory, scratch, ids, filled):
    """The same of one word that is long, or new."""
    table, token_pool, byte_pool, _ = memory
    first = np.int64(spread(low, high) >> _SET)*WAYS
    slot = _find(table, byte_pool, first, low, high, text, start)
    if slot < 0:
        number = _merge(text, start, end, low, high, model, scratch, ids, filled)
        _remember(memory, first, low, high, text, start, end, ids, filled, number)
        return filled + number
    packed, number = table[slot, 2], np.int64(table[slot, 3] >> _HALF)
    if number <= INLINE_TOKENS and high < LONG:
        ids[filled], ids[filled + 1], ids[filled + 2] = packed & _LOW, packed >> _HALF, table[slot, 3] & _LOW
    else:
        for index in range(number):
            ids[filled + index] = token_pool[np.int64(packed) + index]
    return filled + number


@njit(cache=True, forceinline=True)
def _find(table, byte_pool, first, low, high, text, start):
    """The slot of a word in its set, or -1."""
    for slot in range(first, first + WAYS):
        if table[slot, 0] != low or table[slot, 1] != high:
            continue
        place = np.int64(table[slot, 3] & _LOW)
        if high < LONG or same_bytes(text, start, byte_pool.ctypes.data, place, np.int64(high ^ LONG)):
            return slot
    return -1


@njit(cache=True, forceinline=True)
def _merge(text, start, end, low, high, model, scratch, ids, filled):
    """Write the tokens of a word to `ids`; returns their number."""
    byte_tokens, byte_pairs, merges, whole, whole_bytes = model
    tokens, pairs = scratch
    number = end - start
    if len(whole) > 1:
        mask, slot = len(whole) - 1, place_in(low, high, len(whole))
        while whole[slot, 1] != 0:
            if whole[slot, 0] == low and whole[slot, 1] == high and (
                    high < LONG or same_bytes(text, start, whole_bytes.ctypes.data, np.int64(whole[slot, 3]), number)):
                ids[filled] = whole[slot, 2]
                return 1
            slot = (slot + 1) & mask
    if number > SHORT_TOKENS:
        tokens = np.empty(number, np.int64)
        for index in range(number):
            tokens[index] = byte_tokens[byte_at(text, start + index)]
        number = merge_long(tokens, number, merges.ctypes.data)
    else:
        for index in range(number):
            tokens[index] = byte_tokens[byte_at(text, start + index)]
        for index in range(number - 1):
            pairs[index] = byte_pairs[byte_at(text, start + index) << 8 | byte_at(text, start + index + 1)]
        number = merge_short(tokens, pairs, number, merges.ctypes.data)
    for index in range(number):
        ids[filled + index] = tokens[index]
    return number


@njit(cache=True, forceinline=True)
def _remember(memory, first, low, high, text, start, end, ids, filled, number):
    """Put the tokens of a word, ids[filled:filled + number], into its set."""
    table, token_pool, byte_pool, taken = memory
    length = end - start
    if length > MAX_WORD_BYTES:
        return
    if taken[0] + number > len(token_pool) or taken[1] + length > len(byte_pool):
        table[:] = 0
        taken[:] = 0
    slot = first + taken[2] % WAYS
    taken[2] += 1
    for other in range(first, first + WAYS):
        if table[other, 1] == 0:
            slot = other
            break
    table[slot, 0], table[slot, 1] = low, high
    packed, last = uint64(0), uint64(0)
    if number <= INLINE_TOKENS and high < LONG:
        packed = uint64(ids[filled])
        if number > 1:
            packed |= uint64(ids[filled + 1]) << _HALF
        if number > 2:
            last = uint64(ids[filled + 2])
    else:
        packed = uint64(taken[0])
        for index in range(number):
            token_pool[taken[0] + index] = ids[filled + index]
        taken[0] += number
        if high >= LONG:
            last = uint64(taken[1])
            for index in range(length):
                byte_pool[taken[1] + index] = byte_at(text, start + index)
            taken[1] += length
    table[slot, 2], table[slot, 3] = packed, uint64(number) << _HALF | last
