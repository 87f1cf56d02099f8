"""RefinedWeb's line rules as a kernel over UTF-8 bytes; arrays of lines as in c4_lines.

Property tests hold it to the plain Python of `refinedweb.clean_page`, which also judges the few pages that it leaves
open: those with a line from which a substring may have to be cut.
"""

import numpy as np

from maslin.curation.text.spacy.tables import DECIMAL, WORD, class_of
from maslin.curation.text.utf8 import (
    MAY_END_LINE,
    has_words,
    is_in,
    line_end_length,
    read_character,
    space_length,
    strip_left,
    strip_right,
)
from maslin.manifests.kernels.kernel import njit

# Status of a line: that it stays, or why it goes. Classes of a changed line, in edits only: c4_lines.TRIMMED, CITATION.
KEPT, BLANK, UPPERCASE, NUMERIC, COUNTER, TOO_SHORT, SUBSTRING = range(7)
# What is to be known of a page: whether plain Python must judge it, whether it has line ends that are no newlines.
ASK, OTHER_LINE_ENDS = 1, 2

COUNTED = (
    "likes", "shares", "comments", "retweets", "reposts", "quotes", "bookmarks", "upvotes", "downvotes", "downloads",
    "views", "followers",
)
SUBSTRINGS = ("items in cart", "read more", "sign-in")  # in a line that may have to be changed


def _padded(phrases: tuple[str, ...]) -> np.ndarray:
    """uint8 (phrases, bytes), zeros behind."""
    table = np.zeros((len(phrases), max(map(len, phrases)) + 1), np.uint8)
    for index, phrase in enumerate(phrases):
        table[index, : len(phrase)] = np.frombuffer(phrase.encode(), np.uint8)
    return table


_COUNTED, _SUBSTRINGS = _padded(COUNTED), _padded(SUBSTRINGS)


@njit(cache=True)
def judge_lines(data, offsets, upper, digits, max_upper, max_numeric, min_words, substring_words):
    """(line_offsets, status, starts, ends, trimmed, asks): lines between newlines, and bits of each page (uint8).

    `upper`, `digits`: sets of characters (utf8.is_in). Lines of pages to ASK stand as if no rule were there.
    """
    room = len(offsets) - 1
    for position in range(offsets[0], offsets[-1]):
        room += data[position] == 0x0A
    status, trimmed = np.zeros(room, np.uint8), np.zeros(room, np.uint8)
    starts, ends = np.empty(room, np.int64), np.empty(room, np.int64)
    line_offsets, asks = np.zeros(len(offsets), np.int64), np.zeros(len(offsets) - 1, np.uint8)
    last = 0
    for row in range(len(offsets) - 1):
        first, begin = last, offsets[row]
        for position in range(offsets[row], offsets[row + 1]):
            if data[position] == 0x0A:
                starts[last], ends[last] = begin, position
                last, begin = last + 1, position + 1
            elif MAY_END_LINE[data[position]] and line_end_length(data, position, offsets[row + 1]):
                asks[row] |= OTHER_LINE_ENDS
        if begin < offsets[row + 1]:
            starts[last], ends[last] = begin, offsets[row + 1]
            last += 1
        line_offsets[row + 1] = last

        page = status[first:last], starts[first:last], ends[first:last], trimmed[first:last]
        _drop_shares(data, page, upper, max_upper, UPPERCASE)
        _strip_page(data, page)
        _drop_shares(data, page, digits, max_numeric, NUMERIC)
        _strip_page(data, page)
        for line in range(first, last):
            if status[line] == KEPT and is_counter(data, starts[line], ends[line]):
                status[line] = COUNTER
        _strip_page(data, page)
        for line in range(first, last):
            if status[line] == KEPT and starts[line] < ends[line]:
                if not has_words(data, starts[line], ends[line], min_words):
                    status[line] = TOO_SHORT
                elif not has_words(data, starts[line], ends[line], substring_words + 1) and _may_have_substring(
                    data, starts[line], ends[line]
                ):
                    asks[row] |= ASK
        _strip_page(data, page)
        if asks[row] & ASK:
            begin = offsets[row]
            for line in range(first, last):
                status[line], trimmed[line], starts[line] = KEPT, 0, begin
                while begin < offsets[row + 1] and data[begin] != 0x0A:
                    begin += 1
                ends[line] = begin
                begin += 1
    return line_offsets, status[:last], starts[:last], ends[:last], trimmed[:last], asks


