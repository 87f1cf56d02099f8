"""Charts as inline SVG: told apart by shape, dash and label as well as by colour, and described in words."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from maslin.trainer.numbers import decimal, integer, signed
from maslin.trainer.report.html import Html, download, el, stylesheet

WIDTH = 912
DASHES = ("none", "7 3", "2 3", "9 3 2 3", "12 4", "4 2 1 2")
SERIES = len(DASHES)  # colours, dashes and marker shapes come round again after this many


@dataclass(frozen=True)
class Axis:
    """A linear scale from data [low, high] to pixels [start, end]."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 2)

    def clipped(self, value: float) -> float:
        return self(min(max(value, self.low), self.high))

    def ticks(self, about: int = 6) -> list[float]:
        """Round numbers within the scale."""
        raw = (self.high - self.low) / about
        power = 10.0 ** math.floor(math.log10(raw))
        step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= raw * 0.999)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [index * step for index in range(first, last + 1)]


def tick_digits(ticks: Sequence[float]) -> int:
    """Decimals that tell neighbouring ticks apart."""
    step = min((b - a for a, b in pairwise(ticks)), default=1.0)
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    return digits + (round(step * 10**digits, 6) % 1 > 1e-6)


def figure(svg: Html, caption: str) -> Html:
    """A chart over its caption; to be had as an SVG file that brings its own style."""
    alone = svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    styled = alone.replace(">", f"><style>{stylesheet('chart.css')}svg {{ background: var(--page); }}</style>", 1)
    title = caption.partition(".")[0].partition(";")[0]
    return el("figure", el("div", svg, class_="scroll", tabindex="0", role="region", aria_label=caption),
              el("figcaption", caption, download("SVG", title, "svg", "image/svg+xml", styled)))


def chart(height: float, title: str, description: str, *children: Html, width: float = WIDTH) -> Html:
    return el("svg", el("title", title), el("desc", description), *children, viewBox=f"0 0 {width:g} {height:g}",
              width=f"{width:g}", height=f"{height:g}", role="img", aria_label=f"{title}. {description}")


def text(x: float, y: float, content: str, *, anchor: str = "start", class_: str | None = None) -> Html:
    return el("text", content, x=f"{x:g}", y=f"{y:g}", text_anchor=anchor, class_=class_)


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Html:
    return el("line", x1=f"{x1:g}", y1=f"{y1:g}", x2=f"{x2:g}", y2=f"{y2:g}", class_=class_)


def marker(series: int, x: float, y: float, radius: float = 4.5, hollow: bool = False) -> Html:
    """A circle, square, diamond, triangle, inverted triangle or cross: a shape of its own for each series."""
    r, shape = radius, series % SERIES
    class_ = f"s{shape} mark{' hollow' if hollow else ''}"
    if shape == 0:
        return el("circle", cx=f"{x:g}", cy=f"{y:g}", r=f"{r:g}", class_=class_)
    points = {
        1: [(-r, -r), (r, -r), (r, r), (-r, r)],
        2: [(0, -1.35 * r), (1.35 * r, 0), (0, 1.35 * r), (-1.35 * r, 0)],
        3: [(0, -1.3 * r), (1.2 * r, r), (-1.2 * r, r)],
        4: [(0, 1.3 * r), (1.2 * r, -r), (-1.2 * r, -r)],
        5: [(-r, -0.35 * r), (-0.35 * r, -0.35 * r), (-0.35 * r, -r), (0.35 * r, -r), (0.35 * r, -0.35 * r),
            (r, -0.35 * r), (r, 0.35 * r), (0.35 * r, 0.35 * r), (0.35 * r, r), (-0.35 * r, r), (-0.35 * r, 0.35 * r),
            (-r, 0.35 * r)],
    }[shape]
    return el("polygon", points=" ".join(f"{x + dx:.2f},{y + dy:.2f}" for dx, dy in points), class_=class_)


@dataclass(frozen=True)
class ForestRow:
    """One line of a forest plot: an estimate with its interval (None: there is none), and the region of equivalence."""

    label: str
    series: int
    estimate: float
    low: float | None
    high: float | None
    margin: float | None
    verdict: str


