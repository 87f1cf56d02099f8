"""What became of every path of a crawl that a source reads: a table in its step, and the gist for the manifest."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from maslin.curation.ingest.crawl.read import NOT_HAD
from maslin.manifests.tables import CRAWL_PATHS, CRAWL_PATHS_PATH, TableWriter


def write_paths(directory: Path, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Write the table. Returns its entry for the manifest."""
    with TableWriter(directory, CRAWL_PATHS_PATH, CRAWL_PATHS) as table:
        table.write_rows(list(rows))
    return table.entry


def paths_summary(rows: Sequence[dict[str, Any]], max_failed: float) -> dict[str, Any]:
    """How many were asked for, and why each that was not had was not.

    `retry`: these are more than the share `max_failed`. The step is unfinished then, and the next command asks for
    them again.
    """
    lost = {row["path"]: row[NOT_HAD] for row in rows if row[NOT_HAD] is not None}
    return {"asked": len(rows), "not_had": lost, "retry": len(lost) > max_failed * len(rows)}
