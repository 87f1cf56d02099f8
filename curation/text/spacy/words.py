"""Words as spaCy's blank English tokenizer splits them, as kernels over UTF-8 bytes; white space tokens are left out.

A text falls into chunks at white space. Of a chunk, prefixes and suffixes are taken off until nothing changes or an
exception ("don't", ":-)") is left; what remains is one word if it is a URL, an exception's pieces, or else is split at
infixes. At last, words in a row that an exception would have fallen into are joined to it again ("see:)"). Source:
spaCy 3.8 `tokenizer.pyx`, `lang/en`, `lang/punctuation.py`, `lang/tokenizer_exceptions.py`.

All functions take `data` (uint8, valid UTF-8), byte positions at the start of a character.
"""

import numpy as np
from numba import uint64

from maslin.curation.text.hash_table import look_up
from maslin.curation.text.spacy.tables import (
    ALPHA,
    BEFORE_STOP,
    CURRENCY,
    EXCEPTION_KEYS,
    EXCEPTION_LENGTHS,
    EXCEPTIONS,
    INFIX,
    LOWER,
    PHRASE_KEYS,
    PHRASE_LENGTHS,
    PHRASE_PAIRS,
    PHRASES,
    PIECE_OFFSETS,
    PIECES,
    PREFIX,
    QUOTE,
    SUFFIX,
    UNIT_KEYS,
    UNITS,
    UPPER,
    class_of,
)
from maslin.curation.text.spacy.url import is_url
from maslin.curation.text.text_hash import hash_bytes, mix
from maslin.curation.text.utf8 import previous_character, read_character, space_length
from maslin.manifests.kernels.kernel import njit

MAX_EXCEPTION_BYTES = 31
MAX_UNIT_BYTES = 12
MAX_PHRASE_WORDS = 31

_SPACE, _OTHER = 1, 2  # of a byte: maybe white space, anything but an ASCII letter


def _byte_kinds() -> np.ndarray:
    kinds = np.full(256, _OTHER, np.uint8)
    for byte in b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ":
        kinds[byte] = 0
    for byte in (*range(0x09, 0x0E), *range(0x1C, 0x21), 0xC2, 0xE1, 0xE2, 0xE3):
        kinds[byte] = _SPACE | _OTHER
    return kinds


def _bytes_set(characters: str) -> np.ndarray:
    """bool (256): ASCII characters, and every byte beyond ASCII."""
    found = np.zeros(256, np.bool_)
    found[128:] = True
    found[[ord(character) for character in characters]] = True
    return found


BYTE_KINDS = _byte_kinds()
MAY_END_UNIT = _bytes_set("madntgbzshrBTGMK%")
MAY_END_SUFFIX = MAY_END_UNIT | _bytes_set(""",:;!?()[]{}<>_#*&.'"`~+$S""")
MAY_BE_INFIX = _bytes_set(".+-*^,:<>=/~")


@njit(cache=True)
def split_text(data, start, end, starts, ends, stack):
    """Split data[start:end]; writes the words' byte positions to `starts` and `ends` (int64, room for a word a byte).

    `stack` is int64 scratch of that size too. Returns the number of words.
    """
    number, position, may_join = np.int64(0), start, False
    while position < end:
        kinds, chunk = 0, position
        while position < end:
            kind = BYTE_KINDS[data[position]]
            if kind & _SPACE and space_length(data, position):
                break
            kinds |= kind
            position += 1
        if position > chunk:
            if kinds:
                before = number
                number = _split_chunk(data, chunk, position, starts, ends, stack, number)
                may_join |= number > before + 1
            else:
                found = find_exception(data, chunk, position)
                if found >= 0:
                    number = _add_pieces(chunk, found, starts, ends, number)
                else:
                    starts[number], ends[number] = chunk, position
                    number += 1
        if position < end:
            position += space_length(data, position)
    return _join_phrases(data, starts, ends, number) if may_join else number


@njit(cache=True)
def find_exception(data, start, end):
    """The number of the exception that data[start:end] is, or -1."""
    length = end - start
    if length > MAX_EXCEPTION_BYTES or length <= 0:
        return -1
    slot = (np.int64(data[start]) * 7 + np.int64(data[end - 1]) * 31) & 1023
    if not EXCEPTION_LENGTHS[slot] >> length & 1:
        return -1
    return look_up(EXCEPTION_KEYS, EXCEPTIONS, hash_bytes(data, start, end))


@njit(cache=True)
def _add_pieces(start, exception, starts, ends, number):
    for piece in range(PIECE_OFFSETS[exception], PIECE_OFFSETS[exception + 1]):
        starts[number], ends[number] = start, start + PIECES[piece]
        start = ends[number]
        number += 1
    return number


