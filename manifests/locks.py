"""The lock files of a workspace: for each recipe, where everything in it lies, by the names that the recipe gives.

For people, `latest/<recipe>/` holds links by the same names: nothing reads them.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from maslin.manifests.files import json_text, read_json, read_sealed, sealed, write_text
from maslin.manifests.soundness import lineage

SUFFIX = ".lock.json"
_BEGUN_SUFFIX = ".begun.json"
# The groups of a lock, in the order in which they are made, and the kind of what is in each. Of the last two a recipe
# has one, which goes by the recipe's name.
GROUPS = {
    "corpora": "corpus", "held_out": "held_out", "tokens": "tokens", "mixtures": "mixture", "runs": "run",
    "evaluations": "evaluation", "tokenizer": "tokenizer", "report": "report",
}
BETWEEN = "between"
_SINGLE = ("tokenizer", "report")
LINKS = "latest"
_NOT_LINKED = ("held_out",)  # runs are scored on them: nobody should choose rules by reading them


@dataclass(frozen=True)
class Lock:
    """`groups`: group → name → directory, relative to the workspace. `between`: what was made on the way to these."""

    recipe: str
    groups: Mapping[str, Mapping[str, str]]
    between: tuple[str, ...] = ()

    def directories(self) -> Iterator[str]:
        """Of everything in it."""
        for group in self.groups.values():
            yield from group.values()
        yield from self.between

    def to_json(self) -> dict[str, Any]:
        whole: dict[str, Any] = {group: dict(names) for group, names in self.groups.items() if group not in _SINGLE}
        for group in _SINGLE:
            if names := self.groups.get(group):
                whole[group] = names[self.recipe]
        return {**whole, BETWEEN: list(self.between)}


def lock_file(workspace: Path, recipe: str) -> Path:
    """Where the lock of a recipe lies."""
    return workspace / "recipes" / f"{recipe}{SUFFIX}"


def write_lock(workspace: Path, lock: Lock) -> None:
    """Write a recipe's lock file, unless it says the same already."""
    path = lock_file(workspace, lock.recipe)
    text = json_text(sealed(lock.to_json()))
    if not path.is_file() or path.read_bytes() != text.encode():
        write_text(path, text)


def read_lock(workspace: Path, recipe: str) -> Lock | None:
    """The lock of a recipe; None when nothing of it is built here. Raises DamagedError unless it is as it was written.

    One of an earlier Maslin has no checksum; what it names is told to be stale.
    """
    path = lock_file(workspace, recipe)
    if not path.is_file():
        return None
    value = None
    with suppress(ValueError, TypeError, RecursionError):
        value = read_json(path)
        value = value if set(value) <= {*GROUPS, BETWEEN} else None
    if value is None:
        value = read_sealed(path, "The recipe's next command writes it anew, from what is built.")
    groups = {group: {recipe: value[group]} if group in _SINGLE else dict(value[group])
              for group in GROUPS if group in value}
    return Lock(recipe, groups, tuple(value.get(BETWEEN, ())))


def read_locks(workspace: Path) -> list[Lock]:
    """The locks of all recipes of a workspace, by name."""
    names = sorted(path.name.removesuffix(SUFFIX) for path in (workspace / "recipes").glob(f"*{SUFFIX}"))
    return [lock for name in names if (lock := read_lock(workspace, name))]


@dataclass(frozen=True)
class Begun:
    """A step that a command on a recipe set out to build. `steps`: of a run or a stack, how many it takes."""

    directory: str
    kind: str
    name: str
    steps: int | None


def note_begun(workspace: Path, recipe: str, begun: Iterable[Begun]) -> None:
    """Write down what a command on a recipe sets out to build: `status` tells how far it is, `clean` leaves it."""
    steps = [vars(each) for each in begun]
    write_text(workspace / "recipes" / f"{recipe}{_BEGUN_SUFFIX}", json_text(sealed({"steps": steps})))


def read_begun(workspace: Path) -> dict[str, list[Begun]]:
    """What the last command on each recipe set out to build. Raises DamagedError for a note that is not as written."""
    found = {}
    for path in sorted((workspace / "recipes").glob(f"*{_BEGUN_SUFFIX}")):
        steps = read_sealed(path, "The recipe's next command writes it anew.")["steps"]
        found[path.name.removesuffix(_BEGUN_SUFFIX)] = [Begun(**each) for each in steps]
    return found


def needed(workspace: Path, locks: Iterable[Lock]) -> set[Path]:
    """Step directories that locks name, and all that these were made from."""
    root = workspace.resolve()
    found: set[Path] = set()
    for path in {root / each for lock in locks for each in lock.directories()} - found:
        found |= {path, *lineage(path)}
    return found


def named(workspace: Path, name: str) -> list[Path]:
    """Finished step directories called `name`, or `kind/name`, by recipes; in the order of `GROUPS`."""
    kind, _, own = name.rpartition("/")
    found = {workspace / names[own]: None for group in GROUPS for lock in read_locks(workspace)
             if kind in ("", GROUPS[group], group) and own in (names := lock.groups.get(group, {}))}
    return [path for path in found if path.is_dir()]


def all_names(workspace: Path) -> list[str]:
    """What recipes call the things in a workspace."""
    return sorted({name for lock in read_locks(workspace) for group in lock.groups.values() for name in group})


def link_latest(workspace: Path, lock: Lock) -> None:
    """Lay `latest/<recipe>/<group>/<name>` → the step directory, and take away links to what the lock has no more."""
    folder = workspace / LINKS / lock.recipe
    wanted = {
        (folder / group if group in _SINGLE else folder / group / name): workspace / directory
        for group, names in lock.groups.items() if group not in _NOT_LINKED for name, directory in names.items()
    }
    with suppress(OSError):  # a file system without links; nothing depends on them
        for link in [path for path in folder.rglob("*") if path.is_symlink() and path not in wanted]:
            link.unlink()
        for link, directory in wanted.items():
            target = os.path.relpath(directory, link.parent)
            if link.is_symlink() and os.readlink(link) == target:
                continue
            link.parent.mkdir(parents=True, exist_ok=True)
            temporary = link.with_name(f".{link.name}.new")
            temporary.unlink(missing_ok=True)
            temporary.symlink_to(target)
            temporary.replace(link)
