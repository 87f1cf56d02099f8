"""Every rule in a line; and what other parameters would change, beside what is."""

from collections.abc import Iterator
from typing import Any

from maslin.curation.evidence.rejudge import Rejudged, interval, rejudge, without_code
from maslin.curation.evidence.trial import (
    OVER_ALL,
    SURVIVOR_LEAVES,
    RuleKey,
    Trial,
    decides_over_all,
)
from maslin.flows.shown.answers import CorpusTried, RulesListed, RuleTried
from maslin.flows.shown.text import table
from maslin.manifests.steps.known import STEPS, decode
from maslin.manifests.steps.presets import PRESETS
from maslin.manifests.steps.spec import Origins

_ONLY_A_BUILD = "only a build tells"


def rules_listed() -> RulesListed:
    """Every step with its source, and its rules with their default thresholds."""
    steps = []
    for name, spec in STEPS.items():
        defaults = spec.resolved(spec.parameters())
        steps.append({"step": name, "sources": spec.sources, "rules": [
            {"rule": rule.name, "formula": rule.formula,
             "threshold": rule.limit(defaults) if isinstance(rule.threshold, str) else None} for rule in spec.rules]})
    return {"steps": steps, "presets": list(PRESETS)}


def print_rules(answer: RulesListed) -> None:
    """A line a rule, with the default threshold."""
    for step in answer["steps"]:
        print(f"{step['step']}   ({step['sources']})")
        for rule in step["rules"]:
            default = "" if rule["threshold"] is None else f" = {rule['threshold']:g}"
            print(f"  {rule['rule']:<30} {rule['formula']}{default}")
    print(f"presets: {', '.join(answer['presets'])}. Parameters and edits: docs/rules.md")


def tried(trial: Trial, entries: list[dict[str, Any]], texts: int, origins: Origins) -> CorpusTried:
    """What a trial tells of a corpus built with the steps `entries`; at most `texts` documents are judged again.

    `origins`: where the code of people's own rules is.
    """
    still_open, notes = sum(map(len, trial.open.values())), []
    if texts and still_open and (absent := without_code(trial, origins)):
        notes.append(f"not judged again from their texts: the code of {', '.join(absent)}, as the corpus was built "
                     "with, is not at hand. Name the recipe that has it.")
        texts = 0
    judged = rejudge(trial, texts, origins=origins) if texts and still_open else Rejudged(0, still_open)
    over_all = sum(number for reason, number in trial.unknown.items() if reason in (OVER_ALL, SURVIVOR_LEAVES))
    known = not judged.open and not over_all  # then the deduplications drop what they do now, but for who left before
    keys = sorted(trial.now | trial.then | judged.dropped)
    barriers = [key for key in keys if decides_over_all(trial.steps, key[0])]
    passing = [kept + sum(which.get(key, 0) for key in barriers)
               for kept, which in ((trial.kept_now, trial.now), (trial.kept_then, trial.then))]
    least, most = _bounds(judged.passed, judged)
    passing_least, passing_most = passing[1] + over_all + least, passing[1] + over_all + most
    return {
        "corpus": trial.corpus, "directory": str(trial.directory), "changes": list(_changes(trial, entries)),
        "notes": notes, "read": trial.read,
        "rules": [_rule(key, trial, judged, known or key not in barriers) for key in keys],
        "line_deduplication_most": _bounds(judged.unresolved, judged)[1] if judged.unresolved else 0,
        "passing_now": passing[0], "passing_then_least": passing_least, "passing_then_most": passing_most,
        "kept_now": trial.kept_now, "kept_then_least": trial.kept_then if known else None,
        "kept_then_most": trial.kept_then if known else passing_most,
        "unknown": dict(trial.unknown), "open": judged.open, "judged_again": judged.judged,
        "surely_leaving": trial.newly_dropped, "surely_arriving": trial.newly_kept}


def _rule(key: RuleKey, trial: Trial, judged: Rejudged, tells: bool) -> RuleTried:
    sure, (least, most) = trial.then.get(key, 0), (0, 0)
    if key[0] >= min(trial.changed, default=0):  # before, all stays as it is
        least, most = _bounds(judged.dropped.get(key, 0), judged)
    return {"step_index": key[0], "step": key[1], "rule": key[2], "now": trial.now.get(key, 0),
            "then_least": sure + least if tells else None, "then_most": sure + most if tells else None}


