"""C4's limit on a page's length: more than `max_characters` characters drop it."""

import numpy as np
import pyarrow.compute as pc

from maslin.curation.rules.thresholds import reasons
from maslin.curation.text.batch import Batch, Decision, undecided
from maslin.manifests.steps.steps import C4Length

SIGNALS = ("characters",)


def judge(batch: Batch, parameters: C4Length) -> Decision:
    cause, value = undecided(batch)
    characters = pc.fill_null(pc.utf8_length(batch.table["text"]), 0).to_numpy().astype(np.float64)
    long = characters > parameters.max_characters
    cause[long] = 0
    value[long] = characters[long]
    return Decision(reasons("c4_length", parameters), cause, value, {}, {"characters": characters})
