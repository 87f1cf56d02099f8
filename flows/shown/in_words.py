"""A comparison in words for a newcomer: what was asked, found, how sure that is, and what it does not say."""

from collections.abc import Sequence

from maslin.trainer.comparison.metrics import Metric
from maslin.trainer.comparison.results import ArmResult, Comparison, DomainResult
from maslin.trainer.comparison.verdict import BETTER, EQUIVALENT, NOT_PRIMARY, UNDECIDED, WORSE


def in_words(comparison: Comparison, tokens: int) -> list[str]:
    """Four paragraphs, each opened by its word; `tokens`: what a run was trained on."""
    return [
        f"Asked. {_asked(comparison, tokens)}", f"Found. {_found(comparison)}", f"How sure. {_how_sure(comparison)}",
        f"Not said. {_not_said(comparison)}"]


def _asked(comparison: Comparison, tokens: int) -> str:
    arms = _listed(list(comparison.arms))
    (first, *_) = comparison.arms.values()
    seeds = max((result.seeds_per_arm for result in first.scored.values()), default=0)
    held_out = _listed([
        f"{result.documents:,} documents of {name}" for name, result in first.scored.items()])
    return (f"Does training on {arms} make a better model than training on {comparison.baseline}, with "
            f"{tokens:,} tokens each? Every mixture was trained {_times(seeds)}, and every model then had to predict "
            f"text that no training corpus holds: {held_out or 'none'}.")


def _found(comparison: Comparison) -> str:
    sentences = []
    for name, arm in comparison.arms.items():
        of_arm = "" if len(comparison.arms) == 1 else f" with {name}"
        sentences += [sentence for each in (BETTER, WORSE, EQUIVALENT, UNDECIDED, NOT_PRIMARY)
                      for sentence in _found_with(comparison, arm, each, of_arm)]
    return " ".join(sentences) or "Nothing was scored."


def _found_with(comparison: Comparison, arm: ArmResult, verdict: str, of_arm: str) -> list[str]:
    metric = comparison.metric
    sentences = []
    for domain, result in arm.scored.items():
        if result.verdict != verdict:
            continue
        figures = (f"{metric.shown(result.arm)} {metric.unit} instead of {metric.shown(result.baseline)}"
                   f"{'' if result.delta_percent is None else f', {abs(result.delta_percent):.1f} %'}")
        if verdict in (BETTER, WORSE):
            less = "fewer" if metric.lower_is_better == (verdict == BETTER) else "more"
            sentences.append(f"On {domain}{of_arm} it is {verdict}: {figures} {less}{_here(result)}.")
        elif verdict == EQUIVALENT:
            sentences.append(f"On {domain}{of_arm} it makes no difference that matters (less than "
                             f"{comparison.settings.margin_percent:g} %){_here(result)}.")
        else:
            sentences.append(f"On {domain}{of_arm} it is open which is better: {_range(metric, result)}.")
    return sentences


def _here(result: DomainResult) -> str:
    return ", on these sites or repositories" if result.conditional else ""


def _range(metric: Metric, result: DomainResult) -> str:
    """How much better or worse the arm may be, in percent of the baseline."""
    low, high = (result.told_low, result.told_high) if result.told_low is not None else (
        result.ci95_low, result.ci95_high)
    if low is None or high is None or not result.baseline:
        return "one run each tells nothing of chance"
    if high - low > result.baseline:
        return "so few documents and runs tell next to nothing here"
    ends = [f"{100 * abs(end / result.baseline):.1f} % {'better' if metric.is_gain(end) else 'worse'}"
            for end in (low, high)]
    return f"anything from {ends[0]} to {ends[1]} fits what was measured"


def _how_sure(comparison: Comparison) -> str:
    tests = comparison.settings.tests
    chance = (f"Were there no difference anywhere, this way of deciding would still claim one in less than "
              f"{100 * (1 - comparison.settings.confidence):.0f} of 100 such comparisons"
              f"{f', all {tests} questions together' if tests > 1 else ''}: it counts both the luck of a run's seed "
              "and the choice of documents.")
    controls = comparison.a_a.domains
    noisy = [name for name, control in controls.items() if control.false_positive]
    if noisy:
        return f"{chance} But {comparison.baseline} differs from itself on {_listed(noisy)}: there nothing is claimed."
    checked = [name for name, control in controls.items() if control.false_positive is False]
    return (f"{chance} As a check, {comparison.baseline} trained again with other seeds was compared with itself: "
            "no difference, as it should be.") if checked else chance


def _not_said(comparison: Comparison) -> str:
    undecided = any(result.verdict == UNDECIDED for arm in comparison.arms.values() for result in arm.scored.values())
    return ("Whether a larger model, or one trained for longer, would answer the same; what other text of these kinds "
            "would give where few sites or repositories were scored; whether better prediction makes a more useful "
            f"model.{' Open does not mean equal: it means too few runs or documents to tell.' if undecided else ''}")


def _times(number: int) -> str:
    return {1: "once", 2: "twice", 3: "three times", 4: "four times", 5: "five times"}.get(number, f"{number} times")


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else ""