def _bounds(number: int, judged: Rejudged) -> tuple[int, int]:
    """How many of all open documents there are like `number` of those judged, at least and at most."""
    if judged.judged == judged.open:
        return number, number
    if not judged.judged:
        return 0, judged.open
    low, high = interval(number, judged.judged)
    return round(low * judged.open), round(high * judged.open)


def print_tried(answer: CorpusTried) -> None:
    """What the corpus is now, and what it would be then."""
    print(f"\ncorpus {answer['corpus']}   ({answer['directory']})")
    for line in [*answer["changes"], *answer["notes"]]:
        print(f"  {line}")
    if not answer["changes"]:
        print("  nothing differs from what it was built with")
        return
    unknown, read = sum(answer["unknown"].values()), answer["read"]
    if unknown:
        print(f"  stored signals tell of {read - unknown:,} of {read:,} documents; of the others:")
        for reason, number in answer["unknown"].items():
            print(f"    {number:,}: {reason}")
    if still_open := answer["open"]:
        judged = answer["judged_again"]
        print("  judged again from their texts: " + (
            f"all {still_open:,}" if judged == still_open else
            f"{judged:,} of {still_open:,}, drawn by hash: `then` is a 95 % interval" if judged else
            f"none of {still_open:,} (--texts 0): `then` is from the least to the most there may be"))
    print("Nothing was built or removed: `now` is the corpus as it is, `then` as it would be.\n")
    print(table(list(_rows(answer)), ["documents", "now", "then", "change"]))
    if answer["kept_then_least"] is None and answer["judged_again"] == answer["open"] and answer["passing_now"]:
        share = answer["kept_now"] / answer["passing_now"]
        print(f"Of what these rules leave {share:.1%} are kept now; of as many then, about "
              f"{share * answer['passing_then_most']:,.0f} would be.")
    leaving, arriving = answer["surely_leaving"], answer["surely_arriving"]
    print(f"Kept now and surely not then: {leaving:,}. Not kept now and surely then: {arriving:,}."
          + (f" Not told one by one: {unknown:,}." if unknown else ""))


def _rows(answer: CorpusTried) -> Iterator[list[Any]]:
    """What is read, what each rule drops of it, and what is left."""
    yield ["read", f"{answer['read']:,}", f"{answer['read']:,}", ""]
    told = [rule for rule in answer["rules"] if rule["then_least"] is not None]
    for rule in told:
        yield _row(_dropped_by(rule), rule["now"], rule["then_least"], rule["then_most"])
    if most := answer["line_deduplication_most"]:
        yield ["a line deduplication would decide", "0", f"up to {most:,}", ""]
    if answer["kept_then_least"] is None:
        yield _row("left by these rules", answer["passing_now"], answer["passing_then_least"],
                   answer["passing_then_most"])
        for rule in answer["rules"]:
            if rule not in told:
                yield [_dropped_by(rule), f"{rule['now']:,}", "", _ONLY_A_BUILD]
        yield ["kept", f"{answer['kept_now']:,}", f"at most {answer['kept_then_most']:,}", _ONLY_A_BUILD]
    else:
        yield _row("kept", answer["kept_now"], answer["kept_then_least"], answer["kept_then_most"])


def _dropped_by(rule: RuleTried) -> str:
    return f"dropped by {rule['step_index']} {rule['step']}.{rule['rule']}"


def _row(name: str, now: int, least: int | None, most: int | None) -> list[Any]:
    assert least is not None and most is not None
    if least == most:
        return [name, f"{now:,}", f"{least:,}", f"{least - now:+,}" if least != now else "same"]
    if not least:
        return [name, f"{now:,}", f"at most {most:,}", ""]
    return [name, f"{now:,}", f"{least:,} to {most:,}", f"{least - now:+,} to {most - now:+,}"]


def _changes(trial: Trial, entries: list[dict[str, Any]]) -> Iterator[str]:
    for index in trial.changed:
        old, new = (decode(entry).parameters for entry in (entries[index], trial.steps[index]))
        for name in old.__dataclass_fields__:
            if getattr(old, name) != getattr(new, name):
                yield f"{entries[index]['step']}.{name}: {_shown(getattr(old, name))} → {_shown(getattr(new, name))}"


def _shown(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
