"""How a domain's documents are held out, in words: for reports, and before anything is done."""

from collections.abc import Sequence

from maslin.manifests.workspace import Step, Workspace

_SEVERAL = {"site": "sites", "repository": "repositories"}
_DOCUMENTS = "documents, by group of duplicates"


def how_held_out(held_out: Step, asked: Sequence[str], kind: str, workspace: Workspace) -> str:
    """Of a step that holds a domain, the recipe's `comparison.held_out_by`, and the kind of the source.

    Where the split is built, how many were drawn, or why none could be.
    """
    split = held_out.inputs["split"]
    assert isinstance(split, Step)
    by = split.parameters.get("by")
    if by is None:
        wanted = [word for word in asked if word != "document"]
        return _DOCUMENTS + (f", as its source ({kind}) tells no {' or '.join(wanted)}" if wanted else "")
    several, least = _SEVERAL[by], split.parameters["least_units"]
    if not workspace.is_complete(split) or "held_out_by" not in workspace.manifest(split).summary:
        return f"whole {several}, if at least {least:,} more remain to train on, else {_DOCUMENTS}"
    drawn = workspace.manifest(split).summary["held_out_by"]
    if drawn["by"] == "document":
        return f"{_DOCUMENTS}, and not by {by}: {drawn['why']}"
    mirrors = f", {drawn['mirrors']:,} more going with one that they mirror" if drawn["mirrors"] else ""
    without = f"; {drawn['without']:,} documents are of none" if drawn["without"] else ""
    return (f"whole {several}: {drawn['held_out']:,} of {drawn['of']:,}{mirrors}, with {drawn['bytes_share']:.1%} of "
            f"their text{without}")