@njit(cache=True)
def _drop_shares(data, page, characters, most, rule):
    """Drop lines of which more than a share is of a set of characters."""
    status, starts, ends, _ = page
    for line in range(len(status)):
        if status[line] == KEPT:
            number, found, position = 0, 0, starts[line]
            while position < ends[line]:
                character, length = read_character(data, position)
                number += 1
                found += is_in(characters, character)
                position += length
            if number and found / number > most:
                status[line] = rule


@njit(cache=True)
def _strip_page(data, page):
    """Take white space off the page's ends: blank lines, and what begins its first or ends its last line."""
    status, starts, ends, trimmed = page
    for line in range(len(status)):
        if status[line] == KEPT:
            start = strip_left(data, starts[line], ends[line])
            trimmed[line] |= start != starts[line]
            starts[line] = start
            if start < ends[line]:
                break
            status[line] = BLANK
    for line in range(len(status) - 1, -1, -1):
        if status[line] == KEPT:
            end = strip_right(data, starts[line], ends[line])
            trimmed[line] |= end != ends[line]
            ends[line] = end
            if starts[line] < end:
                break
            status[line] = BLANK


@njit(cache=True)
def is_counter(data, start, end):
    """Whether the line says a number of likes or the like: the pattern of refinedweb._COUNTER on its lower case."""
    position = _skip_marks(data, start, end)
    digits = 0
    while position < end:
        character, length = read_character(data, position)
        if not class_of(character) & DECIMAL and (digits == 0 or (character != 0x2C and character != 0x2E)):
            break
        digits += 1
        position += length
    if digits == 0 or position >= end:
        return False
    letter, length = _lower(data, position)
    if letter == 0x6B or letter == 0x6D or letter == 0x62:  # k, m, b
        position += length
    spaces = position
    while position < end and space_length(data, position):
        position += space_length(data, position)
    if position == spaces:
        return False
    for phrase in range(len(_COUNTED)):
        stop = _match(data, position, end, _COUNTED[phrase])
        if stop and _skip_marks(data, stop, end) == end:
            return True
    return False


@njit(cache=True)
def _may_have_substring(data, start, end):
    """Whether a substring may be there: true also where a character is that matches i or s when case is ignored."""
    for position in range(start, end):
        byte = data[position]
        if byte == 0xC4 or byte == 0xC5:
            second = data[position + 1]
            if (byte == 0xC4 and (second == 0xB0 or second == 0xB1)) or (byte == 0xC5 and second == 0xBF):
                return True
        byte |= 0x20
        if byte == 0x69 or byte == 0x72 or byte == 0x73:  # i, r, s
            for phrase in range(len(_SUBSTRINGS)):
                if _match(data, position, end, _SUBSTRINGS[phrase]):
                    return True
    return False


@njit(cache=True)
def _match(data, position, end, phrase):
    """Where a lower-case phrase ends that begins at `position` of the lower-cased text, or 0."""
    index = 0
    while phrase[index]:
        if position >= end:
            return 0
        letter, length = _lower(data, position)
        if letter != phrase[index]:
            return 0
        position += length
        index += 1
    return position


@njit(cache=True)
def _lower(data, position):
    """(lower case, bytes) of the ASCII character or Kelvin sign at `position`; other bytes stand for themselves."""
    byte = data[position]
    if byte == 0xE2 and data[position + 1] == 0x84 and data[position + 2] == 0xAA:
        return np.uint8(0x6B), 3
    return np.uint8(byte + 32 if 0x41 <= byte <= 0x5A else byte), 1


@njit(cache=True)
def _skip_marks(data, position, end):
    """Where the first word character is, or the end."""
    while position < end:
        character, length = read_character(data, position)
        if class_of(character) & WORD:
            break
        position += length
    return position
