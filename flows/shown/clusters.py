"""What a deduplication took for the same: clusters by size, the largest ones with samples, how pairs are found."""

from maslin.flows.shown.text import table
from maslin.manifests.steps.dedup import candidate_probability, similarity_at
from maslin.manifests.visible import visible_line
from maslin.trainer.report.cluster_charts import FOUND
from maslin.trainer.report.clusters import Cluster, Deduplication

_CLUSTERS = 3  # the page has more
_CHARACTERS = 90  # of a text


def print_clusters(found: Deduplication) -> None:
    print(f"\n{found.step_index} {found.step} took {found.left:,} documents for the same as {found.clusters:,} that "
          + ("stays" if found.clusters == 1 else "stay"))
    rows = [[f"{each.least:,}" if each.least == each.most else f"{each.least:,} to {each.most:,}", each.clusters,
             each.documents - each.clusters] for each in found.sizes]
    print(table(rows, ["documents a cluster", "clusters", "left"]))
    if (banding := found.banding) is not None:
        at = candidate_probability(banding.threshold, banding.bands, banding.rows)
        others = ", ".join(f"{share:.0%} at {similarity_at(share, banding.bands, banding.rows):.3f}" for share in FOUND)
        print(f"pairs found, by Jaccard similarity ({banding.bands} bands of {banding.rows} rows): {at:.1%} at the "
              f"threshold {banding.threshold:g}; {others}")
    for each in found.largest[:_CLUSTERS]:
        _print_cluster(each)


def _print_cluster(cluster: Cluster) -> None:
    print(f"{cluster.documents:,} documents, of which {cluster.survivor_id} stays"
          + (": not shown, held-out text or copies of it" if cluster.closed else ""))
    if cluster.text is not None:
        print(f"  {'stays':<6}  {_beginning(cluster.text)}")
    for each in cluster.duplicates:
        like = "" if each.similarity is None else f"{each.similarity:.3f}"
        print(f"  {like:<6}  {'begins the same' if each.text == cluster.text else _beginning(each.text)}")


def _beginning(text: str) -> str:
    return visible_line(" ".join(text.split()), _CHARACTERS)
