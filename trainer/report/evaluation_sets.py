"""What of evaluation sets was found in the corpora that an arm trains on, and what of it stands there still."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow.compute as pc

from maslin.manifests.steps.known import DECONTAMINATION
from maslin.manifests.tables import ITEMS_FOUND_PATH, read_table
from maslin.manifests.workspace import Step, Workspace


@dataclass(frozen=True)
class SetFound:
    """A set in an arm: of its `items` so many were not looked for, `found`, and still stand in what is trained on.

    `documents` hold one of them; they left.
    """

    arm: str
    name: str
    items: int
    not_looked_for: int
    found: int
    documents: int
    standing: int


def sets_found(arm: str, corpora: Sequence[Step], workspace: Workspace) -> list[SetFound]:
    """Of every set that was looked for, by name; an item that several corpora had is found once."""
    summaries = {corpus.directory: workspace.manifest(corpus).summary.get(DECONTAMINATION, {}) for corpus in corpora}
    names = sorted({name for summary in summaries.values() for name in summary})
    tables = [read_table(workspace.path(corpus) / ITEMS_FOUND_PATH) for corpus in corpora
              if summaries[corpus.directory]]
    rows = []
    for name in names:
        told = [summary[name] for summary in summaries.values() if name in summary]
        mine = [table.filter(pc.equal(table["set"], name)) for table in tables]
        found = {item for table in mine for item in table["item"].to_pylist()}
        standing = {item for table in mine for item in table.filter(pc.greater(table["kept"], 0))["item"].to_pylist()}
        rows.append(SetFound(
            arm, name, told[0]["items"], told[0]["too_short"] + told[0]["templates"], len(found),
            sum(each["documents"] for each in told), len(standing)))
    return rows
