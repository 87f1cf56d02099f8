"""What the paths of a recipe name: files, folders, patterns; each file once, by names that say nothing of the machine.

A path that is there is itself, whatever signs are in it; else `*`, `?`, `[…]` and `**` are patterns. Letters with marks
are found however the file system spells them (Unicode NFC or NFD). In a folder, and where a pattern's last part is `*`
or `**`, hidden files are no input, nor is what Spark and others leave beside their parts (`_SUCCESS`, `_temporary/`).
"""

import glob
import os
import re
import unicodedata
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from maslin.manifests.errors import UsageError
from maslin.manifests.recipe.faults import BROKEN

if TYPE_CHECKING:
    from maslin.manifests.recipe.typed_yaml import Node

REMOTE_SCHEMES = ("http", "https", "s3")
_GLOB_SIGNS = frozenset("*?[")
_ALL = ("*", "**")  # last parts of patterns that name no kind of file
_NO_DATA = (".tmp", ".part", ".partial", ".crdownload", ".incomplete", ".bak", "~")  # not finished, or replaced
_NAMED_AT_MOST = 8  # files in a message
_VARIABLE = re.compile(r"\$(?:[A-Za-z_]\w*|\{[^}]*\})|%[A-Za-z_]\w*%")
_HOME = ("~", "$HOME", "${HOME}")


@dataclass
class Found:
    """Files (and folders, where these are inputs) by the folder their name is relative to; what is passed over."""

    files: list[tuple[Path, Path]] = field(default_factory=list)
    passed_over: list[Path] = field(default_factory=list)


def check_paths(node: "Node", paths: tuple[str, ...]) -> tuple[str, ...]:
    """The paths of a recipe, BROKEN where they are none: an empty path, what only a shell knows; or none at all."""
    if not paths:
        node.faults.add(node.fault("name at least one path"))
    items = node.items() if node.is_list else [node]
    return tuple(node.faults.attempt(partial(written_out, item, path)) for item, path in zip(items, paths, strict=True))


def written_out(node: "Node", path: str) -> str:
    """The path as it is. Fails where it is empty, or holds what a shell would have replaced: `~`, `$NAME`, `${NAME}`.

    A recipe means the same to everybody; a file or folder that is really called so is taken.
    """
    if path is BROKEN or urlsplit(path).scheme in REMOTE_SCHEMES:
        return path
    if not path.strip():
        node.fail("an empty path: name a file, a folder or a pattern")
    if "\x00" in path:
        node.fail("a path cannot hold the sign U+0000")
    place = node.folder
    for part in Path(path).parts:
        place /= part
        named = part if part.startswith("~") and place == node.folder / part else None
        named = named or next((found[0] for found in _VARIABLE.finditer(part)), None)
        if named and not os.path.lexists(place):
            means = "the path itself"
            if named in _HOME:
                means = f"{path.replace(named, os.path.expanduser('~'), 1)}, or a path"
            node.fail(
                f"`{named}` stands for something only in a shell: write {means}, from / or from the recipe's folder")
    return path


def find_files(pattern: str, base: Path, is_input: Callable[[Path], bool], folders_are_inputs: bool) -> Found:
    """What `pattern`, relative to `base`, names. Of files that no name asks for, those for which `is_input` holds.

    Raises UsageError when it is nothing.
    """
    found = Found()
    start, rest = _locate(base, pattern)
    matches = [start] if rest is None else _glob(start, rest)
    asks_for_all = rest is not None and rest[-1] in _ALL
    for match in matches:
        below = match.relative_to(start).parts if rest is not None else ()
        folder_name = below if match.is_dir() else below[:-1]
        if asks_for_all and any(map(_is_left_by_others, folder_name)):
            found.passed_over.append(match)
        elif match.is_dir() and not folders_are_inputs:
            _walk(match, is_input, found)
        elif match.is_file() and asks_for_all:
            _sort_in(match, start, is_input, found)
        elif match.is_file() or match.is_dir():
            found.files.append((match, match.parent if rest is None else start))
    if not found.files:
        if found.passed_over:
            raise UsageError(
                f"`{pattern}` holds no file for this kind of source: {listed(found.passed_over)}. Name those "
                "that are to be read all the same, or another kind.")
        raise UsageError(f"`{pattern}` matches nothing (looked in {base}).")
    return found


