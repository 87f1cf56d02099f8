"""Longer rows of newlines become `max_consecutive` newlines: an edit that drops no document.

Rule `newlines`: empty lines removed. Texts with other line ends, or with a newline at the end, are edited as a whole.
"""

import re

import numpy as np
import pyarrow as pa

from maslin.curation.rules.judgement import Judgement
from maslin.curation.text.batch import Batch, Edited, Spans
from maslin.manifests.steps.refinedweb import NEWLINE_REMOVAL, NewlineRemoval


def judge(batch: Batch, parameters: NewlineRemoval) -> Edited:
    most, texts = parameters.max_consecutive, list(batch.texts)
    rows: list[tuple[int, int, int]] = []
    replacements: list[str | None] = []
    longer = re.compile(f"\n{{{most + 1},}}")
    for row, text in enumerate(batch.texts):
        found = list(longer.finditer(text)) if "\n" * (most + 1) in text else []
        if not found:
            continue
        texts[row] = longer.sub("\n" * most, text)
        lines = text.splitlines()
        if "\n".join(lines) != text:
            rows.append((row, 0, len(lines)))
            replacements.append(texts[row])
            continue
        line = position = 0
        for match in found:
            line += text.count("\n", position, match.start())
            rows.append((row, line + most, line + len(match[0])))
            replacements.append(None)
            line, position = line + len(match[0]), match.end()
    spans = np.array(rows, np.int32).reshape(-1, 3)
    return Judgement(NEWLINE_REMOVAL, parameters, batch).edited(
        pa.array(texts, pa.large_string()),
        Spans(
            ("newlines",), spans[:, 0], np.zeros(len(spans), np.int32), spans[:, 1], spans[:, 2],
            pa.array(replacements, pa.string())),
    )
