"""What came out: problems of the data, warnings, lines on finished steps, and where a recipe's results lie."""

import contextlib
from collections import Counter
from collections.abc import Sequence

from maslin.flows.job.dedup_guard import doubts
from maslin.flows.shown.text import say
from maslin.manifests.counts import Counts
from maslin.manifests.errors import DamagedError, DataError
from maslin.manifests.locks import Lock, link_latest, read_lock, write_lock
from maslin.manifests.manifest import Manifest
from maslin.manifests.plan import Plan, in_order
from maslin.manifests.recipe.recipe import Recipe
from maslin.manifests.soundness import checked
from maslin.manifests.workspace import Step, Workspace, is_of_another, is_to_retry, not_had, read_measured

_CAUSES_TOLD = 4


def refuse(problems: Sequence[str]) -> None:
    """Raise DataError when there are any."""
    if problems:
        raise DataError("the data do not hold what the recipe asks for (outputs are kept and marked):", *problems)


def problems_of(plan: Plan, targets: Sequence[Step], workspace: Workspace) -> list[str]:
    """Empty corpora, sources of which too much failed or was taken for the same, among what the targets need."""
    problems = doubts(in_order(targets), plan, workspace)
    problems += too_much_failed(in_order(targets), plan, workspace)
    for step in in_order(targets):
        if not workspace.is_complete(step):
            continue
        if step.kind == "corpus" and (counts := workspace.manifest(step).counted()).kept == 0:
            dropped = sorted(counts.dropped.items(), key=lambda item: -item[1])[:3]
            most = ", ".join(f"{rule} {number:,}" for rule, number in dropped) or "nothing was read"
            problems.append(
                f"corpus {step.name} came out empty: of {counts.read:,} documents none was kept ({most}).")
    return problems


def too_much_failed(steps: Sequence[Step], plan: Plan, workspace: Workspace) -> list[str]:
    """A sentence for each source among `steps` of which more failed, or could not be had, than the recipe allows."""
    found = []
    for step in steps:
        if step.kind != "documents" or not workspace.is_complete(step):
            continue
        manifest, limit = workspace.manifest(step), plan.recipe.sources[step.name].max_failed
        see = f"See `maslin manifest show {workspace.path(step)}`."
        if is_to_retry(manifest):
            found.append(f"{_not_had(step, manifest)}, more than max_failed {limit:g} allows. What was had is kept: "
                         f"the same command asks for the others again. {see}")
        elif not (manifest.complete or _is_within(manifest, limit)):
            found.append(f"{_failures(step, manifest.counted())}, more than max_failed {limit:g} allows. {see}")
    return found


def to_ask_again(steps: Sequence[Step], plan: Plan, workspace: Workspace) -> list[str]:
    """Of `too_much_failed` what the next command asks for again, so that nothing is made of what is there now."""
    return too_much_failed(
        [step for step in steps if workspace.is_complete(step) and is_to_retry(workspace.manifest(step))],
        plan, workspace)


def _is_within(manifest: Manifest, limit: float) -> bool:
    """Whether a step that is not complete lacks only paths of a crawl that could not be had."""
    lost, counts = not_had(manifest), manifest.counted()
    return bool(lost) and counts.failed_in_all - len(lost) <= limit * counts.read


def _not_had(step: Step, manifest: Manifest) -> str:
    causes = Counter(not_had(manifest).values())
    most = sorted(causes.items(), key=lambda item: (-item[1], item[0]))[:_CAUSES_TOLD]
    told = ", ".join(f"{cause} {number:,}" for cause, number in most)
    return (f"source {step.name}: {causes.total():,} of {manifest.summary['paths']['asked']:,} paths could not be had "
            f"({told})")


def _failures(step: Step, counts: Counts) -> str:
    causes = ", ".join(f"{cause} {number:,}" for cause, number in sorted(counts.failed.items()))
    failed = counts.failed_in_all
    return f"source {step.name}: {failed:,} of {counts.read:,} {counts.unit} failed ({causes})"


