"""mC4's paragraph filter: at least `min_paragraphs` lines of at least `min_characters` characters.

Lines are cut at newlines only and not stripped.
"""

import numpy as np

from maslin.curation.rules.judgement import decide
from maslin.curation.text.batch import Batch, Decision
from maslin.manifests.kernels.kernel import njit
from maslin.manifests.steps.c4 import MC4_PARAGRAPHS, Mc4Paragraphs


def judge(batch: Batch, parameters: Mc4Paragraphs) -> Decision:
    paragraphs = count_paragraphs(batch.data, batch.offsets, parameters.min_characters)
    return decide(MC4_PARAGRAPHS, parameters, batch, {"paragraphs": paragraphs})


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
