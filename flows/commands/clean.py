"""`maslin clean`: remove what no recipe of the workspace needs: shown first, and asked."""

import argparse
import re
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from maslin.flows.arguments import add_workspace, runs
from maslin.flows.shown.answers import Cleaned
from maslin.flows.shown.text import megabytes, print_json, say, table
from maslin.manifests.errors import UsageError
from maslin.manifests.files import disk_bytes
from maslin.manifests.locks import needed, read_begun, read_locks
from maslin.manifests.workspace import MANIFEST_NAME, Workspace, is_complete, step_directories

_UNITS_SECONDS = {"h": 3600, "d": 86400, "w": 7 * 86400}


@dataclass(frozen=True)
class Options:
    """`older_than_seconds`: leave what was touched since. `yes`: do not ask. `unfinished`: interrupted work too."""

    workspace: Path
    older_than_seconds: int = 0
    unfinished: bool = False
    yes: bool = False
    json: bool = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--older-than", type=_age, default=0, dest="older_than_seconds", metavar="AGE",
                        help="only what nothing was written to for so long: 12h, 30d, 8w")
    parser.add_argument("--unfinished", action="store_true",
                        help="also what was interrupted, and would go on where it was (default: kept)")
    parser.add_argument("--yes", action="store_true", help="remove without asking")
    add_workspace(parser)
    runs(parser, run, Options, Cleaned)


def _age(text: str) -> int:
    """Seconds."""
    if not (match := re.fullmatch(r"(\d{1,6})([hdw])", text)):
        raise argparse.ArgumentTypeError(f"{text!r} is no age: hours, days or weeks, as 12h, 30d, 8w")
    return int(match[1]) * _UNITS_SECONDS[match[2]]


def run(options: Options) -> int:
    """Show what no lock file leads to, ask, and remove it. With `--json` nobody is asked: `--yes` says it."""
    workspace = Workspace(options.workspace)
    root = workspace.root
    locks = read_locks(root)
    if not locks:
        raise UsageError(f"{root}: no recipe has left a lock file here, so nothing tells what is needed.")
    with workspace.writer("maslin clean"):
        keep = needed(root, locks)
        spare = [path for path in step_directories(root) if path.resolve() not in keep]
        begun = {root / each.directory for steps in read_begun(root).values() for each in steps}
        unfinished = [path for path in spare if not is_complete(path) or path in begun]
        old_enough = time.time() - options.older_than_seconds
        going = [path for path in spare if (options.unfinished or path not in unfinished)
                 and _touched(path) <= old_enough]
        answer: Cleaned = {
            "workspace": str(root), "directories": [
                {"directory": path.relative_to(root).as_posix(), "disk_bytes": disk_bytes(path),
                 "written": time.strftime("%Y-%m-%d", time.localtime(_touched(path)))} for path in going],
            "removed": False, "unfinished_kept": 0 if options.unfinished else len(unfinished)}
        if not options.json:
            _print(answer, [lock.recipe for lock in locks], bool(spare))
        if going and (options.yes or (not options.json and _agreed())):
            for path in going:
                _remove(path)
            answer["removed"] = True
            if not options.json:
                print(f"removed {len(going)} directories, {_size(answer)}")
        if options.json:
            print_json(answer)
    return 0


def _print(answer: Cleaned, recipes: list[str], some_spare: bool) -> None:
    going, needed_by = answer["directories"], ", ".join(recipes)
    if not going:
        print("nothing to remove with these options" if some_spare else
              f"nothing to remove: recipes need all that is here ({needed_by})")
    else:
        print(table([[each["directory"], megabytes(each["disk_bytes"]), each["written"]] for each in going],
                    ["directory", "disk", "written"]))
        print(f"\n{len(going)} directories, {_size(answer)}: no recipe of {answer['workspace']} ({needed_by}) needs "
              "them")
    if kept := answer["unfinished_kept"]:
        print(f"{kept} directories of unfinished work stay: the command that was interrupted goes on from them "
              "(--unfinished removes them)")


def _size(answer: Cleaned) -> str:
    return megabytes(sum(each["disk_bytes"] for each in answer["directories"])).strip()


def _agreed() -> bool:
    if not sys.stdin.isatty():
        say("nothing was removed: say --yes, or answer on a terminal.")
        return False
    return input("Remove them? [y/N] ").strip().lower() in ("y", "yes")


def _touched(directory: Path) -> float:
    """When anything in a directory was last written, in seconds of the epoch."""
    return max(path.lstat().st_mtime for path in [directory, *directory.rglob("*")])


def _remove(directory: Path) -> None:
    """The manifest first: killed in between, what is left is unfinished, not damaged."""
    (directory / MANIFEST_NAME).unlink(missing_ok=True)
    shutil.rmtree(directory)
