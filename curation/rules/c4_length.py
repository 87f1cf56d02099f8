"""C4's limit on a page's length: more than `max_characters` characters drop it (TFDS 4.9.10 `is_valid_length`)."""

import numpy as np
import pyarrow.compute as pc

from curation.rules.batch import Batch, Decision, Reason, undecided
from manifests.steps import C4Length

SIGNALS = ("characters",)


def judge(batch: Batch, parameters: C4Length) -> Decision:
    cause, value = undecided(batch)
    characters = pc.fill_null(pc.utf8_length(batch.table["text"]), 0).to_numpy().astype(np.float64)
    long = characters > parameters.max_characters
    cause[long] = 0
    value[long] = characters[long]
    reasons = (Reason("c4_length", ">", parameters.max_characters),)
    return Decision(reasons, cause, value, {}, {"characters": characters})
