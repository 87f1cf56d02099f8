"""Python's white space and line ends over UTF-8 bytes, for kernels: what str.strip, str.split and str.splitlines see.

All functions take `data` (uint8, valid UTF-8) and positions at the start of a character.
"""

from collections.abc import Callable

import numpy as np

from maslin.manifests.kernels.kernel import njit

ASSIGNED = 0x32400  # no letter or digit lies beyond

# By first byte: 1 where a line end may begin.
MAY_END_LINE = np.zeros(256, np.uint8)
MAY_END_LINE[[0x0A, 0x0B, 0x0C, 0x0D, 0x1C, 0x1D, 0x1E, 0xC2, 0xE2]] = 1


@njit(cache=True)
def space_length(data, position):
    """Bytes of the white space character at `position` (str.isspace), 0 when it is none."""
    byte = data[position]
    if byte <= 0x20:
        return 1 if byte == 0x20 or 0x09 <= byte <= 0x0D or 0x1C <= byte <= 0x1F else 0
    if byte < 0xC2 or byte > 0xE3:
        return 0
    if byte == 0xC2:
        return 2 if data[position + 1] == 0x85 or data[position + 1] == 0xA0 else 0
    if byte < 0xE1:
        return 0
    second, third = data[position + 1], data[position + 2]
    if byte == 0xE2:
        if second == 0x80:
            return 3 if third <= 0x8A or third == 0xA8 or third == 0xA9 or third == 0xAF else 0
        return 3 if second == 0x81 and third == 0x9F else 0
    if byte == 0xE1:
        return 3 if second == 0x9A and third == 0x80 else 0
    return 3 if second == 0x80 and third == 0x80 else 0


@njit(cache=True)
def line_end_length(data, position, end):
    """Bytes of the line end at `position` (str.splitlines; "\\r\\n" is one), 0 when there is none."""
    byte = data[position]
    if byte > 0x1E:
        if byte == 0xC2:
            return 2 if data[position + 1] == 0x85 else 0
        if byte == 0xE2:
            third = data[position + 2]
            return 3 if data[position + 1] == 0x80 and (third == 0xA8 or third == 0xA9) else 0
        return 0
    if byte == 0x0D:
        return 2 if position + 1 < end and data[position + 1] == 0x0A else 1
    return 1 if 0x0A <= byte <= 0x0C or byte >= 0x1C else 0


@njit(cache=True)
def strip_left(data, start, end):
    """Where the text [start, end) begins without leading white space."""
    while start < end:
        length = space_length(data, start)
        if length == 0:
            break
        start += length
    return start


@njit(cache=True)
def strip_right(data, start, end):
    """Where the text [start, end) ends without trailing white space."""
    while end > start:
        last = end - 1
        while last > start and data[last] & 0xC0 == 0x80:
            last -= 1
        if space_length(data, last) == 0:
            break
        end = last
    return end


@njit(cache=True)
def read_character(data, position):
    """(code point, bytes) of the character at `position`."""
    byte = np.int64(data[position])
    if byte < 0x80:
        return byte, 1
    if byte < 0xE0:
        return (byte & 0x1F) << 6 | data[position + 1] & 0x3F, 2
    if byte < 0xF0:
        return (byte & 0x0F) << 12 | (data[position + 1] & 0x3F) << 6 | data[position + 2] & 0x3F, 3
    return (
        (byte & 0x07) << 18 | (data[position + 1] & 0x3F) << 12 | (data[position + 2] & 0x3F) << 6
        | data[position + 3] & 0x3F, 4,
    )


@njit(cache=True)
def write_character(data, position, character):
    """Write a character's bytes at `position`; returns where they end."""
    if character < 0x80:
        data[position] = character
        return position + 1
    if character < 0x800:
        data[position] = 0xC0 | character >> 6
    else:
        if character < 0x10000:
            data[position] = 0xE0 | character >> 12
        else:
            data[position] = 0xF0 | character >> 18
            position += 1
            data[position] = 0x80 | character >> 12 & 0x3F
        position += 1
        data[position] = 0x80 | character >> 6 & 0x3F
    data[position + 1] = 0x80 | character & 0x3F
    return position + 2


@njit(cache=True)
def previous_character(data, start, position):
    """Where the character begins that ends at `position`, at `start` or after it."""
    position -= 1
    while position > start and data[position] & 0xC0 == 0x80:
        position -= 1
    return position


@njit(cache=True)
def has_words(data, start, end, wanted):
    """Whether there are at least `wanted` white-space-separated words."""
    words, position, inside = 0, start, False
    while position < end and words < wanted:
        length = space_length(data, position)
        if length:
            inside = False
            position += length
        else:
            words += not inside
            inside = True
            position += 1
    return words >= wanted


def character_set(test: Callable[[str], bool]) -> np.ndarray:
    """The characters that a test of letters or digits holds for, as bits for `is_in`."""
    return np.packbits(np.fromiter(map(test, map(chr, range(ASSIGNED))), bool, ASSIGNED), bitorder="little")


@njit(cache=True)
def is_in(characters, code):
    """Whether a code point is in a set of `character_set`."""
    return code >> 3 < len(characters) and characters[code >> 3] >> (code & 7) & 1 != 0