def forest(
    rows: Sequence[ForestRow], title: str, xlabel: tuple[str, str, str], extent: float, shown_digits: int = 4,
) -> Html:
    """Estimates with intervals around zero, on an axis from −extent to extent.

    `xlabel` is (left of zero, unit, right of zero). What lies beyond the axis becomes an arrow at its end; the figures
    beside it are whole, with `shown_digits` decimals.
    """
    left, right, top, pitch = 150, 500, 34, 30
    bottom = top + pitch * len(rows)
    axis = Axis(-extent, extent, left, right)
    ticks = axis.ticks(5)
    digits = tick_digits(ticks)
    parts = [text(left, 16, f"← {xlabel[0]}", class_="small"), text(right, 16, f"{xlabel[2]} →", anchor="end",
                                                                   class_="small"),
             text(right + 22, 16, "difference [interval]", class_="small"),
             text(WIDTH - 4, 16, "verdict", anchor="end", class_="small")]
    for tick in ticks:
        parts += [line(axis(tick), top - 8, axis(tick), bottom, "grid"),
                  text(axis(tick), bottom + 16, signed(tick, digits) if tick else "0", anchor="middle", class_="small")]
    parts.append(text((left + right) / 2, bottom + 34, xlabel[1], anchor="middle", class_="small"))
    middles = [top + pitch * (index + 0.5) for index in range(len(rows))]
    for row, y in zip(rows, middles, strict=True):
        if row.margin:
            low, high = axis.clipped(-row.margin), axis.clipped(row.margin)
            parts.append(el("rect", x=f"{low:g}", y=f"{y - 9:g}", width=f"{max(1.0, high - low):.2f}", height="18",
                            class_="margin"))
    parts.append(line(axis(0), top - 8, axis(0), bottom, "zero"))
    for row, y in zip(rows, middles, strict=True):
        parts.append(text(left - 12, y + 4, row.label, anchor="end"))
        interval = "no interval"
        if row.low is not None and row.high is not None:
            interval = f"[{signed(row.low, shown_digits)}, {signed(row.high, shown_digits)}]"
            a, b = axis.clipped(row.low), axis.clipped(row.high)
            if b > left and a < right:
                parts += [line(a, y, b, y, f"s{row.series % SERIES} interval"),
                          _end(a, y, -1, row.low < axis.low, row.series),
                          _end(b, y, 1, row.high > axis.high, row.series)]
        if axis.low <= row.estimate <= axis.high:
            parts.append(marker(row.series, axis(row.estimate), y))
        else:
            side = 1 if row.estimate > 0 else -1
            parts += [_end(axis.clipped(row.estimate) - offset * side, y, side, True, row.series) for offset in (0, 6)]
        parts += [text(right + 22, y + 4, f"{signed(row.estimate, shown_digits)} {interval}", class_="figures"),
                  text(WIDTH - 4, y + 4, row.verdict, anchor="end", class_="strong")]
    described = "; ".join(
        f"{row.label}: {signed(row.estimate, shown_digits)}"
        + (f" from {signed(row.low, shown_digits)} to {signed(row.high, shown_digits)}" if row.low is not None
           else " without interval")
        + f", {row.verdict}" for row in rows)
    return chart(bottom + 44, title, described, *parts)


def forest_extents(rows: Sequence[ForestRow]) -> list[float]:
    """Half-widths of the axis: one for all rows, and a closer one where some would vanish on it."""
    reach = sorted(max(abs(value) for value in (row.estimate, row.low, row.high, row.margin) if value is not None)
                   for row in rows)
    near = [value for value in reach if value < reach[-1] / 4]
    return [1.06 * (value or 1.0) for value in ([reach[-1], near[-1]] if near else [reach[-1]])]


def _end(x: float, y: float, side: int, beyond: bool, series: int) -> Html:
    class_ = f"s{series % SERIES} interval"
    if beyond:
        tip, back = x + 5 * side, x - 3 * side
        return el("path", d=f"M{back:g} {y - 5:g} L{tip:g} {y:g} L{back:g} {y + 5:g}", class_=class_ + " open")
    return line(x, y - 5, x, y + 5, class_)


@dataclass(frozen=True)
class DotRow:
    label: str
    series: int
    values: Sequence[float]
    hollow: bool = False


