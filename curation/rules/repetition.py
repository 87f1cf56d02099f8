"""Repeated segments and n-grams of documents as kernels over flat arrays; texts stand as 64-bit hashes (text_hash)."""

import numpy as np
from numba import uint64

from maslin.curation.text.hash_table import add_key, clear_table, slot_of, table_size
from maslin.curation.text.text_hash import hash_bytes, mix
from maslin.curation.text.utf8 import strip_left, strip_right
from maslin.manifests.kernels.kernel import njit

SEGMENTS, DUPLICATES, DUPLICATE_CHARACTERS, ALL_CHARACTERS = range(4)
COVERED, COPIES, ALL = range(3)


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
        if table_size(newlines + 1) > len(keys):
            keys = np.zeros(table_size(newlines + 1), np.uint64)
        mask = clear_table(keys, newlines + 1)
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
def copied_segments(data, offsets, newlines, stripped):
    """Segments of texts between so many newlines, and those that have a copy in their text, the first one included.

    `stripped`: without white space at their ends, and none that is nothing but that. Returns int64 (documents, 4):
    segments, those that have a copy, their characters, and those of all.
    """
    documents = len(offsets) - 1
    result = np.zeros((documents, 4), np.int64)
    keys, counted = np.zeros(1 << 10, np.uint64), np.zeros((1 << 10, 2), np.int64)
    for row in range(documents):
        end = offsets[row + 1]
        room = 1
        for position in range(offsets[row], end):
            room += data[position] == 0x0A
        if table_size(room) > len(keys):
            keys, counted = np.zeros(table_size(room), np.uint64), np.zeros((table_size(room), 2), np.int64)
        mask = clear_table(keys, room)
        begin = position = offsets[row]
        while True:
            length = 0
            while length < newlines and position + length < end and data[position + length] == 0x0A:
                length += 1
            if position < end and length < newlines:
                position += 1
                continue
            first, last = begin, position
            if stripped:
                first = strip_left(data, first, last)
                last = strip_right(data, first, last)
            if first < last or not stripped:
                key = hash_bytes(data, first, last)
                key = key if key != 0 else uint64(1)
                slot = slot_of(keys, mask, key)
                if keys[slot] == 0:
                    keys[slot] = key
                    counted[slot, 0] = counted[slot, 1] = 0
                    for index in range(first, last):
                        counted[slot, 1] += data[index] & 0xC0 != 0x80
                counted[slot, 0] += 1
                result[row, SEGMENTS] += 1
                result[row, ALL_CHARACTERS] += counted[slot, 1]
            if position == end:
                break
            begin = position = position + newlines
        for slot in range(mask + uint64(1)):
            if keys[slot] != 0 and counted[slot, 0] > 1:
                result[row, DUPLICATES] += counted[slot, 0]
                result[row, DUPLICATE_CHARACTERS] += counted[slot, 0] * counted[slot, 1]
    return result


@njit(cache=True)
def _most_words(offsets):
    """Of any document."""
    most = 0
    for row in range(len(offsets) - 1):
        most = max(most, offsets[row + 1] - offsets[row])
    return most


@njit(cache=True)
def _hash_words(sums, inverses, first, row, number, words):
    """Write the hash of each word of a document to `words`; its `number` words begin with word `first`."""
    for word in range(number):
        index = first + word + row
        words[word] = mix((sums[index + 1] - sums[index]) * inverses[first + word])


