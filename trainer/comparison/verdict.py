"""Verdicts of a comparison and the plain sentences that state them."""

from collections.abc import Mapping
from typing import Any

from maslin.trainer.comparison import statistics as st

BETTER, WORSE, EQUIVALENT, UNDECIDED = "better", "worse", "practically equivalent", "undecided"
VERDICTS = (BETTER, WORSE, EQUIVALENT, UNDECIDED)


def bits(value: float) -> str:
    """A signed difference in bits per byte with a true minus sign."""
    return f"{value:+.4f}".replace("-", "−")


def p_text(value: float) -> str:
    return "p < 0.0001" if value < 0.0001 else f"p = {value:.2g}"


def decide(result: Mapping[str, Any], control: Mapping[str, Any] | None) -> tuple[str, str]:
    """(verdict, its reason in a sentence) for one arm on one domain.

    A claim needs seeds, an interval and an A/A control that finds nothing; whatever lacks one of them is undecided.
    """
    if not result["documents"]:
        return UNDECIDED, "No held-out documents of this domain were scored."
    if result["method"] is None:
        return UNDECIDED, "One seed an arm gives no interval: nothing tells the recipe from the seed. Train more seeds."
    if control is None or control["p_holm"] is None:
        return UNDECIDED, "There is no A/A control with at least two runs, so the noise is unchecked."
    if control["false_positive"]:
        return UNDECIDED, (
            f"The A/A control differs from the baseline itself (Holm {p_text(control['p_holm'])}), which should not "
            "happen more than one time in twenty: the noise is not understood here.")
    if result["se_total_bits_per_byte"] == 0:
        return UNDECIDED, "All seeds gave identical results: the seeds do not act, so nothing measures the noise."
    if result["p_holm"] <= st.ALPHA:
        verdict = BETTER if result["delta_bits_per_byte"] < 0 else WORSE
        reason = f"The difference is larger than seeds and documents explain (Holm {p_text(result['p_holm'])})."
        if abs(result["delta_bits_per_byte"]) < result["equivalence_margin_bits_per_byte"]:
            reason += (" It is small all the same: less than two runs of one recipe may differ by "
                       f"({result['equivalence_margin_bits_per_byte']:.4f}).")
        return verdict, reason
    if result["equivalence_p_holm"] <= st.ALPHA:
        return EQUIVALENT, (
            f"Whatever difference there is, it is below ±{result['equivalence_margin_bits_per_byte']:.4f}, which "
            "two runs of one recipe may differ by (two one-sided tests, "
            f"Holm {p_text(result['equivalence_p_holm'])}).")
    return UNDECIDED, _undecided(result)


def _undecided(result: Mapping[str, Any]) -> str:
    within = result["ci95_low_bits_per_byte"] <= 0 <= result["ci95_high_bits_per_byte"]
    start = "The interval contains zero." if within else "The interval excludes zero, but not after Holm's correction."
    needed, now = result["seeds_needed"], result["seeds_per_arm"]
    if needed is not None:
        return (f"{start} If the true difference is as large as the one measured, it would take about {needed:,} seeds "
                f"an arm to find it (there are {now}).")
    if not result["documents_suffice"]:
        return (f"{start} To be sure of a difference of this size it would take more held-out documents "
                f"than these {result['documents']:,}, whatever the number of seeds.")
    return f"{start} To be sure of a difference of this size it would take more than {st.MOST_SEEDS:,} seeds an arm."


def arm_sentence(arm: str, baseline: str, results: Mapping[str, Mapping[str, Any]]) -> str:
    """Which domains moved which way, and never one verdict over them."""
    parts = []
    for verdict in VERDICTS:
        names = [
            f"{name} ({bits(result['delta_bits_per_byte'])} bits per byte)" if verdict in (BETTER, WORSE) else name
            for name, result in results.items() if result["verdict"] == verdict
        ]
        if names:
            joined = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
            parts.append(f"{verdict} on {joined}")
    return f"{arm} against {baseline}: {'; '.join(parts)}."


def domain_sentence(name: str, result: Mapping[str, Any]) -> str:
    """One domain: verdict, difference with its interval, and why."""
    if not result["documents"]:
        return f"{name}: {result['verdict']}. {result['reason']}"
    low, high = result["ci95_low_bits_per_byte"], result["ci95_high_bits_per_byte"]
    interval = "no interval" if low is None else f"95 % interval {bits(low)} to {bits(high)}"
    return (f"{name}: {result['verdict']}, {bits(result['delta_bits_per_byte'])} bits per byte ({interval}; less is "
            f"better). {result['reason']}")


def verdict_lines(baseline: str, comparisons: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What a command prints: for each arm a sentence over its domains, then one for each domain."""
    lines = []
    for comparison in comparisons.values():
        lines.append(comparison["sentence"])
        lines += [f"  {domain_sentence(name, result)}" for name, result in comparison["domains"].items()]
    return lines or [f"There is no arm beside the baseline {baseline}: nothing to compare."]