@njit(cache=True)
def _split_chunk(data, start, end, starts, ends, stack, number):
    """Split a chunk without white space; returns the new number of words."""
    suffixes, exception, whole_end = 0, -1, end
    while start < end:
        exception = find_exception(data, start, end)
        if exception >= 0:
            break
        prefix = prefix_length(data, start, end)
        if prefix and start + prefix < end:
            exception = find_exception(data, start + prefix, end)
            if exception >= 0:
                starts[number], ends[number] = start, start + prefix
                number += 1
                start += prefix
                break
        suffix = suffix_length(data, start + prefix, end)
        if suffix:
            exception = find_exception(data, start, end - suffix)
            if exception >= 0:
                end -= suffix
                stack[suffixes] = end
                suffixes += 1
                break
        if prefix == 0 and suffix == 0:
            break
        if prefix:
            starts[number], ends[number] = start, start + prefix
            number += 1
            start += prefix
        if suffix:
            end -= suffix
            stack[suffixes] = end
            suffixes += 1
    if start < end:
        if exception >= 0:
            number = _add_pieces(start, exception, starts, ends, number)
        elif is_url(data, start, end):
            starts[number], ends[number] = start, end
            number += 1
        else:
            number = _split_infixes(data, start, end, starts, ends, number)
    for index in range(suffixes - 1, -1, -1):
        starts[number] = stack[index]
        ends[number] = stack[index - 1] if index else whole_end
        number += 1
    return number


@njit(cache=True)
def prefix_length(data, start, end):
    """Bytes of the prefix that data[start:end] begins with, 0 when there is none."""
    byte = data[start]
    if byte < 0x80:
        if byte == 0x2B:  # + but not +1
            return 0 if start + 1 < end and _is_digit(data[start + 1]) else 1
        if byte == 0x2E:
            stop = start
            while stop < end and data[stop] == 0x2E:
                stop += 1
            return stop - start if stop > start + 1 else 0
        if class_of(byte) & PREFIX:
            return 1
        return _letter_dollar(data, start, end)
    character, length = read_character(data, start)
    return length if class_of(character) & PREFIX else 0


@njit(cache=True)
def _letter_dollar(data, start, end):
    """Bytes of US$, C$ or A$ at `start`, else 0."""
    if start + 1 < end and data[start + 1] == 0x24 and (data[start] == 0x41 or data[start] == 0x43):
        return 2
    if start + 2 < end and data[start] == 0x55 and data[start + 1] == 0x53 and data[start + 2] == 0x24:
        return 3
    return 0


@njit(cache=True)
def suffix_length(data, start, end):
    """Bytes of the longest suffix of data[start:end], 0 when there is none; nothing before `start` is seen."""
    if start >= end or not MAY_END_SUFFIX[data[end - 1]]:
        return 0
    last_start = previous_character(data, start, end)
    last, _ = read_character(data, last_start)
    first = end
    if class_of(last) & SUFFIX:
        first = last_start
    if last_start > start:
        before_start = previous_character(data, start, last_start)
        before, _ = read_character(data, before_start)
        digit_before = 0x30 <= before <= 0x39
        if last == 0x2E:
            first = min(first, _full_stop(data, start, last_start, before_start, before))
        elif (last == 0x2026 and before == 0x2026) or (
            (last == 0x73 or last == 0x53) and (before == 0x27 or before == 0x2019)  # …… 's ’S
        ):
            first = before_start
        elif digit_before and (last == 0x2B or class_of(last) & CURRENCY):
            first = min(first, last_start)
        elif last == 0x24:
            for length in (3, 2):
                begin = end - length
                if begin > start and _is_digit(data[begin - 1]) and _letter_dollar(data, begin, end) == length:
                    first = min(first, begin)
        if MAY_END_UNIT[data[end - 1]]:
            first = min(first, _unit_start(data, start, end))
    return end - first


@njit(cache=True)
def _full_stop(data, start, stop, before_start, before):
    """Where the suffix begins that ends with the full stop at `stop`; past it when it is no suffix."""
    if before == 0x2E:
        while stop > start and data[stop - 1] == 0x2E:
            stop -= 1
        return stop
    if class_of(before) & BEFORE_STOP:
        return stop
    if before_start > start:
        earlier, _ = read_character(data, previous_character(data, start, before_start))
        if class_of(before) & UPPER and class_of(earlier) & UPPER:
            return stop
        if earlier == 0xB0 and (before | 0x20 == 0x66 or before | 0x20 == 0x63 or before | 0x20 == 0x6B):
            return stop
    return stop + 1


@njit(cache=True)
def _unit_start(data, start, end):
    """Where the unit begins that follows a digit and ends at `end`, else `end`."""
    position = end
    while position > start and end - position < MAX_UNIT_BYTES + 1:
        if _is_digit(data[position - 1]):
            if position < end and look_up(UNIT_KEYS, UNITS, hash_bytes(data, position, end)) >= 0:
                return position
            return end
        position -= 1
    return end


