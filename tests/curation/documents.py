"""Small tables of documents for tests of rules and segments."""

from typing import Any

import numpy as np
import pyarrow as pa

from maslin.curation.text.words import Words
from maslin.manifests.tables import DOCUMENTS


def documents(texts: list[str], **columns: list[Any]) -> pa.Table:
    """Documents with these texts, ids `d0`, `d1`, …, source `test`, and other columns null unless given."""
    number = len(texts)
    given = {"id": [f"d{i}" for i in range(number)], "text": texts, "source": ["test"] * number, **columns}
    return pa.table(
        [pa.array(given.get(field.name, [None] * number), field.type) for field in DOCUMENTS], schema=DOCUMENTS
    )


def spell(words: Words, data: np.ndarray, offsets: np.ndarray, row: int) -> list[str]:
    """The words of a document as text."""
    begin = offsets[row]
    return [
        data[begin + words.start[word] : begin + words.end[word]].tobytes().decode()
        for word in range(words.offsets[row], words.offsets[row + 1])
    ]
