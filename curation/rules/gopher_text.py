"""What Gopher's quality rules count in texts, as kernels over flat arrays; the ways to count are parameters."""

import numpy as np
from numba import uint64

from maslin.curation.text.hash_table import constant_table, slot_of
from maslin.curation.text.text_hash import hash_of
from maslin.curation.text.utf8 import MAY_END_LINE, line_end_length, read_character, strip_left, strip_right
from maslin.curation.text.words import HAS_ASCII_LETTER, HAS_LETTER, HAS_SYMBOL, NOT_MARKS
from maslin.manifests.kernels.kernel import njit

# Columns of measure_words and measure_text.
NON_SYMBOL, NON_SYMBOL_CHARACTERS, WITH_LETTER, WITH_ASCII_LETTER, WITH_SYMBOL, STOP_WORDS, DIFFERENT_STOP_WORDS = (
    range(7))
HASHES, ELLIPSES, LINES, BULLET_LINES, ELLIPSIS_LINES = range(5)

# How lines are cut and looked at, as bits. LINE_ENDS: at every line end of str.splitlines, else at newlines; STRIPPED:
# without white space at their ends; FULL: blank lines do not count; LAST: what follows the last newline is a line even
# when it is empty; DOTS: `...` is an ellipsis too; SPACED_DOTS: so is `. . .`.
LINE_ENDS, STRIPPED, FULL, LAST, DOTS, SPACED_DOTS = 1, 2, 4, 8, 16, 32

# By first byte: whether a symbol or a line end may begin.
MAY_COUNT = MAY_END_LINE != 0
MAY_COUNT[[0x23, 0x2E]] = True


def stop_word_keys(stop_words: tuple[str, ...]) -> np.ndarray:
    """uint64: a hash table of the stop words; nearly all words are none, so that it is an eighth full at most."""
    return constant_table({hash_of(word): 0 for word in stop_words}, fullness=1 / 8)[0]


@njit(cache=True)
def measure_words(offsets, kind, sums, characters, inverses, stop_words):
    """int64 (documents, 7): words that are not only marks, their characters; words with a letter, with an ASCII one,
    with `#` or `…`; stop words, and how many different ones.

    Arguments: see words.Words and `stop_word_keys`.
    """
    documents = len(offsets) - 1
    result = np.zeros((documents, 7), np.int64)
    seen = np.zeros(len(stop_words), np.int64)
    for row in range(documents):
        non_symbol = non_symbol_characters = letter = ascii_letter = symbol = stops = different = 0
        for word in range(offsets[row], offsets[row + 1]):
            index = word + row
            if kind[word] & NOT_MARKS:
                non_symbol += 1
                non_symbol_characters += characters[index + 1] - characters[index]
            letter += kind[word] & HAS_LETTER != 0
            ascii_letter += kind[word] & HAS_ASCII_LETTER != 0
            symbol += kind[word] & HAS_SYMBOL != 0
            slot = slot_of(stop_words, uint64(len(stop_words) - 1), (sums[index + 1] - sums[index]) * inverses[word])
            if stop_words[slot] != 0:
                stops += 1
                if seen[slot] != row + 1:
                    seen[slot] = row + 1
                    different += 1
        result[row, NON_SYMBOL], result[row, NON_SYMBOL_CHARACTERS] = non_symbol, non_symbol_characters
        result[row, WITH_LETTER], result[row, WITH_ASCII_LETTER] = letter, ascii_letter
        result[row, WITH_SYMBOL] = symbol
        result[row, STOP_WORDS], result[row, DIFFERENT_STOP_WORDS] = stops, different
    return result


@njit(cache=True)
def median_lengths(offsets, characters):
    """float64 (documents): the median of the words' characters, 0 where there are no words; see words.Words."""
    result = np.zeros(len(offsets) - 1)
    for row in range(len(result)):
        first, last = offsets[row] + row, offsets[row + 1] + row
        if last > first:
            result[row] = np.median(characters[first + 1 : last + 1] - characters[first:last])
    return result


@njit(cache=True)
def measure_text(data, offsets, mode, bullets):
    """int64 (documents, 5): `#`; ellipses, none in another of its kind; lines; of these, those that begin with a bullet
    and those that end with an ellipsis. `mode`: the bits above; `bullets`: code points."""
    documents = len(offsets) - 1
    result = np.zeros((documents, 5), np.int64)
    for row in range(documents):
        position, last = offsets[row], offsets[row + 1]
        begin = spaced = position
        dots, after_dots = 0, position  # full stops in a row, none in an ellipsis yet, and where they end
        while position < last:
            byte, length = data[position], 0
            if not MAY_COUNT[byte]:
                position += 1
                continue
            if byte == 0x2E:
                dots = dots + 1 if position == after_dots else 1
                after_dots = position + 1
                if dots == 3:
                    result[row, ELLIPSES] += 1
                    dots = 0
                if mode & SPACED_DOTS and position >= spaced and _is_spaced(data, position, last):
                    result[row, ELLIPSES] += 1
                    spaced = position + 5
            elif byte == 0x23:
                result[row, HASHES] += 1
            elif byte == 0xE2 and data[position + 1] == 0x80 and data[position + 2] == 0xA6:
                result[row, ELLIPSES] += 1
            elif byte == 0x0A:
                length = 1
            elif mode & LINE_ENDS and MAY_END_LINE[byte]:
                length = line_end_length(data, position, last)
            if length:
                _judge_line(data, begin, position, mode, bullets, result[row])
                position += length
                begin = position
            else:
                position += 1
        if begin < last or mode & LAST:
            _judge_line(data, begin, last, mode, bullets, result[row])
    return result


@njit(cache=True)
def _is_spaced(data, position, end):
    """Whether `. . .` stands at a full stop."""
    return (
        position + 4 < end and data[position + 1] == 0x20 and data[position + 2] == 0x2E
        and data[position + 3] == 0x20 and data[position + 4] == 0x2E
    )


@njit(cache=True)
def _judge_line(data, start, end, mode, bullets, counts):
    if mode & STRIPPED:
        start = strip_left(data, start, end)
        end = strip_right(data, start, end)
    if start == end:
        counts[LINES] += not mode & FULL
        return
    counts[LINES] += 1
    first, _ = read_character(data, start)
    for bullet in bullets:
        if first == bullet:
            counts[BULLET_LINES] += 1
            break
    if end - start >= 3:
        one, two, three = data[end - 3], data[end - 2], data[end - 1]
        counts[ELLIPSIS_LINES] += (
            (one == 0xE2 and two == 0x80 and three == 0xA6)
            or (mode & DOTS != 0 and one == 0x2E and two == 0x2E and three == 0x2E)
            or (mode & SPACED_DOTS != 0 and end - start >= 5 and _is_spaced(data, end - 5, end))
        )
