"""`maslin status`: what is built, unfinished, missing or no longer asked for, and how much disk it takes."""

import argparse
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from maslin.flows.arguments import add_workspace, runs, safe_path
from maslin.flows.shown.facts import facts, how_far
from maslin.flows.shown.text import megabytes, table
from maslin.manifests.diff import why_stale
from maslin.manifests.errors import MaslinError, UsageError
from maslin.manifests.files import disk_bytes
from maslin.manifests.locks import GROUPS, LINKS, Lock, needed, read_locks
from maslin.manifests.workspace import (
    OtherVersionError,
    Step,
    Workspace,
    is_complete,
    is_current,
    is_sound,
    read_manifest,
    step_directories,
)


@dataclass(frozen=True)
class Options:
    """`recipe`: None: whatever lies in the workspace. `verbose`: digests too."""

    workspace: Path
    recipe: Path | None = None
    verbose: bool = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("recipe", type=safe_path, nargs="?", metavar="RECIPE")
    parser.add_argument("--verbose", action="store_true", help="directories with their digests")
    add_workspace(parser)
    runs(parser, run, Options)


def run(options: Options) -> int:
    """Print the state of a workspace, recipe by recipe; with a recipe, of every step that recipe plans."""
    workspace = Workspace(options.workspace)
    if options.recipe is None:
        _print_whole(workspace, options.verbose)
    else:
        _print_planned(workspace, options.recipe, options.verbose)
    return 0


def _print_planned(workspace: Workspace, recipe_path: Path, verbose: bool) -> None:
    from maslin.flows.job.planning import make_plan, read_checked, source_inputs
    from maslin.manifests.plan import in_order

    root, recipe = workspace.root, read_checked(recipe_path)
    plan = make_plan(recipe, source_inputs(recipe, workspace), workspace)
    targets = [
        *plan.corpora.values(), *plan.held_out.values(), *plan.mixtures.values(), *plan.runs.values(),
        *([plan.report] if plan.report else []),
    ]
    rows = []
    planned = {step.directory: step for step in in_order(targets)}
    for directory, step in planned.items():
        training = step.parameters.get("training", {})
        steps = training["tokens"] // training["batch_tokens"] if step.kind == "run" else None
        name = directory.partition("/")[2] if verbose else step.name
        rows.append([step.kind, name, _state(root / directory), megabytes(disk_bytes(root / directory)),
                     _what(root / directory, steps)])
    print(table(rows, ["kind", "name", "state", "disk", "what"]))
    states = Counter(row[2] for row in rows)
    print("\n" + ", ".join(f"{number} {state}" for state, number in states.most_common()))
    stale = [path for path in step_directories(root) if path.relative_to(root).as_posix() not in planned]
    if stale:
        size = megabytes(sum(map(disk_bytes, stale))).strip()
        print(f"\nstale: {len(stale)} directories ({size}) that this recipe, as it is now, does not use, and why:")
        for path in stale:
            print(f"  {path}\n      {_why(path, planned.values())}")
        print("Nothing is taken from them. What the recipe lacks is built beside them; `maslin clean` removes those "
              "that no recipe of the workspace uses.")


def _why(path: Path, planned: Iterable[Step]) -> str:
    """In a line: why a directory is not one of those planned."""
    try:
        old = read_manifest(path)
    except OtherVersionError as error:
        return str(error).partition(": ")[2].partition(".")[0]
    except UsageError:
        return "not finished, or its manifest cannot be read"
    like = [step for step in planned if (step.kind, step.name) == (old.kind, old.name)]
    if not like:
        return f"the recipe has no {old.kind} of this name, or reaches it otherwise"
    lines = min((why_stale(old, step) for step in like), key=len)
    return "; ".join(lines[:3]) + (f"; and {len(lines) - 3} more (`maslin manifest diff`)" if lines[3:] else "")


def _print_whole(workspace: Workspace, verbose: bool) -> None:
    root = workspace.root
    directories = step_directories(root)
    if not directories:
        raise UsageError(f"{root}: nothing is built here. Start with `maslin init`, then `maslin curate recipe.yaml`.")
    locks = read_locks(root)
    for lock in locks:
        print(f"{lock.recipe}   {root / LINKS / lock.recipe}\n")
        print(table(list(_rows(root, lock, verbose)), ["kind", "name", "disk", "what"]) + "\n")
        if report := lock.groups.get("report"):
            print(f"report: {root / report[lock.recipe] / 'report.html'}\n")
    keep = needed(root, locks)
    spare = [path for path in directories if path.resolve() not in keep]
    if unfinished := [path for path in spare if not is_complete(path)]:
        print("unfinished; the command that was interrupted goes on from them:")
        for path in unfinished:
            print(f"  {path.relative_to(root)}  {megabytes(disk_bytes(path)).strip()}, {how_far(path)}")
    if rest := [path for path in spare if path not in unfinished]:
        print(f"no recipe needs {len(rest)} directories, {megabytes(sum(map(disk_bytes, rest))).strip()}: "
              "`maslin clean` shows them and asks")
    print(f"{megabytes(sum(map(disk_bytes, directories))).strip()} in {len(directories)} directories of {root}")


def _rows(root: Path, lock: Lock, verbose: bool) -> Iterator[list[str]]:
    """A line for each thing a recipe has, and one for all that was made on the way."""
    for group, names in lock.groups.items():
        for name, directory in names.items():
            path = root / directory
            shown = directory.partition("/")[2] if verbose else name
            yield [GROUPS[group], shown, megabytes(disk_bytes(path)), _what(path)]
    if lock.between:
        kinds = Counter(directory.partition("/")[0] for directory in lock.between)
        size = sum(disk_bytes(root / directory) for directory in lock.between)
        yield ["between", "", megabytes(size), ", ".join(f"{number} {kind}" for kind, number in kinds.items())]


def _what(directory: Path, steps: int | None = None) -> str:
    """A few words on what is there, or why nothing can be said."""
    state = _state(directory)
    if state == "unfinished":
        return how_far(directory, steps)
    return facts(read_manifest(directory)) if state.startswith("built") else state if state != "missing" else ""


def _state(directory: Path) -> str:
    if not directory.is_dir():
        return "missing"
    if not is_complete(directory):
        return "unfinished"
    try:
        if not is_sound(directory) and is_current(directory):
            return "damaged"
        return "built" if read_manifest(directory).complete else "built, too much failed"
    except OtherVersionError:
        return "of another Maslin"
    except MaslinError:
        return "damaged"
