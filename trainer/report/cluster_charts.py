"""Charts of a deduplication: clusters by their size, and how likely pairs become candidates."""

from collections.abc import Sequence

from maslin.manifests.steps.dedup import candidate_probability, similarity_at
from maslin.trainer.numbers import decimal, integer, percent
from maslin.trainer.report.clusters import Banding, SizeClass
from maslin.trainer.report.html import Html, el
from maslin.trainer.report.svg import DASHES, Axis, chart, line, marker, text

FOUND = (0.5, 0.95, 0.99)  # shares of pairs whose similarity is told
_POINTS = 120  # of the curve


def size_bars(sizes: Sequence[SizeClass], title: str) -> Html:
    """A bar for each class of sizes: the documents that left of its clusters."""
    start, end, clusters, top, pitch = 150, 560, 740, 28, 27
    axis = Axis(0, max(1, *(each.documents - each.clusters for each in sizes)), start, end)
    parts = [text(start - 12, 14, "documents a cluster", anchor="end", class_="small"),
             text(start, 14, "documents that left", class_="small"),
             text(clusters, 14, "clusters", anchor="end", class_="small")]
    for index, each in enumerate(sizes):
        y, left = top + pitch * index, each.documents - each.clusters
        parts += [text(start - 12, y + 15, size_name(each), anchor="end"),
                  el("rect", x=f"{start:g}", y=f"{y + 3:g}", width=f"{max(0.5, axis(left) - start):.2f}", height="17",
                     class_="kept"),
                  text(axis(left) + 10, y + 15, integer(left), class_="figures"),
                  text(clusters, y + 15, integer(each.clusters), anchor="end", class_="figures")]
    described = "; ".join(
        f"{size_name(each)} documents: {integer(each.clusters)} cluster{'s' * (each.clusters != 1)}, of which "
        f"{integer(each.documents - each.clusters)} documents left" for each in sizes)
    return chart(top + pitch * len(sizes) + 6, title, described, *parts)


def size_name(size: SizeClass) -> str:
    return integer(size.least) if size.least == size.most else f"{integer(size.least)} to {integer(size.most)}"


def s_curve(banding: Banding, title: str) -> Html:
    """How likely a pair becomes a candidate, by its similarity; the threshold, and what is found with which share."""
    left, right, top, bottom = 64, 560, 12, 286
    x, y = Axis(0, 1, left, right), Axis(0, 1, bottom, top)
    points = [(each / _POINTS, candidate_probability(each / _POINTS, banding.bands, banding.rows))
              for each in range(_POINTS + 1)]
    parts = []
    if banding.measure == "similarity":  # by another one, what leaves is not told by where it stands here
        parts.append(el("rect", x=f"{x(banding.least):g}", y=f"{top:g}", width=f"{right - x(banding.least):g}",
                        height=f"{bottom - top:g}", class_="margin"))
    for tick in y.ticks(5):
        parts += [line(left, y(tick), right, y(tick), "grid"),
                  text(left - 8, y(tick) + 4, percent(tick, 0), anchor="end", class_="small")]
    for tick in x.ticks(5):
        parts += [line(x(tick), bottom, x(tick), bottom + 5, "axis"),
                  text(x(tick), bottom + 19, decimal(tick, 1), anchor="middle", class_="small")]
    at_threshold = candidate_probability(banding.threshold, banding.bands, banding.rows)
    parts += [
        line(left, bottom, right, bottom, "axis"),
        text((left + right) / 2, bottom + 37, "Jaccard similarity of a pair", anchor="middle", class_="small"),
        el("text", "pairs that become candidates", transform=f"translate(14 {(top + bottom) / 2:g}) rotate(-90)",
           text_anchor="middle", class_="small"),
        el("line", x1=f"{x(banding.threshold):g}", x2=f"{x(banding.threshold):g}", y1=f"{top:g}", y2=f"{bottom:g}",
           class_="s1 curve", stroke_dasharray=DASHES[1]),
        el("polyline", points=" ".join(f"{x(s):g},{y(p):g}" for s, p in points), class_="s0 curve"),
    ]
    beside = right + 40
    parts += [text(beside, 26, f"{integer(banding.bands)} bands of {integer(banding.rows)} rows", class_="strong"),
              text(beside, 54, "of pairs", class_="small"),
              text(beside + 120, 54, "found at similarity", class_="small")]
    for index, share in enumerate(FOUND):
        similarity = similarity_at(share, banding.bands, banding.rows)
        parts += [marker(0, x(similarity), y(share)),
                  text(beside, 78 + 24 * index, percent(share, 0), class_="figures"),
                  text(beside + 120, 78 + 24 * index, decimal(similarity, 3), class_="figures")]
    parts += [marker(1, x(banding.threshold), y(at_threshold)),
              text(beside, 78 + 24 * len(FOUND), percent(at_threshold), class_="figures"),
              text(beside + 120, 78 + 24 * len(FOUND), f"{decimal(banding.threshold, 3)}, the threshold",
                   class_="figures")]
    described = (f"{banding.bands} bands of {banding.rows} rows; at the threshold {decimal(banding.threshold, 3)} "
                 f"{percent(at_threshold)}; " + "; ".join(
                     f"{percent(share, 0)} at {decimal(similarity_at(share, banding.bands, banding.rows), 3)}"
                     for share in FOUND))
    return chart(bottom + 46, title, described, *parts)
