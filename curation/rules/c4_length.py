"""C4's limit on a page's length: more than `max_characters` characters drop it."""

import numpy as np
import pyarrow.compute as pc

from maslin.curation.rules.judgement import decide
from maslin.curation.text.batch import Batch, Decision
from maslin.manifests.steps.c4 import C4_LENGTH, C4Length


def judge(batch: Batch, parameters: C4Length) -> Decision:
    characters = pc.fill_null(pc.utf8_length(batch.table["text"]), 0).to_numpy().astype(np.float64)
    return decide(C4_LENGTH, parameters, batch, {"characters": characters})