def dots(rows: Sequence[DotRow], title: str, unit: str, shown_digits: int = 4) -> Html:
    """A strip of dots a row: every run by itself, with a bar at the mean of its group."""
    left, right, top, pitch = 150, WIDTH - 90, 8, 26
    bottom = top + pitch * len(rows)
    values = [value for row in rows for value in row.values]
    spread = (max(values) - min(values)) or abs(max(values)) * 0.01 or 1.0
    axis = Axis(min(values) - 0.06 * spread, max(values) + 0.06 * spread, left, right)
    ticks = axis.ticks(6)
    digits = tick_digits(ticks)
    parts = []
    for tick in ticks:
        parts += [line(axis(tick), top, axis(tick), bottom, "grid"),
                  text(axis(tick), bottom + 16, decimal(tick, digits), anchor="middle", class_="small")]
    parts.append(text((left + right) / 2, bottom + 33, unit, anchor="middle", class_="small"))
    for index, row in enumerate(rows):
        y = top + pitch * (index + 0.5)
        mean = sum(row.values) / len(row.values)
        parts += [text(left - 12, y + 4, row.label, anchor="end"),
                  line(axis(mean), y - 10, axis(mean), y + 10, f"s{row.series % SERIES} interval")]
        parts += [marker(row.series, axis(value), y, hollow=row.hollow) for value in row.values]
        parts.append(text(right + 12, y + 4, decimal(mean, shown_digits), class_="figures"))
    described = "; ".join(
        f"{row.label}: " + ", ".join(decimal(value, shown_digits) for value in row.values) for row in rows)
    return chart(bottom + 42, title, described, *parts)


@dataclass(frozen=True)
class Curve:
    """A line with a band: points (x, mean, lowest, highest)."""

    label: str
    series: int
    points: Sequence[tuple[float, float, float, float]]


def curves(lines: Sequence[Curve], title: str, xlabel: str, ylabel: str, height: float = 330) -> Html:
    """Lines with bands. The y axis begins where the steep first tenth of training is over."""
    left, right, top, bottom = 64, WIDTH - 150, 12, height - 44
    points = [point for curve in lines for point in curve.points]
    far = max(point[0] for point in points)
    settled = [point for point in points if point[0] >= 0.1 * far] or points
    low, high = min(point[2] for point in settled), max(point[3] for point in settled)
    pad = 0.05 * (high - low) or 0.05 * abs(high) or 1.0
    x, y = Axis(0, far, left, right), Axis(low - pad, high + pad, bottom, top)
    yticks, xticks = y.ticks(6), x.ticks(6)
    digits = tick_digits(yticks)
    parts = []
    for tick in yticks:
        parts += [line(left, y(tick), right, y(tick), "grid"),
                  text(left - 8, y(tick) + 4, decimal(tick, digits), anchor="end", class_="small")]
    for tick in xticks:
        parts += [line(x(tick), bottom, x(tick), bottom + 5, "axis"),
                  text(x(tick), bottom + 19, integer(tick), anchor="middle", class_="small")]
    parts += [line(left, bottom, right, bottom, "axis"),
              text((left + right) / 2, bottom + 37, xlabel, anchor="middle", class_="small"),
              el("text", ylabel, transform=f"translate(14 {(top + bottom) / 2:g}) rotate(-90)", text_anchor="middle",
                 class_="small")]
    for curve in lines:
        shown = [point for point in curve.points if point[1] <= y.high]
        upper = " ".join(f"{x(px):g},{y.clipped(hi):g}" for px, _, _, hi in shown)
        lower = " ".join(f"{x(px):g},{y.clipped(lo):g}" for px, _, lo, _ in reversed(shown))
        parts.append(el("polygon", points=f"{upper} {lower}", class_=f"s{curve.series % SERIES} band"))
    for curve in lines:
        shown = [point for point in curve.points if point[1] <= y.high]
        parts.append(el("polyline", points=" ".join(f"{x(px):g},{y(mean):g}" for px, mean, _, _ in shown),
                        class_=f"s{curve.series % SERIES} curve",
                        stroke_dasharray=DASHES[curve.series % SERIES]))
    ends = _apart([y.clipped(curve.points[-1][1]) for curve in lines], 16)
    for curve, end in zip(lines, ends, strict=True):
        parts += [el("line", x1=f"{right + 6:g}", x2=f"{right + 30:g}", y1=f"{end:g}", y2=f"{end:g}",
                     class_=f"s{curve.series % SERIES} curve", stroke_dasharray=DASHES[curve.series % SERIES]),
                  text(right + 36, end + 4, curve.label)]
    described = "; ".join(
        f"{curve.label} ends at {decimal(curve.points[-1][1])} after {integer(curve.points[-1][0])}" for curve in lines)
    return chart(height, title, described, *parts)


def _apart(positions: Sequence[float], gap: float) -> list[float]:
    """Move labels down until each is `gap` below the one above it."""
    placed = list(positions)
    last = -math.inf
    for index in sorted(range(len(placed)), key=lambda index: (placed[index], index)):
        placed[index] = last = max(placed[index], last + gap)
    return placed
