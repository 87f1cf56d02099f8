"""Edits of lines applied to many texts at once, as a kernel over UTF-8 bytes.

Property tests hold it to `maslin.curation.evidence.edits.apply`.
"""

import numpy as np

from maslin.curation.text.utf8 import MAY_END_LINE, line_end_length
from maslin.manifests.kernels.kernel import njit


@njit(cache=True)
def apply_edits(data, offsets, edit_offsets, line_starts, line_ends, removed, replacements, replacement_offsets):
    """(uint8 texts, int64 offsets (documents + 1)): lines (str.splitlines) with edits applied, joined with newlines.

    Document i has the edits [edit_offsets[i], edit_offsets[i + 1]), in the order of their lines, which do not overlap;
    a text without any stays as it is. `removed` (bool): nothing stands for the lines, else their replacement.
    """
    texts = np.empty(offsets[-1] - offsets[0] + len(replacements) + len(line_starts) + len(offsets), np.uint8)
    new_offsets = np.zeros(len(offsets), np.int64)
    written = 0
    for row in range(len(offsets) - 1):
        position, last = offsets[row], offsets[row + 1]
        edit, edits_end = edit_offsets[row], edit_offsets[row + 1]
        if edit == edits_end:
            texts[written:written + last - position] = data[position:last]
            written += last - position
            new_offsets[row + 1] = written
            continue
        line, gone_until, first = 0, 0, True
        while True:
            while edit < edits_end and (line_starts[edit] <= line or position >= last):
                if not removed[edit]:
                    if not first:
                        texts[written] = 0x0A
                        written += 1
                    first = False
                    size = replacement_offsets[edit + 1] - replacement_offsets[edit]
                    texts[written:written + size] = (
                        replacements[replacement_offsets[edit]:replacement_offsets[edit + 1]])
                    written += size
                gone_until = line_ends[edit]
                edit += 1
            if position >= last:
                break
            end, length = position, 0
            while end < last:
                if MAY_END_LINE[data[end]]:
                    length = line_end_length(data, end, last)
                    if length:
                        break
                end += 1
            if line >= gone_until:
                if not first:
                    texts[written] = 0x0A
                    written += 1
                first = False
                texts[written:written + end - position] = data[position:end]
                written += end - position
            line += 1
            position = end + length
        new_offsets[row + 1] = written
    return texts[:written], new_offsets
