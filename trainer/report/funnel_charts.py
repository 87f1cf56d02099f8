"""Charts of a funnel: what is left after each step, and what each rule removes in sequence and alone."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from maslin.trainer.numbers import integer, percent
from maslin.trainer.report.html import Html, el
from maslin.trainer.report.svg import WIDTH, Axis, chart, text


@dataclass(frozen=True)
class Bar:
    """One bar of a funnel: how much is left after a step, and how much that step took."""

    label: str
    left: int
    removed: int


def bars(first: str, total: int, steps: Iterable[tuple[str, int]]) -> list[Bar]:
    """The whole, then what is left after each step: (name, what it took)."""
    made = [Bar(first, total, 0)]
    for name, removed in steps:
        made.append(Bar(name, made[-1].left - removed, removed))
    return made


def funnel(bars: Sequence[Bar], title: str, unit: str, show: Callable[[int], str] = integer) -> Html:
    """Horizontal bars of what is left, each with the removed part pale at its end; `show` writes a number."""
    start, end, top, pitch = 150, 650, 6, 27
    total = max(1, bars[0].left)
    axis = Axis(0, total, start, end)
    parts = []
    for index, bar in enumerate(bars):
        y = top + pitch * index
        stays, took = axis(bar.left), axis(bar.left + bar.removed)
        parts += [text(start - 12, y + 15, bar.label, anchor="end"),
                  el("rect", x=f"{start:g}", y=f"{y + 3:g}", width=f"{max(0.5, stays - start):.2f}", height="17",
                     class_="kept")]
        if bar.removed:
            parts.append(el("rect", x=f"{stays:g}", y=f"{y + 3.5:g}", width=f"{max(1.0, took - stays):.2f}",
                            height="16", class_="removed"))
        parts.append(text(end + 14, y + 15, f"{show(bar.left)}  ({percent(bar.left / total)})", class_="figures"))
        if bar.removed:
            parts.append(text(WIDTH - 4, y + 15, f"−{show(bar.removed)}", anchor="end", class_="figures"))
    described = "; ".join(
        f"{bar.label}: {show(bar.left)} {unit} left, {show(bar.removed)} removed" for bar in bars)
    return chart(top + pitch * len(bars) + 6, title, described, *parts)


@dataclass(frozen=True)
class Pair:
    """One rule: what it removes in sequence and alone; `unknown`: what it may remove alone besides."""

    label: str
    in_sequence: int
    alone: int
    unknown: int


def pairs(rules: Sequence[Pair], title: str, unit: str) -> Html:
    """Two bars a rule: in sequence (full), and alone (outlined) with what is not known dashed behind it."""
    start, end, top, pitch = 250, 650, 28, 33
    most = max(1, *(max(rule.in_sequence, rule.alone + rule.unknown) for rule in rules))
    axis = Axis(0, most, start, end)
    parts = [text(start, 14, f"above: in sequence; below: alone; dashed: not stored ({unit})", class_="small")]
    for index, rule in enumerate(rules):
        y = top + pitch * index
        unknown = f" + ≤{integer(rule.unknown)}" if rule.unknown else ""
        parts += [
            text(start - 12, y + 16, rule.label, anchor="end"),
            _rect(start, y, axis(rule.in_sequence), "s1 mark"), _rect(start, y + 12, axis(rule.alone), "kept"),
            text(end + 14, y + 9, integer(rule.in_sequence), class_="figures small"),
            text(end + 14, y + 22, f"{integer(rule.alone)}{unknown}", class_="figures small"),
        ]
        if rule.unknown:
            parts.append(_rect(axis(rule.alone), y + 12, axis(rule.alone + rule.unknown), "removed"))
    described = "; ".join(
        f"{rule.label}: {integer(rule.in_sequence)} in sequence, {integer(rule.alone)} alone"
        + (f", {integer(rule.unknown)} unknown" if rule.unknown else "") for rule in rules)
    return chart(top + pitch * len(rules) + 4, title, described, *parts)


def _rect(left: float, y: float, right: float, class_: str) -> Html:
    return el("rect", x=f"{left:g}", y=f"{y:g}", width=f"{max(0.5, right - left):.2f}", height="10", class_=class_)
