"""What benchmarks/rounds.py simulated, as tables and a picture."""

import math
from collections.abc import Sequence
from pathlib import Path

from benchmarks.coverage_table import BOUNDS, Row, strips, wanted

RULES = {
    "once": "one look", "ours": "k³, exact for t", "square": "k², exact for t", "linear": "k, exact for t",
    "bonferroni": "k³, Bonferroni", "normal": "k³, normal errors", "fleming": "O'Brien–Fleming"}


def show(rows: Sequence[Row], pictures: Path | None) -> None:
    """Print, for each rule, how it does over all settings, and rounds and power by maximum; draw, if told where to."""
    draws = sorted({row["draws"] for row in rows})
    print(f"{len(rows)} settings of {' or '.join(f'{each:,}' for each in draws)} draws")
    print("| rule | least coverage | settings below | most false claims | settings above 5 % | most false "
          "equivalents | settings above 5 % | power | rounds | power, large effect | rounds |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for rule in RULES:
        print(f"| {RULES[rule]} | " + " | ".join(_row(rows, rule)) + " |")
    print("\nWorst settings of", RULES["ours"])
    for name, worst in (("coverage", min), ("any_false", max), ("any_false_equivalent", max)):
        row = worst(rows, key=lambda row: row["rules"]["ours"][name])
        print(f"  {name} {row['rules']['ours'][name]:.4f}: {row['setting']}")
    print("\n| rounds at most | claims | settings | power: once, ours | rounds | large effect: power once, ours | "
          "rounds | rounds until equivalent |\n|---|---|---|---|---|---|---|---|")
    for most in sorted({row["setting"]["seeds"] for row in rows}):
        for few in (True, False):
            of = [row["rules"] for row in rows if row["setting"]["seeds"] == most
                  and (row["setting"]["arms"] * row["setting"]["domains"] <= 6) == few]
            if of:
                print(f"| {most} | {'1 to 6' if few else 'more'} | {len(of)} | {_mean(of, 'once', 'power'):.2f}, "
                      f"{_mean(of, 'ours', 'power'):.2f} | {_mean(of, 'ours', 'rounds'):.1f} | "
                      f"{_mean(of, 'once', 'power_large'):.2f}, {_mean(of, 'ours', 'power_large'):.2f} | "
                      f"{_mean(of, 'ours', 'rounds_large'):.1f} | {_mean(of, 'ours', 'rounds_equal'):.1f} |")
    if pictures is not None:
        pictures.mkdir(parents=True, exist_ok=True)
        for name, key, title in (
                ("rounds_any_false", "any_false", "Any false claim at any look, a dot a design"),
                ("rounds_power", "power", "Power of looking round by round, a dot a design")):
            (pictures / f"{name}.svg").write_text(strips(rows, key, title, RULES), encoding="utf-8")


def _mean(rules: Sequence[Row], rule: str, name: str) -> float:
    return sum(each[rule][name] for each in rules) / len(rules)


def _row(rows: Sequence[Row], rule: str) -> list[str]:
    of = [(row["setting"], row["rules"][rule], row["draws"]) for row in rows]
    told = [each for _, each, _ in of]
    several = [row["rules"] for row in rows if row["setting"]["seeds"] > 2]
    share = [sum(row["rules"][rule][name] / row["setting"]["seeds"] for row in rows if row["setting"]["seeds"] > 2)
             / len(several) for name in ("rounds", "rounds_large")]
    low = sum(each["coverage"] < wanted(setting) - _two_errors(draws) for setting, each, draws in of)
    cells = [f"{min(each['coverage'] for each in told):.3f}", str(low)]
    for name in ("any_false", "any_false_equivalent"):
        cells += [f"{max(each[name] for each in told):.3f}",
                  str(sum(each[name] > BOUNDS[name] + _two_errors(draws) for _, each, draws in of))]
    return [*cells, f"{_mean(several, rule, 'power'):.3f}", f"{share[0]:.0%}",
            f"{_mean(several, rule, 'power_large'):.3f}", f"{share[1]:.0%}"]


def _two_errors(draws: int) -> float:
    return 2 * math.sqrt(0.05 * 0.95 / draws)