def listed(paths: Sequence[Path]) -> str:
    """A few names, and how many there are beside."""
    names = [path.name for path in paths[:_NAMED_AT_MOST]]
    more = len(paths) - len(names)
    return ", ".join(names) + (f" and {more:,} more" if more else "")


def _locate(base: Path, pattern: str) -> tuple[Path, tuple[str, ...] | None]:
    """How far the pattern's parts are there as they stand, and the parts after that; None: the whole of it is there."""
    if os.path.exists(base / pattern):
        return base / pattern, None
    path = Path(pattern)
    place = base / path.anchor
    parts = path.parts[1:] if path.anchor else path.parts
    for number, part in enumerate(parts):
        there = place / part if os.path.exists(place / part) else _spelled_otherwise(place, part)
        if there is None:
            return place, parts[number:]
        place = there
    return place, None


def _spelled_otherwise(folder: Path, name: str) -> Path | None:
    """What has this name in another form of Unicode."""
    if name.isascii() or not folder.is_dir():
        return None
    wanted = unicodedata.normalize("NFC", name)
    same = sorted(each for each in os.listdir(folder) if unicodedata.normalize("NFC", each) == wanted)
    return folder / same[0] if same else None


def _glob(start: Path, rest: Sequence[str]) -> list[Path]:
    """What matches below `start`, sorted; the pattern in each form of Unicode."""
    if not any(_GLOB_SIGNS & set(part) for part in rest):
        return []
    pattern = os.path.join(*rest)
    forms = {pattern, *(unicodedata.normalize(form, pattern) for form in ("NFC", "NFD"))}
    return sorted({start / match for form in forms for match in glob.glob(form, root_dir=start, recursive=True)})


def _walk(folder: Path, is_input: Callable[[Path], bool], found: Found) -> None:
    """Sort in the files below a folder. Links to folders are not followed, those to files are."""

    def unreadable(error: OSError) -> None:
        raise UsageError(f"{error.filename} cannot be listed ({error.strerror}).") from error

    for directory, subfolders, names in os.walk(folder, onerror=unreadable):
        subfolders.sort()
        found.passed_over += [Path(directory) / name for name in subfolders if _is_left_by_others(name)]
        subfolders[:] = [name for name in subfolders if name[0] not in "._" or "=" in name]
        for name in sorted(names):
            path = Path(directory) / name
            if not name.startswith(".") and path.is_file():
                _sort_in(path, folder, is_input, found)


def _sort_in(path: Path, root: Path, is_input: Callable[[Path], bool], found: Found) -> None:
    left_by_others = _is_left_by_others(path.name) and not path.suffix
    if left_by_others or path.name.lower().endswith(_NO_DATA) or not is_input(path):
        found.passed_over.append(path)
    else:
        found.files.append((path, root))


def _is_left_by_others(name: str) -> bool:
    """Whether a tool marks by the name that this is none of its data; a folder `_key=value` holds data."""
    return name.startswith("_") and "=" not in name


def each_once(found: Sequence[tuple[Path, Path]]) -> dict[Path, str]:
    """Files by where they lie, each once however it is spelled or linked to, with names that differ.

    Names are relative to the folder beside each file; those that collide get parent folders in front until they differ.
    """
    files: dict[str | tuple[int, int], tuple[Path, Path]] = {}
    for path, root in found:
        files.setdefault(_file_itself(path), (_without_dots(path), _without_dots(root)))
    roots = dict(files.values())
    while True:
        names: dict[str, list[Path]] = {}
        for path, root in roots.items():
            names.setdefault(Path(os.path.relpath(path, root)).as_posix(), []).append(path)
        clashes = [path for group in names.values() if len(group) > 1 for path in group]
        if not clashes:
            return {group[0]: name for name, group in names.items()}
        for path in clashes:  # ends: no two paths without `..` are of one spelling, so relative to / all names differ
            roots[path] = roots[path].parent


def _file_itself(path: Path) -> str | tuple[int, int]:
    """What is the same for all names of a file, hard links too."""
    with suppress(OSError):  # it may be gone by now
        status = path.stat()
        if status.st_nlink > 1:
            return status.st_dev, status.st_ino
    return os.path.realpath(path)


def _without_dots(path: Path) -> Path:
    """The absolute path without `..`, which after a link leads elsewhere than it is spelled."""
    parts = path.absolute().parts
    if ".." not in parts:
        return Path(*parts)
    last = len(parts) - 1 - parts[::-1].index("..")
    return Path(os.path.realpath(Path(*parts[:last + 1])), *parts[last + 1:])
