"""The page of a ladder of runs: their losses beside the fitted curve, its numbers and the optimum, with intervals."""

import math
from collections.abc import Sequence

from maslin.trainer.numbers import decimal, integer
from maslin.trainer.report import svg
from maslin.trainer.report.html import Html, document, el, p, table
from maslin.trainer.scaling.ladder import Ladder
from maslin.trainer.scaling.laws import Optimum

_HEIGHT = 400
_CURVE_POINTS = 60


def page(title: str, ladders: dict[str, Ladder], optima: dict[str, Optimum]) -> Html:
    """A section for each mixture. Equal ladders give equal bytes."""
    return document(title, el("h1", title), *(
        part for mixture, ladder in ladders.items() for part in _section(mixture, ladder, optima[mixture])))


def _section(mixture: str, ladder: Ladder, best: Optimum) -> list[Html]:
    intervals = ladder.optimum_intervals(best.flop)
    caption = (
        f"Final training loss of {len(ladder.runs)} runs on {mixture}: a mark a run, a line a model size, from "
        "L(N, D) = E + A / N^α + B / D^β. Parameters count embeddings.")
    names = (("irreducible", "E"), ("parameter_factor", "A"), ("token_factor", "B"), ("alpha", "α"), ("beta", "β"))
    numbers = [(symbol, _figure(getattr(ladder.fit, name)), *map(_figure, ladder.interval(name)))
               for name, symbol in names]
    optimum = [(name, _figure(getattr(best, name)), *map(_figure, intervals[name]))
               for name in ("parameters", "tokens", "loss")]
    columns = [("", "t"), ("estimate", "n"), ("2.5 %", "n"), ("97.5 %", "n")]
    return [
        el("h2", mixture), svg.figure(losses(ladder, best), caption),
        table(columns, numbers, f"The fit, and its interval over {len(ladder.replicates)} draws of the runs."),
        table(columns, optimum, f"The best split of {best.flop:.3g} FLOP by this fit."),
        *([p(f"Extrapolated: the largest run took {ladder.largest_flop:.2g} FLOP, "
             f"{best.flop / ladder.largest_flop:.1f} times less.")] if best.flop > ladder.largest_flop else []),
    ]


def losses(ladder: Ladder, best: Optimum) -> Html:
    """Losses over tokens, both logarithmic: marks of runs, the fitted curve of each size, a hollow mark the optimum."""
    left, right, top, bottom = 64, svg.WIDTH - 150, 12, _HEIGHT - 44
    sizes = sorted({run.parameters for run in ladder.runs})
    tokens = [run.tokens for run in ladder.runs] + [best.tokens]
    seen = [run.loss for run in ladder.runs] + [best.loss]
    x = svg.Axis(math.log10(min(tokens)) - 0.1, math.log10(max(tokens)) + 0.1, left, right)
    y = svg.Axis(math.log10(min(seen)) - 0.01, math.log10(max(seen)) + 0.01, bottom, top)
    parts = []
    for tick in _round_numbers(10**x.low, 10**x.high, (1, 2, 5)):
        at = x(math.log10(tick))
        parts += [svg.line(at, top, at, bottom, "grid"),
                  svg.text(at, bottom + 19, integer(tick), anchor="middle", class_="small")]
    for tick in _round_numbers(10**y.low, 10**y.high, (1, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9)):
        at = y(math.log10(tick))
        parts += [svg.line(left, at, right, at, "grid"),
                  svg.text(left - 8, at + 4, f"{tick:g}", anchor="end", class_="small")]
    parts += [svg.line(left, bottom, right, bottom, "axis"),
              svg.text((left + right) / 2, bottom + 37, "tokens trained", anchor="middle", class_="small")]
    for series, size in enumerate(sizes):
        curve = []
        for index in range(_CURVE_POINTS + 1):
            place = x.low + (x.high - x.low) * index / _CURVE_POINTS
            curve.append(f"{x(place):g},{y.clipped(math.log10(ladder.fit.loss(size, 10**place))):g}")
        parts.append(el("polyline", points=" ".join(curve), class_=f"s{series % svg.SERIES} curve",
                        stroke_dasharray=svg.DASHES[series % svg.SERIES]))
        parts += [svg.marker(series, x(math.log10(run.tokens)), y(math.log10(run.loss)))
                  for run in ladder.runs if run.parameters == size]
        parts += [svg.marker(series, right + 18, top + 16 * series + 8),
                  svg.text(right + 36, top + 16 * series + 12, f"{_figure(size)} parameters")]
    parts.append(svg.marker(len(sizes), x(math.log10(best.tokens)), y(math.log10(best.loss)), radius=7, hollow=True))
    described = "; ".join(
        f"{run.name}: {decimal(run.loss)} nats after {integer(run.tokens)} tokens" for run in ladder.runs)
    return svg.chart(_HEIGHT, "Loss of every run and the fitted curve", described, *parts)


def _round_numbers(low: float, high: float, steps: Sequence[float]) -> list[float]:
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    return [value for power in powers for step in steps if low <= (value := step * 10.0**power) <= high]


def _figure(value: float) -> str:
    return integer(value) if value >= 1000 else decimal(value, 3)
