"""mC4's paragraph filter: at least `min_paragraphs` lines of at least `min_characters` characters.

Lines are cut at newlines only and not stripped.
"""

import numpy as np
from numba import njit

from maslin.curation.rules.thresholds import reasons
from maslin.curation.text.batch import Batch, Decision, undecided
from maslin.manifests.steps.steps import Mc4Paragraphs

SIGNALS = ("paragraphs",)


def judge(batch: Batch, parameters: Mc4Paragraphs) -> Decision:
    cause, value = undecided(batch)
    paragraphs = count_paragraphs(batch.data, batch.offsets, parameters.min_characters)
    few = paragraphs < parameters.min_paragraphs
    cause[few] = 0
    value[few] = paragraphs[few]
    return Decision(
        reasons("mc4_paragraphs", parameters), cause, value, {}, {"paragraphs": paragraphs})


@njit(cache=True)
def count_paragraphs(data, offsets, min_characters):
    """float64 (documents): lines of at least `min_characters` characters; `data` and `offsets` as in Batch."""
    counts = np.zeros(len(offsets) - 1, np.float64)
    for row in range(len(counts)):
        characters = 0
        for position in range(offsets[row], offsets[row + 1]):
            byte = data[position]
            if byte == 0x0A:
                counts[row] += characters >= min_characters
                characters = 0
            else:
                characters += byte & 0xC0 != 0x80
        counts[row] += characters >= min_characters
    return counts
