"""Verdicts of a comparison and the plain sentences that state them."""

from collections.abc import Mapping

from maslin.trainer.comparison.metrics import Metric
from maslin.trainer.comparison.results import (
    ArmResult,
    ControlResult,
    Difference,
    DomainResult,
    NotScored,
    RoundsResult,
)
from maslin.trainer.comparison.uncertainty import ALPHA, MOST_SEEDS

BETTER, WORSE, EQUIVALENT, UNDECIDED = "better", "worse", "practically equivalent", "undecided"
NOT_PRIMARY = "no claim"
SETTLED = (BETTER, WORSE, EQUIVALENT)  # at a look, so that later ones do not change it
VERDICTS = (BETTER, WORSE, EQUIVALENT, UNDECIDED, NOT_PRIMARY)
NOT_SCORED = NotScored(verdict=UNDECIDED, reason="No held-out documents of this domain were scored.")


def p_text(value: float) -> str:
    return "p < 0.0001" if value < 0.0001 else f"p = {value:.2g}"


def decide(metric: Metric, result: DomainResult, control: ControlResult | None) -> tuple[str, str]:
    """(verdict, its reason in a sentence) for one arm on one domain, Holm's corrections done.

    A claim needs seeds, an interval and an A/A control that finds nothing; whatever lacks one of them is undecided.
    """
    if not result.primary:
        return NOT_PRIMARY, "This domain is not among `comparison.primary`: its interval stands for itself alone."
    if result.deltas and not any(each.delta for each in result.deltas):
        return UNDECIDED, (
            "Every run gave the baseline's results to the last digit: they were trained on the same sequences, so "
            "there is nothing to compare.")
    if result.p_holm is None:
        return UNDECIDED, "One seed an arm gives no interval: nothing tells the recipe from the seed. Train more seeds."
    if control is None or control.p_holm is None:
        return UNDECIDED, "There is no A/A control with at least two runs, so the noise is unchecked."
    if control.false_positive:
        return UNDECIDED, (
            f"The A/A control differs from the baseline itself (Holm {p_text(control.p_holm)}), which should not "
            "happen more than one time in twenty: the noise is not understood here, so no claim is made.")
    if result.se_total == 0:
        return UNDECIDED, "All seeds gave identical results: the seeds do not act, so nothing measures the noise."
    here = " The claim is of these sites or repositories, which are too few to speak of others." \
        if result.conditional else ""
    margin = f"±{metric.shown(result.equivalence_margin)}, which was to count as nothing"
    if result.p_holm <= ALPHA:
        verdict = BETTER if metric.is_gain(result.delta) else WORSE
        reason = f"The difference is larger than seeds and documents explain (Holm {p_text(result.p_holm)})."
        if abs(result.delta) < result.equivalence_margin:
            reason += f" It is small all the same: within {margin}."
        return verdict, reason + here
    if result.equivalence_p_holm is not None and result.equivalence_p_holm <= ALPHA:
        return EQUIVALENT, (
            f"Whatever difference there is, it is within {margin} "
            f"(two one-sided tests, Holm {p_text(result.equivalence_p_holm)}).{here}")
    return UNDECIDED, _undecided(result)


def _undecided(result: DomainResult) -> str:
    start = "The interval contains zero."
    least = result.seeds_needed[0] if result.seeds_needed else None
    if least is None:
        return start
    if least.seeds is None:
        return (f"{start} To be sure of a difference of {least.effect_percent:g} % it would take more than "
                f"{MOST_SEEDS:,} seeds an arm, or more held-out documents than these {result.documents:,}.")
    return (f"{start} To find a difference of {least.effect_percent:g} % four times in five, it would take "
            f"{least.seeds:,} seeds an arm (there are {result.seeds_per_arm}).")


def arm_sentence(metric: Metric, arm: str, baseline: str, results: Mapping[str, DomainResult | NotScored]) -> str:
    """Which domains moved which way, and never one verdict over them."""
    parts = []
    for verdict in VERDICTS:
        names = [
            f"{name} ({difference_text(metric, result)}{', on these sites' if result.conditional else ''})"
            if isinstance(result, DomainResult) and verdict in (BETTER, WORSE) else name
            for name, result in results.items() if result.verdict == verdict
        ]
        if names:
            joined = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
            parts.append(f"{verdict} on {joined}")
    return f"{arm} against {baseline}: {'; '.join(parts)}."


def difference_text(metric: Metric, result: DomainResult) -> str:
    """The difference in the metric's unit."""
    return f"{metric.difference(result.delta)} {metric.unit}"


def interval_text(metric: Metric, result: Difference) -> str:
    """The interval that was tested with, with its level, where a claim may be made; else the one of 95 % alone."""
    if result.ci95_low is None:
        return "no interval"
    if result.told_low is None:
        return f"95 % interval {metric.difference(result.ci95_low)} to {metric.difference(result.ci95_high)}"
    return (f"{confidence_text(result.told_confidence)} interval {metric.difference(result.told_low)} to "
            f"{metric.difference(result.told_high)}")


def confidence_text(confidence: float | None) -> str:
    return "" if confidence is None else f"{100 * confidence:.4g} %"


def domain_sentence(metric: Metric, name: str, result: DomainResult | NotScored) -> str:
    """One domain: verdict, difference with its interval, and why."""
    if isinstance(result, NotScored):
        return f"{name}: {result.verdict}. {result.reason}"
    return (f"{name}: {result.verdict}, {difference_text(metric, result)} ({interval_text(metric, result)}; "
            f"{metric.direction}). {result.reason}")


def verdict_lines(metric: Metric, baseline: str, arms: Mapping[str, ArmResult]) -> list[str]:
    """What a command prints: for each arm a sentence over its domains, then one for each domain."""
    lines = []
    for arm in arms.values():
        lines.append(arm.sentence)
        lines += [f"  {domain_sentence(metric, name, result)}" for name, result in arm.domains.items()]
    return lines or [f"There is no arm beside the baseline {baseline}: nothing to compare."]


def rounds_sentence(rounds: RoundsResult) -> str:
    """After which rounds it was looked, and why no more follow."""
    last, most = rounds.looks[-1], rounds.plan["rounds"]
    ended = {
        "settled": "ended there, as every claim is settled",
        "spent": f"ended there, as the rounds are spent, with {last.open} of the claims undecided",
        "": f"{last.open} of the claims are undecided, so it goes on"}[rounds.ended]
    return (f"Looked after each round of seeds from the second to the {_nth(last.rounds)}, of at most {most} "
            f"(plan {rounds.plan['digest']}, fixed before the first look): {ended}.")


def _nth(number: int) -> str:
    suffix = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"
