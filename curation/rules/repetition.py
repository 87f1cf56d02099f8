"""Repeated segments and n-grams of documents as kernels over flat arrays; texts stand as 64-bit hashes (text_hash)."""

import numpy as np
from numba import njit, uint64

from curation.rules.text_hash import hash_bytes, mix
from curation.rules.utf8 import strip_left, strip_right

SEGMENTS, DUPLICATES, DUPLICATE_CHARACTERS = range(3)


@njit(cache=True)
def add_key(keys, mask, key):
    """Put a hash into a table of len > mask (a power of two, less one) slots; returns whether it was there."""
    if key == 0:
        key = uint64(1)
    slot = mix(key) & mask
    while keys[slot] != 0:
        if keys[slot] == key:
            return True
        slot = (slot + uint64(1)) & mask
    keys[slot] = key
    return False


@njit(cache=True)
def empty_table(keys, entries):
    """Clear as much of the table as so many entries need, half full at most; returns the mask of its slots."""
    size = 4
    while size < 2 * entries:
        size *= 2
    keys[:size] = 0
    return uint64(size - 1)


@njit(cache=True)
def table_room(entries):
    """Slots that a table for so many entries needs."""
    size = 4
    while size < 2 * entries:
        size *= 2
    return size


@njit(cache=True)
def repeated_segments(data, offsets, least_newlines, stripped):
    """Segments of texts between runs of at least so many newlines, and those that came before in their text.

    `stripped`: of the text without white space at its ends. Returns int64 (documents, 3): segments, those that repeat
    an earlier one, and the characters of these. An empty text is one empty segment.
    """
    documents = len(offsets) - 1
    result = np.zeros((documents, 3), np.int64)
    keys = np.zeros(1 << 10, np.uint64)
    for row in range(documents):
        start, end = offsets[row], offsets[row + 1]
        if stripped:
            start = strip_left(data, start, end)
            end = strip_right(data, start, end)
        newlines = 0
        for position in range(start, end):
            newlines += data[position] == 0x0A
        if table_room(newlines + 1) > len(keys):
            keys = np.zeros(table_room(newlines + 1), np.uint64)
        mask = empty_table(keys, newlines + 1)
        begin = position = start
        while True:
            if position < end and data[position] != 0x0A:
                position += 1
                continue
            stop = position
            while position < end and data[position] == 0x0A:
                position += 1
            if stop < end and position - stop < least_newlines:
                continue
            result[row, SEGMENTS] += 1
            if add_key(keys, mask, hash_bytes(data, begin, stop)):
                result[row, DUPLICATES] += 1
                for index in range(begin, stop):
                    result[row, DUPLICATE_CHARACTERS] += data[index] & 0xC0 != 0x80
            begin = position
            if stop == end:
                break
    return result


@njit(cache=True)
def top_n_grams(offsets, sums, inverses, characters):
    """For n of 2, 3, 4: characters of the most frequent n-gram, spaces between its words, times its count.

    Of equally frequent ones the first counts, even if none comes twice. Returns int64 (documents, 3), -1 for texts of
    fewer than n words. Arguments: see words.Words.

    An n-gram can only come twice where both the (n-1)-grams in it do: others are left out of the count.
    """
    documents = len(offsets) - 1
    result = np.full((documents, 3), -1, np.int64)
    room = 0
    for row in range(documents):
        room = max(room, offsets[row + 1] - offsets[row])
    grams, words, slots = np.empty(room, np.uint64), np.empty(room, np.uint64), np.empty(room, np.int64)
    keys, counted = np.empty(table_room(room), np.uint64), np.empty(table_room(room), np.int64)
    for row in range(documents):
        first, number = offsets[row], offsets[row + 1] - offsets[row]
        for word in range(number):
            index = first + word + row
            words[word] = mix((sums[index + 1] - sums[index]) * inverses[first + word])
            grams[word], slots[word] = words[word], 0
        candidates = number
        for n in range(2, 5):
            if number < n:
                break
            best_count, best_first = 1, 0
            mask = empty_table(keys, candidates)
            for word in range(number - n + 1):
                if slots[word] < 0 or slots[word + 1] < 0:
                    slots[word] = -1
                    continue
                key = grams[word] * uint64(0xA0761D6478BD642F) + words[word + n - 1]
                if key == 0:
                    key = uint64(1)
                grams[word] = key
                slot = mix(key) & mask
                while keys[slot] != 0 and keys[slot] != key:
                    slot = (slot + uint64(1)) & mask
                slots[word] = slot
                if keys[slot] == 0:
                    keys[slot], counted[slot] = key, word << 32 | 1
                else:
                    counted[slot] += 1
                    count, earliest = counted[slot] & 0xFFFFFFFF, counted[slot] >> 32
                    if count > best_count or (count == best_count and earliest < best_first):
                        best_count, best_first = count, earliest
            candidates = 0
            for word in range(number - n + 1):
                if slots[word] >= 0:
                    if counted[slots[word]] & 0xFFFFFFFF > 1:
                        candidates += 1
                    else:
                        slots[word] = -1
            slots[number - n + 1] = -1
            index = first + best_first + row
            result[row, n - 2] = (characters[index + n] - characters[index] + n - 1) * best_count
    return result


@njit(cache=True)
def repeated_n_grams(offsets, sums, inverses, characters, n):
    """Characters of n-grams met before on a walk that leaps over each such n-gram: int64 (documents).

    N-grams are equal when their words joined without spaces are. Arguments: see words.Words.
    """
    documents = len(offsets) - 1
    result = np.zeros(documents, np.int64)
    keys = np.empty(0, np.uint64)
    for row in range(documents):
        first, number = offsets[row], offsets[row + 1] - offsets[row]
        if number <= n:
            continue
        if table_room(number) > len(keys):
            keys = np.empty(table_room(number), np.uint64)
        mask = empty_table(keys, number)
        word, last = first, offsets[row + 1] - n
        while word <= last:
            index = word + row
            if add_key(keys, mask, (sums[index + n] - sums[index]) * inverses[word]):
                result[row] += characters[index + n] - characters[index]
                word += n
            else:
                word += 1
    return result