@njit(cache=True)
def _split_infixes(data, start, end, starts, ends, number):
    first, position = start, start
    while position < end:
        byte = data[position]
        if not MAY_BE_INFIX[byte]:
            position += 1
            continue
        length = infix_length(data, position, start, end)
        if length == 0:
            position += 1 if byte < 0x80 else read_character(data, position)[1]
            continue
        if position > start:
            if position > first:
                starts[number], ends[number] = first, position
                number += 1
            starts[number], ends[number] = position, position + length
            number += 1
            first = position + length
        position += length
    if first < end:
        starts[number], ends[number] = first, end
        number += 1
    return number


@njit(cache=True)
def infix_length(data, position, start, end):
    """Bytes of the infix at `position` in data[start:end], 0 when there is none."""
    byte = data[position]
    character, length = read_character(data, position)
    if class_of(character) & INFIX:
        return length
    if byte == 0x2E and position + 1 < end and data[position + 1] == 0x2E:
        stop = position
        while stop < end and data[stop] == 0x2E:
            stop += 1
        return stop - position
    if position == start:
        return 0
    before, _ = read_character(data, previous_character(data, start, position))
    before_class, after_class, after = class_of(before), 0, 0
    digit_before = 0x30 <= before <= 0x39
    if position + length < end:
        after, _ = read_character(data, position + length)
        after_class = class_of(after)
    if byte == 0x2B or byte == 0x2D or byte == 0x2A or byte == 0x5E:
        if digit_before and (0x30 <= after <= 0x39 or after == 0x2D):
            return 1
        if byte != 0x2D:
            return 0
    if byte == 0x2E:
        return 1 if before_class & (LOWER | QUOTE) and after_class & (UPPER | QUOTE) else 0
    if byte == 0x2C:
        return 1 if before_class & ALPHA and after_class & ALPHA else 0
    if not (before_class & ALPHA or digit_before):
        return 0
    if byte == 0x3A or 0x3C <= byte <= 0x3E or byte == 0x2F:
        return 1 if after_class & ALPHA else 0
    repeats = 0  # hyphens: - -- --- – — —— ~
    if byte == 0x2D:
        repeats = 3
    elif character == 0x2014:
        repeats = 2
    elif character == 0x2013 or byte == 0x7E:
        repeats = 1
    stop = position
    for _ in range(repeats):
        if stop >= end or read_character(data, stop)[0] != character:
            return 0
        stop += length
        if stop < end and class_of(read_character(data, stop)[0]) & ALPHA:
            return stop - position
    return 0


@njit(cache=True)
def _join_phrases(data, starts, ends, number):
    """Join rows of words that are an exception; as spaCy does, longest first, and rows over a single space hide others.

    Returns the new number of words, which may be larger: `°F.` has more pieces than words.
    """
    rows = np.empty((16, 3), np.int64)  # first word, words, exception or -1
    found = 0
    for word in range(number - 1):
        first = np.int64(data[starts[word]])
        if not PHRASE_PAIRS[first << 8 | data[starts[word + 1]]]:
            continue
        lengths = PHRASE_LENGTHS[first]
        key, words = uint64(0), 0
        while lengths >> (words + 1) and word + words < number:
            index = word + words
            gap = starts[index] - ends[index - 1] if words else 0
            if gap > 1 or (gap == 1 and data[ends[index - 1]] != 0x20):
                break
            key = mix(key + hash_bytes(data, starts[index], ends[index]))
            words += 1
            if not lengths >> words & 1:
                continue
            exception = look_up(PHRASE_KEYS, PHRASES, key)
            if exception >= 0:
                if found == len(rows):
                    rows = np.concatenate((rows, np.empty_like(rows)))
                rows[found, 0], rows[found, 1] = word, words
                rows[found, 2] = exception if ends[index] - starts[word] == _bytes(exception) else -1
                found += 1
    if found == 0:
        return number
    seen = np.zeros(number, np.bool_)
    joined = np.full(number, -1, np.int64)  # by first word: the row that is taken
    for words in range(MAX_PHRASE_WORDS, 0, -1):
        for row in range(found):
            if rows[row, 1] == words:
                first, last = rows[row, 0], rows[row, 0] + words - 1
                if not seen[first] and not seen[last]:
                    joined[first] = row
                seen[first : last + 1] = True
    return _write_joined(starts, ends, number, rows, joined)


@njit(cache=True)
def _bytes(exception):
    total = 0
    for piece in range(PIECE_OFFSETS[exception], PIECE_OFFSETS[exception + 1]):
        total += PIECES[piece]
    return total


@njit(cache=True)
def _write_joined(starts, ends, number, rows, joined):
    kept, word = 0, 0
    old_starts, old_ends = starts[:number].copy(), ends[:number].copy()
    while word < number:
        row = joined[word]
        if row >= 0 and rows[row, 2] >= 0:
            kept = _add_pieces(old_starts[word], rows[row, 2], starts, ends, kept)
            word += rows[row, 1]
        else:
            starts[kept], ends[kept] = old_starts[word], old_ends[word]
            kept += 1
            word += 1
    return kept


@njit(cache=True)
def _is_digit(byte):
    return 0x30 <= byte <= 0x39
