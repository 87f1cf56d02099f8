"""The deduplications of a corpus: clusters by size, the largest ones with samples, and how pairs are found."""

from collections.abc import Sequence

from maslin.trainer.numbers import decimal, integer
from maslin.trainer.report import cluster_charts, svg
from maslin.trainer.report.clusters import Cluster, Deduplication
from maslin.trainer.report.html import Html, corpus_text, el, fold, join

_TITLE = 70  # characters of how a cluster's text begins


def clusters(corpus: str, found: Sequence[Deduplication]) -> list[Html]:
    """A part for each deduplication that took anything."""
    return [each for one in found for each in _deduplication(corpus, one)]


def _deduplication(corpus: str, found: Deduplication) -> list[Html]:
    title = f"Clusters of duplicates by size, {found.step} of {corpus}"
    parts = [
        el("h4", f"What {found.step} took for the same"),
        svg.figure(
            cluster_charts.size_bars(found.sizes, title),
            f"{title}; of each cluster one stays: {integer(found.left)} documents left for "
            f"{integer(found.clusters)} that stay{'s' * (found.clusters == 1)}."),
    ]
    if (banding := found.banding) is not None:
        curve = f"How {found.step} of {corpus} finds pairs"
        parts.append(svg.figure(
            cluster_charts.s_curve(banding, curve),
            f"{curve}; each candidate is then compared, and leaves from {banding.measure} {banding.least:g} on."))
    return [*parts, fold(
        "The largest cluster" if len(found.largest) == 1 else f"The {len(found.largest)} largest clusters",
        *map(_cluster, found.largest))]


def _cluster(cluster: Cluster) -> Html:
    size = f"{integer(cluster.documents)} documents"
    if cluster.closed:
        return fold(f"{size}: not shown", el("div", el("code", cluster.survivor_id), class_="why"),
                    el("div", "Held-out text, or copies of it."))
    text = cluster.text or ""
    parts = [el("div", "stays: ", el("code", cluster.survivor_id), class_="why"),
             el("div", "Its text is not at hand.") if cluster.text is None else corpus_text(text.strip())]
    for each in cluster.duplicates:
        like = "" if each.similarity is None else f", similarity {decimal(each.similarity, 3)}"
        why = el("div", "left: ", el("code", each.id), like, ", begins the same" if each.text == text else "",
                 class_="why")
        parts.append(el("div", why, "" if each.text == text else corpus_text(each.text.strip())))
    title = " ".join(text.split())
    return fold(join([f"{size}: ", el("bdi", title[:_TITLE] + "…" * (len(title) > _TITLE))]),
                el("div", *parts, class_="example"))
