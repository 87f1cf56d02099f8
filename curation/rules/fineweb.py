"""FineWeb's quality filters, exactly as datatrove 0.10 has them (`fineweb_quality_filter.py`); Penedo et al. 2024.

Lines are those of `split("\\n")` that are not blank, unstripped. In this order: `empty`, no such line;
`line_punct_ratio`, the share of lines that end with a terminal mark of any script (not quotes), too small;
`short_line_ratio`, the share of lines of at most `short_line_characters` characters, too large; `char_dup_ratio`, the
characters of lines met before, of all but newlines, too many; `list_ratio`, newlines to words, too many.

Signals: the four values, null for empty texts. Words: see words.py.
"""

import numpy as np

from maslin.curation.rules.judgement import decide, ratio
from maslin.curation.text.batch import Batch, Decision
from maslin.curation.text.hash_table import add_key, clear_table, table_size
from maslin.curation.text.spacy.tables import TERMINAL, class_of
from maslin.curation.text.text_hash import hash_bytes
from maslin.curation.text.utf8 import previous_character, read_character, strip_left
from maslin.curation.text.words import count_words
from maslin.manifests.kernels.kernel import njit
from maslin.manifests.steps.fineweb import FINEWEB, FineWeb

LINES, ENDED, SHORT, DUPLICATE_CHARACTERS, NEWLINES, CHARACTERS = range(6)


def judge(batch: Batch, parameters: FineWeb) -> Decision:
    measured = measure_lines(batch.data, batch.offsets, parameters.short_line_characters)
    lines = measured[:, LINES].astype(np.float64)
    words = np.where(lines > 0, count_words(batch, parameters.words), 0)
    signals = {
        "line_punct_ratio": ratio(measured[:, ENDED], lines), "short_line_ratio": ratio(measured[:, SHORT], lines),
        "char_dup_ratio": ratio(measured[:, DUPLICATE_CHARACTERS], np.where(lines > 0, measured[:, CHARACTERS], 0)),
        "list_ratio": ratio(measured[:, NEWLINES], words),
    }
    return decide(FINEWEB, parameters, batch, signals, {"empty": lines})


@njit(cache=True)
def measure_lines(data, offsets, short):
    """int64 (documents, 6): lines that are not blank; of these: those that end with a terminal mark, those of at most
    `short` characters, characters of those met before; newlines; characters that are no newlines."""
    documents = len(offsets) - 1
    result = np.zeros((documents, 6), np.int64)
    keys = np.zeros(1 << 10, np.uint64)
    for row in range(documents):
        position, last = offsets[row], offsets[row + 1]
        newlines = 0
        for index in range(position, last):
            newlines += data[index] == 0x0A
        if table_size(newlines + 1) > len(keys):
            keys = np.zeros(table_size(newlines + 1), np.uint64)
        mask = clear_table(keys, newlines + 1)
        result[row, NEWLINES] = newlines
        while position < last:
            end, characters = position, 0
            while end < last and data[end] != 0x0A:
                characters += data[end] & 0xC0 != 0x80
                end += 1
            result[row, CHARACTERS] += characters
            if strip_left(data, position, end) < end:
                final, _ = read_character(data, previous_character(data, position, end))
                result[row, LINES] += 1
                result[row, ENDED] += class_of(final) & TERMINAL != 0
                result[row, SHORT] += characters <= short
                if add_key(keys, mask, hash_bytes(data, position, end)):
                    result[row, DUPLICATE_CHARACTERS] += characters
            position = end + 1
    return result
