"""`maslin status`: what is built, unfinished, missing or no longer asked for, and how much disk it takes."""

import argparse
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from maslin.flows.arguments import add_workspace, runs
from maslin.flows.shown.text import table
from maslin.manifests.diff import why_stale
from maslin.manifests.errors import MaslinError, UsageError
from maslin.manifests.files import read_json
from maslin.manifests.workspace import OtherVersionError, Step, Workspace, is_complete, read_manifest, verify_sizes


@dataclass(frozen=True)
class Options:
    """`recipe`: None: whatever lies in the workspace."""

    workspace: Path
    recipe: Path | None = None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("recipe", type=Path, nargs="?", metavar="RECIPE")
    add_workspace(parser)
    runs(parser, run, Options)


def run(options: Options) -> int:
    """Print the state of a workspace; with a recipe, of every step that recipe plans."""
    workspace = Workspace(options.workspace)
    if options.recipe is None:
        _print_whole(workspace)
    else:
        _print_planned(workspace, options.recipe)
    return 0


def _print_planned(workspace: Workspace, recipe_path: Path) -> None:
    from maslin.flows.job.planning import make_plan, source_inputs
    from maslin.manifests.plan import in_order
    from maslin.manifests.recipe.reading import read_recipe

    root, recipe = workspace.root, read_recipe(recipe_path)
    plan = make_plan(recipe, source_inputs(recipe, workspace), workspace)
    targets = [
        *plan.corpora.values(), *plan.held_out.values(), *plan.mixtures.values(), *plan.runs.values(),
        *([plan.report] if plan.report else []),
    ]
    rows = []
    planned: dict[str, Step] = {}
    for step in in_order(targets):
        planned[step.directory] = step
        directory = root / step.directory
        rows.append([step.kind, step.name, _state(directory), _size(_bytes(directory)), step.digest])
    print(table(rows, ["kind", "name", "state", "disk", "digest"]))
    stale = [path for path in _directories(root) if path.relative_to(root).as_posix() not in planned]
    if stale:
        size = _size(sum(_bytes(path) for path in stale)).strip()
        print(f"\nstale: {len(stale)} directories ({size}) that this recipe, as it is now, does not use, and why:")
        for path in stale:
            print(f"  {path}\n      {_why(path, planned.values())}")
        print("Nothing is taken from them. What the recipe lacks is built beside them; remove those that no other "
              "recipe uses and you need no more.")


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


def _print_whole(workspace: Workspace) -> None:
    root = workspace.root
    directories = _directories(root)
    if not directories:
        raise UsageError(f"{root}: nothing is built here. Start with `maslin init`, then `maslin curate recipe.yaml`.")
    rows, size = [], 0
    for path in directories:
        kind, name = path.relative_to(root).as_posix().split("/", 1)
        size += _bytes(path)
        rows.append([kind, name, _state(path), _size(_bytes(path))])
    print(table(rows, ["kind", "directory", "state", "disk"]))
    print(f"\n{_size(size).strip()} in {len(rows)} directories of {root}")
    for lock in sorted((root / "recipes").glob("*.lock.json")):
        if report := read_json(lock).get("report"):
            print(f"report of {lock.name.removesuffix('.lock.json')}: {root / report / 'report.html'}")


def _directories(root: Path) -> list[Path]:
    return sorted(path for path in root.glob("*/*@*") if path.is_dir())


def _state(directory: Path) -> str:
    if not directory.is_dir():
        return "missing"
    if not is_complete(directory):
        return "unfinished"
    try:
        if verify_sizes(directory):
            return "damaged"
        return "built" if read_manifest(directory).complete else "built, too much failed"
    except OtherVersionError:
        return "of another Maslin"
    except MaslinError:
        return "damaged"


def _bytes(directory: Path) -> int:
    return sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())


def _size(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:>9,.2f} MB"
