"""Every rule in a line; and what other parameters would change, beside what is."""

from collections.abc import Iterator
from typing import Any

from maslin.curation.evidence.rejudge import Rejudged, interval, rejudge, without_code
from maslin.curation.evidence.trial import OVER_ALL, SURVIVOR_LEAVES, Trial, decides_over_all
from maslin.flows.shown.text import table
from maslin.manifests.steps.known import STEPS, decode
from maslin.manifests.steps.presets import PRESETS
from maslin.manifests.steps.spec import Origins


def print_rules() -> None:
    """Every step with its source, and each of its rules in a line, with the default threshold."""
    for name, spec in STEPS.items():
        print(f"{name}   ({spec.sources})")
        for rule in spec.rules:
            limit = rule.limit(spec.resolved(spec.parameters()))
            default = f" = {limit:g}" if limit is not None and isinstance(rule.threshold, str) else ""
            print(f"  {rule.name:<30} {rule.formula}{default}")
    print(f"presets: {', '.join(PRESETS)}. Parameters and edits: docs/rules.md")


def print_trial(trial: Trial, entries: list[dict[str, Any]], texts: int, origins: Origins) -> None:
    """What a trial tells of a corpus built with the steps `entries`; at most `texts` documents are judged again.

    `origins`: where the code of people's own rules is.
    """
    print(f"\ncorpus {trial.corpus}   ({trial.directory})")
    for line in _changes(trial, entries):
        print(f"  {line}")
    if not trial.changed:
        print("  nothing differs from what it was built with")
        return
    still_open = sum(map(len, trial.open.values()))
    if texts and still_open and (absent := without_code(trial, origins)):
        print(f"  not judged again from their texts: the code of {', '.join(absent)}, as the corpus was built with, is "
              "not at hand. Name the recipe that has it.")
        texts = 0
    judged = rejudge(trial, texts, origins=origins) if texts and still_open else Rejudged(0, still_open)
    unknown = sum(trial.unknown.values())
    share = unknown / max(1, trial.read)
    print(f"  unknown from stored signals: {unknown:,} of {trial.read:,} documents ({share:.1%})")
    for reason, number in trial.unknown.items():
        print(f"    {number:,}: {reason}")
    if still_open:
        of = f"all {judged.open:,}" if judged.judged == judged.open else f"{judged.judged:,} of {judged.open:,} by hash"
        print(f"  judged again from their texts: {of}")
    print()
    print(table(list(_rows(trial, judged)), ["documents", "now", "then, by signals", "then, by texts", "change"]))
    print(f"of the documents kept now {trial.newly_dropped:,} would surely leave; {trial.newly_kept:,} others would "
          "surely stay")


def _rows(trial: Trial, judged: Rejudged) -> Iterator[list[Any]]:
    """Per-document rules, with the texts' answers; what passes them; then what only a build can tell."""
    by_rule = [key for key in sorted(trial.now | trial.then | judged.dropped)
               if not decides_over_all(trial.steps, key[0])]
    barriers = [key for key in sorted(trial.now | trial.then) if decides_over_all(trial.steps, key[0])]
    for key in by_rule:
        yield _row(f"{key[0]} {key[1]}.{key[2]}", trial.now.get(key, 0), trial.then.get(key, 0),
                   judged.dropped.get(key, 0), judged)
    if judged.unresolved:
        yield _row("a line deduplication would decide", 0, 0, judged.unresolved, judged)
    later = sum(number for reason, number in trial.unknown.items() if reason in (OVER_ALL, SURVIVOR_LEAVES))
    now, then = (kept + sum(which.get(key, 0) for key in barriers)
                 for kept, which in ((trial.kept_now, trial.now), (trial.kept_then, trial.then)))
    yield _row("pass all these", now, then + later, judged.passed, judged)
    for name, now, then in [
        *((f"  {key[0]} {key[1]}.{key[2]}", trial.now.get(key, 0), trial.then.get(key, 0)) for key in barriers),
        ("  kept", trial.kept_now, trial.kept_then),
    ]:
        yield [name, now, then, None, None if judged.open or later else f"{then - now:+,}"]


def _row(name: str, now: int, then: int, by_text: int, judged: Rejudged) -> list[Any]:
    if not judged.open:
        return [name, now, then, None, f"{then - now:+,}"]
    if judged.judged == judged.open:
        return [name, now, then, f"{by_text:,}", f"{then + by_text - now:+,}"]
    if not judged.judged:
        return [name, now, then, None, None]
    low, high = (round(share * judged.open) for share in interval(by_text, judged.judged))
    return [name, now, then, f"{low:,} to {high:,}", f"{then + low - now:+,} to {then + high - now:+,}"]


def _changes(trial: Trial, entries: list[dict[str, Any]]) -> Iterator[str]:
    for index in trial.changed:
        old, new = (decode(entry).parameters for entry in (entries[index], trial.steps[index]))
        for name in old.__dataclass_fields__:
            if getattr(old, name) != getattr(new, name):
                yield f"{entries[index]['step']}.{name}: {_shown(getattr(old, name))} → {_shown(getattr(new, name))}"


def _shown(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
