"""The answer to `--dry-run`: what would be built, how arms differ, what it takes, and what could be found."""

import shutil
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from maslin.flows.engine.build import missing_steps
from maslin.flows.shown.answers import (
    ArmDiffering,
    CorpusEpochs,
    CrawlForeseen,
    CrawlSized,
    DomainDetectable,
    DomainHeldOut,
    Foreseen,
    KindPlanned,
    RoundsPlanned,
    StageCost,
)
from maslin.flows.shown.text import table
from maslin.manifests.plan import Plan, in_order
from maslin.manifests.recipe.held_out import how_held_out
from maslin.manifests.workspace import Step, Workspace
from maslin.trainer.comparison.arms import how_arms_differ
from maslin.trainer.comparison.detectable import ALPHA
from maslin.trainer.comparison.rounds import RoundsPlan, spent

if TYPE_CHECKING:
    from maslin.curation.ingest.crawl.sizes import CrawlSize
    from maslin.flows.forecast.forecast import Forecast

_WORDS = {"read": "read the sources", "curate": "curate", "tokenize": "tokenize", "train": "train", "score": "score",
          "report": "report", "around": "begin, check, end"}


def foreseen(
    plan: Plan, targets: Sequence[Step], workspace: Workspace, found: "Forecast", verbose: bool,
    crawls: Mapping[str, "CrawlSize"],
) -> Foreseen:
    """All of it as data. `found`: what the steps to build take; `crawls`: how much is read of each, by its source."""
    todo = {step.directory for step in missing_steps(targets, workspace)}
    steps = in_order(targets)
    states = {step.directory: ("build" if step.directory in todo else "have" if workspace.is_complete(step) else "skip")
              for step in steps}
    kinds: dict[str, KindPlanned] = {}
    for step in steps:
        row = kinds.setdefault(step.kind, {"kind": step.kind, "build": [], "have": [], "skip": []})
        row[states[step.directory]].append(step.name)  # type: ignore[literal-required]
    free = shutil.disk_usage(next(each for each in (workspace.root.absolute(), *workspace.root.absolute().parents)
                                  if each.exists())).free
    answer: Foreseen = {
        "recipe": plan.recipe.name, "workspace": str(workspace.root), "to_build": len(todo), "steps": len(steps),
        "kinds": list(kinds.values()), "held_out": _held_out(plan, workspace),
        "arms": _arms(plan) if plan.report in steps else [], "workers": found.workers,
        "documents": found.documents, "tokens": found.tokens, "runs": found.runs, "seconds": found.seconds,
        "disk_bytes": found.disk_bytes, "disk_free_bytes": free,
        "costs": [_fields(each, StageCost) for each in found.costs],
        "epochs": [_fields(each, CorpusEpochs) for each in found.epochs],
        "max_epochs": plan.recipe.training.max_epochs, "unit": found.unit, "seeds": found.seeds,
        "detectable": [_fields(each, DomainDetectable) for each in found.detectable],
        "warnings": [*found.problems, *_warnings(plan, found, free)]}
    if plan.report is not None and (rounds := plan.report.parameters.get("rounds")):
        answer["rounds"] = _rounds(plan, RoundsPlan.from_json(rounds))
    if crawls:
        answer["crawls"] = [
            {"source": name, "crawl": plan.recipe.sources[name].crawl.name, **_fields(size, CrawlSized)}
            for name, size in crawls.items()]
    if verbose:
        answer["plan"] = [{"state": states[step.directory], "directory": step.directory} for step in steps]
    return answer


def _fields(value: Any, kind: type) -> Any:
    return {name: getattr(value, name) for name in kind.__annotations__}


def _held_out(plan: Plan, workspace: Workspace) -> list[DomainHeldOut]:
    recipe = plan.recipe
    return [
        {"domain": domain, "how": how_held_out(
            step, recipe.comparison.held_out_by, recipe.sources[recipe.corpora[domain].source].kind, workspace)}
        for domain, step in plan.held_out.items() if recipe.comparison is not None]


def _arms(plan: Plan) -> list[ArmDiffering]:
    assert plan.recipe.comparison is not None
    baseline = plan.recipe.comparison.baseline
    return [
        {"arm": name, "baseline": baseline,
         "differences": list(map(str, how_arms_differ(plan.mixtures[baseline], mixture)))}
        for name, mixture in plan.mixtures.items() if name != baseline]


def _rounds(plan: Plan, fixed: RoundsPlan) -> RoundsPlanned:
    from maslin.trainer.comparison.spending import Spending  # here: nothing else of a dry run needs numpy

    assert plan.recipe.comparison is not None
    spending, comparison = Spending(fixed.rounds), plan.recipe.comparison
    tests = (len(plan.mixtures) - 1) * len(comparison.primary or comparison.domains)
    return {"plan": fixed.digest, "most": fixed.rounds, "tests": tests, "looks": [
        {"rounds": look, "spent": spent(look, fixed.rounds), "level": spending.level(look, ALPHA)}
        for look in spending.looks]}


def _warnings(plan: Plan, found: "Forecast", free: int) -> list[str]:
    from maslin.flows.forecast.forecast import LONG_SECONDS

    told = []
    if found.seconds > LONG_SECONDS:
        longest = max(found.costs, key=lambda cost: cost.seconds)
        told.append(f"this will take about {_duration(found.seconds)}, {_duration(longest.seconds)} of it to "
                    f"{_WORDS[longest.stage]}. Killed, it goes on where it was.")
    if found.disk_bytes > 0.9 * free:
        told.append(f"this will need about {_size(found.disk_bytes)} of disk, and {_size(free)} are free.")
    most = plan.recipe.training.max_epochs
    told += [
        f"mixture {each.mixture}: it would read {each.corpus} about {each.epochs:,.1f} times; max_epochs is {most:g}."
        for each in found.epochs if each.epochs is not None and each.epochs > most]
    told += [f"mixture {each.mixture}: {each.corpus} has no tokens." for each in found.epochs if each.epochs is None]
    if found.detectable and found.seeds < 2:
        told.append("with one seed an arm there is no interval, and no verdict: give training.seeds 2 or more.")
    return told


