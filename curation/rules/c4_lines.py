"""C4's line rules as kernels over UTF-8 bytes.

Lines are kept in flat arrays: `line_offsets` int64 (documents + 1), and for every line `status` uint8, `start`, `end`
int64 (the stripped line in `data`) and `trimmed` (whether stripping changed it). Property tests hold these kernels to
the plain Python of `c4.judge_line`.
"""

import numpy as np

from maslin.curation.text.utf8 import MAY_END_LINE, has_words, line_end_length, space_length, strip_left, strip_right
from maslin.manifests.kernels.kernel import njit

# Status of a line: why it goes, or that it stays. LOREM and BRACE drop the page.
KEPT, BLANK, TOO_LONG_WORD, NO_ENDMARK, TOO_SHORT, JAVASCRIPT, POLICY, LOREM, BRACE, ASK = range(10)
TRIMMED, CITATION = 7, 8  # further classes of a changed line, in edits only

POLICY_PHRASES = (
    "terms of use", "privacy policy", "cookie policy", "uses cookies", "use of cookies", "use cookies",
)
# How the lines are judged, as bits. APOSTROPHE and CURLY_QUOTE: further end marks; PAGE_RULES_FIRST: what drops a page
# is looked for before any line is dropped.
CODE_RULES, CITATIONS, NEEDS_MARK, NO_ELLIPSIS, APOSTROPHE, CURLY_QUOTE, PAGE_RULES_FIRST = 1, 2, 4, 8, 16, 32, 64

_PHRASES = ("lorem ipsum", "javascript", *POLICY_PHRASES)


