"""What one act of deduplication may take away before it is doubted: a rule that merges what is unlike takes most.

The limits are the recipe's (`dedup`), and no part of any identity: the ledger stays, for a person to look at, and with
wider limits it is gone on with.
"""

from collections.abc import Sequence

from maslin.manifests.manifest import Manifest
from maslin.manifests.plan import Plan
from maslin.manifests.recipe.recipe import Dedup
from maslin.manifests.steps.dedup import COUNTED
from maslin.manifests.visible import visible_line
from maslin.manifests.workspace import Step, Workspace

CLUSTER_DOCUMENTS = 1_000  # a cluster of no more is never too large, however small the source
_SHOWN, _CHARACTERS = 3, 60  # clusters of a doubt, and of a text of each


def doubts(steps: Sequence[Step], plan: Plan, workspace: Workspace) -> list[str]:
    """A sentence for each finished act of deduplication among `steps` that took more than the recipe allows."""
    limits = plan.recipe.dedup or Dedup()
    found = []
    for step in steps:
        if step.kind != "dedup" or not workspace.is_complete(step):
            continue
        name = step.parameters["steps"][step.parameters["start"]]["step"]
        if name not in COUNTED:  # `one_extractor` leaves one of several by design
            continue
        manifest = workspace.manifest(step)
        counts, clusters = manifest.counted(), manifest.summary.get("largest_clusters", [])
        largest = clusters[0]["documents"] + 1 if clusters else 0  # and the one that stays
        share, cluster_share = (part / max(1, counts.read) for part in (counts.dropped_in_all, largest))
        if share > limits.most_removed:
            much = (f"{counts.dropped_in_all:,} of {counts.read:,} documents ({share:.1%}), more than most_removed "
                    f"{limits.most_removed:g} allows")
            allowed = f"most_removed: {_above(share)}"
        elif largest > CLUSTER_DOCUMENTS and cluster_share > limits.largest_cluster:
            much = (f"all but one of {largest:,} documents that it takes for the same, {cluster_share:.1%} of "
                    f"{counts.read:,}, more than largest_cluster {limits.largest_cluster:g} allows")
            allowed = f"largest_cluster: {_above(cluster_share)}"
        else:
            continue
        texts = _texts_of(manifest, [each["survivor_id"] for each in clusters[:_SHOWN]])
        most = "; ".join(
            f"{each['documents']:,} for {each['survivor_id']}, such as '{visible_line(text, _CHARACTERS)}'"
            for each, text in zip(clusters, texts, strict=False))
        found.append(
            f"{name} of {step.name} would remove {much}, so nothing is made of it." + f" Most: {most}." * bool(most)
            + f" Who would leave for whom stands in {workspace.path(step) / 'ledger'}; `dedup: {{{allowed}}}` in the "
              "recipe allows it.")
    return found


def _texts_of(manifest: Manifest, survivors: Sequence[str]) -> list[str]:
    """How a document begins that leaves for each of these."""
    import pyarrow.compute as pc  # here: only doubts need it

    from maslin.manifests.tables import iter_tables

    found: dict[str, str] = {}
    for rows in iter_tables(manifest.parts("ledger"), ["survivor_id", "text_prefix"]):
        for survivor in set(survivors) - set(found):
            if (place := pc.index(rows["survivor_id"], survivor).as_py()) >= 0:
                found[survivor] = rows["text_prefix"][place].as_py()
        if len(found) == len(survivors):
            break
    return [found[survivor] for survivor in survivors]


def _above(share: float) -> str:
    """The share in three decimals, rounded up."""
    return f"{min(1.0, (int(share * 1000) + 1) / 1000):g}"
