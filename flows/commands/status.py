"""`maslin status`: what is built, unfinished, missing or no longer asked for, and how much disk it takes."""

import argparse
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from maslin.flows.arguments import add_workspace, runs, safe_path
from maslin.flows.shown.answers import RecipeStatus, Status, Thing
from maslin.flows.shown.facts import facts, how_far, steps_of
from maslin.flows.shown.text import megabytes, print_json, table
from maslin.manifests.diff import differences, why_stale
from maslin.manifests.errors import MaslinError, UsageError
from maslin.manifests.files import disk_bytes
from maslin.manifests.locks import (
    GROUPS,
    LINKS,
    Lock,
    needed,
    read_begun,
    read_locks,
)
from maslin.manifests.manifest import Manifest
from maslin.manifests.workspace import (
    OtherVersionError,
    Workspace,
    is_complete,
    is_current,
    is_sound,
    is_to_retry,
    not_had,
    read_manifest,
    step_directories,
)

if TYPE_CHECKING:
    from maslin.manifests.plan import Plan

BUILT, TOO_MUCH_FAILED, UNFINISHED = "built", "built, too much failed", "unfinished"
MISSING, DAMAGED, OF_ANOTHER = "missing", "damaged", "of another Maslin"
_ORDER = {kind: at for at, kind in enumerate((
    "documents", "segment", "dedup", "split", "held_out", "evaluation_set", "corpus", "tokenizer", "tokens", "mixture",
    "stack", "run", "evaluation", "report"))}
_BETWEEN = ("documents", "segment", "dedup", "split", "evaluation_set", "stack")  # on the way to what a recipe names
_EARLIER = re.compile(r"inputs\.\S+: (\S+)@\w+ → \1@\w+")  # of a line on what differs
_MOST_STALE = 10  # in a line each, unless all are asked for


@dataclass(frozen=True)
class Options:
    """`recipe`: None: whatever lies in the workspace. `verbose`: every directory, with its digest."""

    workspace: Path
    recipe: Path | None = None
    verbose: bool = False
    json: bool = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("recipe", type=safe_path, nargs="?", metavar="RECIPE")
    parser.add_argument("--verbose", action="store_true", help="every directory, with its digest")
    add_workspace(parser)
    runs(parser, run, Options, Status)


def run(options: Options) -> int:
    """Tell the state of a workspace, recipe by recipe; with a recipe, of every step that recipe plans."""
    workspace = Workspace(options.workspace)
    answer = _of_all(workspace) if options.recipe is None else _of_recipe(workspace, options.recipe)
    if options.json:
        print_json(answer)
    else:
        _print(answer, options.verbose)
    return 0


def _of_recipe(workspace: Workspace, recipe_path: Path) -> Status:
    """What a recipe as it is now plans; `stale`: what it made, and neither it nor another recipe has any more."""
    from maslin.flows.job.planning import make_plan, read_checked, source_inputs
    from maslin.manifests.plan import in_order

    root, recipe = workspace.root, read_checked(recipe_path)
    plan = make_plan(recipe, source_inputs(recipe, workspace), workspace)
    planned = {step.directory: step for step in in_order(_targets(plan))}
    things = [_thing(root, step.kind, step.name, directory, steps_of(step)) for directory, step in planned.items()]
    others = needed(root, [lock for lock in read_locks(root) if lock.recipe != recipe.name])
    like: dict[tuple[str, str], list[Callable[[Manifest], list[str]]]] = {}
    for step in planned.values():
        like.setdefault((step.kind, step.name), []).append(lambda old, step=step: why_stale(old, step))
    stale = [_stale(root, path, like) for path in step_directories(root)
             if path.relative_to(root).as_posix() not in planned and path.resolve() not in others]
    return _status(root, [_recipe_status(root, recipe.name, things)], [], stale)


def _targets(plan: "Plan") -> list:
    return [*plan.corpora.values(), *plan.held_out.values(), *plan.mixtures.values(), *plan.runs.values(),
            *([plan.report] if plan.report else [])]


