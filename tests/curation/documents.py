"""Small tables of documents for tests of rules and segments."""

from typing import Any

import pyarrow as pa

from maslin.manifests.tables import DOCUMENTS


def documents(texts: list[str], **columns: list[Any]) -> pa.Table:
    """Documents with these texts, ids `d0`, `d1`, …, source `test`, and other columns null unless given."""
    number = len(texts)
    given = {"id": [f"d{i}" for i in range(number)], "text": texts, "source": ["test"] * number, **columns}
    return pa.table(
        [pa.array(given.get(field.name, [None] * number), field.type) for field in DOCUMENTS], schema=DOCUMENTS
    )