@njit(cache=True)
def top_n_grams(offsets, sums, inverses, characters, longest):
    """For n of 2, 3, 4: characters of the most frequent n-gram, without spaces, and its count, 1 if none comes twice.

    Of equally frequent ones the first, or the `longest`, counts. Returns int64 (documents, 3, 2), -1 and 0 for texts of
    fewer than n words. Arguments: see words.Words.

    An n-gram can only come twice where both the (n-1)-grams in it do: others are left out of the count.
    """
    documents = len(offsets) - 1
    result = np.zeros((documents, 3, 2), np.int64)
    result[:, :, 0] = -1
    room = _most_words(offsets)
    grams, words, slots = np.empty(room, np.uint64), np.empty(room, np.uint64), np.empty(room, np.int64)
    keys, counted = np.empty(table_size(room), np.uint64), np.empty(table_size(room), np.int64)
    for row in range(documents):
        first, number = offsets[row], offsets[row + 1] - offsets[row]
        _hash_words(sums, inverses, first, row, number, words)
        grams[:number], slots[:number] = words[:number], 0
        candidates = number
        for n in range(2, 5):
            if number < n:
                break
            best_count, best_first = 1, 0
            mask = clear_table(keys, candidates)
            for word in range(number - n + 1):
                if slots[word] < 0 or slots[word + 1] < 0:
                    slots[word] = -1
                    continue
                key = grams[word] * uint64(0xA0761D6478BD642F) + words[word + n - 1]
                if key == 0:
                    key = uint64(1)
                grams[word] = key
                slot = slot_of(keys, mask, key)
                slots[word] = slot
                if keys[slot] == 0:
                    keys[slot], counted[slot] = key, word << 32 | 1
                else:
                    counted[slot] += 1
                    count, earliest = counted[slot] & 0xFFFFFFFF, counted[slot] >> 32
                    better = count > best_count
                    if count == best_count:
                        index = first + row
                        better = earliest < best_first
                        if longest:
                            better = (
                                characters[index + earliest + n] - characters[index + earliest]
                                > characters[index + best_first + n] - characters[index + best_first]
                            )
                    if better:
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
            result[row, n - 2, 0], result[row, n - 2, 1] = characters[index + n] - characters[index], best_count
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
        if table_size(number) > len(keys):
            keys = np.empty(table_size(number), np.uint64)
        mask = clear_table(keys, number)
        word, last = first, offsets[row + 1] - n
        while word <= last:
            index = word + row
            if add_key(keys, mask, (sums[index + n] - sums[index]) * inverses[word]):
                result[row] += characters[index + n] - characters[index]
                word += n
            else:
                word += 1
    return result


@njit(cache=True)
def copied_n_grams(offsets, sums, inverses, characters):
    """For n of 5 to 10, of the n-grams that come twice or more in their text, without spaces: characters of the words
    that lie in one, each once; characters of all their occurrences; and characters of every n-gram.

    Returns int64 (documents, 6, 3). N-grams are equal when their words are. Arguments: see words.Words.

    An n-gram can only come twice where both the (n-1)-grams in it do: others are left out of the count.
    """
    documents = len(offsets) - 1
    result = np.zeros((documents, 6, 3), np.int64)
    room = _most_words(offsets)
    grams, words, copied = np.empty(room, np.uint64), np.empty(room, np.uint64), np.empty(room, np.bool_)
    keys, counted = np.empty(table_size(room), np.uint64), np.empty(table_size(room), np.int64)
    for row in range(documents):
        first, number = offsets[row], offsets[row + 1] - offsets[row]
        base = first + row
        _hash_words(sums, inverses, first, row, number, words)
        grams[:number], copied[:number] = words[:number], True
        for n in range(2, 11):
            for word in range(number - n + 1):
                grams[word] = grams[word] * uint64(0xA0761D6478BD642F) + words[word + n - 1]
            if n < 5 or number < n:
                continue
            mask = clear_table(keys, number)
            for word in range(number - n + 1):
                copied[word] &= n == 5 or copied[word + 1]
                if copied[word]:
                    grams[word] = grams[word] if grams[word] != 0 else uint64(1)
                    slot = slot_of(keys, mask, grams[word])
                    counted[slot] = 1 if keys[slot] == 0 else counted[slot] + 1
                    keys[slot] = grams[word]
            covered = 0
            for word in range(number - n + 1):
                length = characters[base + word + n] - characters[base + word]
                result[row, n - 5, ALL] += length
                copied[word] = copied[word] and counted[slot_of(keys, mask, grams[word])] > 1
                if copied[word]:
                    result[row, n - 5, COPIES] += length
                    result[row, n - 5, COVERED] += (
                        characters[base + word + n] - characters[base + max(word, covered)])
                    covered = word + n
    return result