def _of_all(workspace: Workspace) -> Status:
    """What the recipes of a workspace have by their locks, and set out to build; `stale`: what no lock leads to."""
    root = workspace.root
    directories = step_directories(root)
    if not directories:
        raise UsageError(f"{root}: nothing is built here. Start with `maslin init`, then `maslin curate recipe.yaml`.")
    locks = {lock.recipe: lock for lock in read_locks(root)}
    begun = read_begun(root)
    recipes, told = [], set()
    for name in sorted({*locks, *begun}):
        things = list(_of_lock(root, locks.get(name)))
        there = {thing["directory"] for thing in things}
        for each in begun.get(name, ()):
            if each.directory not in there:
                things.append(_thing(root, each.kind, each.name, each.directory, each.steps))
        told |= {thing["directory"] for thing in things}
        recipes.append(_recipe_status(root, name, things))
    keep = needed(root, locks.values())
    spare = [path for path in directories
             if path.resolve() not in keep and path.relative_to(root).as_posix() not in told]
    like: dict[tuple[str, str], list[Callable[[Manifest], list[str]]]] = {}
    for directory in (directory for lock in locks.values() for directory in lock.directories()):
        if is_complete(root / directory):
            kind, _, name = directory.partition("/")
            like.setdefault((kind, name.rpartition("@")[0]), []).append(
                lambda old, directory=directory: differences(old, read_manifest(root / directory), root, root))
    unfinished = [path for path in spare if not is_complete(path)]
    return _status(
        root, recipes, [_named(root, path) for path in unfinished],
        [_stale(root, path, like) for path in spare if path not in unfinished])


def _of_lock(root: Path, lock: Lock | None) -> Iterable[Thing]:
    for group, names in lock.groups.items() if lock else ():
        for name, directory in names.items():
            yield _thing(root, GROUPS[group], name, directory)
    for directory in lock.between if lock else ():
        yield _named(root, root / directory)


def _named(root: Path, path: Path) -> Thing:
    """A directory by what its own name says."""
    return _thing(root, path.parent.name, path.name.rpartition("@")[0], path.relative_to(root).as_posix())


def _status(root: Path, recipes: list[RecipeStatus], unfinished: list[Thing], stale: list[Thing]) -> Status:
    return {"workspace": str(root), "recipes": recipes, "unfinished": unfinished, "stale": stale,
            "disk_bytes": sum(map(disk_bytes, step_directories(root)))}


def _recipe_status(root: Path, name: str, things: list[Thing]) -> RecipeStatus:
    things = sorted(things, key=lambda thing: _ORDER.get(thing["kind"], len(_ORDER)))  # else as the recipe has them
    between = [thing for thing in things if thing["kind"] in _BETWEEN]
    report = next((thing for thing in things if thing["kind"] == "report" and thing["state"] == BUILT), None)
    return {
        "recipe": name, "links": str(root / LINKS / name), "between": between,
        "things": [thing for thing in things if thing not in between],
        "report": str(root / report["directory"] / "report.html") if report else None}


def _thing(root: Path, kind: str, name: str, directory: str, steps: int | None = None) -> Thing:
    path = root / directory
    state = _state(path)
    far = how_far(path, steps) if state == UNFINISHED else None
    about = str(far) if far else facts(read_manifest(path)) if state in (BUILT, TOO_MUCH_FAILED) else ""
    return {"kind": kind, "name": name, "directory": directory, "state": state, "disk_bytes": disk_bytes(path),
            "about": about, "done": far.done if far else None, "total": far.total if far else None}


def _stale(
    root: Path, path: Path, like: Mapping[tuple[str, str], list[Callable[[Manifest], list[str]]]],
) -> Thing:
    """A directory that nothing leads to, and why in a line. `like`: what differs from those in use, by kind and name.
    """
    return {**_named(root, path), "about": _why(path, like)}


def _why(path: Path, like: Mapping[tuple[str, str], list[Callable[[Manifest], list[str]]]]) -> str:
    if not is_complete(path):
        return f"unfinished, {how_far(path)}"
    try:
        old = read_manifest(path)
    except OtherVersionError as error:
        return str(error).partition(": ")[2].partition(".")[0]
    except UsageError:
        return "its manifest cannot be read"
    found = [lines for differing in like.get((old.kind, old.name), ()) if (lines := differing(old))]
    if not found:
        return "nothing of this kind and name is asked for now, or it is reached otherwise"
    lines = [_EARLIER.sub(r"made from an earlier \1", line) for line in min(found, key=len)]
    return "; ".join(lines[:3]) + (f"; and {len(lines) - 3} more (`maslin manifest diff`)" if lines[3:] else "")


