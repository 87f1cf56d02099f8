"""What benchmarks/interval_coverage.py simulated, as tables and pictures."""

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from maslin.trainer.report.html import el, stylesheet
from maslin.trainer.report.svg import Axis, chart, text

RULES = {"squares": "half-widths in squares", "clusters": "… clusters less one", "welch": "Welch", "paired": "paired"}
BOUNDS = {"coverage": 0.94, "any_false": 0.05, "any_false_equivalent": 0.05}
UNEQUAL_LOG_SD = 2.0  # there the wanted coverage is less
UNEQUAL_COVERAGE = 0.93

Row = Mapping[str, Any]


def show(rows: Sequence[Row], pictures: Path | None) -> None:
    """Print, for each rule, how it does over all settings; draw coverage and power, if a folder is given."""
    print(f"{len(rows)} settings, {rows[0]['draws']:,} draws each")
    print("| rule | least coverage | settings below what is wanted | most false claims in a family | "
          "settings above 5 % | most false equivalents | power | width |")
    print("|---|---|---|---|---|---|---|---|")
    for rule in RULES:
        print(f"| {RULES[rule]} | " + " | ".join(_row(rows, rule)) + " |")
    print("\nWorst settings of", RULES["squares"])
    for name, worst in (("coverage", min), ("any_false", max), ("any_false_equivalent", max)):
        row = worst(rows, key=lambda row: row["rules"]["squares"][name])
        print(f"  {name} {row['rules']['squares'][name]:.4f}: {row['setting']}")
    gated = [row["rules"]["squares"] for row in rows if row["rules"]["squares"]["gate_blocks"] is not None]
    if gated:
        blocks = [each["gate_blocks"] for each in gated]
        print(f"\nThe control withholds something in {min(blocks):.2%} to {max(blocks):.2%} of comparisons (mean "
              f"{sum(blocks) / len(blocks):.2%}); any false claim with it at most "
              f"{max(each['any_false_gated'] for each in gated):.4f}, without at most "
              f"{max(each['any_false'] for each in gated):.4f}; given that it withholds nothing at most "
              f"{max(each['any_false_unblocked'] for each in gated):.4f}.")
    for title, key in (("seeds", "seeds"), ("log-sd of sites", "log_sd"), ("sd ratio", "ratio")):
        print(f"\n| {title} | settings | coverage: least, mean | power: ours, Welch, paired |\n|---|---|---|---|")
        for value in sorted({row["setting"][key] for row in rows}):
            of = [row["rules"] for row in rows if row["setting"][key] == value]
            covered = [each["squares"]["coverage"] for each in of]
            powers = [sum(each[rule]["power"] for each in of) / len(of) for rule in ("squares", "welch", "paired")]
            print(f"| {value} | {len(of)} | {min(covered):.3f}, {sum(covered) / len(covered):.3f} | "
                  + ", ".join(f"{power:.2f}" for power in powers) + " |")
    if pictures is not None:
        pictures.mkdir(parents=True, exist_ok=True)
        for name, title in (("coverage", "Coverage of 95 % intervals, a dot a design"),
                            ("any_false", "Share of comparisons with any false claim, a dot a design"),
                            ("power", "Power, a dot a design")):
            (pictures / f"{name}.svg").write_text(strips(rows, name, title), encoding="utf-8")


def _row(rows: Sequence[Row], rule: str) -> list[str]:
    of = [(row["setting"], row["rules"][rule]) for row in rows]
    draws = rows[0]["draws"]
    two_errors = 2 * math.sqrt(0.05 * 0.95 / draws)
    low = sum(told["coverage"] < wanted(setting) - two_errors for setting, told in of)
    high = sum(told["any_false"] > BOUNDS["any_false"] + two_errors for _, told in of)
    power = sum(told["power"] for _, told in of) / len(of)
    width = sum(told["half_width"] / row["rules"]["squares"]["half_width"] for row, (_, told) in zip(
        rows, of, strict=True)) / len(of)
    most = [f"{max(told[error] for _, told in of):.3f}" for error in ("any_false", "any_false_equivalent")]
    return [f"{min(told['coverage'] for _, told in of):.3f}", str(low), most[0], str(high), most[1], f"{power:.3f}",
            f"{width:.2f}"]


def wanted(setting: Mapping[str, Any]) -> float:
    """The coverage that intervals of a design should have."""
    return UNEQUAL_COVERAGE if setting["log_sd"] >= UNEQUAL_LOG_SD else BOUNDS["coverage"]


def strips(rows: Sequence[Row], name: str, title: str, rules: Mapping[str, str] = RULES) -> str:
    """A strip of dots for each rule, stacked where they coincide."""
    values = {rule: sorted(row["rules"][rule][name] for row in rows) for rule in rules}
    low, high = min(map(min, values.values())), max(map(max, values.values()))
    axis = Axis(low, high, 190, 880)
    parts, top = [text(12, 20, title)], 60
    for number, (rule, found) in enumerate(values.items()):
        middle = top + 70 * number
        parts.append(text(12, middle + 4, rules[rule], class_="small"))
        parts += _dots(found, axis, middle)
    bottom = top + 70 * len(values) - 20
    for tick in axis.ticks():
        parts.append(el("line", x1=str(axis(tick)), x2=str(axis(tick)), y1="36", y2=str(bottom), class_="grid"))
        parts.append(text(axis(tick), bottom + 16, f"{tick:.3g}", class_="small", anchor="middle"))
    if (bound := BOUNDS.get(name)) is not None and low <= bound <= high:
        parts.append(el("line", x1=str(axis(bound)), x2=str(axis(bound)), y1="36", y2=str(bottom), class_="zero"))
    picture = chart(bottom + 30, title, f"{len(rows)} designs by {len(rules)} rules", *parts)
    style = f"<style>{stylesheet('chart.css')}svg {{ background: var(--page); }}</style>"
    whole = picture.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    return whole.replace(">", f">{style}", 1) + "\n"


def _dots(found: Sequence[float], axis: Callable[[float], float], middle: float) -> list[Any]:
    taken: dict[int, int] = {}
    dots = []
    for value in found:
        x = round(axis(value) / 3)
        count = taken[x] = taken.get(x, 0) + 1
        y = middle + (count // 2) * (2.4 if count % 2 else -2.4)
        y = max(middle - 30, min(middle + 30, y))
        dots.append(el("circle", cx=str(3 * x), cy=f"{y:.1f}", r="2", class_="mark s0"))
    return dots