def check_files(step: Step, workspace: Workspace) -> None:
    """Raise DamagedError unless all files of a finished step are as its manifest says."""
    for entry in workspace.manifest(step).files if workspace.is_complete(step) else ():
        checked(workspace.path(step) / entry.path)


def warn_of_failures(plan: Plan, workspace: Workspace) -> None:
    """One line for each source with damaged records, or paths not had, that stay within its `max_failed`."""
    for step in plan.documents.values():
        manifest = workspace.manifest(step) if workspace.is_complete(step) else None
        if manifest and not_had(manifest) and not is_to_retry(manifest):
            say(f"{_not_had(step, manifest)}: {step.name} is not all that the recipe names; see its ledger", "warning")
        if manifest and manifest.complete and manifest.counted().failed:
            say(f"{_failures(step, manifest.counted())}; see its ledger", "warning")


def tell_of_other_versions(recipe: Recipe, workspace: Workspace) -> None:
    """One line when what the recipe had here is of another Maslin: why it is built again, and what may go."""
    lock = None
    with contextlib.suppress(DamagedError):  # it is written anew
        lock = read_lock(workspace.root, recipe.name)
    paths = [workspace.root / path for path in lock.directories()] if lock else []
    if others := [path for path in paths if is_of_another(path)]:
        say(f"{len(others)} results of this recipe in {workspace.root} are of another Maslin and stale: what "
              f"decides their bytes is not all written in them. They are built anew beside the old ones, which "
              f"`maslin status {recipe.path}` names and you may then remove.")


def describe_built(step: Step, manifest: Manifest) -> str:
    """One line on a finished step: what it is and what it kept."""
    line = f"{step.kind} {step.name}"
    if counts := manifest.counts:
        dropped, failed = counts.dropped_in_all, counts.failed_in_all
        line += f"  read {counts.read:,} {counts.unit}, kept {counts.kept:,}, dropped {dropped:,}"
        line += f", failed {failed:,}" if failed else ""
        for name, own in read_measured(manifest.directory).get("own_rules", {}).items():
            line += f"; {name}: {own['documents_per_cpu_s']:,} documents a CPU-second"
    if tokens := manifest.sizes.get("tokens"):
        line += f"  {tokens:,} tokens"
    elif step.kind == "tokenizer":
        size, asked = manifest.summary["vocab_size"], step.parameters.get("vocab_size")
        line += f"  {size:,} entries"
        if asked not in (None, size):
            line += f" (asked for {asked:,}: the sample has no more pairs that occur twice)"
    return line


def counts_of(manifest: Manifest) -> dict[str, int]:
    """The numbers of `describe_built`, by name."""
    if counts := manifest.counts:
        return {f"read_{counts.unit}": counts.read, "kept": counts.kept, "dropped": counts.dropped_in_all,
                "failed": counts.failed_in_all}
    return {"tokens": tokens} if (tokens := manifest.sizes.get("tokens")) else {}


def point_to_results(plan: Plan, workspace: Workspace) -> None:
    """Write the recipe's lock file, and links by name, for everything of it that is there."""

    def there(steps: dict[str, Step]) -> dict[str, str]:
        return {name: step.directory for name, step in steps.items() if workspace.is_complete(step)}

    name = plan.recipe.name
    groups = {
        "corpora": there(plan.corpora), "held_out": there(plan.held_out), "tokens": there(plan.tokens),
        "mixtures": there(plan.mixtures), "runs": there(plan.runs), "evaluations": there(plan.evaluations),
        "tokenizer": there({name: plan.tokenizer} if plan.tokenizer else {}),
        "report": there({name: plan.report} if plan.report else {}),
    }
    named = {directory for group in groups.values() for directory in group.values()}
    targets = [*plan.corpora.values(), *plan.held_out.values(), *plan.mixtures.values(), *plan.runs.values(),
               *plan.evaluations.values()]
    between = sorted({step.directory for step in in_order(targets) if workspace.is_complete(step)} - named)
    write_lock(workspace.root, lock := Lock(name, groups, tuple(between)))
    link_latest(workspace.root, lock)