def _print(answer: Status, verbose: bool) -> None:
    """A line a thing, the recipes one after the other, then what is left over."""
    for recipe in answer["recipes"]:
        print(f"{recipe['recipe']}   {recipe['links']}\n")
        shown = [*recipe["between"], *recipe["things"]] if verbose else recipe["things"]
        there = [thing for thing in shown if verbose or thing["state"] != MISSING]
        rows = [[thing["kind"], thing["directory"].partition("/")[2] if verbose else thing["name"],
                 megabytes(thing["disk_bytes"]), _words(thing)] for thing in there]
        rows += [[kind, f"{len(names)} more" if any(row[0] == kind for row in rows) else f"{len(names)}", "",
                  f"not begun: {_cut(names)}"] for kind, names in _by_kind(shown, there).items()]
        if recipe["between"] and not verbose:
            rows.append(["on the way", "", megabytes(sum(thing["disk_bytes"] for thing in recipe["between"])),
                         _on_the_way(recipe["between"])])
        print(table(rows, ["kind", "name", "disk", "what"]))
        states = Counter(thing["state"] for thing in [*recipe["between"], *recipe["things"]])
        print("\n" + ", ".join(f"{number} {state}" for state, number in states.most_common()))
        print(f"report: {recipe['report']}\n" if recipe["report"] else "")
    if answer["unfinished"]:
        print("unfinished, of no recipe that is known here; the command that was interrupted goes on from them:")
        for thing in answer["unfinished"]:
            print(f"  {thing['directory']}  {megabytes(thing['disk_bytes']).strip()}, {thing['about']}")
        print()
    if stale := answer["stale"]:
        size = megabytes(sum(thing["disk_bytes"] for thing in stale)).strip()
        print(f"stale: {len(stale)} directories, {size}, that no recipe needs as it is now, and why:")
        for thing in stale if verbose else stale[:_MOST_STALE]:
            print(f"  {thing['kind']} {thing['name']}  {megabytes(thing['disk_bytes']).strip()}  "
                  f"({thing['directory']})\n      {thing['about']}")
        if more := 0 if verbose else len(stale[_MOST_STALE:]):
            print(f"  … and {more} more (--verbose)")
        print("Nothing is taken from them; `maslin clean` shows them and asks.\n")
    print(f"{megabytes(answer['disk_bytes']).strip()} in {answer['workspace']}")


def _by_kind(shown: list[Thing], there: list[Thing]) -> dict[str, list[str]]:
    """The names of things that are not there, by kind: they have nothing to say of each."""
    found: dict[str, list[str]] = {}
    for thing in shown:
        if thing not in there:
            found.setdefault(thing["kind"], []).append(thing["name"])
    return found


def _cut(words: list[str], most: int = 6) -> str:
    return ", ".join(words[:most]) + (f" and {len(words) - most} more" if words[most:] else "")


def _words(thing: Thing) -> str:
    """What is there, or how far it is."""
    if thing["state"] == BUILT:
        return thing["about"]
    if thing["state"] == MISSING:
        return "not begun"
    return thing["state"] + (f": {thing['about']}" if thing["about"] else "")


def _on_the_way(things: list[Thing]) -> str:
    """`2 documents, 5 segment (1 unfinished)`; what is not finished with how far it is."""
    kinds = Counter(thing["kind"] for thing in things)
    words = ", ".join(f"{number} {kind}" for kind, number in kinds.items())
    missing = sum(thing["state"] == MISSING for thing in things)
    under_way = [f"{thing['kind']} {thing['name']} {_words(thing)}" for thing in things
                 if thing["state"] not in (BUILT, MISSING)]
    return "; ".join([words, *([f"{missing} of them not begun"] if missing else []), *under_way])


def _state(directory: Path) -> str:
    if not directory.is_dir():
        return "missing"
    if not is_complete(directory):
        return "unfinished"
    try:
        if is_current(directory) and is_to_retry(read_manifest(directory)):
            return "unfinished"
        if not is_sound(directory) and is_current(directory):
            return "damaged"
        manifest = read_manifest(directory)
        return "built" if manifest.complete or not_had(manifest) else "built, too much failed"
    except OtherVersionError:
        return "of another Maslin"
    except MaslinError:
        return "damaged"