def print_foreseen(answer: Foreseen) -> None:
    """A line a kind, with `plan` a line a step and its digest; then what it takes, and what could be found."""
    for step in answer.get("plan", ()):
        print(f"{step['state']:<5}  {step['directory']}")
    for kind in answer["kinds"] if "plan" not in answer else ():
        states = [(state, kind[state]) for state in ("build", "have", "skip") if kind[state]]  # type: ignore
        print(f"{kind['kind']:<11} " + "; ".join(
            f"{state} {len(names)} ({', '.join(dict.fromkeys(names))})" for state, names in states))
    if answer["held_out"]:
        print("\nHeld out:")
        print(table([[each["domain"], each["how"]] for each in answer["held_out"]], ["domain", "how"]))
    for arm in answer["arms"]:
        _print_arm(arm)
    for crawl in answer.get("crawls", ()):
        _print_crawl(crawl)
    if answer["costs"]:
        _print_costs(answer)
    if answer["epochs"]:
        print(f"\nEpochs (at most {answer['max_epochs']:g}):")
        print(table(
            [[row["mixture"], row["corpus"], _short(row["tokens_wanted"]), _short(row["tokens_there"]),
              "–" if row["epochs"] is None else f"{row['epochs']:,.2f}", row["source"]] for row in answer["epochs"]],
            ["mixture", "corpus", "tokens wanted", "tokens there", "epochs", "tokens there are"]))
    if answer["detectable"]:
        _print_detectable(answer)
    if "rounds" in answer:
        _print_rounds(answer["rounds"])
    print()
    for line in answer["warnings"]:
        print(f"warning: {line}")
    print(f"{answer['to_build']} of {answer['steps']} steps to build; nothing was done (--dry-run)")


def _print_rounds(rounds: RoundsPlanned) -> None:
    print(f"\nUntil decided: at most {rounds['most']} rounds, of which the above is the sum; it ends as soon as all "
          f"{rounds['tests']} claims are settled (plan {rounds['plan']}):")
    print(table(
        [[look["rounds"], f"{look['spent']:.1%}", f"{look['level']:.3g}"] for look in rounds["looks"]],
        ["look after rounds", "of the error spent", "p that one test alone needs"]))


def _print_arm(arm: ArmDiffering) -> None:
    found = arm["differences"]
    print(f"\nHow {arm['arm']} differs from {arm['baseline']}:" + ("" if found else " in nothing"))
    for difference in found:
        print(f"  {difference}")
    if len(found) > 1:
        print(f"  These are {len(found)} things: the verdict will be about all of them together. An arm for each "
              "alone would tell which of them did it.")


def _print_crawl(crawl: CrawlForeseen) -> None:
    known = (f"by the lengths of {crawl['asked']:,} of them" if crawl["asked"] else
             "as such paths typically are: none told its length")
    print(f"\nOf {crawl['crawl']}, for {crawl['source']}: {crawl['paths']:,} of {crawl['all_paths']:,} paths, about "
          f"{_size(crawl['bytes'])} ({known})")


def _print_costs(answer: Foreseen) -> None:
    print(f"\nWhat it takes, with {answer['workers']} workers: about {_duration(answer['seconds'])} and "
          f"{_size(answer['disk_bytes'])}; {_short(answer['documents'])} documents, {answer['runs']} runs, "
          f"{_short(answer['tokens'])} tokens trained on")
    print(table(
        [[_WORDS[row["stage"]], _amount(row), _duration(row["seconds"]), _size(row["disk_bytes"]), row["source"]]
         for row in answer["costs"]], ["", "amount", "time", "disk", "rates"]))


def _amount(row: StageCost) -> str:
    if not row["unit"]:
        return ""
    if row["unit"] == "tokens":
        pieces = "runs" if row["stage"] == "train" else "evaluations"
        return f"{_short(row['amount'])} tokens in {row['steps']} {pieces}"
    return f"{_size(row['amount'])}{row['unit'].removeprefix('bytes')}"


def _print_detectable(answer: Foreseen) -> None:
    print(f"\nThe smallest difference that {answer['seeds']} seeds find 80 times in 100 (documents add to it):")
    print(table(
        [[row["domain"], f"{row['effect']:.4f} {answer['unit']}" if row["effect"] is not None else
          f"{row['share']:.1%} of the {answer['unit']}" if row["share"] is not None else "none", row["source"]]
         for row in answer["detectable"]], ["domain", "difference", "noise of a run"]))


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{max(1, round(seconds))} s"
    if seconds < 5400:
        return f"{seconds / 60:.1f} min"
    return f"{seconds / 3600:,.1f} h" if seconds < 3 * 86400 else f"{seconds / 86400:,.1f} days"


def _size(size_bytes: float) -> str:
    for size, unit in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB")):
        if size_bytes >= size:
            return f"{size_bytes / size:,.1f} {unit}"
    return f"{size_bytes / 1e3:,.0f} kB"


def _short(number: float) -> str:
    for size, unit in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if number >= 10 * size or (size > 1e3 and number >= size):
            return f"{number / size:,.1f} {unit}"
    return f"{number:,.0f}"