def _phrase_table() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Phrases as padded bytes, their lengths, and by first byte the set (bits) of phrases that may begin there."""
    padded = np.zeros((len(_PHRASES), max(map(len, _PHRASES))), np.uint8)
    first = np.zeros(256, np.uint16)
    for index, phrase in enumerate(_PHRASES):
        padded[index, : len(phrase)] = np.frombuffer(phrase.encode(), np.uint8)
        first[ord(phrase[0])] |= 1 << index
        first[ord(phrase[0].upper())] |= 1 << index
    first[ord("{")] = _BRACE_BIT
    first[0xE2] = _KELVIN_BIT
    return padded, np.array([len(phrase) for phrase in _PHRASES]), first


_BRACE_BIT, _KELVIN_BIT = 1 << 14, 1 << 15
_PADDED, _LENGTHS, _FIRST = _phrase_table()
_LOREM_BIT, _JAVASCRIPT_BIT, _POLICY_BITS = 1, 2, ((1 << len(_PHRASES)) - 1) & ~3


@njit(cache=True)
def judge_lines(data, offsets, min_words, max_word_characters, mode):
    """(line_offsets, status, starts, ends, trimmed) of all lines; ASK where plain Python must judge.

    Those are lines with citations or the Kelvin sign. `mode`: the bits above.
    """
    room = len(offsets) - 1
    for position in range(offsets[0], offsets[-1]):
        room += MAY_END_LINE[data[position]]
    status, trimmed = np.empty(room, np.uint8), np.zeros(room, np.uint8)
    starts, ends = np.empty(room, np.int64), np.empty(room, np.int64)
    line_offsets = np.zeros(len(offsets), np.int64)
    line = 0
    for row in range(len(offsets) - 1):
        position, last = offsets[row], offsets[row + 1]
        while position < last:
            end, length = position, 0
            while end < last:
                if MAY_END_LINE[data[end]]:
                    length = line_end_length(data, end, last)
                    if length:
                        break
                end += 1
            start = strip_left(data, position, end)
            stop = strip_right(data, start, end)
            starts[line], ends[line] = start, stop
            trimmed[line] = start != position or stop != end
            status[line] = _judge(data, start, stop, min_words, max_word_characters, mode)
            line += 1
            position = end + length
        line_offsets[row + 1] = line
    return line_offsets, status[:line], starts[:line], ends[:line], trimmed[:line]


@njit(cache=True)
def _judge(data, start, end, min_words, max_word_characters, mode):
    if start == end:
        return BLANK if mode & NEEDS_MARK or min_words > 0 else KEPT
    if mode & PAGE_RULES_FIRST:
        found = _find_phrases(data, start, end)
        if found & _LOREM_BIT:
            return LOREM
        if mode & CODE_RULES and found & _BRACE_BIT:
            return BRACE
    if end - start > max_word_characters and _longest_word(data, start, end) > max_word_characters:
        return TOO_LONG_WORD
    marked = _is_marked(data, start, end, mode)
    # Only a line that ends with ] can end otherwise without its citations.
    if mode & NEEDS_MARK and not marked and not (mode & CITATIONS and data[end - 1] == 0x5D):
        return NO_ENDMARK
    if mode & CITATIONS and _has_citation(data, start, end):
        return ASK
    if mode & NEEDS_MARK and not marked:
        return NO_ENDMARK
    if not has_words(data, start, end, min_words):
        return TOO_SHORT
    found = _find_phrases(data, start, end)
    if found == 0:
        return KEPT
    if found & _KELVIN_BIT:
        return ASK
    if found & _LOREM_BIT:
        return LOREM
    if mode & CODE_RULES and found & _JAVASCRIPT_BIT:
        return JAVASCRIPT
    if mode & CODE_RULES and found & _BRACE_BIT:
        return BRACE
    return POLICY if found & _POLICY_BITS else KEPT


@njit(cache=True)
def _is_marked(data, start, end, mode):
    """Whether the line ends with an end mark, and not with an ellipsis where that does not count."""
    last = data[end - 1]
    if last == 0x2E:
        ellipsis = end - start >= 3 and data[end - 2] == 0x2E and data[end - 3] == 0x2E
        return not (mode & NO_ELLIPSIS and ellipsis)
    if last == 0x3F or last == 0x21 or last == 0x22:
        return True
    if last == 0x27:
        return mode & APOSTROPHE != 0
    return (
        mode & CURLY_QUOTE != 0 and last == 0x9D and end - start >= 3
        and data[end - 2] == 0x80 and data[end - 3] == 0xE2
    )


@njit(cache=True)
def _longest_word(data, start, end):
    """Characters of the longest white-space-separated word."""
    longest = characters = 0
    position = start
    while position < end:
        length = space_length(data, position)
        if length:
            characters = 0
            position += length
        else:
            characters += data[position] & 0xC0 != 0x80
            longest = max(longest, characters)
            position += 1
    return longest


@njit(cache=True)
def _has_citation(data, start, end):
    """Whether [12], [edit] or [citation needed] may be there: false only where there is surely none."""
    for position in range(start, end - 1):
        if data[position] == 0x5B:
            byte = data[position + 1]
            if byte == 0x5D or 0x30 <= byte <= 0x39 or byte == 0x65 or byte == 0x63 or byte >= 0x80:
                return True
    return False


@njit(cache=True)
def _find_phrases(data, start, end):
    """The phrases in the lower-cased line, as bits; `{` and the Kelvin sign (which lower-cases to k) too."""
    found = 0
    for position in range(start, end):
        candidates = _FIRST[data[position]]
        if candidates == 0:
            continue
        if candidates == _BRACE_BIT:
            found |= _BRACE_BIT
        elif candidates == _KELVIN_BIT:
            if data[position + 1] == 0x84 and data[position + 2] == 0xAA:
                found |= _KELVIN_BIT
        else:
            for phrase in range(len(_LENGTHS)):
                if candidates >> phrase & 1 and _matches(data, position, end, phrase):
                    found |= 1 << phrase
    return found


@njit(cache=True)
def _matches(data, position, end, phrase):
    if position + _LENGTHS[phrase] > end:
        return False
    for index in range(1, _LENGTHS[phrase]):
        byte = data[position + index]
        if 0x41 <= byte <= 0x5A:
            byte += 32
        if byte != _PADDED[phrase, index]:
            return False
    return True


@njit(cache=True)
def join_lines(data, extra, line_offsets, status, starts, ends, wanted):
    """Kept lines of the `wanted` documents (bool), joined by newlines and stripped.

    The first and the last kept line of a document are not white space alone.
    Lines that start at len(data) or beyond lie in `extra`. Returns (uint8 text, int64 offsets (documents + 1),
    int64 positions in the text where each kept line begins).
    """
    size = 0
    for row in range(len(wanted)):
        if wanted[row]:
            for line in range(line_offsets[row], line_offsets[row + 1]):
                if status[line] == KEPT:
                    size += ends[line] - starts[line] + 1
    text, offsets = np.empty(size, np.uint8), np.zeros(len(wanted) + 1, np.int64)
    begins = np.zeros(len(status), np.int64)
    written = 0
    for row in range(len(wanted)):
        if wanted[row]:
            first = True
            for line in range(line_offsets[row], line_offsets[row + 1]):
                if status[line] != KEPT:
                    continue
                origin, start, end = data, starts[line], ends[line]
                if start >= len(data):
                    origin, start, end = extra, start - len(data), end - len(data)
                if first:  # a citation taken off the front may have left white space
                    start = strip_left(origin, start, end)
                else:
                    text[written] = 0x0A
                    written += 1
                first = False
                begins[line] = written
                for position in range(start, end):
                    text[written] = origin[position]
                    written += 1
            written = strip_right(text, offsets[row], written)
        offsets[row + 1] = written
    return text[:written], offsets, begins


@njit(cache=True)
def changed_spans(data_length, line_offsets, status, starts, trimmed, begins, offsets, wanted):
    """Runs of lines changed alike in the `wanted` documents.

    Returns int64 (spans, 6): document, class (a status, TRIMMED or CITATION), first line, line after the last, and for
    changed lines the bytes of the new text that replace them (else -1, -1).
    """
    spans = np.empty((len(status), 6), np.int64)
    number = 0
    for row in range(len(wanted)):
        if not wanted[row]:
            continue
        before = -1
        for line in range(line_offsets[row], line_offsets[row + 1]):
            kind = status[line]
            if kind == KEPT:
                if starts[line] >= data_length:
                    kind = CITATION
                elif trimmed[line]:
                    kind = TRIMMED
            if kind != KEPT:
                if kind != before:
                    spans[number, 0], spans[number, 1] = row, kind
                    spans[number, 2] = line - line_offsets[row]
                    spans[number, 4] = begins[line] if status[line] == KEPT else -1
                    number += 1
                spans[number - 1, 3] = line + 1 - line_offsets[row]
                spans[number - 1, 5] = -1
            before = kind
    for span in range(number):
        if spans[span, 4] >= 0:  # the replacement ends where the next kept line's newline stands, or the document
            row, line = spans[span, 0], line_offsets[spans[span, 0]] + spans[span, 3]
            while line < line_offsets[row + 1] and status[line] != KEPT:
                line += 1
            spans[span, 5] = begins[line] - 1 if line < line_offsets[row + 1] else offsets[row + 1]
    return spans[:number]
